"""Files made to do harm, or to be read wrongly without a word: each is refused or read in words, by the process that reads uploads."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import ipc, parquet

from detectors.errors import DataError
from detectors.frames import load_frame
from detectors.reading import Limits, read_file
from tests.readings import notes, read, refusal, workbook, zipped

#: What a hostile file may use: the memory is far below what each of them would fill, and the time is what is promised.
TIGHT = Limits(memory_bytes=3 * 2**30, cpu_s=20, wall_s=60)


def far_cell() -> bytes:
    """5 kB with one cell in the last row and the last column of a sheet."""
    book = Workbook()
    book.active["A1"], book.active["A2"], book.active["XFD1048576"] = "a", 1, 1
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def lying_sheet() -> bytes:
    """A workbook whose sheet claims to be as large as a sheet can be."""
    source, target = io.BytesIO(workbook({"Data": [["a", "b"], [1, 2]]})), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"') if "sheet1" in name else content)
    return target.getvalue()


def stuffed_workbook() -> bytes:
    """A workbook whose texts unpack to a thousand times their size."""
    stream = io.BytesIO(workbook({"Data": [["a"], [1]]}))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"<sst>" + b"<si><t>xxxxxxxxxxxxxxxx</t></si>" * 2_000_000)
    return stream.getvalue()


def entity_bomb() -> bytes:
    """A workbook whose sheet names itself inside itself, a billion times over."""
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">'
        + entities
        + b"]><worksheet><sheetData><row><c t='str'><v>&l9;</v></c></row></sheetData></worksheet>"
    )
    source, target = io.BytesIO(workbook({"Data": [["a"], [1]]})), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, bomb if "sheet1" in name else old.read(name))
    return target.getvalue()


def text_bomb() -> bytes:
    """A Parquet file of a kilobyte whose one long text stands in every row."""
    values = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, np.int32)), pa.array(["x" * 10_000]))
    stream = io.BytesIO()
    parquet.write_table(pa.table({"text": values}), stream, compression="zstd")
    return stream.getvalue()


def row_bomb() -> bytes:
    """An Arrow file without a byte for its three hundred million rows."""
    stream = io.BytesIO()
    batch = pa.record_batch([pa.nulls(300_000_000)], names=["a"])
    with ipc.new_file(stream, batch.schema) as writer:
        writer.write_batch(batch)
    return stream.getvalue()


def gzip_bomb() -> bytes:
    """200 kB that unpack to fifty million rows."""
    packer = zlib.compressobj(9, wbits=31)
    block = b"1,2\n" * 250_000
    return packer.compress(b"a,b\n") + b"".join(packer.compress(block) for _ in range(200)) + packer.flush()


def overlapping_zip() -> bytes:
    """Many entries, all of them with the same bytes."""
    stream = io.BytesIO(zipped({"0.csv": b"a,b\n" + b"1,2\n" * 100_000}))
    with zipfile.ZipFile(stream, "a") as archive:
        first = archive.infolist()[0]
        for n in range(1, 50):
            twin = zipfile.ZipInfo(f"{n}.csv")
            for field in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(twin, field, getattr(first, field))
            archive.filelist.append(twin)
        archive._didModify = True
    return stream.getvalue()


def lying_zip() -> bytes:
    """A zip whose entry claims a kilobyte and holds a hundred megabytes."""
    content = zipped({"data.csv": b"a,b\n" + b"1,2\n" * 25_000_000})
    size = struct.pack("<L", 4 + 4 * 25_000_000)
    assert content.count(size) == 2
    return content.replace(size, struct.pack("<L", 1000))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (far_cell, "has a cell in column XFD, row 1\u202f048\u202f576"),
        (stuffed_workbook, "unpacks to more than 200 times its size"),
        (entity_bomb, "is a damaged workbook"),
        (text_bomb, "repeats long texts"),
        (row_bomb, "claims 300\u202f000\u202f000 rows in"),
        (gzip_bomb, "unpacks to more than 200 times its size"),
        (overlapping_zip, "entries that share their bytes"),
        (lying_zip, ""),
        (lambda: b"[" * 5_000_000, "nested too deeply"),
        (lambda: b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "nested too deeply"),
    ],
)
def test_a_file_made_to_fill_the_machine_is_refused_in_words(tmp_path: Path, made: Callable[[], bytes], words: str) -> None:
    source = tmp_path / "upload"
    source.write_bytes(made())
    with pytest.raises(DataError) as refused:
        read_file(source, tmp_path / "result", name="data", limits=TIGHT)
    assert words in str(refused.value)
    assert "raise the limit" not in str(refused.value)
    assert list(tmp_path.iterdir()) == [source], "nothing is half imported"


@pytest.mark.slow
def test_a_sheet_that_claims_to_be_as_large_as_can_be_is_read_as_what_it_holds(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(lying_sheet())
    read_file(source, tmp_path / "result", name="data.xlsx", limits=TIGHT)
    assert load_frame(tmp_path / "result").to_dict("list") == {"a": [1], "b": [2]}


# ── what other readers get wrong without a word ──


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2\n3,\x00\n", "NUL byte on line 3"),
        ("a,b\n1,2\n3,\x00\n".encode("utf-16"), "NUL byte on line 3"),
        (gzip.compress(b"a,b\n1,\x00\n"), "NUL byte on line 2"),
        (bytes(range(256)) * 4, "NUL byte on line 1"),
        (zipped({"1.csv": b"a,b\n1,\x00\n", "2.csv": b"a,b\n1,2\n"}), "NUL byte on line 2"),
    ],
)
def test_nul_bytes_are_refused_with_their_line(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(tmp_path, content)


def test_30_digits_are_kept_whatever_the_format(tmp_path: Path) -> None:
    for name, content in {
        "csv": f"account\n{'1' * 30}\n",
        "json": f'[{{"account": {"1" * 30}}}]',
        "xlsx": workbook({"Data": [["account"], ["1" * 30]]}),
    }.items():
        (tmp_path / name).mkdir()
        report, frame = read(tmp_path / name, content)
        assert frame["account"].tolist() == ["1" * 30]
        assert "more than 18 digits" in notes(report)


NAMES = ["amount", "amount", "", "<b>bold</b>", "**stars** `code` [x](http://y)", "=1+1", "%{x} {0}", "x" * 300, "列\u202e名", "a\tb"]


def test_odd_column_names_survive_as_text_of_their_own(tmp_path: Path) -> None:
    rows = [NAMES, list(range(len(NAMES)))]
    text = "\n".join(",".join('"' + str(value) + '"' for value in row) for row in rows) + "\n"
    expected = [
        "amount", "amount (2)", "column 3", "<b>bold</b>", "**stars** `code` [x](http://y)", "=1+1", "%{x} {0}", "x" * 200, "列名", "a b",
    ]  # fmt: skip
    for name, content in {"csv": text, "xlsx": workbook({"Data": rows}), "zip": zipped({"1.csv": text})}.items():
        (tmp_path / name).mkdir()
        assert read(tmp_path / name, content)[1].columns.tolist() == expected
