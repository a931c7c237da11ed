"""Scores on a logarithmic axis, and a histogram along it: what rules that look for groups of scores look at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.thresholds.contract import check_differ

#: A logarithmic axis starts at zero while the lowest score is at least this share of the median; below that, and for
#: scores that are not positive, it starts a little under the lowest score.
LOWEST_OF_MEDIAN = 1e-3
OFFSET_OF_MEDIAN = 0.1
OFFSET_OF_RANGE = 1e-3

#: A cut-off found on the histogram is at most a bar away from the one that all scores would give: 1/1024 of the axis.
BARS = 1024


@dataclass(frozen=True)
class Histogram:
    """Rows by their place, log10(score + offset): bar i has those above `edges[i]`, in scores, up to `edges[i + 1]`."""

    places: NDArray[np.float64]
    """(bars,): the middle of each bar, in places."""
    edges: Scores
    """(bars + 1,)"""
    counts: NDArray[np.float64]
    """(bars,)"""
    offset: float

    @property
    def width(self) -> float:
        """Of a bar, in places."""
        return float(self.places[1] - self.places[0])

    def coarser(self, together: int) -> Histogram:
        """With so many neighbouring bars as one: for what takes long with many."""
        places, counts = self.places.reshape(-1, together).mean(axis=1), self.counts.reshape(-1, together).sum(axis=1)
        return Histogram(places, self.edges[::together], counts, self.offset)

    def score_at(self, place: float) -> float:
        return float(10.0**place - self.offset)


def histogram(sorted_scores: Scores) -> Histogram:
    """Bars of equal width from the lowest to the highest of the scores, (rows,); `DataError` where these are all equal."""
    check_differ(sorted_scores)
    offset = log_offset(sorted_scores)
    low, high = (math.log10(float(score) + offset) for score in (sorted_scores[0], sorted_scores[-1]))
    between = np.linspace(low, high, BARS + 1)
    edges = 10.0**between - offset
    inner = np.searchsorted(sorted_scores, edges[1:-1], side="right")
    counts = np.diff(inner, prepend=0, append=len(sorted_scores)).astype(np.float64)
    return Histogram((between[:-1] + between[1:]) / 2, edges, counts, offset)


def log_offset(sorted_scores: Scores) -> float:
    """What is added to a score before its logarithm, so that zero, negative and vanishing scores have a place too."""
    lowest, highest = float(sorted_scores[0]), float(sorted_scores[-1])
    median = float(sorted_scores[round(0.5 * (len(sorted_scores) - 1))])
    if lowest > 0 and lowest >= LOWEST_OF_MEDIAN * median:
        return 0.0
    start = OFFSET_OF_MEDIAN * (median - lowest) or OFFSET_OF_RANGE * (highest - lowest) or 1.0
    return start - lowest
