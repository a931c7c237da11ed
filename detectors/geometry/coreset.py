"""A few rows that stand for many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress

#: Distances between rows are judged after a random projection to so many columns (Johnson & Lindenstrauss 1984).
PROJECTED = 32


def spread_out(X: NDArray[np.float32], count: int, seed: int, progress: Progress) -> NDArray[np.intp]:
    """The places of `count` rows of `X`, (rows, columns), growing: each one chosen as the farthest from those before.

    The greedy k-centre of Sener & Savarese, ICLR 2018, arXiv:1708.00489.
    """
    if count >= len(X):
        return np.arange(len(X))
    chance = np.random.default_rng(seed % 2**32)
    near = X @ chance.standard_normal((X.shape[1], PROJECTED)).astype(np.float32) if X.shape[1] > PROJECTED else X
    chosen = np.empty(count, dtype=np.intp)
    chosen[0] = chance.integers(len(X))
    away = np.full(len(X), np.inf)
    for number in range(1, count):
        progress.check()
        np.minimum(away, np.square(near - near[chosen[number - 1]]).sum(axis=1), out=away)
        chosen[number] = away.argmax()
    return np.sort(chosen)
