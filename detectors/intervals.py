"""How far figures would move if other rows of the same sort had been judged: percentile bootstrap intervals.

Rows are drawn again, with putting back, `DRAWS` times; the interval holds the middle 95 of 100 figures. Rows are not drawn
one by one: how often each outcome comes in a draw is a multinomial count, so that a million rows cost what a hundred do.
Rows that follow one another in time are not independent: with `groups` whole stretches are drawn.
Efron & Tibshirani 1993, An Introduction to the Bootstrap, doi:10.1201/9780429246593
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.base import Scores
from detectors.metrics import Confusion, auroc, average_precision

#: Draws of an interval, and what it leaves out at each end.
DRAWS, TAIL = 1000, 0.025

#: Standard deviations on either side that hold 95 of 100 values of a normal distribution.
DEVIATIONS = 1.96

#: Scores are told apart in so many steps along each axis: an area moves by less than the third digit.
STEPS = 500

#: Stretches that a series is cut into: many enough to draw from, long enough to be nearly independent.
STRETCHES = 100

SEED = 20


@dataclass(frozen=True)
class Interval:
    """Where a figure lies, 95 times in 100."""

    low: float
    high: float


def share_interval(part: int, whole: int) -> Interval:
    """Where a share lies of which `part` of `whole` independent cases were seen.

    Wilson 1927, doi:10.1080/01621459.1927.10502953: it stays within 0 and 1, and has a width even where all or none were.
    """
    if not whole:
        return Interval(0.0, 1.0)
    share, square = part / whole, DEVIATIONS**2
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    reach = DEVIATIONS / (1 + square / whole) * np.sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    return Interval(max(0.0, float(middle - reach)), min(1.0, float(middle + reach)))


def confusion_intervals(counts: Confusion) -> dict[str, Interval]:
    """precision, recall, f1 and accuracy → its interval, of independent rows; without those that are undefined."""
    cells = np.array([counts.true_positives, counts.false_positives, counts.false_negatives, counts.true_negatives])
    if not cells.sum():
        return {}
    drawn = np.random.default_rng(SEED).multinomial(counts.rows, cells / cells.sum(), size=DRAWS)
    return _of_cells(drawn.astype(np.float64))


def confusion_intervals_of_stretches(cells: NDArray[np.int64]) -> dict[str, Interval]:
    """The same where rows follow one another: `cells`, (stretches, 4), are true and false positives, false and true negatives."""
    if not cells.sum():
        return {}
    return _of_cells(_stretches_drawn(len(cells)) @ cells.astype(np.float64))


def area_intervals(
    is_anomaly: ArrayLike, scores: ArrayLike, known: ArrayLike, groups: NDArray[np.intp] | None = None
) -> dict[str, Interval]:
    """auroc and average_precision → its interval; of the rows that are `known`, (rows,); empty without both kinds of label.

    `groups`, (rows,), are the stretches, counted from 0, in which rows come together. The interval is moved by what cutting
    the scores into steps does to the figure itself.
    """
    mask = np.asarray(known, dtype=bool)
    labels, values = np.asarray(is_anomaly)[mask].astype(bool), np.asarray(scores, dtype=np.float64)[mask]
    if not labels.any() or labels.all():
        return {}
    step = _steps(labels, values)
    cells = step * 2 + labels
    size = 2 * (int(step.max()) + 1)
    if groups is None:
        found = np.bincount(cells, minlength=size)
        drawn = np.random.default_rng(SEED).multinomial(len(cells), found / len(cells), size=DRAWS).astype(np.float64)
    else:
        of_row = np.unique(groups[mask], return_inverse=True)[1]
        found = np.bincount(of_row * size + cells, minlength=(int(of_row.max()) + 1) * size).reshape(-1, size)
        drawn = _stretches_drawn(len(found)) @ found.astype(np.float64)
        found = found.sum(axis=0)
    exact = {"auroc": auroc(labels, values), "average_precision": average_precision(labels, values)}
    areas, own = _areas(drawn), _areas(found[None].astype(np.float64))
    return {name: _interval(areas[name] + (exact[name] or 0.0) - own[name]) for name in areas}


def stretches(rows: int, bounds: NDArray[np.intp], count: int = STRETCHES) -> NDArray[np.intp]:
    """The stretch of each ordered row, (rows,): at most about `count` of equal length, none across two entities."""
    length = max(1, -(-rows // count))
    entity = np.searchsorted(bounds, np.arange(rows), side="right") - 1
    place = np.arange(rows) - bounds[entity]
    keys = entity * (rows // length + 2) + place // length
    return np.unique(keys, return_inverse=True)[1]


def _steps(labels: NDArray[np.bool_], values: Scores) -> NDArray[np.intp]:
    """The step of each row, (rows,), from the lowest scores up: fine where there are anomalies, and where there are normal rows."""
    shares = np.linspace(0, 1, STEPS)
    edges = np.unique(np.concatenate([np.quantile(values[chosen], shares, method="lower") for chosen in (labels, ~labels)]))
    return np.searchsorted(edges, values, side="left")


def _areas(drawn: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """For each draw, (draws, 2 × steps), both areas; nan where one kind of label is missing in it."""
    counts = drawn.reshape(len(drawn), -1, 2)[:, ::-1]  # the highest scores first
    normals, anomalies = counts[:, :, 0], counts[:, :, 1]
    above, found = np.cumsum(normals, axis=1), np.cumsum(anomalies, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (normals * (found - anomalies / 2)).sum(axis=1) / (found[:, -1] * above[:, -1])
        precision = np.where(found + above > 0, found / (found + above), 0.0)
        mean = (anomalies * precision).sum(axis=1) / found[:, -1]
    return {"auroc": area, "average_precision": mean}


def _of_cells(drawn: NDArray[np.float64]) -> dict[str, Interval]:
    """`drawn`, (draws, 4): true and false positives, false and true negatives."""
    caught, false_alarms, missed, rest = drawn.T
    with np.errstate(invalid="ignore", divide="ignore"):
        figures = {
            "precision": caught / (caught + false_alarms),
            "recall": caught / (caught + missed),
            "f1": 2 * caught / (2 * caught + false_alarms + missed),
            "accuracy": (caught + rest) / drawn.sum(axis=1),
        }
    return {name: _interval(values) for name, values in figures.items() if np.isfinite(values).any()}


def _stretches_drawn(count: int) -> NDArray[np.float64]:
    """How often each stretch comes in each draw, (draws, stretches)."""
    return np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(np.float64)


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values[np.isfinite(values)], (TAIL, 1 - TAIL))
    return Interval(max(0.0, float(low)), min(1.0, float(high)))
