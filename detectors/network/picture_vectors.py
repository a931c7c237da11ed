"""A picture as one vector: each number in units of its spread over the training pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors.network.picture_features import PictureFeatureOptions

#: Height and width at most of a picture whose pixels are the vector.
LARGEST_SIDE = 16

#: What varies less than this over the training pictures counts as constant.
SMALLEST_SPREAD = 1e-6

#: Smaller than where the features themselves are the detector: other detectors do better with fewer numbers.
FEW_FEATURES = PictureFeatureOptions(filters=(16, 32, 64))


@dataclass(frozen=True)
class Standardised:
    """Brings the numbers of a vector to one size, by their mean and spread over the training pictures."""

    center: NDArray[np.float32]
    scale: NDArray[np.float32]

    @classmethod
    def each(cls, vectors: NDArray[np.float32]) -> Self:
        """Every number, of (rows, numbers), by its own spread; those that never vary keep their size."""
        return cls(vectors.mean(axis=0), _scale(vectors.std(axis=0)))

    @classmethod
    def together(cls, vectors: NDArray[np.float32]) -> Self:
        """All by their mean spread: a corner that is nearly always black is not worth as much as the middle."""
        spread = vectors.std(axis=0)
        return cls(vectors.mean(axis=0), _scale(np.full_like(spread, spread.mean())))

    def of(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        return (vectors - self.center) / self.scale


def _scale(spread: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(spread > SMALLEST_SPREAD, spread, 1).astype(np.float32)


def shrunk(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means over as many pixels as make a picture `LARGEST_SIDE` high and wide at most; (rows, numbers)."""
    size = pictures.shape[1]
    side = min(size, LARGEST_SIDE)
    starts = np.arange(side) * size // side
    counts = np.diff(starts, append=size).astype(np.float32)
    sums = np.add.reduceat(np.add.reduceat(pictures, starts, axis=1), starts, axis=2)
    return (sums / (counts[:, None] * counts)[:, :, None]).reshape(len(pictures), -1)
