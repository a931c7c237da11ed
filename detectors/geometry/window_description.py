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
    values = np.ascontiguousarray(windows.transpose(0, 2, 1))  # a column's steps side by side: twice as fast
    steps = values.shape[2]
    mean = values.mean(axis=2)
    time = (np.arange(steps) - (steps - 1) / 2).astype(np.float32)
    slope = np.einsum("t,nct->nc", time / max(float(time @ time), 1.0), values) * steps
    span = [values.std(axis=2), values.min(axis=2), values.max(axis=2), values[:, :, -1]]
    change = np.abs(np.diff(values, axis=2)) if steps > 1 else np.zeros_like(values)
    frequencies = np.fft.rfft(values - mean[:, :, None], axis=2)[:, :, 1:]
    power = np.square(frequencies.real) + np.square(frequencies.imag)
    bands = [np.sqrt(part.sum(axis=2)) / steps for part in np.array_split(power, BANDS, axis=2)]
    return np.concatenate([mean, *span, slope, change.mean(axis=2), change.max(axis=2), *bands], axis=1, dtype=np.float32)
