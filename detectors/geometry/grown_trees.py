"""Trees of decisions as arrays, followed for many rows at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Rows that go through all trees together: what is written of them stays in a processor's caches.
PLACES_TOGETHER = 1 << 18


@dataclass(frozen=True)
class GrownTrees:
    """Nodes of all trees one after the other, (nodes,); an answer leads to itself, on both sides."""

    number: NDArray[np.int32]
    """The number of a row that a node looks at."""
    value: NDArray[np.float64]
    """A row goes to `low` where its number is at most this, else to `high`."""
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    roots: NDArray[np.int32]
    """Where each tree begins, (trees,)."""

    @property
    def is_sound(self) -> bool:
        """Whether every way leads forward to an answer, within the nodes: no path runs in a circle or out of the arrays."""
        places, nodes = np.arange(len(self.number)), len(self.number)
        answers = (self.low == places) & (self.high == places)
        forward = (self.low > places) & (self.high > places) & (self.low < nodes) & (self.high < nodes)
        same_length = len(self.value) == len(self.low) == len(self.high) == nodes
        inside = len(self.roots) > 0 and bool(((self.roots >= 0) & (self.roots < nodes)).all())
        return bool(same_length and inside and (answers | forward).all() and (self.number >= 0).all())

    def answers(self, X: NDArray[np.float32]) -> NDArray[np.int32]:
        """For each row the node of each tree where it ends, (rows, trees)."""
        ends = np.empty((len(X), len(self.roots)), dtype=np.int32)
        together = max(1, PLACES_TOGETHER // len(self.roots))
        for start in range(0, len(X), together):
            ends[start : start + together] = self._followed(X[start : start + together])
        return ends

    def _followed(self, X: NDArray[np.float32]) -> NDArray[np.int32]:
        rows, columns = X.shape
        places = np.tile(self.roots, rows)
        flat, first = X.reshape(-1), np.repeat(np.arange(rows, dtype=np.intp) * columns, len(self.roots))
        moving = np.arange(len(places))
        while len(moving):
            here = places[moving]
            below = flat[first[moving] + self.number[here]] <= self.value[here]
            there = np.where(below, self.low[here], self.high[here])
            places[moving] = there
            moving = moving[there != here]
        return places.reshape(rows, -1)
