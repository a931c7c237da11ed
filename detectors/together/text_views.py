"""Texts as members that take vectors see them."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress
from detectors.messages import N_
from detectors.network.topics import TopicVectors
from detectors.together.views import View


class Topics(View):
    """Which topics a text is about, and how little of it any topic holds: ids, (rows, positions), into (rows, topics + 1)."""

    name = "topics"
    title = N_("as topics")

    def fit(self, X: NDArray[np.float32], seed: int, progress: Progress) -> Self:
        self._vectors = TopicVectors.fit(X, seed=seed)
        return self

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._vectors.transform(X)

    def save(self, folder: Path) -> None:
        self._vectors.save(folder)

    def load(self, folder: Path) -> Self:
        self._vectors = TopicVectors.load(folder)
        return self
