"""A data set as preparation sees it: the folder it was read into, and what each of its columns is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from numpy.typing import ArrayLike, NDArray

from detectors.frames import count_rows, load_frame, load_rows
from detectors.pictures import load_pictures


@dataclass(frozen=True)
class DataSet:
    """Reads rows and pictures of one data set; rows are 0-based positions in the order of the file."""

    folder: Path
    roles: Mapping[str, str]
    """Column → feature, time, entity, text, label, id, ignored."""

    @cached_property
    def rows(self) -> int:
        return count_rows(self.folder)

    def columns(self, role: str) -> list[str]:
        """The columns with `role`, in the data's order."""
        return [column for column, its_role in self.roles.items() if its_role == role]

    def frame(self, columns: Sequence[str], rows: ArrayLike | None = None) -> pd.DataFrame:
        """`columns` of all rows, or of those at the positions `rows`, in that order."""
        return load_frame(self.folder, columns) if rows is None else load_rows(self.folder, rows, columns)

    def pictures(self, rows: ArrayLike | None = None) -> list[NDArray]:
        """The pictures of all rows or of `rows`, each (height, width, channels) of whole numbers from 0 to 255."""
        return load_pictures(self.folder, rows)
