"""Scores on their way into a file: parts that are whole and on disk or not there, so that a killed scoring goes on where it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from detectors.errors import DataError
from detectors.messages import N_
from detectors.storage.files import sync, write_json

#: In the folder of parts: what is being scored with what, and what the data were read into.
STATE_FILE, READ_FOLDER = "asked.json", "data"

#: Rows of a part: writing one takes a few milliseconds, scoring it a few seconds.
PART_ROWS = 1 << 20

FORMATS = (".parquet", ".csv")

NO_FORMAT = N_("`{out}` must end in .parquet or .csv, or be - for standard output.")


@dataclass(frozen=True)
class Parts:
    """The parts of the scores that become the file `out`."""

    out: Path

    @property
    def folder(self) -> Path:
        return self.out.with_name(f".{self.out.name}.parts")

    @property
    def read(self) -> Path:
        """Where the data are read into, where they must be read first."""
        return self.folder / READ_FOLDER

    def begin(self, asked: Mapping[str, Any]) -> int:
        """How many rows are scored already: those of an earlier attempt at the same, `asked`; else it begins anew."""
        state = self.folder / STATE_FILE
        known = json.loads(state.read_text(encoding="utf-8")) if state.exists() else None
        if known != json.loads(json.dumps(asked)):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            write_json(state, asked)
            sync(self.folder)
        done = 0
        for path in self._paths():
            if _first_row(path) != done:
                path.unlink()  # of an attempt that began elsewhere
            else:
                done += parquet.ParquetFile(path).metadata.num_rows
        return done

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Takes further rows, and puts the whole file in its place when the block ends well; else the parts stay for the next attempt."""
        half = self.folder / "whole.half"
        with half.open("wb") as stream, _whole(self.out, stream) as whole, ThreadPoolExecutor(1) as writer:
            writing = Writing(self.folder, whole, writer)
            writing.take_along(self._paths())
            yield writing
            writing.wait()
        sync(half)
        half.replace(self.out)
        sync(self.out.parent)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.parquet"))


class Writing:
    """Writes rows twice, as a part and into the whole file, while the next ones are scored; one part waits at a time."""

    def __init__(self, folder: Path, whole: Whole, writer: ThreadPoolExecutor) -> None:
        self.flagged = 0
        """How many rows of what was written are flagged; known after `wait`."""
        self._folder, self._whole, self._writer = folder, whole, writer
        self._latest: Future[None] | None = None

    def add(self, first: int, rows: pd.DataFrame) -> None:
        """Writes the scores of `rows`, of which the first is at position `first` of the data."""
        self.wait()
        self._latest = self._writer.submit(self._write, first, rows)

    def take_along(self, parts: Sequence[Path]) -> None:
        """Puts the parts of an earlier attempt into the whole file."""
        self._latest = self._writer.submit(self._take_along, parts)

    def wait(self) -> None:
        """Until what was added is on disk; raises what went wrong with it."""
        if self._latest is not None:
            self._latest.result()

    def _write(self, first: int, rows: pd.DataFrame) -> None:
        path = self._folder / f"{first:015d}.parquet"
        half = path.with_suffix(".half")
        parquet.write_table(pa.Table.from_pandas(rows, preserve_index=False), half, use_dictionary=False)
        sync(half)
        half.replace(path)
        sync(self._folder)
        self._also(rows)

    def _take_along(self, parts: Sequence[Path]) -> None:
        for path in parts:
            self._also(pd.read_parquet(path))

    def _also(self, rows: pd.DataFrame) -> None:
        self._whole.write(rows)
        self.flagged += int(rows["flagged"].sum())


def check_format(out: Path) -> None:
    """Raises `DataError` where `out` is of no format that scores are written in."""
    if out.suffix not in FORMATS:
        raise DataError(NO_FORMAT, out=out.name)


def write_csv(frames: Iterable[pd.DataFrame], stream: BinaryIO) -> None:
    """For machines: every value as it is, numbers with all their digits."""
    whole = WholeCsv(stream)
    for frame in frames:
        whole.write(frame)


class Whole(Protocol):
    """The file that was asked for, on its way."""

    def write(self, rows: pd.DataFrame) -> None: ...


class WholeCsv:
    """See `write_csv`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._begun = stream, False

    def write(self, rows: pd.DataFrame) -> None:
        self._stream.write(rows.to_csv(index=False, header=not self._begun, lineterminator="\n").encode())
        self._begun = True


class WholeParquet:
    """Parquet, of which every part has the types of the first."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._writer: parquet.ParquetWriter | None = None

    def write(self, rows: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(rows, self._writer.schema if self._writer else None, preserve_index=False)
        self._writer = self._writer or parquet.ParquetWriter(
            self._stream, table.schema, write_page_checksum=True, use_dictionary=_repeating(table)
        )
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer:
            self._writer.close()


@contextmanager
def _whole(out: Path, stream: BinaryIO) -> Iterator[Whole]:
    if out.suffix == ".csv":
        yield WholeCsv(stream)
    else:
        with closing(WholeParquet(stream)) as whole:
            yield whole


def _repeating(table: pa.Table) -> list[str]:
    """The columns whose values are listed once: numbers hardly ever repeat, and looking whether they do takes longest."""
    return [field.name for field in table.schema if not pa.types.is_floating(field.type) and not pa.types.is_integer(field.type)]


def _first_row(path: Path) -> int:
    return int(path.stem) if path.stem.isdecimal() else -1
