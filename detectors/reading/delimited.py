"""Reads a CSV: first every value as text, to decide the columns' types from the whole file, then again as these types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading import progress
from detectors.reading.lines import Layout, check_lines
from detectors.reading.names import unique_names
from detectors.reading.table import Table
from detectors.reading.text_columns import Column, Evidence, decide, without_missing

#: Parsed at once; also the longest row that can be read.
BLOCK_BYTES = 8 << 20


def open_delimited(source: Path, name: str) -> Table:
    """The typed table in the CSV `source`.

    Raises:
        DataError: it is not sound; names the line.
    """
    layout = check_lines(source, name)
    names, notes = unique_names(layout.names)
    notes += _layout_notes(layout)
    evidence = [Evidence(decimal_comma=layout.delimiter == ";") for _ in names]
    first_row = 1
    for block in _text_blocks(source, layout, name, "typing"):
        for found, values in zip(evidence, block.columns, strict=True):
            found.look(without_missing(values), first_row)
        first_row += block.num_rows
    columns = [decide(column, found) for column, found in zip(names, evidence, strict=True)]
    notes += [note for column in columns for note in column.notes]
    schema = pa.schema([(column.name, column.type) for column in columns])
    blocks = _typed_blocks(_text_blocks(source, layout, name, "writing"), columns, schema)
    return Table(schema, blocks, notes, "utf-8", layout.delimiter if len(names) > 1 else None)


def _typed_blocks(blocks: Iterator[pa.RecordBatch], columns: list[Column], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for block in blocks:
        values = [column.convert(without_missing(text)) for column, text in zip(columns, block.columns, strict=True)]
        yield pa.record_batch(values, schema=schema)


def _text_blocks(source: Path, layout: Layout, name: str, phase: str) -> Iterator[pa.RecordBatch]:
    """Every value as text. The columns carry their positions as names, since those in the file may repeat."""
    positions = [str(place) for place in range(len(layout.names))]
    progress.begin(phase, source.stat().st_size)
    try:
        yield from csv.open_csv(
            progress.counted(source.open("rb")),
            csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=positions, skip_rows_after_names=layout.header_rows),
            csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
            csv.ConvertOptions(column_types=dict.fromkeys(positions, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        raise DataError(
            N_("`{name}` cannot be split into rows ({reason}). A row may be longer than {most} MB. Export it again as CSV or Parquet."),
            name=name, reason=str(error)[:200], most=BLOCK_BYTES >> 20,
        ) from error  # fmt: skip


def _layout_notes(layout: Layout) -> list[Message]:
    if len(layout.names) == 1:
        return [Message(N_("One column was found. If there should be more, separate the values by comma, semicolon, tab or |."))]
    if all(_is_number(name) for name in layout.names):
        return [
            Message(N_("The first line holds only numbers and was taken as the columns' names. If it is data, add a line of names above."))
        ]
    return []


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
