"""What a member sees of the rows: them as they are, or as vectors made of them. A view learns from training rows alone."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress


class View:
    """What it makes of a row depends on that row alone. This one gives rows as they are; others write the three functions below."""

    name: ClassVar[str] = "as_it_is"

    def fit(self, X: NDArray[np.float32], seed: int, progress: Progress) -> Self:
        """Learns from the training rows `X`, (rows, …)."""
        return self

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """What members see of `X`, (rows, …)."""
        return X

    def save(self, folder: Path) -> None:
        """Writes what `load` needs into `folder`, which exists."""

    def load(self, folder: Path) -> Self:
        """Takes back what `save` wrote."""
        return self


class Flattened(View):
    """Rows of any shape as vectors: all their numbers one after the other."""

    name = "flattened"

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return X.reshape(len(X), -1)
