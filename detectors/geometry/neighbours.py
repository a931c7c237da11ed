"""Nearest rows, found so that a row's distances never depend on the rows they are asked for with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Carried, Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.messages import N_
from detectors.params import integer

#: Matrix kernels round distances, so a few more rows than wanted are fetched, and their distances taken again one by one.
SPARE = 8

#: Beyond so many columns a tree looks at nearly all rows anyway, one by one.
MOST_TREE_COLUMNS = 15

#: Numbers looked at together, so that memory stays small.
NUMBERS_TOGETHER = 8_000_000


class Neighbours:
    """The rows that were kept, (rows, columns), and how to find those nearest to others."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self.rows = rows
        self._index: Any = None

    def nearest(
        self, X: NDArray[np.float32], count: int, progress: Progress, *, own: NDArray[np.intp] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """For each row of `X` its `count` nearest kept rows: Euclidean distances, growing, and places, both (rows, count).

        `own`, (rows,), is the place at which each row of `X` is kept itself, -1 for none: that one is left out.
        """
        count = min(count, len(self.rows) - (own is not None))
        fetched = min(count + SPARE, len(self.rows))
        distances, places = np.empty((len(X), count)), np.empty((len(X), count), dtype=np.intp)
        step = max(16, NUMBERS_TOGETHER // (fetched * max(1, X.shape[1])))
        for start in range(0, len(X), step):
            progress.check()
            part = slice(start, start + step)
            distances[part], places[part] = self._measured(X[part], count, fetched, None if own is None else own[part])
            progress.report("scoring", min(start + step, len(X)), len(X))
        return distances, places

    def _measured(
        self, X: NDArray[np.float32], count: int, fetched: int, own: NDArray[np.intp] | None
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        found = self._search().kneighbors(X, fetched, return_distance=False)
        squares = np.square(X[:, None, :].astype(np.float64) - self.rows[found]).sum(axis=2)
        if own is not None:
            squares[found == own[:, None]] = np.inf
        order = np.lexsort((found, squares), axis=1)[:, :count]
        return np.sqrt(np.take_along_axis(squares, order, axis=1)), np.take_along_axis(found, order, axis=1)

    def _search(self) -> Any:
        if self._index is None:
            from sklearn.neighbors import NearestNeighbors

            method = "kd_tree" if self.rows.shape[1] <= MOST_TREE_COLUMNS else "brute"
            self._index = NearestNeighbors(algorithm=method).fit(self.rows)
        return self._index


def own_places(rows: int, kept: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each of so many `rows` its place among the `kept` ones, -1 where it was not kept, (rows,)."""
    places = np.full(rows, -1, dtype=np.intp)
    places[kept] = np.arange(len(kept))
    return places


class KeptNeighbours(LearnedArrays):
    """A detector that keeps training rows, the first of its `arrays`, and scores a row by its nearest ones, in `_of_nearest`."""

    family = N_("Neighbours")
    growth = 2.0
    rows_: NDArray[np.float32]
    neighbours: int

    most_rows: int = integer(
        20_000, title=N_("Rows kept"), low=2, high=1_000_000, advanced=True,
        help=N_("Of more training rows a random sample is kept: scoring takes longer with every row."),
    )  # fmt: skip

    def carried(self) -> Sequence[Carried]:
        return [Carried(N_("rows that new ones are compared with"), len(self.rows_))]

    def _of_nearest(self, distances: NDArray[np.float64], places: NDArray[np.intp]) -> Scores:
        """Scores, (rows,), of rows whose nearest kept rows lie at `distances` and `places`, both (rows, neighbours)."""
        raise NotImplementedError

    def _keep(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """The rows of `X` that are kept."""
        self._kept = drawn(len(X), self.most_rows, self.seed)
        return X[self._kept]

    def _take(self, arrays: Sequence[NDArray[Any]]) -> None:
        super()._take(arrays)
        self._neighbours = Neighbours(self.rows_)

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        return self._of_nearest(*self._neighbours.nearest(X, self.neighbours, progress, own=own_places(len(X), self._kept)))

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._of_nearest(*self._neighbours.nearest(X, self.neighbours, Progress()))
