"""Reading: what becomes of a file's values, which files are refused and in which words, and what a limit does."""

from __future__ import annotations

import gzip
import hashlib
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from detectors.errors import DataError, StorageError
from detectors.frames import load_frame
from detectors.messages import Message
from detectors.reading import Limits, Misread, ReadingOptions, Report, load_report, preview_file, read_file
from detectors.reading.conversion import convert
from detectors.reading.names import unique_names
from detectors.reading.process import Task, run_limited, run_worker


def read(folder: Path, content: str | bytes | pa.Table, name: str = "data.csv") -> tuple[Report, pd.DataFrame]:
    """The report and the rows of a file with `content`, read in this process."""
    source, result = folder / "upload", folder / "result"
    if isinstance(content, pa.Table):
        parquet.write_table(content, source)
    else:
        source.write_bytes(content.encode() if isinstance(content, str) else content)
    result.mkdir()
    report = convert(source, result, name)
    return report, load_frame(result)


def refusal(folder: Path, content: str | bytes | pa.Table, name: str = "data.csv") -> str:
    with pytest.raises(DataError) as refused:
        read(folder, content, name)
    return str(refused.value)


def notes(report: Report) -> str:
    return "\n".join(map(str, report.notes))


# ── what values become ──


def test_each_column_of_a_csv_gets_the_type_of_its_values(tmp_path: Path) -> None:
    text = "whole,decimal,yes,day,word\n1,0.5,true,2024-02-28,a\n-2,1e3,FALSE,2024-02-29,b\n"
    report, frame = read(tmp_path, text)
    assert [str(kind) for kind in frame.dtypes] == ["int64", "float64", "bool", "datetime64[us]", "str"]
    assert frame["whole"].tolist() == [1, -2]
    assert frame["decimal"].tolist() == [0.5, 1000.0]
    assert frame["yes"].tolist() == [True, False]
    assert frame["day"].tolist() == [pd.Timestamp("2024-02-28"), pd.Timestamp("2024-02-29")]
    assert (report.rows, report.columns, report.format, report.delimiter) == (2, 5, "csv", ",")
    assert report.notes == ()


def test_every_word_for_missing_is_missing(tmp_path: Path) -> None:
    words = ["", "NA", "N/A", "nan", "NaN", "null", "NULL", "None", "?", " ? "]
    _, frame = read(tmp_path, "number,text\n1,a\n" + "".join(f"{word},{word}\n" for word in words))
    assert frame["number"].isna().sum() == 10
    assert frame["text"].isna().sum() == 10
    assert frame["number"].max() == 1


def test_one_word_among_5000_numbers_is_told_and_does_not_make_the_column_text(tmp_path: Path) -> None:
    values = [str(value) for value in range(5000)]
    values.insert(3206, "foo")
    report, frame = read(tmp_path, "amount,other\n" + "".join(f"{value},1\n" for value in values))
    assert [str(note) for note in report.notes] == [
        "1 of 5\u202f001 values in `amount` is not a number and counts as missing: row 3\u202f207, `foo`."
    ]
    assert frame["amount"].isna().sum() == 1
    assert frame["amount"].sum() == sum(range(5000))


def test_a_column_with_many_words_is_text_and_says_what_spoils_it(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "amount,other\n" + "5,1\n" * 9 + "foo,1\n")
    assert frame["amount"].tolist() == ["5"] * 9 + ["foo"]
    assert "1 of its 10 values are not numbers; the first is in row 10: `foo`" in notes(report)


def test_a_type_holds_for_the_whole_file_not_for_its_beginning(tmp_path: Path) -> None:
    """The first block of the parser holds whole numbers only."""
    _, frame = read(tmp_path, "value,padding\n" + f"1,{'x' * 1000}\n" * 9000 + "0.5,y\n")
    assert frame["value"].sum() == 9000.5


def test_numbers_with_decimal_commas_are_read_in_a_file_with_semicolons(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "a;b\n1,5;2,5\n1.000,25;3\n")
    assert frame["a"].tolist() == [1.5, 1000.25]
    assert frame["b"].tolist() == [2.5, 3.0]
    assert report.delimiter == ";"
    assert "decimal commas" in notes(report)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    report, frame = read(tmp_path, delimiter.join("ab") + "\n" + delimiter.join(["1", '"x,;\t|y"']) + "\n")
    assert report.delimiter == delimiter
    assert frame["b"].tolist() == ["x,;\t|y"]


