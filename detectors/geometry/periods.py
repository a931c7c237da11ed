"""After how many steps a series repeats itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Steps looked at for the dominant period, and the longest period that is looked for.
LOOKED_AT, LONGEST_PERIOD = 20_000, 2_000

#: A period counts where the series repeats itself this well, as a correlation.
CLEAR_PERIOD = 0.2


def dominant_period(values: NDArray[np.float32]) -> int | None:
    """After how many steps the series `values`, (steps, columns), repeats itself best; None where it does not.

    The highest peak of the mean autocorrelation beyond its first fall below zero, as series without a trend have it.
    """
    values = values[:LOOKED_AT].astype(np.float64)
    steps = len(values)
    if steps < 8:
        return None
    slope = np.arange(steps) - (steps - 1) / 2
    level = values - values.mean(axis=0)
    level -= slope[:, None] * (slope @ level) / (slope @ slope)
    power = np.abs(np.fft.rfft(level, 2 * steps, axis=0)) ** 2
    correlation = np.fft.irfft(power, axis=0)[: min(steps // 2, LONGEST_PERIOD + 1)]
    spread = correlation[0] > 1e-9 * steps
    if not spread.any():
        return None
    mean = (correlation[:, spread] / correlation[0, spread]).mean(axis=1)
    fallen = np.flatnonzero(mean < 0)
    if not len(fallen):
        return None
    inner = mean[1:-1]
    peaks = 1 + np.flatnonzero((inner > mean[:-2]) & (inner >= mean[2:]))
    peaks = peaks[(peaks > fallen[0]) & (mean[peaks] > CLEAR_PERIOD)]
    return int(peaks[np.argmax(mean[peaks])]) if len(peaks) else None
