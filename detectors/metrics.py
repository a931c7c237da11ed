"""How well scores and a cut-off agree with known labels, and what chance alone would reach.

Everywhere `is_anomaly` and `scores` are (rows,), higher scores are more unusual, and `known` (rows,) is True where a
row has a label: the others are left out, as are labels that are NaN. What is undefined (no anomaly among the labels,
nothing flagged) is None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.base import Scores
from detectors.errors import DataError
from detectors.messages import N_

#: More points than pixels across a chart show nothing more.
CURVE_POINTS = 500

#: The grid of the precision-recall surface in the published implementation: buffers up to so many rows, so many cut-offs.
SURFACE_BUFFER, SURFACE_CUT_OFFS = 100, 250


@dataclass(frozen=True)
class Confusion:
    """Labelled rows, counted by what they are and by whether they were flagged (score > cut-off)."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def rows(self) -> int:
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives

    @property
    def flagged(self) -> int:
        return self.true_positives + self.false_positives

    @property
    def anomalies(self) -> int:
        return self.true_positives + self.false_negatives

    @property
    def precision(self) -> float | None:
        """The share of the flagged rows that are anomalies."""
        return _share(self.true_positives, self.flagged)

    @property
    def recall(self) -> float | None:
        """The share of the anomalies that are flagged."""
        return _share(self.true_positives, self.anomalies)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; 0 where there are anomalies and none is flagged."""
        if not self.anomalies:
            return None
        return _share(2 * self.true_positives, self.flagged + self.anomalies)

    @property
    def accuracy(self) -> float | None:
        """The share of the rows that are judged rightly. Misleads where anomalies are rare: flagging none scores high."""
        return _share(self.true_positives + self.true_negatives, self.rows)


@dataclass(frozen=True)
class Chance:
    """What flagging the same share of rows at random would reach on average."""

    precision: float | None
    recall: float | None
    f1: float | None
    accuracy: float | None
    auroc: float | None
    average_precision: float | None


@dataclass(frozen=True)
class Curve:
    """Points of a curve, (points,) each, from the strictest cut-off to the loosest; rows above `cut_offs[i]` give point i."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cut_offs: Scores


@dataclass(frozen=True)
class _Steps:
    """Anomalies and normal rows at or above each distinct score, from the highest score down."""

    anomalies: NDArray[np.int64]
    normals: NDArray[np.int64]
    scores: Scores

    @property
    def one_sided(self) -> bool:
        return not len(self.scores) or not self.anomalies[-1] or not self.normals[-1]

    def cut_off_below(self, step: NDArray[np.intp]) -> Scores:
        """Cut-offs that flag exactly the rows down to and including `step`: the next lower score, for the last one any lower."""
        lower = np.append(self.scores[1:], np.nextafter(self.scores[-1], -np.inf))
        return lower[step]


def confusion(is_anomaly: ArrayLike, scores: ArrayLike, cut_off: float, known: ArrayLike | None = None) -> Confusion:
    """Counts the labelled rows by label and by whether their score is greater than `cut_off`."""
    labels, values = _labelled(is_anomaly, scores, known)
    flagged = values > cut_off
    true_positives = int(np.count_nonzero(flagged & labels))
    anomalies, total_flagged = int(labels.sum()), int(flagged.sum())
    return Confusion(
        true_positives=true_positives,
        false_positives=total_flagged - true_positives,
        false_negatives=anomalies - true_positives,
        true_negatives=len(labels) - anomalies - total_flagged + true_positives,
    )


def auroc(is_anomaly: ArrayLike, scores: ArrayLike, known: ArrayLike | None = None) -> float | None:
    """The chance that an anomaly scores higher than a normal row, ties counting half; None without both."""
    steps = _steps(is_anomaly, scores, known)
    if steps.one_sided:
        return None
    gained = np.diff(steps.normals, prepend=0)
    anomalies_twice = steps.anomalies + np.concatenate([[0], steps.anomalies[:-1]])
    return float(np.sum(gained * anomalies_twice.astype(np.float64)) / (2.0 * steps.anomalies[-1] * steps.normals[-1]))


