"""Windows put together again: where in its series each one begins, and the series that they were cut from.

A detector is given windows, in the order of time and mostly overlapping, and not the series. Which of them overlap shows in
the steps that they have in common.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import blocks


def starts_of(X: NDArray[np.float32]) -> NDArray[np.intp]:
    """The step at which each window of `X`, (rows, steps, columns), begins, (rows,), counted from the first one.

    A window that has no step in common with the one before begins a whole window later.
    """
    later = np.empty(len(X) - 1, dtype=np.intp)
    for rows in blocks(X[1:]):
        later[rows] = _later(X[rows], X[rows.start + 1 : rows.stop + 1], 1, X.shape[1] - 1)
    return np.concatenate([[0], np.cumsum(later)])


def shifts(X: NDArray[np.float32], Y: NDArray[np.float32], most: int) -> NDArray[np.intp]:
    """By how many steps each window of `Y` is later (below 0: earlier) than that of `X`, if by `most` at most.

    Where they do not overlap so, the steps of a window.
    """
    later, earlier = _later(X, Y, 0, most), _later(Y, X, 1, most)
    return np.where((later == X.shape[1]) & (earlier < X.shape[1]), -earlier, later)


def _later(before: NDArray[np.float32], after: NDArray[np.float32], least: int, most: int) -> NDArray[np.intp]:
    """By how many steps, from `least` to `most`, each window of `after` is later than that of `before`; else their length."""
    steps = before.shape[1]
    later = np.full(len(before), steps, dtype=np.intp)
    unknown = np.arange(len(before))
    for shift in range(least, min(most, steps - 1) + 1):
        begins = unknown[(before[unknown, shift] == after[unknown, 0]).all(axis=-1)]
        same = (before[begins, shift:] == after[begins, : steps - shift]).all(axis=(1, 2))
        later[begins[same]] = shift
        unknown = np.flatnonzero(later == steps)
    return later


def longest_stretch(X: NDArray[np.float32]) -> NDArray[np.float32]:
    """The longest part of the series that overlapping windows of `X` cover without a break, (steps, columns)."""
    starts, window = starts_of(X), X.shape[1]
    breaks = np.flatnonzero(np.diff(starts) >= window) + 1
    firsts, lasts = np.concatenate([[0], breaks]), np.concatenate([breaks, [len(X)]]) - 1
    longest = int((starts[lasts] - starts[firsts]).argmax())
    rows = range(firsts[longest], lasts[longest] + 1)
    series = np.empty((starts[rows[-1]] - starts[rows[0]] + window, X.shape[2]), dtype=np.float32)
    for row in rows:
        begin = starts[row] - starts[rows[0]]
        series[begin : begin + window] = X[row]
    return series
