"""Excel workbooks (.xlsx, .xlsm): one of their sheets, read row by row.

Five kilobytes can hold one cell in the last row and column; so a sheet is never laid out as the rectangle it claims to
be, and parts that unpack to far more than their size are refused before they are opened.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading import progress
from detectors.reading.archive import DAMAGE, overlap
from detectors.reading.bounds import CHUNK_BYTES, check_size
from detectors.reading.formats.contract import Format
from detectors.reading.formats.refused import OFFICE_REFUSALS
from detectors.reading.header import LOOKED_AT, find_header
from detectors.reading.options import HEADER_ROWS, OF_VALUES, word_for
from detectors.reading.source import SAMPLE_ROWS, Source
from detectors.reading.spool import Spool
from detectors.reading.table import MOST_COLUMNS, Table
from detectors.reading.text_table import typed_table

SIGNATURE = b"PK\x03\x04"
MOST_SHEETS = 200

#: Workbooks keep every number as a float; up to here whole ones are exact.
LARGEST_EXACT = 2**53

#: Rows looked at to see whether a sheet holds data.
FIRST_ROWS = 50

_DAMAGED = N_("`{name}` is a damaged workbook ({reason}). Open it in Excel or LibreOffice, save it again and upload that.")
_NOTHING = N_("No sheet of `{name}` holds data. Check that the export was complete, and upload it again.")
_NO_SHEET = N_("There is no sheet `{sheet}` in `{name}`. Its sheets are {known}.")
_EMPTY_SHEET = N_("Sheet `{sheet}` of `{name}` holds no data. Choose another one.")
_NO_ROWS = N_("Sheet `{sheet}` of `{name}` has column names but no rows. Check that the export was complete, and upload it again.")
_FAR_COLUMN = N_(
    "Sheet `{sheet}` of `{name}` has a cell in column {column}, row {row}; at most {most} columns can be read. Delete the cells that stand "
    "far from the table, save the workbook and upload it again."
)
_SHORT = N_("Sheet `{sheet}` of `{name}` ends before row {row}, so its table cannot begin there. Give the row of the column names.")
_MANY_SHEETS = N_("{count} sheets hold data; `{sheet}` was read. Choose another one if it is not the right one.")


_UNSTORED = N_(
    "{count} formulas on sheet `{sheet}` have no stored result and read as missing. Open the workbook in Excel or LibreOffice, save it, and upload it again."
)

#: A formula after which no value stands.
_NO_RESULT = re.compile(rb"</f>(?:<v\s*/>|<v></v>)?</c>|<f[^<>]*/>(?:<v\s*/>|<v></v>)?</c>")
OVERLAP = 64


class Excel(Format):
    name = "xlsx"
    options = ("sheet", "header", "first_line", *OF_VALUES)

    def recognises(self, start: bytes, source: Source) -> bool:
        if not start.startswith(SIGNATURE):
            return False
        try:
            with zipfile.ZipFile(source.path) as archive:
                parts = set(archive.NameToInfo)
                if refusal := _refusal(archive, parts):
                    raise DataError(refusal, name=source.name)
        except DAMAGE:
            return False  # told when the zip is read
        return "xl/workbook.xml" in parts

    def open(self, source: Source) -> Table:
        _check_parts(source)
        progress.begin("checking")
        with _damage_told(source.name), source.path.open("rb") as file:
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet, sheets, doubts = _choose(workbook, source)
            doubts += _unstored(source, sheet)
            table = _read(sheet, source)
        return replace(
            table, format=self.name, sheets=tuple(sheets), doubts=[*doubts, *table.doubts],
            options={name: {**table.options, "sheet": sheet.title}[name] for name in self.options},
        )  # fmt: skip


def _refusal(archive: zipfile.ZipFile, parts: set[str]) -> str | None:
    if "xl/workbook.bin" in parts:
        return OFFICE_REFUSALS["xlsb"]
    if "META-INF/manifest.xml" in parts and "content.xml" in parts:
        kind = archive.read("mimetype")[:100] if "mimetype" in parts and archive.NameToInfo["mimetype"].file_size < 1000 else b""
        return OFFICE_REFUSALS["office" if kind and b"spreadsheet" not in kind else "ods"]
    return OFFICE_REFUSALS["office"] if "[Content_Types].xml" in parts and "xl/workbook.xml" not in parts else None


def _check_parts(source: Source) -> None:
    with zipfile.ZipFile(source.path) as archive:
        entries = archive.infolist()
    if overlap(entries):
        raise DataError(_DAMAGED, name=source.name, reason="entries that share their bytes")
    for entry in entries:
        check_size(entry.file_size, entry.compress_size, source.limits.archive_bytes, source.name)


@contextmanager
def _damage_told(name: str) -> Iterator[None]:
    """openpyxl raises whatever its parsing of a damaged part stumbles over."""
    try:
        yield
    except MemoryError:
        raise
    except (*DAMAGE, ParseError, InvalidFileException, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(_DAMAGED, name=name, reason=(str(error) or type(error).__name__)[:200]) from error


def _choose(workbook: Any, source: Source) -> tuple[Any, list[str], list[Message]]:
    """The sheet that was asked for, else the first that holds a table; the names of those with data; and the doubt where there are several."""
    worksheets = workbook.worksheets[:MOST_SHEETS]
    asked = source.options.sheet
    if asked and asked not in [sheet.title for sheet in worksheets]:
        raise DataError(_NO_SHEET, sheet=asked, name=source.name, known=", ".join(f"“{sheet.title}”" for sheet in worksheets[:50]))
    holding = {sheet.title: _holds(sheet) for sheet in worksheets}
    full = [sheet for sheet in worksheets if holding[sheet.title]]
    titles = [sheet.title for sheet in full]
    if asked:
        if asked not in titles:
            raise DataError(_EMPTY_SHEET, sheet=asked, name=source.name)
        return full[titles.index(asked)], titles, []
    if not full:
        raise DataError(_NOTHING, name=source.name)
    visible = [sheet for sheet in full if sheet.sheet_state == "visible"] or full
    chosen = max(visible, key=lambda sheet: holding[sheet.title])
    others = [sheet for sheet in visible if holding[sheet.title] > 1]
    doubts = [Message(_MANY_SHEETS, {"count": len(others), "sheet": chosen.title})] if len(others) > 1 else []
    return chosen, titles, doubts


def _unstored(source: Source, sheet: Any) -> list[Message]:
    """The doubt about formulas whose results the program that wrote the workbook did not store: they would read as missing."""
    count, before = 0, b""
    with zipfile.ZipFile(source.path) as archive, archive.open(sheet._worksheet_path) as part:
        while chunk := part.read(CHUNK_BYTES):
            count += len(_NO_RESULT.findall(before + chunk))
            before = chunk[-OVERLAP:] if not _NO_RESULT.search(chunk[-OVERLAP:]) else b""
    return [Message(_UNSTORED, {"sheet": sheet.title, "count": count})] if count else []


def _holds(sheet: Any) -> int:
    """What a sheet begins with. 0: nothing, 1: a word, such as a title, 2: a list, 3: a table, at least two rows of two values."""
    sheet.reset_dimensions()
    rows = islice(sheet.iter_rows(values_only=True), FIRST_ROWS)
    widths = [width for row in rows if (width := sum(value is not None for value in row))]
    if len(widths) < 2:
        return len(widths)
    return 3 if sum(width > 1 for width in widths) > 1 else 2


def _read(sheet: Any, source: Source) -> Table:
    options = source.options
    rows = _rows(sheet, source)
    above = max(0, options.first_line - 1)
    before, beginning = list(islice(rows, above)), list(islice(rows, LOOKED_AT))
    if not any(map(any, beginning)):
        raise DataError(_SHORT if above else _EMPTY_SHEET, sheet=sheet.title, name=source.name, row=options.first_line)
    header = find_header(_trimmed(beginning), options, _trimmed(before))
    spool = Spool(source.scratch / f"{source.path.name}.rows", source.name)
    filled = (row for row in chain(beginning[header.start :], rows) if any(value is not None for value in row))
    for row in islice(filled, header.rows, header.rows + SAMPLE_ROWS if source.sample else None):
        spool.add(row)
    if not spool.rows:
        raise DataError(_NO_ROWS, sheet=sheet.title, name=source.name)
    width = max(spool.width, len(header.names))
    names = [*header.names, *[""] * (width - len(header.names))]
    table = typed_table(names, lambda phase: spool.blocks(width, phase), options, native=True)
    return replace(
        table, notes=[*header.notes, *table.notes], doubts=[*header.doubts, *table.doubts],
        options={**table.options, "header": word_for(HEADER_ROWS, header.rows), "first_line": above + header.start + 1},
    )  # fmt: skip


def _rows(sheet: Any, source: Source) -> Iterator[list[str | None]]:
    """The texts of every row, up to its last cell."""
    sheet.reset_dimensions()
    for place, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if len(row) > MOST_COLUMNS and any(value is not None for value in row[MOST_COLUMNS:]):
            column = get_column_letter(len(row))
            raise DataError(_FAR_COLUMN, sheet=sheet.title, name=source.name, column=column, row=place, most=MOST_COLUMNS)
        yield [_text(value) for value in row[:MOST_COLUMNS]]


def _trimmed(rows: list[list[str | None]]) -> list[list[str]]:
    """The rows as a text would have them: up to their last value."""
    ends = [max((place for place, value in enumerate(row, start=1) if value is not None), default=0) for row in rows]
    return [[value or "" for value in row[:end]] for row, end in zip(rows, ends, strict=True)]


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_EXACT:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return value.isoformat() if isinstance(value, date | time) else str(value)
