"""How sure a flag is: how often a row would be flagged by detectors that learned from other rows of the same data.

Scores of two detectors cannot be compared, ranks can: at every cut-off a refit flags as many rows as the run itself does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores

#: A flag is solid where at least this share of the refits agrees.
SOLID = 0.9

#: A row that is not flagged nearly is where at least this share of the refits flags it.
NEARLY = 0.5


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

    def counts(self) -> NDArray[np.intp]:
        """How many flagged rows are flagged in 0, 1, 2 … of the refits, (refits + 1,)."""
        return np.bincount(np.round(self.share[self.flagged] * self.refits).astype(np.intp), minlength=self.refits + 1)


def ranks_of(scores: Scores) -> NDArray[np.uint32]:
    """For every row how many rows score higher, (rows,), those with the same score sharing the middle of their places."""
    ordered = np.sort(scores)
    above = len(scores) - np.searchsorted(ordered, scores, side="right")
    equal = len(scores) - above - np.searchsorted(ordered, scores, side="left")
    return (above + (equal - 1) // 2).astype(np.uint32)


def stability(ranks: NDArray[np.uint32], ranking: NDArray[np.intp], flagged: int) -> Stability:
    """How sure the first `flagged` rows of `ranking` are, from the ranks of all rows in each refit, (rows, refits)."""
    share = (ranks < flagged).mean(axis=1)
    return Stability(share, np.asarray(ranking[:flagged]), ranks.shape[1])
