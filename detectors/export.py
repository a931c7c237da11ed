"""Flagged rows as a file to take away.

Every function takes the rows in frames, at least one, all with the same columns: the first columns say what was found
(rank, score, row number, reasons), the others are the original ones. It writes one file into a stream, frame by frame, so
that no more than one of them need be in memory. The frames are not changed; their index is not written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from detectors.errors import DataError
from detectors.messages import N_

#: A sheet has 1 048 576 rows, one of them the header, and 16 384 columns; a cell holds 32 767 characters.
EXCEL_ROWS, EXCEL_COLUMNS, EXCEL_CHARACTERS = 1_048_575, 16_384, 32_767

#: Numbers beyond this lose their last digits in a spreadsheet, which keeps them as float64: written as text instead.
EXACT_IN_FLOAT = 2**53

#: Before March 1900 spreadsheets count days wrongly or not at all.
FIRST_EXCEL_DATE = date(1900, 3, 1)

#: What a spreadsheet may take for the start of a formula or a command, and the full-width forms it reads alike.
RUNNABLE = tuple("=+-@|%\t\r\n＝＋－＠｜％")

#: Where columns are separated by semicolons or tabs, text after one in our commas' file begins a cell of its own.
AFTER_SEPARATOR = re.compile(r"(?<=[;\t])[^;\t]+")

PLAIN_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Format:
    """A kind of file that flagged rows can be written as."""

    title: str
    extension: str
    media_type: str
    write: Callable[[Iterable[pd.DataFrame], BinaryIO], None]


def write_csv(frames: Iterable[pd.DataFrame], stream: BinaryIO) -> None:
    """The rows as comma-separated text in UTF-8 with a byte order mark, without which Excel reads it in a local encoding.

    Text and headers that a spreadsheet would run get a ``'`` in front, inside a text too where a semicolon or a tab
    might begin a new cell; plain numbers keep their sign.
    """
    for number, frame in enumerate(frames):
        # Both characters in the line end make the writer quote either: a bare \r inside a text would begin a new cell.
        text = _harmless_frame(frame).to_csv(index=False, header=not number, lineterminator="\r\n")
        stream.write(text.encode("utf-8" if number else "utf-8-sig"))


def _harmless_frame(frame: pd.DataFrame) -> pd.DataFrame:
    safe = frame.copy(deep=False)
    safe.columns = pd.Index([_harmless(str(name)) for name in frame.columns])
    for place, kind in enumerate(frame.dtypes):
        if pd.api.types.is_object_dtype(kind) or isinstance(kind, pd.StringDtype | pd.CategoricalDtype):
            values = [_harmless(value) for value in frame.iloc[:, place]]
            safe.isetitem(place, pd.Series(values, dtype=object).array)  # as objects: pandas would turn 1 and nothing into 1.0
    return safe


def write_parquet(frames: Iterable[pd.DataFrame], stream: BinaryIO) -> None:
    """The rows with types and values untouched, as nothing in the file can run; pages carry checksums."""
    schema: pa.Schema | None = None
    with ExitStack() as opened:
        for frame in frames:
            table = pa.Table.from_pandas(frame, schema, preserve_index=False)
            if schema is None:
                schema = table.schema
                writer = opened.enter_context(parquet.ParquetWriter(stream, schema, write_page_checksum=True))
            writer.write_table(table)


def write_excel(frames: Iterable[pd.DataFrame], stream: BinaryIO) -> None:
    """The rows as one sheet with its header in view; text stays text, marked as such where a spreadsheet would run it.

    Times with a zone are written in UTC and their header says so, for a spreadsheet knows no zones. Whole numbers
    that a spreadsheet would round, infinite numbers and dates before March 1900 become text; text longer than a cell
    is cut and ends in "…".

    Raises:
        DataError: more rows or columns than a sheet can hold.
    """
    from xlsxwriter import Workbook

    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss", "remove_timezone": False,
    }  # fmt: skip
    with Workbook(stream, options) as workbook:
        sheet = workbook.add_worksheet()
        sheet.freeze_panes(1, 0)
        bold, quoted = workbook.add_format({"bold": True, "quote_prefix": True}), workbook.add_format({"quote_prefix": True})
        written = 0
        for frame in frames:
            _check_fits(written + len(frame), frame.shape[1])
            columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
            if not written:
                headers = [f"{column.name} (UTC)" if _has_zone(column) else str(column.name) for column in columns]
                sheet.write_row(0, 0, [_cut(header) for header in headers], bold)
            for number, values in enumerate(zip(*[_cells(column) for column in columns], strict=True), start=written + 1):
                for place, value in enumerate(values):
                    sheet.write(number, place, value, quoted if _runs(value) else None)
            written += len(frame)


def _check_fits(rows: int, columns: int) -> None:
    if rows > EXCEL_ROWS or columns > EXCEL_COLUMNS:
        raise DataError(
            N_(
                "An Excel sheet holds at most {most_rows} rows and {most_columns} columns; these are {rows} rows and {columns} columns. "
                "Download CSV or Parquet, or flag fewer rows."
            ),
            most_rows=EXCEL_ROWS, most_columns=EXCEL_COLUMNS, rows=rows, columns=columns,
        )  # fmt: skip


def _runs(value: Any) -> bool:
    """Spaces in front do not count: some spreadsheets drop them."""
    if not isinstance(value, str):
        return False
    bare = value.lstrip()
    return (value.startswith(RUNNABLE) or bare.startswith(RUNNABLE)) and not PLAIN_NUMBER.fullmatch(bare)


def _harmless(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    inside = AFTER_SEPARATOR.sub(lambda part: f"'{part[0]}" if _runs(part[0]) else part[0], value)
    return f"'{inside}" if _runs(value) else inside


def _has_zone(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.DatetimeTZDtype)


def _cells(column: pd.Series) -> list[Any]:
    if _has_zone(column):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if column.dtype == np.float64 and np.isfinite(column).all():
        return column.tolist()
    return [_cell(value) for value in column.astype(object)]


def _cell(value: Any) -> Any:
    """What `Worksheet.write` turns into the right kind of cell; None leaves it empty."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, date):  # a datetime is a date
        return _date_cell(value)
    if isinstance(value, int | np.integer) and abs(int(value)) <= EXACT_IN_FLOAT:
        return int(value)
    if isinstance(value, float | np.floating) and np.isfinite(value):
        return float(value)
    return _cut(str(value))


def _date_cell(value: date) -> Any:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    return value.isoformat() if moment.tzinfo is not None or moment.date() < FIRST_EXCEL_DATE else moment


def _cut(text: str) -> str:
    return text if len(text) <= EXCEL_CHARACTERS else text[: EXCEL_CHARACTERS - 1] + "…"


FORMATS: dict[str, Format] = {
    "csv": Format(N_("CSV"), "csv", "text/csv", write_csv),
    "excel": Format(N_("Excel"), "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_excel),
    "parquet": Format(N_("Parquet"), "parquet", "application/vnd.apache.parquet", write_parquet),
}
