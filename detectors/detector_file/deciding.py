"""What is flagged of new rows: those above the cut-off, or that of their segment, that no suppression of the run silences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from detectors.base import Scores
from detectors.detector_file.manifest import KeptThreshold, Manifest
from detectors.errors import DataError
from detectors.frames import value_key
from detectors.messages import N_
from detectors.segments import MISSING, cut_offs_of
from detectors.suppressions import Suppression, columns_of, silenced_by

NO_ROWS = N_("What is flagged depends on {columns} here: give the rows too.")
NO_COLUMN = N_("What is flagged depends on {columns}, and the data have no column `{column}`.")


@dataclass(frozen=True)
class Deciding:
    """The threshold of a detector file, and the suppressions that came with it."""

    threshold: KeptThreshold
    suppressions: tuple[Suppression, ...] = ()

    @classmethod
    def of(cls, manifest: Manifest) -> Deciding:
        """
        Raises:
            AnomalystError, KeyError, TypeError, ValueError, AttributeError: what the manifest holds is no threshold or no suppression.
        """
        found = cls(manifest.threshold, tuple(Suppression.from_json(record) for record in manifest.suppressions))
        if not all(each.bounds for each in found.suppressions):
            raise ValueError("a suppression without a condition")
        if found.threshold.segments is not None:
            found._cut_offs(pd.Series(["", "x"], dtype=object))
        return found

    @property
    def columns(self) -> list[str]:
        """The columns, as they are in the data, that it must see to say what is flagged."""
        segments = self.threshold.segments
        return list(dict.fromkeys([*([segments["column"]] if segments else []), *columns_of(self.suppressions)]))

    def above(self, scores: ArrayLike, rows: pd.DataFrame | None) -> NDArray[np.bool_]:
        """Which of `scores`, (rows,), are above the cut-off of their row.

        Raises:
            DataError: that depends on a column, and `rows` were not given or lack it.
        """
        values = np.asarray(scores, dtype=np.float64)
        segments = self.threshold.segments
        return values > (self.threshold.cut_off if segments is None else self._cut_offs(self._seen(rows)[segments["column"]]))

    def silenced(self, rows: pd.DataFrame | None, count: int) -> NDArray[np.bool_]:
        """Which of so many rows are silenced, (rows,)."""
        if not self.suppressions:
            return np.zeros(count, dtype=bool)
        return silenced_by(self.suppressions, self._seen(rows)) >= 0

    def flagged(self, scores: ArrayLike, rows: pd.DataFrame | None) -> NDArray[np.bool_]:
        """Which of `scores`, (rows,), are flagged."""
        above = self.above(scores, rows)
        return above & ~self.silenced(rows, len(above))

    def _cut_offs(self, values: pd.Series) -> Scores:
        segments: Any = self.threshold.segments
        codes, different = pd.factorize(values, use_na_sentinel=True)
        own = {str(name): float(cut_off) for name, cut_off in segments["cut_offs"].items()}
        return cut_offs_of([*(value_key(value) for value in different), MISSING], own, self.threshold.cut_off)[codes]  # the last has -1

    def _seen(self, rows: pd.DataFrame | None) -> pd.DataFrame:
        named = ", ".join(f"`{column}`" for column in self.columns)
        if rows is None:
            raise DataError(NO_ROWS, columns=named)
        found = rows.rename(columns=str).reset_index(drop=True)
        missing = [column for column in self.columns if column not in found.columns]
        if missing:
            raise DataError(NO_COLUMN, columns=named, column=missing[0])
        return found
