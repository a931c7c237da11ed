"""Formats beside CSV: Excel, JSON, Feather, gzip, and zips of tables; told by their bytes and never by their names."""

from __future__ import annotations

import gzip
import io
import json
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import feather, ipc, parquet

from detectors.reading.formats import FORMATS
from detectors.reading.options import ReadingOptions
from tests.readings import doubts, notes, previewed, read, refusal, workbook, zipped

CSV = "a,b\n1,x\n2,y\n"


def parquet_bytes(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(table, stream)
    return stream.getvalue()


def feather_bytes(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    feather.write_feather(table, stream)
    return stream.getvalue()


def arrow_stream(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    with ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


TABLE = pa.table({"a": [1, 2], "b": ["x", "y"]})


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (CSV.encode(), "csv"),
        (CSV.replace(",", "\t").encode(), "csv"),
        (parquet_bytes(TABLE), "parquet"),
        (feather_bytes(TABLE), "feather"),
        (arrow_stream(TABLE), "arrow"),
        (workbook({"Sheet": [["a", "b"], [1, "x"], [2, "y"]]}), "xlsx"),
        (b'[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]', "json"),
        (b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n', "json lines"),
        (b'{"rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], "count": 2}', "json"),
        (b'{"a": [1, 2], "b": ["x", "y"]}', "json"),
        (b'{"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}}', "json"),
        (gzip.compress(CSV.encode()), "csv, gzip"),
        (gzip.compress(b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n'), "json lines, gzip"),
        (zipped({"data.csv": CSV}), "csv, zip"),
        (zipped({"data.xlsx": workbook({"Sheet": [["a", "b"], [1, "x"], [2, "y"]]})}), "xlsx, zip"),
    ],
)
def test_every_format_gives_the_same_table_whatever_its_name_says(tmp_path: Path, content: bytes, found: str) -> None:
    report, frame = read(tmp_path, content, name="table.pdf")
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert report.format == found
    assert previewed(tmp_path, content).rows.equals(frame)


def test_every_option_belongs_to_some_format_and_no_format_has_others() -> None:
    assert {name for found in FORMATS for name in found.options} == set(ReadingOptions.fields)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), "an old Office document (.xls)"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "", "META-INF/manifest.xml": ""}), "(.ods)"),
        (zipped({"[Content_Types].xml": "", "xl/workbook.bin": ""}), "(.xlsb)"),
        (zipped({"[Content_Types].xml": "", "word/document.xml": ""}), "without a sheet"),
        (b"PK\x05\x06" + bytes(18), "an empty zip archive"),
        (b"SQLite format 3\x00", "a SQLite database"),
        (bytes(257) + b"ustar" + bytes(250), "a tar archive"),
        (gzip.compress(bytes(257) + b"ustar" + bytes(250)), "a tar archive"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "a gzip inside a gzip"),
        (gzip.compress(b"a,b\n" * 1000)[:-10], "not a whole gzip"),
        (b"ARROW1\x00\x00" + bytes(50), "is damaged"),
    ],
)
def test_what_is_not_read_is_refused_with_what_to_do(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(tmp_path, content, "data.csv")


# ── Excel ──

ROWS = [["day", "amount", "word", "yes"], [datetime(2024, 1, 2, 10, 30), 1.5, "x", True], [date(2024, 1, 3), 2, None, False]]


def test_a_workbook_keeps_dates_numbers_and_gaps(tmp_path: Path) -> None:
    report, frame = read(tmp_path, workbook({"Data": ROWS}), "book.xlsx")
    assert frame["day"].tolist() == [pd.Timestamp("2024-01-02 10:30"), pd.Timestamp("2024-01-03")]
    assert frame["amount"].tolist() == [1.5, 2.0]
    assert frame["word"].isna().tolist() == [False, True]
    assert frame["yes"].tolist() == [True, False]
    assert report.options["sheet"] == "Data"


def test_an_empty_first_sheet_is_passed_over_without_a_doubt(tmp_path: Path) -> None:
    content = workbook({"Cover": [], "Data": ROWS})
    assert doubts(tmp_path, content) == ""
    assert read(tmp_path, content)[0].options["sheet"] == "Data"


def test_a_cover_with_a_title_is_passed_over_and_one_with_a_list_is_doubted(tmp_path: Path) -> None:
    content = workbook({"Cover": [["Sales of 2025"]], "Data": ROWS})
    assert doubts(tmp_path, content) == ""
    assert read(tmp_path, content)[0].options["sheet"] == "Data"
    (listed := tmp_path / "listed").mkdir()
    assert "2 sheets hold data; `Data` was read" in doubts(listed, workbook({"Cover": [["Sales"], ["by us"]], "Data": ROWS}))


def test_several_sheets_with_data_are_doubted_and_one_can_be_chosen(tmp_path: Path) -> None:
    content = workbook({"One": [["a", "e"], [1, 5]], "Two": [["title"], [], ["b", "c", "d"], [2, 3, 4]]})
    assert "2 sheets hold data; `One` was read" in doubts(tmp_path, content)
    found = previewed(tmp_path, content, sheet="Two")
    assert found.sheets == ("One", "Two")
    assert found.rows.to_dict("list") == {"b": [2], "c": [3], "d": [4]}
    assert found.options["first_line"] == 3
    assert "There is no sheet `Three`" in refusal(tmp_path, content, sheet="Three")


def test_numbers_of_a_workbook_keep_their_point_whatever_mark_is_chosen_and_its_texts_follow_it(tmp_path: Path) -> None:
    content = workbook({"Data": [["n", "text"], [1.234, "1,5"], [5.678, "2,25"]]})
    assert doubts(tmp_path, content) == ""
    _, frame = read(tmp_path, content, decimal="comma")
    assert frame["n"].tolist() == [1.234, 5.678]
    assert frame["text"].tolist() == [1.5, 2.25]


def test_one_word_in_a_column_of_a_workbook_is_told_with_its_row(tmp_path: Path) -> None:
    report, _ = read(tmp_path, workbook({"Data": [["n"], *([n] for n in range(200)), ["foo"]]}))
    assert "1 of 201 values in `n` is not a number and counts as missing: row 201, `foo`." in notes(report)


def test_a_title_above_two_columns_is_left_out(tmp_path: Path) -> None:
    report, frame = read(
        tmp_path, workbook({"Data": [["Readings of June"], [], ["day", "n"], *([f"2024-06-{day:02}", day] for day in range(1, 9))]})
    )
    assert frame.columns.tolist() == ["day", "n"]
    assert report.options["first_line"] == 3


def test_formulas_without_a_stored_result_are_doubted(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["a", "b"], [1, "=A2*2"], [2, "=A3*2"]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    assert "2 formulas on sheet `Sheet` have no stored result" in doubts(tmp_path, stream.getvalue())


# ── JSON ──


def test_objects_in_records_become_columns_and_lists_stay_text(tmp_path: Path) -> None:
    records = [{"id": 1, "at": {"city": "Ulm", "zip": "89073"}}, {"id": 2, "at": {"city": "Bonn"}, "tags": ["x", 1], "late": None}]
    report, frame = read(tmp_path, json.dumps(records))
    assert frame.columns.tolist() == ["id", "at.city", "at.zip", "tags", "late"]
    assert frame["at.city"].tolist() == ["Ulm", "Bonn"]
    assert frame["tags"].tolist()[1] == '["x", 1]'
    assert "The objects in `at` were spread over columns of their own: at.city, at.zip." in notes(report)
    assert "`tags` holds lists, the first in row 2." in notes(report)


def test_columns_that_appear_late_are_missing_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectors.reading.spool.BLOCK_VALUES", 50)
    lines = "".join(f'{{"a": {n}}}\n' for n in range(500)) + '{"b": "x", "a": 500}\n'
    _, frame = read(tmp_path, lines)
    assert frame["a"].tolist() == list(range(501))
    assert frame["b"].isna().sum() == 500


def test_values_longer_than_what_is_read_at_once_are_taken_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectors.reading.json_values.CHUNK_LENGTH", 7)
    content = json.dumps([{"text": "x" * 50, "n": 12345}, {"text": 'a "quoted" ü', "n": 6}])
    _, frame = read(tmp_path, content)
    assert frame.to_dict("list") == {"text": ["x" * 50, 'a "quoted" ü'], "n": [12345, 6]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[{"a": 1},\n {"a": }]', "line 2, column 8: expecting value"),
        ('[{"a": 1},\n {"a": 2}', "line 2, column 10: the list does not end"),
        ('{"a": 1}\n{"a": 2\n', "is no whole JSON"),
        ("[1, 2, 3]", "item 1 is a number, where a record"),
        ("[]", "holds no records"),
        ("[{}]", "without a single name"),
        ('{"a": [1], "b": [1, 2]}', "`a` has 1 values, `b` has 2"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"a": ' + "1" * 5000 + "}]", "thousands of digits"),
    ],
)
def test_json_that_is_no_table_is_refused_with_its_place(tmp_path: Path, content: str, words: str) -> None:
    assert words in refusal(tmp_path, content, "data.json")


# ── several tables in one zip ──


def test_tables_with_the_same_columns_are_one_data_set_and_say_where_a_row_came_from(tmp_path: Path) -> None:
    files = {
        "2023/q1.csv": "a,b\n1,x\n",
        "2023/q2.csv": "b;a\ny;2,5\n",
        "more.jsonl": '{"a": 3, "b": "z"}\n',
        "empty_column.csv": "a,b\n,u\n",
    }
    report, frame = read(tmp_path, zipped(files))
    assert frame["a"].dropna().tolist() == [1.0, 2.5, 3.0]
    assert frame["b"].tolist() == ["x", "y", "u", "z"]
    assert frame["file"].tolist() == ["2023/q1.csv", "2023/q2.csv", "empty_column.csv", "more.jsonl"]
    assert "4 tables were joined; `file` says which file a row came from." in notes(report)
    assert "2023/q2.csv" in notes(report)


def test_a_column_that_some_tables_lack_is_filled_and_told(tmp_path: Path) -> None:
    report, frame = read(tmp_path, zipped({"1.csv": "a,b,file\n1,2,x\n", "2.csv": "a,b\n3,4\n"}))
    assert frame["file"].isna().tolist() == [False, True]
    assert frame["file (2)"].tolist() == ["1.csv", "2.csv"]
    assert "filled as missing: “file”. The first such file is `2.csv`" in notes(report)


def test_a_column_that_is_text_in_one_table_is_text_in_all(tmp_path: Path) -> None:
    report, frame = read(tmp_path, zipped({"1.csv": "a,b\n1,2\n", "2.csv": "a,b\nx,4\n"}))
    assert frame["a"].tolist() == ["1", "x"]
    assert "`a` is a whole number in `1.csv` and text in `2.csv`; it is kept as text." in notes(report)


def test_tables_with_different_columns_are_refused(tmp_path: Path) -> None:
    words = refusal(tmp_path, zipped({"1.csv": "a,b\n1,2\n", "2.csv": "c,d\n3,4\n"}), "data.zip")
    assert "`1.csv` has “a”, “b”, `2.csv` has “c”, “d”" in words


def test_a_table_inside_a_zip_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    words = refusal(tmp_path, zipped({"1.csv": "a,b\n1,2\n", "2.csv": "a,b\n1,2,3\n"}), "data.zip")
    assert "`data.zip › 2.csv`: line 2 has 3 values where 2 were expected" in words
