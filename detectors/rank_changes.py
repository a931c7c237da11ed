"""How the ranks of rows changed from one scoring to another: rank 1 is the most unusual row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.ranks import rank_correlation


@dataclass(frozen=True)
class RankChanges:
    """Ranks at first and in the end, and which rows moved most."""

    first: NDArray[np.intp]
    """(rows,)"""
    last: NDArray[np.intp]
    """(rows,)"""
    correlation: float
    """Spearman's rank correlation: 1 where every rank is what it was."""
    rose: NDArray[np.intp]
    """Rows that became more unusual, the largest change first."""
    fell: NDArray[np.intp]
    """Rows that became less unusual, the largest change first."""


def rank_changes(first: Scores, last: Scores, most: int = 10) -> RankChanges:
    """Compares two scorings of the same rows, (rows,); names at most `most` rows that rose and as many that fell.

    A change counts by how many times the rank doubled or halved: from 400 to 20 means more to who looks at the top of
    the list than from 5 000 to 2 000.
    """
    ranks = ranks_of(first), ranks_of(last)
    doublings = np.log2(ranks[0] / ranks[1])
    order = np.argsort(-doublings, kind="stable")
    rose, fell = order[:most], order[::-1][:most]
    return RankChanges(*ranks, rank_correlation(first, last), rose[doublings[rose] > 0], fell[doublings[fell] < 0])


def ranks_of(scores: Scores) -> NDArray[np.intp]:
    """The rank of each row, (rows,), from 1 for the highest score; of equal scores the first row's is the smaller."""
    ranks = np.empty(len(scores), dtype=np.intp)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks


def shown_rows(changes: RankChanges, most: int) -> NDArray[np.intp]:
    """Rows that stand for all in a plot: the upper ranks of both scorings and, evenly spread, some of the others; at most `most`."""
    best = np.minimum(changes.first, changes.last)
    order = np.argsort(best, kind="stable")
    if len(order) <= most:
        return order
    top, others = order[: most // 2], order[most // 2 :]
    return np.concatenate([top, others[np.linspace(0, len(others) - 1, most - len(top)).astype(np.intp)]])
