"""Pictures into vectors: one a picture, learned features or its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Quiet
from detectors.data_set import DataSet
from detectors.messages import N_
from detectors.network.picture_features import PictureFeatures
from detectors.network.picture_vectors import FEW_FEATURES, LARGEST_SIDE, Standardised, shrunk
from detectors.params import choice
from detectors.preparation.contract import Learned, Made
from detectors.preparation.images import ImagesPreparation
from detectors.preparation.more_rows import repeated

COLOURS = {1: ("",), 3: (" red", " green", " blue")}


class ImagesVectors(ImagesPreparation):
    """Pictures as vectors, for detectors that know nothing of neighbouring pixels."""

    representation = "vectors"
    native = False
    finishes = True

    described: str = choice(
        "features", title=N_("A picture as"),
        choices={"features": N_("What a small network learns to see in it"), "pixels": N_("Its pixels, 16 × 16 at most")},
        help=N_("What the detector sees of a picture. Learned features do not care where in the picture something is; pixels do."),
    )  # fmt: skip

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._standardised = Standardised(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))
        self._features = PictureFeatures(FEW_FEATURES)
        self._learned: NDArray[np.float32] | None = None

    @property
    def names(self) -> list[str]:
        if self.described == "features":
            return self._features.names
        side = range(1, min(LARGEST_SIDE, self.size_) + 1)
        return [f"row {row} column {column}{colour}" for row in side for column in side for colour in COLOURS[self.channels_]]

    def fit(self, data: DataSet, fitted: NDArray[np.bool_], *, seed: int = 0, progress: Progress | None = None) -> Self:
        super().fit(data, fitted)
        pictures = self.pictures(data, np.flatnonzero(fitted))
        if self.described == "features":
            self._features.fit(super().augmented(pictures, None, seed).X, seed, _Preparing(progress or Progress()))
        vectors = self._vectors(pictures)
        self._standardised = Standardised.together(vectors) if self.described == "pixels" else Standardised.each(vectors)
        self._learned = pictures if self.copies else None
        return self

    def finish(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._standardised.of(self._vectors(rows))

    def augmented(self, X: NDArray[np.float32], y: NDArray[np.int8] | None, seed: int) -> Learned:
        """Vectors of the pictures it was fitted on, `X`, then those of their varied copies."""
        again = repeated(X, y, self.rare_share, seed)
        if self._learned is None:
            return Learned(X, y).and_also(again)
        of, pictures = np.arange(len(X)), self._learned
        copies = [Made.copies(self.finish(self.varied(pictures, seed, copy)), of) for copy in range(self.copies)]
        return Learned(X, y).and_also([*copies, *again])

    def _vectors(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._features.transform(pictures) if self.described == "features" else shrunk(pictures)

    def _to_json(self) -> dict[str, Any]:
        return {**super()._to_json(), "center": self._standardised.center.tolist(), "scale": self._standardised.scale.tolist()}

    def _from_json(self, record: Mapping[str, Any]) -> None:
        super()._from_json(record)
        self._standardised = Standardised(np.array(record["center"], np.float32), np.array(record["scale"], np.float32))

    def _save(self, folder: Path) -> None:
        if self.described == "features":
            self._features.save(folder)

    def _load(self, folder: Path) -> None:
        if self.described == "features":
            self._features = PictureFeatures.load(folder)


class _Preparing(Quiet):
    """Reports the epochs of the features as preparing, without their losses: those shown are the detector's."""

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        shown = {name: value for name, value in figures.items() if name in ("step", "steps", "rows_per_s")}
        self._progress.report("preparing", done, total, **shown)
