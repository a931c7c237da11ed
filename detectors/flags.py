"""What a threshold flags of a run's rows: one cut-off for all of them, or one for each row where segments have their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Scores

#: One cut-off for all rows, or one for each of them, (rows,).
CutOff = float | Scores


@dataclass(frozen=True)
class Flags:
    """The rows of a run in the order in which they are shown, and how many of them are flagged.

    Where each row has its own cut-off, a row that is not flagged may score higher than one that is; it comes after it all
    the same.
    """

    order: NDArray[np.intp]
    """(rows,): positions of the rows, the flagged ones first; both parts from the highest score to the lowest."""
    count: int
    """How many rows are flagged."""
    cut_off: CutOff
    silenced: int = 0
    """How many rows more lie above their cut-off and are silenced by a suppression; they come after the flagged ones."""

    @classmethod
    def by_row(cls, scores: Scores, ranking: NDArray[np.intp], cut_offs: Scores) -> Flags:
        """The flags of rows with cut-offs of their own, (rows,); `ranking` are the rows from the highest score to the lowest."""
        flagged = (np.asarray(scores) > cut_offs)[ranking]
        return cls(np.concatenate([ranking[flagged], ranking[~flagged]]), int(flagged.sum()), cut_offs)

    @property
    def rows(self) -> NDArray[np.intp]:
        """The flagged rows, the highest score first, (count,)."""
        return self.order[: self.count]

    def without(self, silenced: NDArray[np.bool_]) -> Flags:
        """The same where some of the flagged rows, (count,), are silenced: neither flagged nor lost."""
        order = np.concatenate([self.rows[~silenced], self.rows[silenced], self.order[self.count :]])
        count = int((~silenced).sum())
        return Flags(order, count, self.cut_off, self.silenced + self.count - count)

    @property
    def silenced_rows(self) -> NDArray[np.intp]:
        """The rows that would be flagged and are silenced, the highest score first, (silenced,)."""
        return self.order[self.count : self.count + self.silenced]

    @property
    def above(self) -> NDArray[np.intp]:
        """The rows above their cut-off, silenced or not, (count + silenced,)."""
        return self.order[: self.count + self.silenced]

    @property
    def are_by_row(self) -> bool:
        """Whether rows have cut-offs of their own."""
        return not isinstance(self.cut_off, float)

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """(rows,): whether each row is flagged."""
        found = np.zeros(len(self.order), dtype=bool)
        found[self.rows] = True
        return found

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """(rows,): a number for each row; rows with the same cut-off share one."""
        return np.zeros(len(self.order), dtype=np.intp) if isinstance(self.cut_off, float) else pd.factorize(self.cut_off)[0]

    def cut_off_at(self, rows: NDArray[np.intp]) -> Scores:
        """The cut-off of each of `rows`, (rows,)."""
        return np.full(len(rows), self.cut_off) if isinstance(self.cut_off, float) else self.cut_off[rows]

    def ordered(self, rows: NDArray[np.intp]) -> CutOff:
        """The cut-off for scores that were put into the order `rows`: to be held against them as it is. No score is above a silenced row's."""
        if self.silenced:
            return np.where(np.isin(rows, self.silenced_rows), np.inf, self.cut_off_at(rows))
        return self.cut_off if isinstance(self.cut_off, float) else self.cut_off[rows]

    def closest(self, scores: Scores, count: int) -> NDArray[np.intp]:
        """Places in `order` of about `count` rows, half of them flagged where there are so many: those nearest to their cut-off.

        One cut-off: nearest by rank. Several: nearest in terms of how far each lies above the median of the rows that share
        it, as scores of segments may differ in size. From the farthest above the cut-off to the farthest below.
        """
        if not self.are_by_row:
            return around(self.count, len(self.order), count)
        margins = self._margins(np.asarray(scores))[self.order]
        above = _smallest(margins[: self.count], max(count // 2, count - (len(self.order) - self.count)))
        below = self.count + _smallest(-margins[self.count :], count - len(above))
        return np.concatenate([above[::-1], below]).astype(np.intp)

    def _margins(self, scores: Scores) -> Scores:
        """How far each score lies above its cut-off, in distances from the median of its group to the cut-off, (rows,)."""
        by_group = pd.Series(scores).groupby(self.groups)
        cut_offs = pd.unique(self.cut_off_at(np.arange(len(scores))))
        distances = np.abs(cut_offs - by_group.median().to_numpy())
        distances = np.where(distances > 0, distances, by_group.std(ddof=0).to_numpy())
        return (scores - cut_offs[self.groups]) / np.where(distances > 0, distances, 1.0)[self.groups]


def _smallest(values: Scores, count: int) -> NDArray[np.intp]:
    """Places of the `count` smallest values, in their order."""
    chosen = np.argpartition(values, count)[:count] if count < len(values) else np.arange(len(values))
    return chosen[np.argsort(values[chosen], kind="stable")]


def around(flagged: int, rows: int, count: int) -> NDArray[np.intp]:
    """Ranks (0-based) of the `count` rows closest to the cut-off by rank, on both sides of it."""
    start = max(0, min(flagged - count // 2, rows - count))
    return np.arange(start, min(rows, start + count))


def sampled(flagged: int, most: int) -> NDArray[np.intp]:
    """Ranks (0-based) of all flagged rows or, above `most`, of that many spread evenly over them."""
    return np.arange(flagged) if flagged <= most else np.linspace(0, flagged - 1, most).astype(np.intp)


def entering(now: Flags, before: Flags) -> NDArray[np.intp]:
    """Places in `now.order` of the rows that are flagged now and were not before."""
    return np.flatnonzero(~before.mask[now.rows])


def leaving(now: Flags, before: Flags) -> NDArray[np.intp]:
    """Places in `now.order` of the rows that were flagged before and are not now."""
    return now.count + np.flatnonzero(before.mask[now.order[now.count :]])
