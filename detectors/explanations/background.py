"""What a row is compared with. The background decides an explanation more than the algorithm does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn

#: Usual rows kept with a run, to find a row's nearest ones among: at most this many, and this many numbers.
KEPT_ROWS, KEPT_NUMBERS = 1000, 5_000_000

#: Of these rows, all but the most unusual ones, variants of a row take what fits it best: at most so many.
DONOR_SHARE, DONOR_ROWS = 0.95, 3000

#: Nearest usual rows that one row is compared with, where the detector has no expectation of its own.
NEAREST_ROWS = 20


def usual_rows(scores: NDArray[np.float64], numbers: int, seed: int) -> NDArray[np.intp]:
    """Positions of some rows, of `numbers` numbers each, drawn from the half with the lower scores."""
    usual = np.flatnonzero(scores <= np.median(scores))
    most = max(2, min(KEPT_ROWS, KEPT_NUMBERS // numbers))
    return usual[drawn(len(usual), most, seed)]


def donor_rows(scores: NDArray[np.float64], numbers: int, seed: int) -> NDArray[np.intp]:
    """Positions of some rows, of `numbers` numbers each, whose values variants of other rows may take: all kinds of usual rows."""
    usual = np.flatnonzero(scores <= np.quantile(scores, DONOR_SHARE))
    most = max(2, min(DONOR_ROWS, KEPT_NUMBERS // numbers))
    return usual[drawn(len(usual), most, seed)]


def nearest_rows(rows: NDArray[np.float32], usual: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """For each of `rows`, (rows, …), its `count` nearest in `usual`, (usual, …): (rows, count, …)."""
    count = min(count, len(usual))
    flat = usual.reshape(len(usual), -1)
    return np.stack([usual[_nearest(row.reshape(-1), flat, count)] for row in rows])


def within_usual(expected: NDArray[np.float32] | None, usual: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """What was expected of rows that are vectors, (rows, numbers), held within what `usual` rows have.

    A network rebuilds half of an extreme value, say: what it expected would then be as unusual as the row itself, and the
    extreme column would seem to speak for the row.
    """
    if expected is None or expected.ndim != 2:
        return expected
    return np.clip(expected, usual.min(axis=0), usual.max(axis=0))


def _nearest(row: NDArray[np.float32], usual: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    distances = np.square(usual - row).sum(axis=1)
    return np.argpartition(distances, count - 1)[:count] if count < len(usual) else np.arange(len(usual))
