"""What a member sees of the rows: them as they are, or as vectors made of them. A view learns from training rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import blocks, drawn, room_for
from detectors.base import Carried, Progress
from detectors.errors import StorageError
from detectors.messages import N_


class View:
    """What it makes of a row depends on that row alone. This one gives rows as they are; others write the three functions below."""

    name: ClassVar[str] = "as_it_is"
    title: ClassVar[str] = ""
    """How rows look in it, as part of a sentence; nothing where they are as they are."""

    def fit(self, X: NDArray[np.float32], seed: int, progress: Progress) -> Self:
        """Learns from the training rows `X`, (rows, …)."""
        return self

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """What members see of `X`, (rows, …)."""
        return X

    def carried(self) -> Sequence[Carried]:
        """The training rows, or values of them, that `save` writes."""
        return ()

    def save(self, folder: Path) -> None:
        """Writes what `load` needs into `folder`, which exists."""

    def load(self, folder: Path) -> Self:
        """Takes back what `save` wrote."""
        return self


class Flattened(View):
    """Rows of any shape as vectors: all their numbers one after the other."""

    name = "flattened"
    title = N_("as plain numbers")

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return X.reshape(len(X), -1)


#: Rows whose values say which rank another value has.
RANKED_ROWS = 20_000


class NormalRanks(View):
    """Every column by rank, bent so that its values are normally distributed: no column's long tail outweighs the others."""

    name = "normal_ranks"
    title = N_("every column by rank")
    file: ClassVar[str] = "sorted.npy"

    def fit(self, X: NDArray[np.float32], seed: int, progress: Progress) -> Self:
        self._sorted = np.sort(X[drawn(len(X), RANKED_ROWS, seed)], axis=0).T.copy()
        return self

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Equal values share their mean rank; beyond the values that were learned from there is half a row."""
        from scipy.special import ndtri

        ranked, rows = room_for(X.shape), self._sorted.shape[1]
        for block in blocks(X):
            for column, learned in enumerate(self._sorted):
                values = X[block, column]
                below = (np.searchsorted(learned, values, "left") + np.searchsorted(learned, values, "right")) / 2
                ranked[block, column] = ndtri(np.clip(below, 0.5, rows - 0.5) / rows)
        return ranked

    def carried(self) -> Sequence[Carried]:
        return [Carried(N_("values of every column in growing order"), self._sorted.shape[1], whole=False)]

    def save(self, folder: Path) -> None:
        np.save(folder / self.file, self._sorted, allow_pickle=False)

    def load(self, folder: Path) -> Self:
        try:
            self._sorted = np.load(folder / self.file, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=self.file) from error
        return self
