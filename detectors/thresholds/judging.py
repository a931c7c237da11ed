"""Cut-offs as known anomalies and normal rows judge them: what rules that look at labels and verdicts choose from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.errors import DataError
from detectors.messages import N_
from detectors.thresholds.contract import step_below
from detectors.thresholds.evidence import KnownLabels

#: More points than pixels across a chart show nothing more.
CURVE_POINTS = 400

#: 0.55 of 20 rows are 11 rows, and not a little more.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Judged:
    """Cut-offs from the highest down, (cut-offs,), and what each flags of the known rows."""

    cut_offs: Scores
    caught: NDArray[np.int64]
    false_alarms: NDArray[np.int64]
    anomalies: int
    """How many there are to catch."""

    def cost(self, miss: float, false_alarm: float) -> NDArray[np.float64]:
        """What each cut-off costs, (cut-offs,)."""
        return miss * (self.anomalies - self.caught) + false_alarm * self.false_alarms


def choices(known: KnownLabels) -> Judged:
    """The cut-offs that could be the best ones by any measure: none flagged, then just below each known anomaly.

    Any other flags more normal rows and catches nothing more. Midway to the next lower known score, as far as there is room.

    Raises:
        DataError: there are no known anomalies, or no normal rows beside them.
    """
    anomalies, normals = np.asarray(known.anomalies), np.asarray(known.normals)
    if not len(anomalies) and not len(normals):
        raise DataError(
            N_("It needs rows that are known to be anomalies or normal, by a label column or by your verdicts: there are none.")
        )
    if not len(anomalies):
        raise DataError(N_("None of the {rows} known rows is an anomaly, so there is nothing to catch."), rows=len(normals))
    if not len(normals):
        raise DataError(N_("All {rows} known rows are anomalies, so nothing tells what a false alarm would be."), rows=len(anomalies))
    scores = np.unique(anomalies)
    lower = np.concatenate([[min(scores[0], normals[0]) - step_below(np.append(normals[:1], scores[-1:]))], scores[:-1]])
    places = np.searchsorted(normals, scores, side="left")
    lower = np.where(places > 0, np.maximum(lower, normals[np.maximum(places - 1, 0)]), lower)
    middle = lower + (scores - lower) / 2
    cut_offs = np.where((lower <= middle) & (middle < scores), middle, lower)
    highest = max(float(anomalies[-1]), float(normals[-1]))
    return judged(known, np.append(cut_offs, highest)[::-1])


def judged(known: KnownLabels, cut_offs: Scores) -> Judged:
    """What each of `cut_offs` flags of the known rows."""
    caught, false_alarms = (len(scores) - np.searchsorted(scores, cut_offs, side="right") for scores in (known.anomalies, known.normals))
    return Judged(cut_offs, caught.astype(np.int64), false_alarms.astype(np.int64), len(known.anomalies))


def curve(known: KnownLabels) -> Judged:
    """Cut-offs for a chart, from all flagged to none: evenly over the ranks and over the range of the known scores."""
    ends = [f(float(known.anomalies[at]), float(known.normals[at])) for f, at in ((min, 0), (max, -1))]
    best = choices(known).cut_offs
    few = best[np.linspace(0, len(best) - 1, min(len(best), CURVE_POINTS // 2)).astype(np.intp)]
    shares = np.linspace(0, 1, CURVE_POINTS // 4)
    ranks = known.normals[(shares * (len(known.normals) - 1)).astype(np.intp)]
    return judged(known, np.unique(np.concatenate([few, ranks, ends[0] + shares * (ends[1] - ends[0]), best[-1:]]))[::-1])