def average_precision(is_anomaly: ArrayLike, scores: ArrayLike, known: ArrayLike | None = None) -> float | None:
    """Precision averaged over the anomalies found one after another, without interpolation; None without anomalies."""
    steps = _steps(is_anomaly, scores, known)
    if not len(steps.scores) or not steps.anomalies[-1]:
        return None
    precision = steps.anomalies / (steps.anomalies + steps.normals)
    return float(np.sum(precision * np.diff(steps.anomalies, prepend=0)) / steps.anomalies[-1])


def roc_curve(is_anomaly: ArrayLike, scores: ArrayLike, known: ArrayLike | None = None, points: int = CURVE_POINTS) -> Curve | None:
    """The share of normal rows flagged (x) against that of anomalies flagged (y), from (0, 0) to (1, 1); None without both.

    At most `points` points, each of them one of the full curve.
    """
    steps = _steps(is_anomaly, scores, known)
    if steps.one_sided:
        return None
    kept = _thinned(steps, points - 1)
    return Curve(
        x=np.append(0.0, steps.normals[kept] / steps.normals[-1]),
        y=np.append(0.0, steps.anomalies[kept] / steps.anomalies[-1]),
        cut_offs=np.append(steps.scores[0], steps.cut_off_below(kept)),
    )


def precision_recall_curve(
    is_anomaly: ArrayLike, scores: ArrayLike, known: ArrayLike | None = None, points: int = CURVE_POINTS
) -> Curve | None:
    """Recall (x) against precision (y), from the highest score down to recall 1; None without anomalies.

    Begins at the highest score, for with nothing flagged there is no precision. At most `points` points, each of
    them one of the full curve.
    """
    steps = _steps(is_anomaly, scores, known)
    if not len(steps.scores) or not steps.anomalies[-1]:
        return None
    kept = _thinned(steps, points)
    found = steps.anomalies[kept]
    return Curve(found / steps.anomalies[-1], found / (found + steps.normals[kept]), steps.cut_off_below(kept))


