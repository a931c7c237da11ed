"""New rows in memory as preparations see a data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from detectors.data_set import DataSet
from detectors.errors import DataError
from detectors.messages import N_

NO_COLUMN = N_("There is no column `{column}`. The columns are {known}.")


@dataclass(frozen=True)
class FrameData(DataSet):
    """A frame, or pictures, in place of a folder."""

    folder: Path = Path()
    roles: Any = field(default_factory=dict)
    held: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False)
    """The rows, numbered from 0."""
    shown: Sequence[NDArray[np.uint8]] = field(default=(), compare=False)
    """Pictures, each (height, width, channels)."""

    @property
    def rows(self) -> int:
        return len(self.held)

    def frame(self, columns: Sequence[str], rows: ArrayLike | None = None) -> pd.DataFrame:
        missing = [column for column in columns if column not in self.held.columns]
        if missing:
            raise DataError(NO_COLUMN, column=missing[0], known=", ".join(map(str, self.held.columns[:50])))
        chosen = self.held if list(columns) == list(self.held.columns) else self.held[list(columns)]  # choosing copies
        return chosen if rows is None else chosen.iloc[np.asarray(rows, dtype=np.intp)]

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[slice, pd.DataFrame]]:
        yield slice(0, self.rows), self.frame(columns)

    def pictures(self, rows: ArrayLike | None = None) -> list[NDArray[Any]]:
        return list(self.shown) if rows is None else [self.shown[row] for row in np.asarray(rows, dtype=np.intp).tolist()]
