"""Text blocks on disk between the first and the second time through them: for formats that are slow to take apart twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import ipc

from detectors.errors import DataError
from detectors.messages import N_
from detectors.reading import progress
from detectors.reading.bounds import check_room
from detectors.reading.table import LONGEST_VALUE

#: A block ends with so many values, or so many characters.
BLOCK_VALUES, BLOCK_CHARACTERS = 500_000, 32 << 20

_LONG = N_("`{name}`: row {row} holds a text of more than {most} characters. Shorten it, or drop its column.")


class Spool:
    """Rows of texts in the order in which they are added; columns may appear on the way, and stay to the end."""

    def __init__(self, folder: Path, name: str) -> None:
        self.rows = 0
        self._folder, self._name = folder, name
        self._files: list[Path] = []
        self._columns: list[list[str | None]] = []
        self._waiting = self._characters = 0
        folder.mkdir()

    def add(self, row: Sequence[str | None]) -> None:
        """Adds a row; a column that it does not reach is missing in it."""
        for _ in range(len(self._columns), len(row)):
            self._columns.append([None] * self._waiting)
        for column, value in zip(self._columns, row, strict=False):
            column.append(value)
            if value is not None:
                self._characters += len(value)
        for column in self._columns[len(row) :]:
            column.append(None)
        if self._characters > LONGEST_VALUE and any(value is not None and len(value) > LONGEST_VALUE for value in row):
            raise DataError(_LONG, name=self._name, row=self.rows + 1, most=LONGEST_VALUE)
        self.rows += 1
        self._waiting += 1
        if self._waiting * max(1, len(self._columns)) >= BLOCK_VALUES or self._characters >= BLOCK_CHARACTERS:
            self._write()

    @property
    def width(self) -> int:
        """How many values the longest row has."""
        return len(self._columns)

    def blocks(self, width: int, phase: str) -> Iterator[pa.RecordBatch]:
        """All rows from the first one on, every block of them `width` columns wide; `phase` is what they are taken for."""
        self._write()
        progress.begin(phase, sum(path.stat().st_size for path in self._files))
        for path in self._files:
            with pa.memory_map(str(path)) as file:
                block = ipc.open_stream(file).read_next_batch()
                columns = [*block.columns, *(pa.nulls(len(block), pa.string()) for _ in range(block.num_columns, width))]
                progress.advance(path.stat().st_size)
                yield pa.record_batch(columns, names=[str(place) for place in range(width)])

    def _write(self) -> None:
        if not self._waiting:
            return
        check_room(self._folder, self._name)
        block = pa.record_batch(
            [pa.array(column, pa.string()) for column in self._columns], names=[str(place) for place in range(len(self._columns))]
        )
        path = self._folder / f"{len(self._files):06}.arrow"
        with pa.OSFile(str(path), "wb") as file, ipc.new_stream(file, block.schema) as writer:
            writer.write_batch(block)
        self._files.append(path)
        self._columns = [[] for _ in self._columns]
        self._waiting = self._characters = 0
