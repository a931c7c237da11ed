"""Views of windows as vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import blocks
from detectors.base import Progress
from detectors.geometry.window_description import description_of
from detectors.together.views import View

FILE = "description.npy"

#: A number that varies less than this over the training windows counts as constant.
SMALLEST_SPREAD = 1e-6

#: Steps of a window whose shape is compared.
MOST_STEPS = 32


class Described(View):
    """What describes a window, each number with mean 0 and spread 1 over the training windows."""

    name = "described"

    def fit(self, X: NDArray[np.float32], seed: int, progress: Progress) -> Self:
        progress.check()
        described = description_of(X).astype(np.float64)
        spread = described.std(axis=0)
        self._usual = np.stack([described.mean(axis=0), np.where(spread > SMALLEST_SPREAD, spread, 1.0)])
        return self

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        center, scale = self._usual
        return ((description_of(X) - center) / scale).astype(np.float32)

    def save(self, folder: Path) -> None:
        np.save(folder / FILE, self._usual, allow_pickle=False)

    def load(self, folder: Path) -> Self:
        self._usual = np.load(folder / FILE, allow_pickle=False)
        return self


class Averaged(View):
    """A window's values, averaged over neighbouring steps where there are more than `MOST_STEPS` of them."""

    name = "averaged"

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        steps = min(X.shape[1], MOST_STEPS)
        begins = np.arange(steps) * X.shape[1] // steps
        lengths = np.diff(begins, append=X.shape[1]).astype(np.float32)
        averaged = np.empty((len(X), steps, X.shape[2]), dtype=np.float32)
        for rows in blocks(X):
            averaged[rows] = np.add.reduceat(X[rows], begins, axis=1) / lengths[:, None]
        return averaged.reshape(len(X), -1)
