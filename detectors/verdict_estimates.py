"""What verdicts say of a run: how precise its first rows are, how many anomalies remain, and where the threshold would lie best.

Rows are known by their rank alone, 1 the most unusual. Nothing here looks at a row's values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.intervals import Interval, share_interval

#: Among how many first rows the precision is told.
FIRST = (10, 20, 50, 100, 200, 500, 1000)

#: Before any verdict: how the logarithm of the odds of an anomaly begins and grows with the surprise of a rank, and how sure that is.
#: With these, 6 rows in 1000 are anomalies in the middle of all ranks, every second one among the first 7 in 1000. How usual rows
#: begin is surer than how steeply it grows: few verdicts on the first rows say little of the many others.
BEFORE, BEFORE_SPREAD = np.array([-6.0, 1.2]), np.array([1.0, 0.6])

#: Draws of what may be true, and the share of them inside an interval.
DRAWS, INSIDE = 1000, 0.95

#: Ranks are put together into at most so many groups of about the same surprise.
GROUPS = 400

#: Steps towards the most likely course: it has one maximum.
STEPS = 50


@dataclass(frozen=True)
class PrecisionAt:
    """How many of the judged rows among the first `first` are anomalies."""

    first: int
    judged: int
    anomalies: int

    @property
    def share(self) -> float:
        return self.anomalies / self.judged

    @property
    def interval(self) -> Interval:
        """Where the share would be if all of the first had been judged, had those judged been drawn at random; exact where all were."""
        return Interval(self.share, self.share) if self.judged == self.first else share_interval(self.anomalies, self.judged)


@dataclass(frozen=True)
class Estimate:
    """A count that is not known, and between which counts it lies 95 times in 100."""

    count: float
    low: int
    high: int


@dataclass(frozen=True)
class FromVerdicts:
    """What follows from the verdicts on some rows of a run."""

    precision: list[PrecisionAt]
    """Among growing numbers of first rows, as far as some of them were judged."""
    flagged: Estimate
    """Anomalies among the flagged rows that nobody judged."""
    others: Estimate
    """Anomalies among the rows that are neither flagged nor judged."""
    best: int
    """How many first rows to flag for the highest expected F1."""
    expected_precision: float
    """Of these the share that would be anomalies."""
    expected_recall: float
    """Of all anomalies the share that these would hold."""


def precision_at(ranks: NDArray[np.intp], is_anomaly: NDArray[np.bool_], flagged: int, rows: int) -> list[PrecisionAt]:
    """For the first 10, 20 … rows and for those flagged, where some of them were judged and others than before.

    Args:
        ranks: of the judged rows, (judged,), from 1.
        is_anomaly: what was said of them, (judged,).
        flagged: how many rows are flagged.
        rows: how many there are.
    """
    found: list[PrecisionAt] = []
    for first in sorted({*(number for number in FIRST if number <= rows), flagged}):
        among = ranks <= first
        if among.any() and (first == flagged or not found or among.sum() > found[-1].judged):
            found.append(PrecisionAt(first, int(among.sum()), int(is_anomaly[among].sum())))
    return found


def from_verdicts(ranks: NDArray[np.intp], is_anomaly: NDArray[np.bool_], flagged: int, rows: int, seed: int = 0) -> FromVerdicts:
    """Everything that follows from verdicts on the rows of rank `ranks`, (judged,), of so many `rows`, the first `flagged` of which are flagged.

    How likely a row is an anomaly is taken to depend on its rank alone (logistic in the surprise of the rank, with a weak idea of
    that beforehand): rows nobody judged are taken to be like judged ones of about the same rank.
    """
    course, root = _course(_surprise(ranks, rows), is_anomaly.astype(np.float64))
    drawn = course + np.random.default_rng(seed).normal(size=(DRAWS, 2)) @ root.T
    drawn[:, 1] = np.maximum(drawn[:, 1], 0)  # what is more unusual is never less likely an anomaly
    edges = _groups(rows, flagged)
    judged = np.histogram(ranks, edges)[0]
    unjudged, middle = np.diff(edges) - judged, _surprise((edges[:-1] + edges[1:] - 1) / 2, rows)
    counts = _odds(drawn[:, :1] + drawn[:, 1:] * middle) * unjudged
    inside = edges[:-1] <= flagged
    likely = _odds(course[0] + course[1] * middle) * unjudged + np.histogram(ranks[is_anomaly], edges)[0]
    held, first = np.cumsum(likely), np.cumsum(np.diff(edges))
    best = int(np.argmax(2 * held / (first + held[-1])))
    return FromVerdicts(
        precision_at(ranks, is_anomaly, flagged, rows), _estimate(counts[:, inside], seed), _estimate(counts[:, ~inside], seed + 1),
        int(first[best]), float(held[best] / first[best]), float(held[best] / held[-1]),
    )  # fmt: skip


def _surprise(ranks: NDArray[np.float64] | NDArray[np.intp], rows: int) -> NDArray[np.float64]:
    """Minus the logarithm of the share of the rows up to these ranks."""
    return -np.log((np.asarray(ranks, dtype=np.float64) - 0.5) / rows)


def _odds(logarithms: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(logarithms, -500, 500))), dtype=np.float64)


def _course(surprise: NDArray[np.float64], verdicts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The most likely beginning and slope, (2,), and the root of their covariance, (2, 2), by Newton's steps."""
    design, certainty = np.column_stack([np.ones(len(surprise)), surprise]), np.diag(BEFORE_SPREAD**-2.0)
    course = BEFORE.copy()
    for _ in range(STEPS):
        likely = _odds(design @ course)
        curve = (design * (likely * (1 - likely))[:, None]).T @ design + certainty
        step = np.linalg.solve(curve, design.T @ (verdicts - likely) - certainty @ (course - BEFORE))
        course = course + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    course[1] = max(course[1], 0)
    return course, np.linalg.cholesky(np.linalg.inv(curve))


def _groups(rows: int, flagged: int) -> NDArray[np.intp]:
    """Ranks at which groups begin, and the end, growing: finer where ranks are more unusual; flagged rows have groups of their own."""
    edges = np.unique(np.round(np.geomspace(1, rows + 1, GROUPS)).astype(np.intp))
    return np.unique(np.append(edges, flagged + 1)) if flagged < rows else edges


def _estimate(counts: NDArray[np.float64], seed: int) -> Estimate:
    """Of expected counts in each draw, (draws, groups): their mean, and an interval that also holds the chance of each row."""
    total = counts.sum(axis=1)
    drawn = np.random.default_rng(seed).poisson(total)
    low, high = np.quantile(drawn, [(1 - INSIDE) / 2, (1 + INSIDE) / 2])
    return Estimate(float(total.mean()), int(np.floor(low)), int(np.ceil(high)))
