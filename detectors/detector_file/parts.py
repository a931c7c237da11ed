"""Scores on their way into a file: parts that are whole and on disk or not there, so that a killed scoring goes on where it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

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

    def add(self, first: int, rows: pd.DataFrame) -> None:
        """Writes the scores of `rows`, of which the first is at position `first` of the data."""
        path = self.folder / f"{first:015d}.parquet"
        half = path.with_suffix(".half")
        rows.to_parquet(half, index=False)
        sync(half)
        half.replace(path)
        sync(self.folder)

    def frames(self) -> Iterator[pd.DataFrame]:
        """The scores, part by part."""
        for path in self._paths():
            yield pd.read_parquet(path)

    def finish(self) -> None:
        """Puts the parts together as the file that was asked for, whole or not at all, and removes them."""
        half = self.folder / "whole.half"
        with half.open("wb") as stream:
            (_write_parquet if self.out.suffix == ".parquet" else write_csv)(self.frames(), stream)
        sync(half)
        half.replace(self.out)
        sync(self.out.parent)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.parquet"))


def check_format(out: Path) -> None:
    """Raises `DataError` where `out` is of no format that scores are written in."""
    if out.suffix not in FORMATS:
        raise DataError(NO_FORMAT, out=out.name)


def write_csv(frames: Iterator[pd.DataFrame], stream: BinaryIO) -> None:
    """For machines: every value as it is, numbers with all their digits."""
    for number, frame in enumerate(frames):
        stream.write(frame.to_csv(index=False, header=not number, lineterminator="\n").encode())


def _write_parquet(frames: Iterator[pd.DataFrame], stream: BinaryIO) -> None:
    writer: parquet.ParquetWriter | None = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, writer.schema if writer else None, preserve_index=False)
            writer = writer or parquet.ParquetWriter(stream, table.schema, write_page_checksum=True)
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


def _first_row(path: Path) -> int:
    return int(path.stem) if path.stem.isdecimal() else -1
