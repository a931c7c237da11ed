"""Median deviations: robust standard deviations above the median."""

from __future__ import annotations

import numpy as np

from detectors.base import Scores
from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule, percentile
from detectors.thresholds.evidence import Evidence

#: Makes the median absolute deviation of normally distributed values equal to their standard deviation.
MAD_TO_DEVIATION = 1.4826


class MedianDeviations(Rule):
    title = N_("Median deviations")
    help = N_("Flags scores this many robust standard deviations (1.4826 × median absolute deviation) above the median.")
    label = N_("MAD × {value}")
    setting = "× {value}"
    order = 40
    grows = -1

    value: float = number(3.0, title=N_("Deviations"), help=N_("Robust standard deviations above the median."), low=0, high=1000)

    def cut_off(self, evidence: Evidence) -> float:
        median = percentile(evidence.training, 50)
        spread = median_distance(evidence.training, median)
        if spread == 0:
            raise DataError(N_("More than half of the scores are equal, so their median deviation is zero. Choose a percentile instead."))
        return median + self.value * MAD_TO_DEVIATION * spread


def median_distance(sorted_scores: Scores, middle: float) -> float:
    """The median of the distances from `middle`, looked up: distances grow from there to either side, and are never sorted."""
    rows = len(sorted_scores)
    return (_nearest(sorted_scores, middle, (rows + 1) // 2) + _nearest(sorted_scores, middle, rows // 2 + 1)) / 2


def _nearest(sorted_scores: Scores, middle: float, wanted: int) -> float:
    """The distance of the `wanted`-nearest score, from 1 for the nearest."""
    split = int(np.searchsorted(sorted_scores, middle))
    above = len(sorted_scores) - split
    # So many of the wanted ones lie below the middle: as few as leave none there that is nearer than the farthest one above.
    low, high = max(0, wanted - above), min(wanted, split)
    while low < high:
        below = (low + high) // 2
        nearer_below = middle - float(sorted_scores[split - 1 - below]) < float(sorted_scores[split + wanted - below - 1]) - middle
        low, high = (below + 1, high) if nearer_below else (low, below)
    farthest_below = middle - float(sorted_scores[split - low]) if low else 0.0
    farthest_above = float(sorted_scores[split + wanted - low - 1]) - middle if wanted > low else 0.0
    return max(farthest_below, farthest_above)
