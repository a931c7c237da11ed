"""Valley: the lowest point between the hill of usual scores and a smaller one of higher scores."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.axis import Histogram, histogram
from detectors.thresholds.contract import Rule
from detectors.thresholds.evidence import Evidence

#: A hill behind the valley must rise this many standard deviations above it, or it may be chance.
RISE = 3.0

#: Silverman's rule for the width of the smoothing.
SILVERMAN, RANGE_TO_DEVIATION, SILVERMAN_POWER = 0.9, 1.34, -0.2


class Valley(Rule):
    title = N_("Valley")
    help = N_(
        "Smooths the distribution of the training scores and cuts at its lowest point between the hill of most rows and another hill of "
        "higher scores. Where there is only one hill it can't be used."
    )
    label = N_("valley")
    order = 70

    value: float = number(
        1.0, title=N_("Smoothing"), help=N_("1: as wide as Silverman's rule says; less finds smaller hills, more only large ones."),
        low=0.05, high=20,
    )  # fmt: skip

    def cut_off(self, evidence: Evidence) -> float:
        bars = histogram(evidence.training)
        width = max(1.0, self.value * _silverman(bars) / bars.width)
        hills = _smoothed(bars.counts, width)
        highest_beyond = np.append(np.maximum.accumulate(hills[::-1])[::-1][1:], 0.0)
        # A smoothed count stands for the rows within about 2√π widths, and varies as their number does.
        seen = 2 * math.sqrt(math.pi) * width
        rise = (highest_beyond - hills) * seen / np.sqrt(np.maximum((highest_beyond + hills) * seen, 1e-12))
        rise[: int(hills.argmax()) + 1] = 0.0
        if rise.max() < RISE:
            raise DataError(N_("The scores form a single hill: there is no valley to cut at. Less smoothing looks for smaller hills."))
        deepest = np.flatnonzero(np.isclose(rise, rise.max(), rtol=1e-9))
        return bars.score_at(float(bars.places[deepest].mean()))


def _silverman(bars: Histogram) -> float:
    """The width of the smoothing, in places."""
    rows = bars.counts.sum()
    mean = (bars.counts * bars.places).sum() / rows
    deviation = math.sqrt((bars.counts * (bars.places - mean) ** 2).sum() / rows)
    lower, upper = bars.places[np.searchsorted(bars.counts.cumsum(), [0.25 * rows, 0.75 * rows])]
    spread = min(deviation, (upper - lower) / RANGE_TO_DEVIATION) or deviation
    return float(SILVERMAN * spread * rows**SILVERMAN_POWER)


def _smoothed(counts: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Counts, (bars,), smoothed by a bell of so many bars."""
    reach = min(len(counts), math.ceil(4 * width))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    smoothed: NDArray[np.float64] = np.convolve(counts, bell / bell.sum())[reach : reach + len(counts)]
    return smoothed
