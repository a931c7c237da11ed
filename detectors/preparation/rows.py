"""Which rows of a table are learned from: not the nearly empty ones, and of equal rows not all. Every row has a score all the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Scores
from detectors.preparation.contract import Items


def gaps(frame: pd.DataFrame) -> NDArray[np.float32]:
    """For every row the share of its values that is missing, (rows,)."""
    missing = np.zeros(len(frame), dtype=np.float32)
    for column in frame.columns:
        missing += frame[column].isna().to_numpy()
    return missing / np.float32(max(1, len(frame.columns)))


def without_empty(fitted: NDArray[np.bool_], missing: NDArray[np.float32], most: float) -> NDArray[np.bool_]:
    """Those of the rows `fitted` of which at most the share `most` is `missing`; where that would be fewer than half of them, all."""
    full = fitted & (missing <= most)
    return full if 2 * full.sum() >= fitted.sum() else fitted


class TableItems(Items):
    """Rows of a table. Equal rows are told by `keys`, (rows,), one for each set of equal rows; None: all are learned from."""

    def __init__(
        self, X: NDArray[np.float32], missing: NDArray[np.float32], most_missing: float = 1.0, keys: NDArray[Any] | None = None,
        copies_kept: str = "keep",
    ) -> None:  # fmt: skip
        super().__init__(X)
        self.missing, self.most_missing, self.keys, self.copies_kept = missing, most_missing, keys, copies_kept
        self._stands_for: NDArray[np.intp] | None = None

    def to_fit(self, fitted: NDArray[np.bool_]) -> NDArray[np.intp]:
        positions = super().to_fit(without_empty(fitted, self.missing, self.most_missing))
        if self.keys is None or self.copies_kept == "keep":
            return positions
        _, first, of_row = np.unique(self.keys[positions], return_index=True, return_inverse=True)
        kept = _kept(of_row, self.copies_kept)
        # What is left out has the score of its equal: scored as any other row, it would be one that is known by heart.
        self._stands_for = np.arange(len(self))
        self._stands_for[positions[~kept]] = positions[first[of_row[~kept]]]
        return positions[kept]

    def rows_of(self, positions: NDArray[np.intp]) -> NDArray[np.bool_]:
        rows = super().rows_of(positions)
        return rows if self._stands_for is None else rows[self._stands_for]

    def row_scores(self, detector: Detector, scores: Scores, progress: Progress) -> Scores:
        return scores if self._stands_for is None else scores[self._stands_for]

    def row_kinds(self, kinds: NDArray[np.int8]) -> NDArray[np.int8]:
        return kinds if self._stands_for is None else kinds[self._stands_for]


def row_keys(X: NDArray[np.float32]) -> NDArray[Any]:
    """A hash of every row of `X`, (rows, numbers): equal rows have equal ones, others practically never."""
    return pd.util.hash_pandas_object(pd.DataFrame(X, copy=False), index=False).to_numpy()


def _kept(of_row: NDArray[np.intp], copies_kept: str) -> NDArray[np.bool_]:
    """Which rows are learned from: of each set, (rows,) its number, the first, or as many as the root of its size."""
    order = np.argsort(of_row, kind="stable")
    sizes = np.bincount(of_row)
    starts = np.cumsum(sizes) - sizes
    place = np.empty(len(of_row), dtype=np.intp)
    place[order] = np.arange(len(of_row)) - np.repeat(starts, sizes)
    most = np.ones(len(sizes)) if copies_kept == "once" else np.sqrt(sizes).round()
    return place < most[of_row]
