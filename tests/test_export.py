"""What is taken away holds the same values, and nothing in it runs when a spreadsheet opens it."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import numpy as np
import openpyxl
import pandas as pd
import pytest

from detectors.errors import DataError
from detectors.export import EXCEL_ROWS, FORMATS, write_csv, write_excel, write_parquet

RUNNABLE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "|calc",
    "%0A",
    "\tx",
    "\r=1",
    "\n=1",
    "  =1+1",
    "\u00a0@a",
    "\n  +a",
    "＝1",
    "＋1a",
    "－a",
    "＠a",
    "｜a",
    "％a",
]
PLAIN = [" -5", "a;-5", "a; b", "-5", "+3.2", "-1e-5", "-0,5", "-.5", "a=b", "", "'quoted", "10 %"]


def written(write, *frames):
    stream = BytesIO()
    write(frames, stream)
    return stream.getvalue()


def csv_back(*frames):
    return pd.read_csv(StringIO(written(write_csv, *frames).decode("utf-8-sig"), newline=""), dtype=str, keep_default_na=False)


def sheet_of(frame):
    return openpyxl.load_workbook(BytesIO(written(write_excel, frame))).active


def column_of(values):
    return [cell[0] for cell in sheet_of(pd.DataFrame({"a": values})).iter_rows(min_row=2)]


@pytest.mark.parametrize("text", RUNNABLE)
def test_text_that_would_run_gets_an_apostrophe_in_csv(text):
    assert csv_back(pd.DataFrame({"a": [text, "b"]}))["a"].tolist() == [f"'{text}", "b"]


@pytest.mark.parametrize("text", PLAIN)
def test_harmless_text_and_plain_numbers_stay_as_they_are_in_csv(text):
    assert csv_back(pd.DataFrame({"a": [text, "b"]}))["a"].tolist() == [text, "b"]


@pytest.mark.parametrize(("text", "safe"), [("a;=1+1", "a;'=1+1"), ("a; @b;c", "a;' @b;c"), ("a\t-b", "a\t'-b"), ("=a;=b", "'=a;'=b")])
def test_text_that_another_separator_would_cut_open_cannot_run_either(text, safe):
    assert csv_back(pd.DataFrame({"a": [text, "b"]}))["a"].tolist() == [safe, "b"]


def test_a_line_end_inside_text_begins_no_new_cell_in_csv():
    back = csv_back(pd.DataFrame({"a": ["x\r=1+1", "x\n=1+1"]}))
    assert back["a"].tolist() == ["x\r=1+1", "x\n=1+1"]


def test_negative_numbers_stay_numbers_in_csv():
    back = pd.read_csv(BytesIO(written(write_csv, pd.DataFrame({"score": [-1.5, -2.25]}))))
    assert back["score"].tolist() == [-1.5, -2.25]


def test_headers_and_categories_that_would_run_get_an_apostrophe_in_csv():
    frame = pd.DataFrame({"=HYPERLINK()": pd.Categorical(["@a", "b"])})
    back = csv_back(frame)
    assert back.columns.tolist() == ["'=HYPERLINK()"]
    assert back.iloc[:, 0].tolist() == ["'@a", "b"]


def test_csv_begins_with_the_mark_by_which_excel_knows_utf_8():
    assert written(write_csv, pd.DataFrame({"ä": ["é"]})).startswith(b"\xef\xbb\xbf")


def test_whole_numbers_beside_nothing_stay_whole_in_csv():
    assert csv_back(pd.DataFrame({"a": pd.Series([1, None], dtype=object)}))["a"].tolist() == ["1", ""]


def test_columns_of_the_same_name_are_each_written():
    frame = pd.DataFrame([["=a", "=b"]], columns=["x", "x"])
    assert written(write_csv, frame).decode("utf-8-sig").split() == ["x,x", "'=a,'=b"]
    assert [cell.value for cell in sheet_of(frame)[2]] == ["=a", "=b"]


@pytest.mark.parametrize("text", [*RUNNABLE, "http://example.org", "mailto:a@example.org"])
def test_text_stays_text_in_excel(text):
    [cell] = column_of([text])
    assert (cell.data_type, cell.hyperlink) == ("s", None)


def test_text_that_would_run_is_marked_as_text_in_excel():
    formula, harmless = column_of(["=1+1", "b"])
    assert (formula.value, formula.quotePrefix, harmless.quotePrefix) == ("=1+1", True, False)


def test_headers_are_text_and_stay_in_view_in_excel():
    sheet = sheet_of(pd.DataFrame({"=1+1": [1]}))
    assert (sheet["A1"].data_type, sheet["A1"].value, sheet["A1"].quotePrefix) == ("s", "=1+1", True)
    assert sheet.freeze_panes == "A2"


def test_times_with_a_zone_are_in_utc_and_say_so_in_excel():
    times = pd.Series(pd.to_datetime(["2024-07-01 12:00"])).dt.tz_localize("Europe/Berlin")
    sheet = sheet_of(pd.DataFrame({"when": times}))
    assert (sheet["A1"].value, sheet["A2"].value) == ("when (UTC)", datetime(2024, 7, 1, 10, 0))


def test_a_single_time_with_a_zone_among_other_values_becomes_text_in_excel():
    [cell] = column_of(pd.Series([datetime(2024, 7, 1, 12, tzinfo=UTC)], dtype=object))
    assert cell.value == "2024-07-01T12:00:00+00:00"


def test_dates_before_spreadsheets_can_count_become_text():
    old, none, new = column_of(pd.to_datetime(["1850-02-03", None, "2024-02-03"]))
    assert (old.value, new.value, none.value) == ("1850-02-03T00:00:00", datetime(2024, 2, 3), None)


def test_whole_numbers_that_excel_would_round_keep_every_digit():
    assert [cell.value for cell in column_of([2**60 + 1, 7])] == [str(2**60 + 1), 7]


def test_missing_and_infinite_numbers_are_no_errors_in_excel():
    assert [cell.value for cell in column_of([1.5, np.nan, np.inf])] == [1.5, None, "inf"]


def test_types_are_kept_in_excel():
    frame = pd.DataFrame({"a": [True], "b": pd.array([3], dtype="Int64"), "c": [Decimal("1.10")], "d": [[1, 2]]})
    assert [cell.value for cell in sheet_of(frame)[2]] == [True, 3, "1.10", "[1, 2]"]


def test_text_longer_than_a_cell_is_cut_visibly():
    [cell] = column_of(["x" * 40_000])
    assert len(cell.value) == 32_767 and cell.value.endswith("x…")


def test_more_rows_than_a_sheet_holds_are_refused_with_a_way_out():
    too_many = pd.DataFrame({"a": np.zeros(EXCEL_ROWS + 1, dtype=np.int8)})
    with pytest.raises(DataError, match=r"at most 1\u202f048\u202f575 rows .* Download CSV or Parquet"):
        written(write_excel, too_many)


def test_parquet_leaves_every_value_alone():
    frame = pd.DataFrame({"=x": RUNNABLE, "when": pd.Timestamp("2024-07-01", tz="Europe/Berlin"), "n": 2**60 + 1})
    pd.testing.assert_frame_equal(pd.read_parquet(BytesIO(written(write_parquet, frame))), frame)


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_changes_the_frame_or_writes_its_index(name):
    frame = pd.DataFrame({"=a": ["=1", "b"], "n": [1, 2]}, index=[40, 50])
    before = frame.copy(deep=True)
    content = written(FORMATS[name].write, frame)
    pd.testing.assert_frame_equal(frame, before)
    read = {"csv": pd.read_csv, "excel": pd.read_excel, "parquet": pd.read_parquet}[name]
    assert read(BytesIO(content))["n"].tolist() == [1, 2]
    assert read(BytesIO(content)).shape == (2, 2)


@pytest.mark.parametrize("name", FORMATS)
def test_no_flagged_rows_still_make_a_file_with_headers(name):
    content = written(FORMATS[name].write, pd.DataFrame({"rank": [], "score": []}))
    read = {"csv": pd.read_csv, "excel": pd.read_excel, "parquet": pd.read_parquet}[name]
    assert read(BytesIO(content)).columns.tolist() == ["rank", "score"]


@pytest.mark.parametrize("name", FORMATS)
def test_frames_follow_one_another_in_one_file_with_one_header(name):
    parts = [
        pd.DataFrame({"n": pd.array([1, 2], dtype="Int64"), "a": ["x", "=y"]}),
        pd.DataFrame({"n": pd.array([None], dtype="Int64"), "a": ["z"]}),
    ]
    read = {"csv": pd.read_csv, "excel": pd.read_excel, "parquet": pd.read_parquet}[name]
    back = read(BytesIO(written(FORMATS[name].write, *parts)))
    assert back.columns.tolist() == ["n", "a"]
    assert back["n"].fillna(-1).tolist() == [1, 2, -1]
    assert back["a"].tolist() == ["x", "'=y" if name == "csv" else "=y", "z"]


def test_a_whole_number_is_written_alike_in_a_frame_with_gaps_and_in_one_without():
    with_gap, without = pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}), pd.DataFrame({"n": pd.array([2], dtype="Int64")})
    assert csv_back(with_gap, without)["n"].tolist() == ["1", "", "2"]