def vus_pr(
    is_anomaly: ArrayLike,
    scores: ArrayLike,
    known: ArrayLike | None = None,
    max_buffer: int = SURFACE_BUFFER,
    cut_offs: int = SURFACE_CUT_OFFS,
) -> float | None:
    """The volume under the precision-recall surface of one series, its rows in the order of time; None without anomalies.

    Average precision that forgives a score for rising a little early or late: around each stretch of anomalies lies a
    buffer, half of it before and half after, whose rows count the less the farther away they are. The areas are averaged
    over buffers of 0 to `max_buffer` rows, and recall counts stretches touched as well as rows. The figure depends on
    `max_buffer` and on the number of `cut_offs` tried: compare only what was measured with the same. Rows without a
    label are left out and their neighbours move together.
    Paparrizos et al., PVLDB 15(11), 2022, doi:10.14778/3551793.3551830; equal to the package TSB-AD's (``version="opt"``).
    """
    labels, values = _labelled(is_anomaly, scores, known)
    if not labels.any():
        return None
    stretches = np.flatnonzero(np.diff(labels, prepend=False, append=False)).reshape(-1, 2)  # first row, row after the last
    tried = np.sort(values)[::-1][np.linspace(0, len(values) - 1, cut_offs).astype(np.intp)]
    first_flagged_by = np.searchsorted(-tried, -values)
    flagged = np.cumsum(np.bincount(first_flagged_by, minlength=cut_offs))
    found = np.cumsum(np.bincount(first_flagged_by, labels, cut_offs))
    areas = []
    for buffer in range(max_buffer + 1):
        early_or_late = np.cumsum(np.bincount(first_flagged_by, _buffer_weights(stretches, labels, buffer), cut_offs))
        right = found + early_or_late
        recall = np.minimum(right / (labels.sum() + early_or_late / 2), 1) * _share_touched(stretches, values, buffer // 2, tried)
        areas.append(np.sum(np.diff(recall, prepend=0) * right / flagged))
    return float(np.mean(areas))


def chance(counts: Confusion) -> Chance:
    """What a random choice of as many rows as `counts` has flagged would reach, so that a figure can be judged."""
    base_rate = _share(counts.anomalies, counts.rows)
    if base_rate is None:
        return Chance(None, None, None, None, None, None)
    if not counts.anomalies:
        return Chance(None, None, None, 1 - counts.flagged / counts.rows, None, None)
    share = counts.flagged / counts.rows
    return Chance(
        precision=base_rate if counts.flagged else None,
        recall=share,
        f1=2 * base_rate * share / (base_rate + share),
        accuracy=base_rate * share + (1 - base_rate) * (1 - share),
        auroc=0.5 if counts.anomalies < counts.rows else None,
        average_precision=base_rate,
    )


def _labelled(is_anomaly: ArrayLike, scores: ArrayLike, known: ArrayLike | None) -> tuple[NDArray[np.bool_], Scores]:
    values = np.asarray(scores, dtype=np.float64)
    labels = np.asarray(is_anomaly)
    mask = np.ones(len(values), dtype=bool) if known is None else np.asarray(known, dtype=bool)
    if not labels.shape == values.shape == mask.shape:
        raise DataError(
            N_("There must be one label for each score. There are {labels} labels and {scores} scores."),
            labels=len(labels), scores=len(values),
        )  # fmt: skip
    if labels.dtype.kind == "f":
        mask = mask & ~np.isnan(labels)
    return labels[mask].astype(bool), values[mask]  # masked first: a row without a label may hold anything


def _steps(is_anomaly: ArrayLike, scores: ArrayLike, known: ArrayLike | None) -> _Steps:
    labels, values = _labelled(is_anomaly, scores, known)
    order = np.argsort(values)[::-1]
    ordered = values[order]
    last_of_equals = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)) if len(ordered) else np.empty(0, np.intp)
    anomalies = np.cumsum(labels[order], dtype=np.int64)[last_of_equals]
    return _Steps(anomalies, last_of_equals + 1 - anomalies, ordered[last_of_equals])


def _buffer_weights(stretches: NDArray[np.intp], labels: NDArray[np.bool_], buffer: int) -> Scores:
    """How much each row counts as an anomaly for being near to one, (rows,): 0 to 1, and 0 in the anomalies themselves."""
    away = np.arange(1, buffer // 2 + 1)
    rows = np.stack([stretches[:, :1] - away, stretches[:, 1:] - 1 + away])
    weights = np.broadcast_to(np.sqrt(1 - away / max(buffer, 1)), rows.shape)
    inside = (rows >= 0) & (rows < len(labels))
    summed = np.bincount(rows[inside], weights[inside], len(labels))
    return np.where(labels, 0.0, np.minimum(summed, 1.0))


def _share_touched(stretches: NDArray[np.intp], values: Scores, reach: int, cut_offs: Scores) -> Scores:
    """For each cut-off the share of the stretches, widened by `reach` rows and joined where they meet, with a flagged row."""
    apart = stretches[:-1, 1] - 1 + reach < stretches[1:, 0] - reach
    first = np.maximum(stretches[np.append(True, apart), 0] - reach, 0)
    after = np.minimum(stretches[np.append(apart, True), 1] + reach, len(values))
    peaks = np.maximum.reduceat(np.append(values, -np.inf), np.stack([first, after], axis=1).ravel())[::2]
    return 1 - np.searchsorted(np.sort(peaks), cut_offs) / len(peaks)


def _thinned(steps: _Steps, points: int) -> NDArray[np.intp]:
    """At most `points` steps: the first, the last, and the others at even distances along both axes."""
    if len(steps.scores) <= points:
        return np.arange(len(steps.scores))
    half = (points - 2) // 2
    along = [np.searchsorted(counts, np.linspace(0, counts[-1], half)) for counts in (steps.anomalies, steps.normals)]
    return np.unique(np.concatenate([[0], *along, [len(steps.scores) - 1]]))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
