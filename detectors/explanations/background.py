"""What a row is compared with. The background decides an explanation more than the algorithm does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector

#: Usual rows kept with a run, to find a row's nearest ones among.
KEPT_ROWS = 1000

#: Nearest usual rows that one row is compared with, where the detector has no expectation of its own.
NEAREST_ROWS = 20


def usual_rows(scores: NDArray[np.float64], seed: int) -> NDArray[np.intp]:
    """Positions of at most `KEPT_ROWS` rows drawn from the half with the lower scores."""
    usual = np.flatnonzero(scores <= np.median(scores))
    if len(usual) <= KEPT_ROWS:
        return usual
    return np.sort(np.random.default_rng(seed).choice(usual, KEPT_ROWS, replace=False))


def backgrounds(detector: Detector, X: NDArray[np.float32], usual: NDArray[np.float32], nearest: int) -> NDArray[np.float32]:
    """For every row of `X`, (rows, numbers), the rows it is compared with, (rows, backgrounds, numbers).

    A reconstructing detector's own reconstruction where it has one (a random background moves a row off what is
    plausible and blames innocent columns); else the `nearest` usual rows.
    """
    expected = detector.expected(X)
    if expected is not None:
        return expected[:, None, :]
    nearest = min(nearest, len(usual))
    return np.stack([usual[_nearest(row, usual, nearest)] for row in X])


def _nearest(row: NDArray[np.float32], usual: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    distances = np.square(usual - row).sum(axis=1)
    return np.argpartition(distances, count - 1)[:count] if count < len(usual) else np.arange(len(usual))
