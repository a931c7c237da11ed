"""Checks the text of a CSV line by line before anything is believed: encoding, delimiter, and a value for every column.

Arrow's parser is fast but forgiving: a quote that is never closed swallows rows, a NUL is kept. So Python's parser
goes through the whole file once and stops at the first line that a person should mend.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from detectors.errors import DataError
from detectors.messages import N_
from detectors.reading import progress
from detectors.reading.table import LONGEST_VALUE, check_width

DELIMITERS = (",", ";", "\t", "|")

#: How much of the file decides the delimiter, in characters.
SAMPLE_LENGTH = 262_144

CHUNK_BYTES = 1 << 20

_ENCODING = N_(
    "`{name}` is not UTF-8: line {line}, byte {byte} of the file is {value}. Save it as UTF-8 (in Excel: “CSV UTF-8”) and upload it again."
)
_UTF_16 = N_("`{name}` is encoded as UTF-16. Save it as UTF-8 (in Excel: “CSV UTF-8”) and upload it again.")
_NUL = N_("`{name}` holds a NUL byte on line {line}: it is damaged or not a text file. Export it again as CSV.")
_QUOTE = N_("`{name}`: the row that begins on line {line} has a quote that is not closed, or text after a closing quote. Mend that line.")
_LONG = N_(
    "`{name}`: a value of the row that begins on line {line} has more than {most} characters; is a quote not closed? Mend that line."
)
_RAGGED = N_("`{name}`: line {line} has {found} values where {expected} were expected, one for each column. Mend that line.")
_NO_ROWS = N_("`{name}` has column names but no rows. Check that the export was complete, and upload it again.")
_BLANK = N_("`{name}` holds nothing but blank lines. Check that it was saved completely, and upload it again.")


@dataclass(frozen=True)
class Layout:
    """How the lines of a CSV are to be taken."""

    delimiter: str
    names: list[str]
    header_rows: int
    """Rows up to and including the one with the names; the others are blank."""


def check_lines(source: Path, name: str) -> Layout:
    """The layout of `source`, every line of which is sound.

    Raises:
        DataError: names the first line that is not, or says that there are no rows.
    """
    _check_encoding(source, name)
    csv.field_size_limit(LONGEST_VALUE)
    delimiter = _decide_delimiter(source)
    progress.begin("checking", source.stat().st_size)
    with io.TextIOWrapper(progress.counted(source.open("rb")), encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        started = 1
        try:
            names, header_rows = _header(reader, name)
            check_width(len(names), name)
            started, rows = reader.line_num + 1, 0
            for row in reader:
                if len(row) != len(names) and row:
                    raise DataError(_RAGGED, name=name, line=started, found=len(row), expected=len(names))
                rows += bool(row)
                started = reader.line_num + 1
        except csv.Error as error:
            # Python's parser has one error for everything; only its words tell a long value from a wrong quote.
            template = _LONG if "field larger" in str(error) else _QUOTE
            raise DataError(template, name=name, line=started, most=LONGEST_VALUE) from error
    if not rows:
        raise DataError(_NO_ROWS, name=name)
    return Layout(delimiter, names, header_rows)


def _header(reader: Any, name: str) -> tuple[list[str], int]:
    for blank_rows, row in enumerate(reader):
        if any(value.strip() for value in row):
            return row, blank_rows + 1
    raise DataError(_BLANK, name=name)


def _check_encoding(source: Path, name: str) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, read = 1, 0
    with source.open("rb") as stream:
        while True:
            chunk = stream.read(CHUNK_BYTES)
            if not read and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise DataError(_UTF_16, name=name)
            if (place := chunk.find(b"\0")) >= 0:
                raise DataError(_NUL, name=name, line=line + chunk.count(b"\n", 0, place))
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                _refuse_encoding(error, line, read + len(chunk), name)
            if not chunk:
                return
            line, read = line + chunk.count(b"\n"), read + len(chunk)


def _refuse_encoding(error: UnicodeDecodeError, line: int, read: int, name: str) -> NoReturn:
    """`line` is where the last chunk began, `read` how many bytes were read with it; the error knows only its own bytes."""
    line += error.object.count(b"\n", 0, error.start)
    byte = read - len(error.object) + error.start + 1
    raise DataError(_ENCODING, name=name, line=line, byte=byte, value=f"0x{error.object[error.start]:02X}") from error


def _decide_delimiter(source: Path) -> str:
    """The one that splits the names into more than one and the first lines into as many; the comma where none does."""
    with source.open(encoding="utf-8-sig", newline="") as stream:
        sample = stream.read(SAMPLE_LENGTH)
    complete = len(sample) < SAMPLE_LENGTH
    return max(DELIMITERS, key=lambda delimiter: _agreement(sample, delimiter, complete))


def _agreement(sample: str, delimiter: str, complete: bool) -> tuple[bool, float, int]:
    rows = [row for row in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter) if row]
    rows = rows if complete or len(rows) < 2 else rows[:-1]
    if not rows:
        return False, 0.0, 0
    width = len(rows[0])
    return width > 1, sum(len(row) == width for row in rows) / len(rows), width