def test_a_date_that_does_not_exist_is_told(tmp_path: Path) -> None:
    days = [f"2024-01-{day:02d}" for day in range(1, 32)] * 4
    report, frame = read(tmp_path, "day,n\n" + "".join(f"{day},1\n" for day in [*days, "2024-02-31"]))
    assert frame["day"].isna().sum() == 1
    assert "1 of 125 values in `day` is not a date and counts as missing: row 125, `2024-02-31`." in notes(report)


def test_times_with_a_zone_become_utc(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "at,n\n2024-01-01T10:00:00+02:00,1\n2024-01-01T10:00:00Z,2\n")
    assert frame["at"].tolist() == [pd.Timestamp("2024-01-01 08:00"), pd.Timestamp("2024-01-01 10:00")]
    assert "turned into UTC" in notes(report)


def test_numbers_of_30_digits_keep_their_digits_as_text(tmp_path: Path) -> None:
    report, frame = read(tmp_path, f"account,n\n{'1' * 30},1\n{'1' * 29}2,2\n")
    assert frame["account"].nunique() == 2
    assert "more than 18 digits" in notes(report)


def test_columns_without_a_name_or_with_the_same_name_get_one_of_their_own(tmp_path: Path) -> None:
    report, frame = read(tmp_path, "amount,amount,,amount (2)\n1,2,3,4\n")
    assert frame.columns.tolist() == ["amount", "amount (3)", "column 3", "amount (2)"]
    assert frame.iloc[0].tolist() == [1, 2, 3, 4]
    assert len(report.notes) == 2


def test_an_invented_name_never_takes_one_that_is_there() -> None:
    names, _ = unique_names(["", "column 1", "a", "a", "a"])
    assert names == ["column 1 (2)", "column 1", "a", "a (2)", "a (3)"]


def test_a_byte_order_mark_blank_lines_and_line_breaks_in_quotes_change_nothing(tmp_path: Path) -> None:
    report, frame = read(tmp_path, '\ufeff\n"first\nname",b\r\n"x\ny",1\r\n\r\nz,2\r\n')
    assert frame.columns.tolist() == ["first name", "b"]
    assert frame["first name"].tolist() == ["x\ny", "z"]
    assert report.rows == 2


def test_a_parquet_file_is_known_by_its_content_and_its_dictionaries_are_spelled_out(tmp_path: Path) -> None:
    table = pa.table({
        "a.b": pa.array([1, None, 3], pa.int8()), "word": pa.array(["x", "y", "x"]).dictionary_encode(),
        "price": pa.array([1.5, float("nan"), 2.5], pa.float32()), "day": pa.array([0, 1, 2], pa.date32()),
    })  # fmt: skip
    report, frame = read(tmp_path, table, name="export.csv")
    assert report.format == "parquet"
    assert frame["word"].tolist() == ["x", "y", "x"]
    assert frame.isna().sum().tolist() == [1, 0, 1, 0]
    assert frame["day"].tolist() == list(pd.to_datetime(["1970-01-01", "1970-01-02", "1970-01-03"]))


def test_what_is_kept_is_checksummed_and_in_groups_of_65536_rows(tmp_path: Path) -> None:
    read(tmp_path, pa.table({"n": range(70_000)}))
    kept = parquet.ParquetFile(tmp_path / "result" / "data.parquet")
    assert [kept.metadata.row_group(group).num_rows for group in range(kept.num_row_groups)] == [65_536, 4_464]
    assert kept.read().column("n").to_pylist() == list(range(70_000))


# ── what is refused ──

