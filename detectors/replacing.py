"""Two detectors on the same rows: the one in use, and the one that is to take its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.intervals import Interval, share_interval
from detectors.ranks import rank_correlation


@dataclass(frozen=True)
class Seen:
    """What one detector says of the rows."""

    scores: Scores
    """(rows,)"""
    flagged: NDArray[np.bool_]
    """(rows,)"""


@dataclass(frozen=True)
class Right:
    """How many of the flagged rows that were judged are anomalies."""

    anomalies: int
    judged: int
    missed: int
    """Judged anomalies that are not flagged."""

    @property
    def interval(self) -> Interval | None:
        """Where the share of anomalies among flags like these lies, 95 times in 100; None where none was judged."""
        return share_interval(self.anomalies, self.judged) if self.judged else None


@dataclass(frozen=True)
class Replacing:
    """How the new one differs from the old one."""

    rows: int
    both: NDArray[np.intp]
    """Rows that both flag, by the new one's score, the highest first."""
    only_old: NDArray[np.intp]
    """Rows that the old one alone flags, by its score."""
    only_new: NDArray[np.intp]
    correlation: float
    """Spearman's rank correlation of all scores."""
    old: Right
    new: Right

    @property
    def flagged(self) -> tuple[int, int]:
        """How many rows the old one flags, and the new one."""
        return len(self.both) + len(self.only_old), len(self.both) + len(self.only_new)


def replacing(old: Seen, new: Seen, judged: NDArray[np.intp], is_anomaly: NDArray[np.bool_]) -> Replacing:
    """Holds `new` against `old`; the rows `judged`, (judged,), are anomalies where `is_anomaly` says so, else normal."""
    return Replacing(
        len(old.scores), _ordered(old.flagged & new.flagged, new.scores), _ordered(old.flagged & ~new.flagged, old.scores),
        _ordered(new.flagged & ~old.flagged, new.scores), rank_correlation(old.scores, new.scores),
        _right(old.flagged[judged], is_anomaly), _right(new.flagged[judged], is_anomaly),
    )  # fmt: skip


def _ordered(chosen: NDArray[np.bool_], scores: Scores) -> NDArray[np.intp]:
    rows = np.flatnonzero(chosen)
    return rows[np.argsort(-scores[rows], kind="stable")]


def _right(flagged: NDArray[np.bool_], is_anomaly: NDArray[np.bool_]) -> Right:
    return Right(int((flagged & is_anomaly).sum()), int(flagged.sum()), int((~flagged & is_anomaly).sum()))
