"""A data set as preparation sees it: the folder it was read into, and what each of its columns is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from detectors.arrays import drawn
from detectors.frames import count_rows, iter_batches, load_frame, load_rows
from detectors.pictures import load_pictures

#: Values of a table of which all rows are learned from; of a larger one, a preparation learns from a sample …
ALL_VALUES = 64_000_000
#: … of so many rows, fewer where there are many columns. A median of a million rows is off by a thousandth of the spread.
SAMPLE_ROWS, SAMPLE_VALUES = 1_000_000, 64_000_000


def rows_to_fit(rows: int, columns: int) -> int:
    """Of how many of `rows` rows a preparation reads the values of `columns` columns to learn from."""
    return rows if rows * columns <= ALL_VALUES else min(rows, SAMPLE_ROWS, SAMPLE_VALUES // columns)


@dataclass(frozen=True)
class DataSet:
    """Reads rows and pictures of one data set; rows are 0-based positions in the order of the file."""

    folder: Path
    roles: Mapping[str, str]
    """Column → feature, time, entity, text, label, id, ignored."""
    only: NDArray[np.intp] | None = field(default=None, compare=False)
    """The rows it is narrowed to, which then count from 0; None: all of them."""
    before: DataSet | None = field(default=None, compare=False)
    """What these rows follow on from: a series is seen after it. Its rows are not counted among these, and have no scores here."""

    @cached_property
    def rows(self) -> int:
        return count_rows(self.folder) if self.only is None else len(self.only)

    def columns(self, role: str) -> list[str]:
        """The columns with `role`, in the data's order."""
        return [column for column, its_role in self.roles.items() if its_role == role]

    def frame(self, columns: Sequence[str], rows: ArrayLike | None = None) -> pd.DataFrame:
        """`columns` of all rows, or of those at the positions `rows`, in that order."""
        if self.only is not None:
            positions = np.arange(len(self.only)) if rows is None else np.asarray(rows, dtype=np.intp)
            return load_rows(self.folder, self.only[positions], columns).set_axis(positions, axis=0)
        return load_frame(self.folder, columns) if rows is None else load_rows(self.folder, rows, columns)

    def seen(self, columns: Sequence[str]) -> tuple[pd.DataFrame, int]:
        """`columns` of all rows after those that they follow on from, where there are some; and how many those are."""
        own = self.frame(columns)
        if self.before is None:
            return own, 0
        earlier = self.before.frame(columns)
        return pd.concat([earlier, own], ignore_index=True), len(earlier)

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[slice, pd.DataFrame]]:
        """`columns` of all rows, block by block, each with the positions of its rows: for data larger than memory.

        What pandas makes of a column may differ from block to block: whole numbers become floats where one is missing.
        """
        start = 0
        for frame in iter_batches(self.folder, columns) if self.only is None else [self.frame(columns)]:
            yield slice(start, start + len(frame)), frame
            start += len(frame)

    def frame_to_fit(self, columns: Sequence[str], fitted: NDArray[np.bool_], seed: int) -> pd.DataFrame:
        """`columns` of the rows where `fitted`, (rows,), is true: of all of them or, of very many, of a random sample."""
        rows = np.flatnonzero(fitted)
        rows = rows[drawn(len(rows), rows_to_fit(len(rows), len(columns)), seed)]
        return self.frame(columns) if len(rows) == self.rows else self.frame(columns, rows)

    def pictures(self, rows: ArrayLike | None = None) -> list[NDArray]:
        """The pictures of all rows or of `rows`, each (height, width, channels) of whole numbers from 0 to 255."""
        return load_pictures(self.folder, rows if self.only is None else self.only if rows is None else self.only[np.asarray(rows)])