ZIP_HEADER = b"PK\x03\x04" + bytes(40)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "data.csv", "is empty"),
        (b"\n \n", "data.csv", "nothing but blank lines"),
        (b"a,b\n", "data.csv", "column names but no rows"),
        (b"a,b\n1,2\n3,4,5\n", "data.csv", "line 3 has 3 values where 2 were expected"),
        (b'a,b\n"1\n1",2\n3\n', "data.csv", "line 4 has 1 values where 2 were expected"),
        (b"a,b\n1,2\n3,\x00\n", "data.csv", "NUL byte on line 3"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "data.csv", "begins on line 3 has a quote that is not closed"),
        (b'a,b\n1,2\n3,"' + b"x" * 1_000_001 + b'"\n', "data.csv", "line 3 has more than 1\u202f000\u202f000 characters"),
        (b",".join([b"x"] * 5001) + b"\n", "data.csv", "5\u202f001 columns; at most 5\u202f000"),
        (ZIP_HEADER, "book.xlsx", "not a whole zip archive"),
        (ZIP_HEADER, "data.csv", "not a whole zip archive"),
        (b"\x89PNG\r\n", "cat.png", "a PNG picture"),
        (b"PAR1" + bytes(100), "data.parquet", "is damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes, name: str, words: str) -> None:
    assert words in refusal(tmp_path, content, name)


def test_a_nested_column_is_refused_by_name(tmp_path: Path) -> None:
    assert "Column `items` of `data.parquet` is nested" in refusal(tmp_path, pa.table({"items": [[1], [2]]}), "data.parquet")


def test_a_few_kilobytes_that_spell_out_gigabytes_are_refused(tmp_path: Path) -> None:
    bomb = pa.DictionaryArray.from_arrays(pa.array([0] * 65_536, pa.int32()), ["x" * 100_000])
    assert "spelled out, 65\u202f536 rows fill 6\u202f553 MB" in refusal(tmp_path, pa.table({"text": bomb}), "data.parquet")
    assert (tmp_path / "upload").stat().st_size < 100_000


def test_a_report_survives_being_kept(tmp_path: Path) -> None:
    note = Message("{rows} rows of `{name}`", {"rows": 3, "name": "ä"})
    report = Report("x.csv", 3, 2, "csv", "utf-8", ";", 0.5, 100, "ab", (note,))
    assert Report.from_json(report.to_json()) == report


# ── the process ──


@pytest.mark.slow
def test_a_file_is_read_in_a_process_of_its_own_into_a_new_folder(tmp_path: Path) -> None:
    source, folder = tmp_path / "upload", tmp_path / "result"
    source.write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    report = read_file(source, folder, name="<b>my</b>.csv")
    assert report == load_report(folder)
    assert (report.name, report.rows, report.bytes) == ("<b>my</b>.csv", 2, 12)
    assert report.content_hash == hashlib.sha256(source.read_bytes()).hexdigest()
    assert sorted(path.name for path in folder.iterdir()) == ["data.parquet", "footer.sha256", "profile.json", "report.json"]
    assert load_frame(folder)["b"].tolist() == ["x", "y"]
    with pytest.raises(StorageError, match="exists already"):
        read_file(source, folder, name="again.csv")


@pytest.mark.slow
def test_a_refused_file_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_text("a,b\n1,2,3\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2 has 3 values where 2 were expected"):
        read_file(source, tmp_path / "result", name="data.csv")
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "limits", "words"),
    [
        ("bytearray(3 * 10**9)", Limits(memory_bytes=10**9), "needs more than 1\u202f000 MB of memory"),
        ("while True: pass", Limits(cpu_s=1), "needed more than 1 s of computing"),
        ("import time; time.sleep(60)", Limits(wall_s=0.5), "was not read within 0.5 s"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", Limits(), "ended by the system (SIGKILL)"),
        ("raise LookupError('something new')", Limits(), "LookupError: something new"),
    ],
)
def test_a_worker_that_goes_too_far_or_fails_becomes_a_sentence(tmp_path: Path, program: str, limits: Limits, words: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(program, encoding="utf-8")
    with pytest.raises(DataError) as refused:
        run_worker(Task("make", str(script), str(tmp_path), "data.csv"), limits)
    assert words in str(refused.value)


@pytest.mark.slow
def test_memory_is_watched_where_the_system_does_not_limit_it(tmp_path: Path) -> None:
    hungry = [sys.executable, "-c", "import time; filled = b'x' * 10**9; time.sleep(60)"]
    with tempfile.TemporaryFile() as errors, pytest.raises(DataError, match="needs more than 200 MB of memory"):
        run_limited(hungry, Limits(memory_bytes=200 * 10**6), "data.csv", errors)


# ── refused, and perhaps to be read in another way ──

STRAY_QUOTE = 'size,n\n"a",1\n"b",2\n"5" wide,3\n'


@pytest.mark.parametrize(("name", "content"), [("data.csv", STRAY_QUOTE.encode()), ("data.csv.gz", gzip.compress(STRAY_QUOTE.encode()))])
def test_a_refused_text_says_how_it_was_tried_and_reads_in_another_way(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "upload").write_bytes(content)
    with pytest.raises(Misread) as refused:
        read_file(tmp_path / "upload", tmp_path / "data", name=name, options=ReadingOptions(decimal="point"))
    assert "begins on line 4 has a quote" in str(refused.value)
    assert (refused.value.options["quote"], refused.value.options["decimal"]) == ("auto", "point")
    assert refused.value.content_hash == hashlib.sha256(content).hexdigest()
    found = preview_file(tmp_path / "upload", name=name, options=ReadingOptions(**{**refused.value.options, "quote": "none"}))
    assert found.rows["size"].tolist() == ['"a"', '"b"', '"5" wide']


def test_a_refused_file_of_a_format_without_options_has_none(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError) as refused:
        read_file(tmp_path / "upload", tmp_path / "data", name="data.parquet")
    assert not isinstance(refused.value, Misread)
