"""Text with a value for every column on each line: CSV, TSV, semicolons, bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv

from detectors.errors import DataError
from detectors.messages import N_
from detectors.reading import progress
from detectors.reading.formats.contract import Format
from detectors.reading.lines import Layout, check_lines
from detectors.reading.options import DELIMITERS, HEADER_ROWS, OF_VALUES, QUOTES, word_for
from detectors.reading.source import Source
from detectors.reading.table import Table
from detectors.reading.text_table import typed_table
from detectors.reading.transcoding import as_utf8

#: Parsed at once; also the longest row that can be read. Of a preview a smaller block is all that is read.
BLOCK_BYTES, PREVIEWED_BYTES = 8 << 20, 1 << 20

_UNSPLIT = N_("`{name}` cannot be split into rows ({reason}). A row may be longer than {most} MB. Export it again as CSV or Parquet.")


class Delimited(Format):
    name = "csv"
    options = ("delimiter", "header", "first_line", *OF_VALUES, "encoding", "quote")

    def recognises(self, start: bytes, source: Source) -> bool:
        return True  # whatever is left is read as text, or refused as none

    def open(self, source: Source) -> Table:
        progress.begin("checking", source.path.stat().st_size)
        text = as_utf8(source)
        layout = check_lines(text.path, source.name, source.options, sample=source.sample)
        header = layout.header
        table = typed_table(
            header.names, lambda phase: _text_blocks(text.path, layout, source, phase), source.options, semicolons=layout.delimiter == ";"
        )
        return replace(
            table, encoding=text.encoding, delimiter=layout.delimiter if len(header.names) > 1 else None, format=self.name,
            notes=[*text.notes, *header.notes, *table.notes], doubts=[*layout.doubts, *table.doubts],
            options={name: {**table.options, **_used(layout, text.encoding)}[name] for name in self.options},
        )  # fmt: skip


def _used(layout: Layout, encoding: str) -> dict[str, Any]:
    return {
        "delimiter": word_for(DELIMITERS, layout.delimiter), "quote": word_for(QUOTES, layout.quote), "encoding": encoding,
        "header": word_for(HEADER_ROWS, layout.header.rows), "first_line": layout.line,
    }  # fmt: skip


def _text_blocks(path: Path, layout: Layout, source: Source, phase: str) -> Iterator[pa.RecordBatch]:
    """Every value as text. The columns carry their positions as names, since those in the file may repeat."""
    positions = [str(place) for place in range(len(layout.header.names))]
    block_bytes = PREVIEWED_BYTES if source.sample else BLOCK_BYTES
    progress.begin(phase, path.stat().st_size)
    with path.open("rb") as file:
        file.seek(layout.offset)
        try:
            for block in csv.open_csv(
                progress.counted(file),
                csv.ReadOptions(use_threads=False, block_size=block_bytes, column_names=positions),
                csv.ParseOptions(delimiter=layout.delimiter, quote_char=layout.quote or False, newlines_in_values=True),
                csv.ConvertOptions(column_types=dict.fromkeys(positions, pa.string()), strings_can_be_null=False),
            ):
                yield block
                if source.sample:
                    return
        except pa.ArrowInvalid as error:
            raise DataError(_UNSPLIT, name=source.name, reason=str(error)[:200], most=BLOCK_BYTES >> 20) from error
