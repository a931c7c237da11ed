"""A table on its way from a stranger's file to ours: its columns are known, its rows come in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from detectors.errors import DataError
from detectors.messages import N_, Message

#: Wider tables are nearly always transposed ones; profiles and forms of them would be of no use either.
MOST_COLUMNS = 5_000

#: A longer value is a quote that was never closed, or an attack; no column of ours needs it.
LONGEST_VALUE = 1_000_000


@dataclass(frozen=True)
class Table:
    """`blocks` have exactly `schema`, whose types are int64, double, bool, string and timestamp[us]."""

    schema: pa.Schema
    blocks: Iterator[pa.RecordBatch]
    notes: list[Message] = field(default_factory=list)
    doubts: list[Message] = field(default_factory=list)
    """What could be read in two ways, and which was taken: a person should look before it is believed."""
    options: dict[str, Any] = field(default_factory=dict)
    """The reading options that were used, found ones among them; empty where there is nothing to choose."""
    sheets: tuple[str, ...] = ()
    """The sheets of a workbook, where there is a choice."""
    blank: frozenset[str] = frozenset()
    """Columns known to hold no value: their type means nothing."""
    encoding: str | None = None
    delimiter: str | None = None
    kind: str = "table"
    format: str | None = None
    """What it was, where that is another thing than the file it came in: a CSV inside a gzip."""


def check_width(columns: int, name: str) -> None:
    """Raises `DataError` where there are more columns than a table can have."""
    if columns > MOST_COLUMNS:
        raise DataError(
            N_("`{name}` has {columns} columns; at most {most} can be read. Turn it if rows and columns are swapped, or drop columns."),
            name=name, columns=columns, most=MOST_COLUMNS,
        )  # fmt: skip
