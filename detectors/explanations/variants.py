"""Usual variants of a row: what it could have been, with as little changed as makes it usual.

The background decides an explanation more than the algorithm does. A row that was rebuilt, or usual rows near it, have all
columns otherwise, and what is unusual in one column shows in all of them: a network rebuilds the others in the light of a
wrong value. A variant is the row itself but for one column, which has its most fitting value in the light of all others;
where that does not make the row usual, further columns follow, one or more at a time, until it is.

References:
    Albini, Long, Dervovic & Magazzeni: Counterfactual Shapley additive explanations, FAccT 2022, doi:10.1145/3531146.3533168.
    Brughmans, Leyman & Martens: NICE, an algorithm for nearest instance counterfactual explanations, Data Mining and
    Knowledge Discovery 2024, doi:10.1007/s10618-023-00930-y (columns of the nearest usual row, taken over one by one).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores

#: Variants of a row: each begins with another column. Where fewer are different, some count twice; one, two or three count alike.
VARIANTS = 6

#: Different ones where changing one column alone is not enough: what begins with other columns ends much alike then.
DIFFERENT = 3

#: Usual rows that are nearest in all other columns, and whose values are tried in a column.
TRIED = 3

#: Columns that are tried at each further step: those that helped most when they alone were changed.
LOOKED_AT = 12

#: Each further step takes over so many times the columns that are otherwise by then.
STEP = 1.0

#: A column in which a row lies far from all usual ones counts no more than this among its distances: squared, in units of what is scaled.
FARTHEST = 4.0

#: Numbers that are scored together, so that memory stays small.
NUMBERS_TOGETHER = 4_000_000


@dataclass(frozen=True)
class _Changing:
    """Variants on their way: of which `rows`, how far they are, which usual rows they take columns from; all (variants, numbers)."""

    rows: NDArray[np.float32]
    variants: NDArray[np.float32]
    donors: NDArray[np.float32]
    promise: NDArray[np.intp]
    """(variants, units): the rank of each column, from 0 for the one that lowers the score most by itself."""

    def at(self, places: NDArray[np.intp]) -> _Changing:
        return _Changing(self.rows[places], self.variants[places], self.donors[places], self.promise[places])


@dataclass(frozen=True)
class Usual:
    """Usual rows, and what makes a row one of them."""

    rows: NDArray[np.float32]
    """(usual, numbers)"""
    units: NDArray[np.intp]
    """(numbers,): the column of each number."""
    score: Callable[[NDArray[np.float32]], Scores]
    levels: tuple[float, ...]
    """Growing scores, each usual for rows above it: a variant is usual with the highest one that its row lies above."""

    def variants(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """For each of `rows`, (rows, numbers), usual variants of it, the one that lowers the score most first: (rows, variants, numbers).

        Where changing one column alone is enough, all do that; else each of them goes on from another column. A row's
        variants are its own: they do not depend on the rows they are made with.
        """
        together = max(1, NUMBERS_TOGETHER // (TRIED * self.n_units * len(self.units)))
        parts = [self._variants(rows[start : start + together]) for start in range(0, len(rows), together)]
        return np.concatenate(parts) if parts else np.empty((0, VARIANTS, len(self.units)), dtype=np.float32)

    @property
    def n_units(self) -> int:
        return int(self.units.max()) + 1

    def _variants(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        donors, scores = self._most_fitting(rows)
        own = self.score(rows)
        enough = np.max([np.where(own > level, level, -np.inf) for level in self.levels], axis=0)
        enough = np.where(np.isfinite(enough), enough, own)
        order = np.argsort(scores, axis=1, kind="stable")
        usual = ((scores <= enough[:, None]) & (scores < own[:, None])).sum(axis=1)
        different = np.where(usual > 0, np.minimum(usual, VARIANTS), min(DIFFERENT, self.n_units))
        turns = np.arange(VARIANTS) % different[:, None]
        starts = np.take_along_axis(order, turns, axis=1)
        donor_rows = self.rows[np.take_along_axis(donors, starts, axis=1)]
        variants = np.where(starts[:, :, None] == self.units, donor_rows, rows[:, None])
        flat, flat_rows = variants.reshape(-1, len(self.units)), np.repeat(rows, VARIANTS, axis=0)
        begun = np.take_along_axis(scores, starts, axis=1).reshape(-1)
        unfinished = np.flatnonzero((turns == np.arange(VARIANTS)).reshape(-1) & (begun > np.repeat(enough, VARIANTS)))
        if len(unfinished):
            promise = np.repeat(np.argsort(order, axis=1, kind="stable"), VARIANTS, axis=0)
            changing = _Changing(flat_rows[unfinished], flat[unfinished], donor_rows.reshape(flat.shape)[unfinished], promise[unfinished])
            flat[unfinished] = self._until(changing, begun[unfinished], np.repeat(enough, VARIANTS)[unfinished])
        return np.take_along_axis(flat.reshape(variants.shape), turns[:, :, None], axis=1)

    def _most_fitting(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.intp], Scores]:
        """For each row and column the usual row whose value fits best there, and the score with it: both (rows, units)."""
        nearest = np.stack([self._nearest_without_each(row) for row in rows])
        own = np.arange(self.n_units)[:, None] == self.units
        tried = np.where(own, self.rows[nearest], rows[:, None, None])
        scores = self.score(tried.reshape(-1, len(self.units))).reshape(nearest.shape)
        best = scores.argmin(axis=1, keepdims=True)
        return np.take_along_axis(nearest, best, axis=1)[:, 0], np.take_along_axis(scores, best, axis=1)[:, 0]

    def _nearest_without_each(self, row: NDArray[np.float32]) -> NDArray[np.intp]:
        """The usual rows nearest in all columns but one, for each one: (tried, units)."""
        count = min(TRIED, len(self.rows))
        distances = np.minimum(np.square(self.rows - row), FARTHEST)
        by_unit = self._by_unit(distances)
        others = np.ascontiguousarray((by_unit.sum(axis=1, keepdims=True) - by_unit).T)
        return np.argpartition(others, count - 1, axis=1)[:, :count].T

    def _until(self, changing: _Changing, scores: Scores, enough: Scores) -> NDArray[np.float32]:
        """The variants of `changing`, which have `scores`, with so many columns of their donors that their scores are at most `enough`."""
        while True:
            left = self._differing(changing.variants, changing.donors)
            active = np.flatnonzero((scores > enough) & left.any(axis=1))
            if not len(active):
                return changing.variants
            changed = self._differing(changing.variants[active], changing.rows[active]).sum(axis=1)
            taken = self._helping(changing.at(active), left[active], np.maximum(1, STEP * changed).astype(np.intp))
            changing.variants[active] = np.where(taken[:, self.units], changing.donors[active], changing.variants[active])
            scores[active] = self.score(changing.variants[active])

    def _helping(self, changing: _Changing, left: NDArray[np.bool_], counts: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which so many of the columns `left` lower the score most when a variant takes over one of them, (variants, units)."""
        promise = np.where(left, changing.promise, self.n_units)
        looked_at = np.argsort(promise, axis=1, kind="stable")[:, : max(LOOKED_AT, int(counts.max()))]
        own = np.arange(looked_at.shape[1]) < np.maximum(LOOKED_AT, counts)[:, None]  # however many others look at
        which, place = np.nonzero(np.take_along_axis(left, looked_at, axis=1) & own)
        tried = np.where(looked_at[which, place][:, None] == self.units, changing.donors[which], changing.variants[which])
        scores = np.full(looked_at.shape, np.inf)
        scores[which, place] = self.score(tried)
        ranks = np.argsort(np.argsort(scores, axis=1, kind="stable"), axis=1)
        taken = np.zeros(left.shape, dtype=bool)
        np.put_along_axis(taken, looked_at, (ranks < counts[:, None]) & own, axis=1)
        return taken & left

    def _differing(self, rows: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
        """In which columns rows differ, (rows, units)."""
        return self._by_unit((rows != others).astype(np.float32)) > 0

    def _by_unit(self, numbers: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sums of `numbers`, (rows, numbers), over those of each unit, (rows, units)."""
        one_each = len(self.units) == self.n_units and (self.units == np.arange(self.n_units)).all()
        return numbers if one_each else numbers @ self._of_unit

    @cached_property
    def _of_unit(self) -> NDArray[np.float32]:
        """1 where a number belongs to a unit, (numbers, units)."""
        return np.equal.outer(self.units, np.arange(self.n_units)).astype(np.float32)
