"""How sure a flag is: how often a row would be flagged by detectors that learned from other rows of the same data.

Scores of two detectors cannot be compared, ranks can: at every cut-off a refit flags as many rows as the run itself does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.flags import Flags

#: A flag is solid where at least this share of the refits agrees.
SOLID = 0.9

#: A row that is not flagged nearly is where at least this share of the refits flags it.
NEARLY = 0.5


#: Shares of the contested rows below the two ends of their band.
BAND_ENDS = (0.05, 0.95)


@dataclass(frozen=True)
class Stability:
    """How sure the flags of a run are at one cut-off."""

    share: NDArray[np.float64]
    """(rows,): the share of the refits in which each row would be flagged."""
    flagged: NDArray[np.intp]
    """The flagged rows, the most unusual first."""
    refits: int

    @property
    def solid(self) -> int:
        """Flagged rows that nearly every refit flags."""
        return int((self.share[self.flagged] >= SOLID).sum())

    @property
    def borderline(self) -> int:
        """Flagged rows that depend on which rows were learned from."""
        return len(self.flagged) - self.solid

    @property
    def nearly(self) -> int:
        """Rows that are not flagged, and would be in at least half of the refits."""
        return int((self.share >= NEARLY).sum() - (self.share[self.flagged] >= NEARLY).sum())

    def band(self, scores: Scores) -> tuple[float, float] | None:
        """From which score to which the refits disagree about the flag: nine in ten of the rows that fewer than `SOLID` of the
        refits treat like the run lie between; None where there are none. `scores`, (rows,), are those of the run."""
        is_flagged = np.zeros(len(self.share), dtype=bool)
        is_flagged[self.flagged] = True
        contested = np.where(is_flagged, self.share < SOLID, self.share > 1 - SOLID)
        if not contested.any():
            return None
        low, high = np.quantile(np.asarray(scores)[contested], BAND_ENDS, method="nearest")
        return float(low), float(high)

    def counts(self) -> NDArray[np.intp]:
        """How many flagged rows are flagged in 0, 1, 2 … of the refits, (refits + 1,)."""
        return np.bincount(np.round(self.share[self.flagged] * self.refits).astype(np.intp), minlength=self.refits + 1)


def ranks_of(scores: Scores) -> NDArray[np.uint32]:
    """For every row how many rows score higher, (rows,), those with the same score sharing the middle of their places."""
    ordered = np.sort(scores)
    above = len(scores) - np.searchsorted(ordered, scores, side="right")
    equal = len(scores) - above - np.searchsorted(ordered, scores, side="left")
    return (above + (equal - 1) // 2).astype(np.uint32)


def stability(ranks: NDArray[np.uint32], flags: Flags) -> Stability:
    """How sure `flags` are, from the ranks of all rows in each refit, (rows, refits).

    Where rows have cut-offs of their own, each refit flags as many of those that share one as the run itself does.
    """
    if not flags.are_by_row:
        return Stability((ranks < flags.count).mean(axis=1), np.asarray(flags.rows), ranks.shape[1])
    share = np.zeros(len(ranks))
    counts = np.bincount(flags.groups[flags.rows], minlength=int(flags.groups.max()) + 1)
    for group in np.flatnonzero(counts):
        members = np.flatnonzero(flags.groups == group)
        inside = np.asarray(ranks[members])
        last = np.partition(inside, counts[group] - 1, axis=0)[counts[group] - 1]
        share[members] = (inside <= last).mean(axis=1)
    return Stability(share, np.asarray(flags.rows), ranks.shape[1])
