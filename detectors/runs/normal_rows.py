"""Rows of a run that are not flagged: the nearest to a row, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Scores
from detectors.data_set import DataSet
from detectors.preparation import Preparation

#: Rows among which the nearest are looked for: at most so many, and so many numbers of theirs; of pictures, which are read one by one, fewer.
MOST_ROWS, MOST_NUMBERS, MOST_PICTURES = 20_000, 10_000_000, 500

#: A part of two rows differs where they are further apart in it than this many times its usual spread.
DIFFERS = 1.0

#: A difference whose square is no larger is one of rounding.
ROUNDING = 1e-10


@dataclass(frozen=True)
class Neighbours:
    """Normal rows, the nearest first."""

    rows: NDArray[np.intp]
    """(neighbours,): their positions in the data."""
    items: NDArray[np.float32]
    """(neighbours, …): as explanations take them apart."""
    distances: NDArray[np.float64]
    """(neighbours,)"""
    differs: NDArray[np.bool_]
    """(neighbours, units): in which parts they are far from the row, as distances between rows go."""

    def at(self, places: NDArray[np.intp]) -> Neighbours:
        """Those at `places`, in that order."""
        return Neighbours(*(values[places] for values in vars(self).values()))


@dataclass(frozen=True)
class DrawnRows:
    """Rows of a run, drawn at random."""

    data: DataSet
    preparation: Preparation
    rows: NDArray[np.intp]
    """(drawn,): their positions in the data, growing."""
    items: NDArray[np.float32]
    """(drawn, …): as explanations take them apart."""
    scores: Scores
    """(drawn,)"""

    def normal(self, cut_off: float) -> NDArray[np.intp]:
        """Where the rows that are not flagged stand among these."""
        return np.flatnonzero(self.scores <= cut_off)

    def nearest(self, row: int, actual: NDArray[np.float32], cut_off: float, count: int) -> Neighbours:
        """The `count` nearest rows to `row`, which is `actual`, that are not flagged; none of which overlap."""
        normal = self.normal(cut_off)
        distances = self.preparation.apart(actual, self.items[normal]) if len(normal) else np.empty(0)
        chosen: list[int] = []
        for place in np.argsort(distances, kind="stable"):
            others = np.array([row, *self.rows[normal[chosen]]], dtype=np.intp)
            if not self.preparation.overlap(self.data, int(self.rows[normal[place]]), others).any():
                chosen.append(int(place))
            if len(chosen) == count:
                break
        found = self.items[normal[chosen]]
        return Neighbours(self.rows[normal[chosen]], found, distances[chosen], self._differs(actual, found, self.items[normal]))

    def _differs(self, actual: NDArray[np.float32], found: NDArray[np.float32], normal: NDArray[np.float32]) -> NDArray[np.bool_]:
        units = self.preparation.units.reshape(-1)
        if not len(found):
            return np.empty((0, int(units.max()) + 1), dtype=bool)
        apart, spread = np.square(found - actual, dtype=np.float64).reshape(len(found), -1), normal.var(axis=0, dtype=np.float64)
        by_unit = [np.bincount(units, weights=row, minlength=int(units.max()) + 1) for row in apart]
        usual = DIFFERS**2 * np.bincount(units, weights=spread.reshape(-1)) + ROUNDING
        return np.array([row > usual for row in by_unit]).reshape(len(found), int(units.max()) + 1)


def rows_to_draw(kind: str, rows: int, numbers: int, seed: int) -> NDArray[np.intp]:
    """Positions of rows, of so many `numbers` each, among which neighbours are looked for, growing: all where there are not too many."""
    most = MOST_PICTURES if kind == "images" else MOST_ROWS
    return drawn(rows, max(2, min(most, MOST_NUMBERS // numbers)), seed)
