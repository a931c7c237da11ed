"""What is found out about a text table by itself: encoding, delimiter, names, numbers, dates, missing values; and what is doubted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.readings import doubts, notes, previewed, read, refusal, workbook

# ── encodings ──


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("city,n\nKöln,1\n", "utf-8", "utf-8"),
        ("city,n\nKöln,1\n", "utf-8-sig", "utf-8"),
        ("city,n\nKöln,1\n", "utf-16", "utf-16"),
        ("city,n\nKöln,1\n", "utf-16-le", "utf-16"),
        ("city,n\nKöln,1\nSão Paulo,2\n", "latin-1", "windows-1252"),
        ("城市,n\n北京,1\n上海,2\n我来到北京清华大学,3\n", "gb18030", "gb18030"),
    ],
)
def test_the_encoding_is_found_and_kept_in_the_report(tmp_path: Path, text: str, encoding: str, found: str) -> None:
    report, frame = read(tmp_path, text.encode(encoding))
    first = text.split("\n")[1].split(",", maxsplit=1)[0]
    assert frame.iloc[0, 0] == first
    assert report.encoding == report.options["encoding"] == found
    assert report.delimiter == ","


def test_a_few_broken_characters_in_utf_8_are_told_and_the_others_kept(tmp_path: Path) -> None:
    text = "city,n\n" + "Köln,1\n" * 20
    report, frame = read(tmp_path, text.encode() + b"M\xfcnster,2\n")
    assert frame["city"].tolist() == ["Köln"] * 20 + ["M\ufffdnster"]
    assert "1 characters of `data.csv` were not written as UTF-8, the first on line 22" in notes(report)


def test_an_encoding_that_was_chosen_and_does_not_fit_is_refused_with_line_and_byte(tmp_path: Path) -> None:
    words = refusal(tmp_path, b"a,b\n1,2\n\xe9,4\n", encoding="utf-8")
    assert "is not UTF-8: line 3, byte 9 of the file is 0xE9" in words


def test_an_encoding_can_be_chosen(tmp_path: Path) -> None:
    _, frame = read(tmp_path, "a,b\nä,1\n".encode(), encoding="windows-1252")
    assert frame["a"].tolist() == ["Ã¤"]


# ── where the table begins ──


def test_titles_above_the_names_are_left_out_and_told(tmp_path: Path) -> None:
    report, frame = read(tmp_path, 'Sales "2024"\nfrom: the shop\n\nday;amount;city\n2024-01-01;1,5;Köln\n2024-01-02;2,5;Ulm\n')
    assert frame.columns.tolist() == ["day", "amount", "city"]
    assert report.options["first_line"] == 4
    assert 'Left out above the table: 2 lines, the first is `Sales "2024"`.' in notes(report)


def test_the_line_where_the_table_begins_can_be_said(tmp_path: Path) -> None:
    text = "a,b,c\nd,e,f\nx,y,z\n1,2,3\n"
    _, frame = read(tmp_path, text, first_line=3)
    assert frame.to_dict("list") == {"x": [1], "y": [2], "z": [3]}
    (tmp_path / "short").mkdir()
    assert "has 4 lines, so its table cannot begin on line 9" in refusal(tmp_path / "short", text, first_line=9)


def test_a_file_without_names_is_numbered_and_doubted(tmp_path: Path) -> None:
    text = "5.1,3.5,setosa\n4.9,3.0,setosa\n4.7,3.2,virginica\n"
    assert "looks like data and not like column names" in doubts(tmp_path, text)
    report, frame = read(tmp_path, text)
    assert frame.columns.tolist() == ["column 1", "column 2", "column 3"]
    assert len(frame) == 3
    assert report.options["header"] == "none"


def test_years_as_names_are_names_and_no_doubt(tmp_path: Path) -> None:
    text = "country,2019,2020\nDE,1,2\nFR,2,3\n"
    assert doubts(tmp_path, text) == ""
    assert read(tmp_path, text)[1].columns.tolist() == ["country", "2019", "2020"]


def test_a_row_of_units_is_joined_to_the_names_and_doubted(tmp_path: Path) -> None:
    text = "t,price,weight\n,EUR,kg\n" + "".join(f"{n},{n},{n}\n" for n in range(6))
    assert "The second row, `EUR, kg`" in doubts(tmp_path, text)
    assert read(tmp_path, text)[1].columns.tolist() == ["t", "price EUR", "weight kg"]


def test_names_over_several_columns_are_joined_with_those_below(tmp_path: Path) -> None:
    _, frame = read(tmp_path, "sales,,costs,\n2023,2024,2023,2024\n1,2,3,4\n", header="two")
    assert frame.columns.tolist() == ["sales 2023", "sales 2024", "costs 2023", "costs 2024"]


def test_columns_without_name_and_value_are_dropped_and_told(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "a,b,\n1,2,\n3,4,\n")
    assert frame.columns.tolist() == ["a", "b"]
    assert "neither a name nor a value: 1" in notes(report)


# ── delimiters and quotes ──


def test_decimal_commas_without_names_do_not_hide_the_semicolon(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "1,5;2,5\n3,5;4,5\n")
    assert report.delimiter == ";"
    assert frame.to_numpy().tolist() == [[1.5, 2.5], [3.5, 4.5]]


def test_a_single_line_of_numbers_is_a_row(tmp_path: Path) -> None:
    assert read(tmp_path, "1,5;2,5")[1].to_numpy().tolist() == [[1.5, 2.5]]


def test_one_column_is_doubted(tmp_path: Path) -> None:
    assert "One column was found." in doubts(tmp_path, "a\nb\nc\n")


def test_two_delimiters_that_both_fit_are_doubted(tmp_path: Path) -> None:
    assert "separated by `,` or by `;`" in doubts(tmp_path, "a; x, b\nc; y, d\ne; z, f\n")


def test_single_quotes_are_found(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "a,b\n'x,y','1'\n'it','2'\n")
    assert frame["a"].tolist() == ["x,y", "it"]
    assert report.options["quote"] == "single"


def test_a_quote_inside_a_title_swallows_nothing(tmp_path: Path) -> None:
    _, frame = read(tmp_path, 'about "everything\n\na,b,c\n1,2,3\n4,5,6\n', first_line=3)
    assert len(frame) == 2


# ── numbers ──


@pytest.mark.parametrize(
    ("values", "expected", "decimal"),
    [
        (["1.5", "-2.25"], [1.5, -2.25], "point"),
        (["1,5", "2.000,25"], [1.5, 2000.25], "comma"),
        (["1.234.567", "1.000"], [1234567, 1000], "comma"),
        (["1,234.5", "12,000.25"], [1234.5, 12000.25], "point"),
        (["1 234,5", "2\u00a0000,1", "3\u202f000,2"], [1234.5, 2000.1, 3000.2], "comma"),
        (["1'234.5", "12'000.5"], [1234.5, 12000.5], "point"),
        (["1,234,567", "1,000"], [1234567, 1000], "point"),
        (["0,125", "1,5e3"], [0.125, 1500.0], "comma"),
    ],
)
def test_numbers_are_read_as_their_column_says(tmp_path: Path, values: list[str], expected: list[float], decimal: str) -> None:
    text = "n\tx\n" + "".join(f"{value}\tword\n" for value in values)
    assert doubts(tmp_path, text) == ""
    report, frame = read(tmp_path, text)
    assert frame["n"].tolist() == expected
    assert report.options["decimal"] == decimal


def test_whole_numbers_with_thousands_set_apart_stay_whole(tmp_path: Path) -> None:
    _, frame = read(tmp_path, 'n,x\n"1,234,000",a\n"5,000",b\n12,c\n')
    assert frame["n"].dtype == "int64"
    assert frame["n"].tolist() == [1_234_000, 5_000, 12]


@pytest.mark.parametrize(
    ("text", "doubted", "as_found", "chosen"),
    [
        ('n,x\n"1,234",a\n"5,678",b\n', "`1,234` as 1234 or as 1.234", [1234, 5678], ("comma", [1.234, 5.678])),
        ("n;x\n1,234;a\n5,678;b\n", "`1,234` as 1.234 or as 1234", [1.234, 5.678], ("point", [1234, 5678])),
        ("n;x\n1.234;a\n5.678;b\n", "`1.234` as 1.234 or as 1234", [1.234, 5.678], ("comma", [1234, 5678])),
    ],
)
def test_numbers_that_can_be_read_in_two_ways_are_doubted_and_the_mark_can_be_chosen(
    tmp_path: Path, text: str, doubted: str, as_found: list[float], chosen: tuple[str, list[float]]
) -> None:
    assert doubted in doubts(tmp_path, text)
    assert read(tmp_path, text)[1]["n"].tolist() == as_found
    (tmp_path / "chosen").mkdir()
    assert read(tmp_path / "chosen", text, decimal=chosen[0])[1]["n"].tolist() == chosen[1]


def test_other_columns_say_what_a_column_leaves_open(tmp_path: Path) -> None:
    text = "n;m\n1.234;1,5\n5.678;2,25\n"
    assert doubts(tmp_path, text) == ""
    assert read(tmp_path, text)[1]["n"].tolist() == [1234, 5678]


def test_a_value_that_is_no_number_with_decimal_commas_is_missing_and_not_another_number(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "n;x\n" + "1,5;a\n" * 200 + "1.5;b\n")
    assert frame["n"].isna().tolist() == [False] * 200 + [True]
    assert "1 of 201 values in `n` have a point where a decimal comma was expected" in notes(report)


# ── dates ──


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["13/02/2024", "01/03/2024"], ["2024-02-13", "2024-03-01"]),
        (["02/13/2024", "01/03/2024"], ["2024-02-13", "2024-01-03"]),
        (["01.02.2024", "03.04.2024 10:30"], ["2024-02-01", "2024-04-03 10:30"]),
        (["31.12.68", "01.01.69"], ["2068-12-31", "1969-01-01"]),
        (["2024/3/5", "2024-12-31"], ["2024-03-05", "2024-12-31"]),
        (["2024年3月5日", "2024年12月31日"], ["2024-03-05", "2024-12-31"]),
        (["3 Mar 2024", "March 5 2024 3:05 PM", "12-Apr-2024 12:00 am"], ["2024-03-03", "2024-03-05 15:05", "2024-04-12"]),
    ],
)
def test_dates_are_read_as_their_column_says(tmp_path: Path, values: list[str], expected: list[str]) -> None:
    text = "day,n\n" + "".join(f"{value},1\n" for value in values)
    assert doubts(tmp_path, text) == ""
    assert read(tmp_path, text)[1]["day"].tolist() == [pd.Timestamp(moment) for moment in expected]


def test_dates_that_do_not_say_what_comes_first_are_doubted_and_it_can_be_chosen(tmp_path: Path) -> None:
    text = "day,n\n03/04/2024,1\n05/06/2024,2\n"
    assert "The dates in `day` do not say whether the day or the month comes first." in doubts(tmp_path, text)
    assert read(tmp_path, text)[1]["day"][0] == pd.Timestamp("2024-04-03")
    (tmp_path / "chosen").mkdir()
    assert read(tmp_path / "chosen", text, dates="month_first")[1]["day"][0] == pd.Timestamp("2024-03-04")


def test_another_column_of_dates_says_what_comes_first(tmp_path: Path) -> None:
    text = "ordered,paid\n03/04/2024,03/14/2024\n05/06/2024,05/07/2024\n"
    assert doubts(tmp_path, text) == ""
    assert read(tmp_path, text)[1]["ordered"][0] == pd.Timestamp("2024-03-04")


def test_days_that_do_not_exist_and_versions_are_no_dates(tmp_path: Path) -> None:
    _, frame = read(tmp_path, "a,b,n\n31.02.2024,1.2.10,1\n30.02.2023,1.2.11,2\n")
    assert frame["a"].tolist() == ["31.02.2024", "30.02.2023"]
    assert frame["b"].tolist() == ["1.2.10", "1.2.11"]


# ── missing values ──


def test_words_for_missing_among_numbers_are_found_and_shown(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "n,word\n" + "1,-\n" * 5 + "-,x\nmissing,y\n")
    assert frame["n"].isna().sum() == 2
    assert frame["word"].isna().sum() == 0
    assert "Words for missing in `n`: -, missing; 2 in all." in notes(report)
    assert report.options["missing"].endswith("?, -, missing")


def test_words_for_missing_can_be_said(tmp_path: Path) -> None:
    _, frame = read(tmp_path, "n,word\n1,gone\n-999,NA\n", missing="-999, gone")
    assert frame["n"].isna().tolist() == [False, True]
    assert frame["word"].isna().tolist() == [True, False]


# ── previews ──


def test_a_preview_has_the_first_rows_and_says_what_it_was_read_with(tmp_path: Path) -> None:
    found = previewed(tmp_path, "n;day\n" + "1,5;03/04/2024\n" * 200_000)
    assert found.rows.shape == (20, 2)
    assert found.rows["n"].tolist() == [1.5] * 20
    assert (found.options["delimiter"], found.options["decimal"], found.options["dates"]) == ("semicolon", "comma", "day_first")
    assert len(found.doubts) == 1


def test_what_a_preview_was_read_with_leaves_nothing_to_doubt(tmp_path: Path) -> None:
    text = "n;day\n1.234;03/04/2024\n"
    options = previewed(tmp_path, text).options
    (tmp_path / "again").mkdir()
    again = previewed(tmp_path / "again", text, **options)
    assert again.doubts == ()
    assert again.options == options


def test_the_rest_of_a_file_reads_as_its_preview_did(tmp_path: Path) -> None:
    """The first rows leave open what later ones say."""
    text = "day,n\n" + "03/04/2024,1\n" * 150_000 + "03/14/2024,1\n"
    assert previewed(tmp_path, text).rows["day"][0] == pd.Timestamp("2024-04-03")
    assert read(tmp_path, text)[1]["day"].iloc[0] == pd.Timestamp("2024-03-04")


# ── digits that are no amounts ──


def test_codes_that_begin_with_zeros_stay_text_and_are_told(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "zip,n\n12345,1\n01234,2\n,3\n98765,4\n")
    assert frame["zip"].tolist()[:2] == ["12345", "01234"]
    assert frame["zip"].isna().tolist() == [False, False, True, False]
    assert frame["n"].tolist() == [1, 2, 3, 4]
    assert "`zip` has numbers that begin with 0, such as `01234`; it was kept as text." in notes(report)


@pytest.mark.parametrize(
    ("name", "content"),
    [("rows.json", '[{"account": "007"}, {"account": "123"}]'), ("book.xlsx", workbook({"One": [["account"], ["007"], ["123"]]}))],
)
def test_codes_stay_text_in_every_format_that_spells_them(tmp_path: Path, name: str, content: str | bytes) -> None:
    _, frame = read(tmp_path, content, name)
    assert frame["account"].tolist() == ["007", "123"]


def test_codes_stay_text_whatever_was_said_of_the_decimal_mark(tmp_path: Path) -> None:
    _, frame = read(tmp_path, "zip;n\n01234;1,5\n12345;2,5\n", decimal="comma")
    assert frame["zip"].tolist() == ["01234", "12345"]
    assert frame["n"].tolist() == [1.5, 2.5]


@pytest.mark.parametrize("values", ["0 7 12", "0.5 0.25 3", "0,5 0,25 3", "00.5 01.5 10.5", "0 0 0", "-0 0 1", "01 09 12"])
def test_zeros_that_say_how_much_are_numbers(tmp_path: Path, values: str) -> None:
    report, frame = read(tmp_path, "n;m\n" + "".join(f"{value};1\n" for value in values.split()))
    assert frame["n"].tolist() == [float(value.replace(",", ".")) for value in values.split()]
    assert "begin with 0" not in notes(report)


def test_a_single_zero_too_many_among_hundreds_is_a_slip(tmp_path: Path) -> None:
    _, frame = read(tmp_path, "n,m\n" + "15,1\n" * 200 + "015,1\n")
    assert frame["n"].tolist() == [15] * 201
