"""What describes a window of a series, wherever in the window it happens: level, spread, slope, changes, frequencies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import blocks

#: Bands of frequencies whose strength describes a window.
BANDS = 4

#: The numbers that describe one column of a window, in order.
PARTS = (
    "mean", "spread", "lowest", "highest", "last", "slope", "mean change", "largest change",
    *(f"band {band + 1}" for band in range(BANDS)),
)  # fmt: skip


def description_of(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """What describes `windows`, (rows, steps, columns): (rows, parts × columns), in the order of `PARTS`."""
    described = np.empty((len(windows), len(PARTS) * windows.shape[2]), dtype=np.float32)
    for rows in blocks(windows):
        described[rows] = _described(windows[rows])
    return described


def _described(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    steps = windows.shape[1]
    mean = windows.mean(axis=1)
    time = (np.arange(steps) - (steps - 1) / 2).astype(np.float32)
    slope = np.einsum("t,ntc->nc", time / max(float(time @ time), 1.0), windows) * steps
    change = np.abs(np.diff(windows, axis=1)) if steps > 1 else np.zeros_like(windows)
    power = np.abs(np.fft.rfft(windows - mean[:, None], axis=1))[:, 1:]
    bands = [np.sqrt(np.square(part).sum(axis=1)) / steps for part in np.array_split(power, BANDS, axis=1)]
    spans = [windows.std(axis=1), windows.min(axis=1), windows.max(axis=1)]
    return np.concatenate([mean, *spans, windows[:, -1], slope, change.mean(axis=1), change.max(axis=1), *bands], axis=1, dtype=np.float32)
