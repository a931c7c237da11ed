"""A series into vectors: one a step, the raw numbers of a window or what describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.geometry.window_description import PARTS, description_of
from detectors.messages import N_
from detectors.params import choice
from detectors.preparation.series import SeriesPreparation, Windows

#: A description that varies less than this over the training windows counts as constant.
SMALLEST_SPREAD = 1e-6


class SeriesVectors(SeriesPreparation):
    """Windows as vectors, for detectors that know nothing of time."""

    representation = "vectors"
    native = False
    finishes = True

    described: str = choice(
        "features", title=N_("A window as"),
        choices={"windows": N_("Its values, step by step"), "features": N_("What describes it: level, spread, slope, frequencies …")},
        help=N_("What the detector sees of a window. Values tell shapes apart; descriptions do not care when in the window something is."),
    )  # fmt: skip

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._center = self._scale = np.zeros(0, dtype=np.float32)

    @property
    def names(self) -> list[str]:
        parts = PARTS if self.described == "features" else [f"{step - self.window_ + 1} steps" for step in range(self.window_)]
        return [f"{column}: {part}" for part in parts for column in self.columns]

    def finish(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.described == "windows":
            return rows.reshape(len(rows), -1)
        return ((description_of(rows) - self._center) / self._scale).astype(np.float32)

    def _fit(self, windows: Windows, fitted: NDArray[np.bool_]) -> None:
        if self.described == "features":
            features = description_of(windows.windows(windows.to_fit(fitted)))
            spread = features.std(axis=0)
            self._center, self._scale = features.mean(axis=0), np.where(spread > SMALLEST_SPREAD, spread, 1).astype(np.float32)

    def _to_json(self) -> dict[str, Any]:
        return {**super()._to_json(), "center": self._center.tolist(), "scale": self._scale.tolist()}

    def _from_json(self, record: Mapping[str, Any]) -> None:
        super()._from_json(record)
        self._center, self._scale = np.array(record["center"], np.float32), np.array(record["scale"], np.float32)
