"""Pictures as members that take vectors see them: what a small network learned to see in them, or few pixels."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.network.picture_features import PictureFeatureOptions, PictureFeatures
from detectors.network.picture_vectors import FEW_FEATURES, Standardised, shrunk
from detectors.together.views import View

FILE = "standardised.npz"


class LearnedFeatures(View):
    """Mean, variance and entropy of what each filter of a small network sees: (rows, height, width, channels) into (rows, features)."""

    name = "learned_features"
    title = N_("as what a small network learned to see")
    options: ClassVar[PictureFeatureOptions] = FEW_FEATURES

    def fit(self, X: NDArray[np.float32], seed: int, progress: Progress) -> Self:
        self._features = PictureFeatures(self.options).fit(X, seed, progress)
        self._standardised = Standardised.each(self._features.transform(X))
        return self

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._standardised.of(self._features.transform(X))

    def save(self, folder: Path) -> None:
        self._features.save(folder)
        _save(self._standardised, folder)

    def load(self, folder: Path) -> Self:
        self._features, self._standardised = PictureFeatures.load(folder), _loaded(folder)
        return self


class RoughFeatures(LearnedFeatures):
    """The same from fewer filters, which see every picture less often."""

    name = "rough_features"
    title = N_("as what a very small network learned to see")
    options = PictureFeatureOptions(filters=(8, 16), epochs=2, batch_size=32, learning_rate=0.01)


class FewPixels(View):
    """A picture shrunk to 16 × 16 at most: (rows, height, width, channels) into (rows, numbers)."""

    name = "few_pixels"
    title = N_("as 16 × 16 pixels at most")

    def fit(self, X: NDArray[np.float32], seed: int, progress: Progress) -> Self:
        self._standardised = Standardised.together(shrunk(X))
        return self

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._standardised.of(shrunk(X))

    def save(self, folder: Path) -> None:
        _save(self._standardised, folder)

    def load(self, folder: Path) -> Self:
        self._standardised = _loaded(folder)
        return self


def _save(standardised: Standardised, folder: Path) -> None:
    np.savez(folder / FILE, center=standardised.center, scale=standardised.scale)


def _loaded(folder: Path) -> Standardised:
    try:
        with np.load(folder / FILE, allow_pickle=False) as kept:
            return Standardised(kept["center"], kept["scale"])
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
