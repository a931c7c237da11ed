"""The rows of a file in batches, so that one of any size can be scored: Parquet as it is, everything else read as an upload would be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd
from pyarrow import parquet

from detectors import reading
from detectors.data_set import DataSet
from detectors.detector_file.conforming import conformed
from detectors.detector_file.frame_data import NO_COLUMN, FrameData
from detectors.detector_file.manifest import Manifest
from detectors.errors import DataError
from detectors.frames import count_rows, iter_batches
from detectors.messages import N_, Message
from detectors.profile import load_profile
from detectors.reading.report import REPORT_FILE
from detectors.reading.typed_columns import damage_told, flat_table

T = TypeVar("T")

#: Rows read and scored together; fewer where there are many columns. Pictures are larger than rows.
BATCH_ROWS, BATCH_VALUES, BATCH_PICTURES = 65_536, 8_000_000, 2_048

TWICE = N_("`{path}` has two columns called `{column}`. Give one of them another name.")
NO_PICTURES = N_("`{path}` holds no pictures, and the detector was trained on pictures.")


@dataclass(frozen=True)
class Batch:
    """Some rows in a row: as preparations see them, and what is to be kept of each beside its score."""

    first: int
    """The position of its first row in the data, from 0."""
    data: DataSet
    kept: pd.DataFrame
    deciding: pd.DataFrame
    """The columns that say what is flagged, as they are in the data."""


class Source(Protocol):
    """Where rows come from."""

    rows: int

    def batches(self, start: int, notes: list[Message]) -> Iterator[Batch]:
        """The rows from the position `start` on; what does not fit its column is added to `notes`."""
        ...


@dataclass(frozen=True)
class Wanted:
    """What is needed of every row."""

    manifest: Manifest
    keep: tuple[str, ...] = ()
    """Columns that go along into the result."""
    deciding: tuple[str, ...] = ()
    """Columns that say what is flagged."""

    @property
    def roles(self) -> dict[str, str]:
        return {column: self.manifest.roles[column] for column in self.manifest.used}

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys([*self.manifest.used, *self.keep, *self.deciding]))

    @property
    def batch_rows(self) -> int:
        return max(1, min(BATCH_ROWS, BATCH_VALUES // max(1, len(self.columns))))

    def batch(self, first: int, frame: pd.DataFrame, notes: list[Message]) -> Batch:
        """The rows of `frame` in the types that were learned from."""
        found: list[Message] = []
        columns = self.manifest.columns or [{"name": name, "role": role, "type": "number"} for name, role in self.roles.items()]
        held = conformed(frame, columns, found)
        for note in found:  # rows are counted in the whole data
            notes.append(Message(note.template, {**note.values, "row": note.values["row"] + first}))
        also = [frame[list(columns)].reset_index(drop=True) for columns in (self.keep, self.deciding)]
        return Batch(first, FrameData(roles=self.roles, held=held), *also)

    def check(self, known: Sequence[str]) -> None:
        """Raises `DataError` where a column that is to be kept, or says what is flagged, is not among those `known`."""
        missing = [column for column in (*self.keep, *self.deciding) if column not in known]
        if missing:
            raise DataError(NO_COLUMN, column=missing[0], known=", ".join(known[:50]))


class ParquetFiles:
    """Parquet files, one after the other, of which only the columns that are needed are read; a batch is in memory at a time."""

    def __init__(self, paths: Sequence[Path], wanted: Wanted) -> None:
        self.wanted = wanted
        self._files: list[tuple[Path, int]] = []
        for path in paths:
            with damage_told(path.name):
                file = parquet.ParquetFile(path)
                names = file.schema_arrow.names
                self._files.append((path, file.metadata.num_rows))
            wanted.check(names)
            twice = [name for name in wanted.columns if names.count(name) > 1]
            if twice:
                raise DataError(TWICE, path=path.name, column=twice[0])
        self.rows = sum(rows for _, rows in self._files)

    def batches(self, start: int, notes: list[Message]) -> Iterator[Batch]:
        before = 0
        for path, rows in self._files:
            if before + rows > start:
                for first, frame in self._frames(path, max(0, start - before)):
                    yield self.wanted.batch(before + first, frame, notes)
            before += rows

    def _frames(self, path: Path, start: int) -> Iterator[tuple[int, pd.DataFrame]]:
        """The rows of one file from `start` on, each frame with the position of its first row in the file."""
        with damage_told(path.name):
            file = parquet.ParquetFile(path, pre_buffer=False)
            columns = [name for name in self.wanted.columns if name in file.schema_arrow.names]
            groups, place = _groups_from(file, start)
            found = file.iter_batches(batch_size=self.wanted.batch_rows, row_groups=groups, columns=columns)
            schema = file.schema_arrow.empty_table().select(columns).schema
        if not groups:
            return
        for batch in flat_table(schema, (each.select(columns) for each in found), None, path.name, "parquet").blocks:
            skipped = min(max(0, start - place), len(batch))
            if skipped < len(batch):
                yield place + skipped, batch.slice(skipped).to_pandas(split_blocks=True)  # columns without gaps are not copied
            place += len(batch)


def _groups_from(file: parquet.ParquetFile, start: int) -> tuple[list[int], int]:
    """The row groups from the one on that holds the row `start`, and the position of its first row."""
    place = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if place + rows > start:
            return list(range(group, file.num_row_groups)), place
        place += rows
    return [], place


class ReadData:
    """A data set of our own, read from any other file: tables and texts batch by batch, pictures as they are looked at."""

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        self.folder, self.wanted = folder, wanted
        self.rows = count_rows(folder)
        self.names = [profile.name for profile in load_profile(folder)]
        wanted.check(self.names)

    def batches(self, start: int, notes: list[Message]) -> Iterator[Batch]:
        if self.wanted.manifest.kind == "images":
            yield from self._pictures(start)
            return
        columns = [name for name in self.wanted.columns if name in self.names]
        first = 0
        for frame in iter_batches(self.folder, columns, self.wanted.batch_rows):
            skipped = min(max(0, start - first), len(frame))
            if skipped < len(frame):
                yield self.wanted.batch(first + skipped, frame.iloc[skipped:], notes)
            first += len(frame)

    def _pictures(self, start: int) -> Iterator[Batch]:
        kept = list(dict.fromkeys(["name", *self.wanted.keep]))
        for first in range(start, self.rows, BATCH_PICTURES):
            rows = np.arange(first, min(first + BATCH_PICTURES, self.rows))
            data = DataSet(self.folder, self.wanted.roles, only=rows)
            also = [data.frame(columns).reset_index(drop=True) for columns in (kept, list(self.wanted.deciding))]
            yield Batch(first, data, *also)


def open_source(path: Path, folder: Path, wanted: Wanted, options: reading.ReadingOptions | None = None) -> Source:
    """The rows of `path`: a table, a folder of Parquet files, a zip or folder of pictures or texts. What must be read first comes
    into `folder`, and is found there again.

    Raises:
        DataError: there is no such file, it cannot be read, or lacks a column.
    """
    if not path.exists():
        raise DataError(N_("There is no file `{path}`."), path=str(path))
    files = parquet_files(path)
    if files and wanted.manifest.kind != "images":
        return ParquetFiles(files, wanted)
    if not (folder / REPORT_FILE).exists():
        reading.read_file(path, folder, name=path.name, limits=reading.limits_for(_bytes(path)), options=options)
    if wanted.manifest.kind == "images" and reading.load_report(folder).kind != "images":
        raise DataError(NO_PICTURES, path=path.name)
    return ReadData(folder, wanted)


def parquet_files(path: Path) -> list[Path]:
    """The Parquet files that `path` is, or that are below it, in the order of their names; none where it is something else."""
    if path.is_dir():
        return sorted(file for file in path.rglob("*.parquet") if file.is_file() and not file.name.startswith((".", "_")))
    with path.open("rb") as stream:
        return [path] if stream.read(4) == b"PAR1" else []


def ahead(batches: Iterator[T]) -> Iterator[T]:
    """The same, the next one being made while the last one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
