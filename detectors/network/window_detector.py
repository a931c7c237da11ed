"""What neural detectors on windows have in common: their errors are counted in usual ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.network.detector import StyledNetwork

FILE = "errors.npy"

#: In units of the prepared columns: where an answer is always right, a smaller difference is none.
SMALLEST_ERROR = 0.01


class WindowNetwork(StyledNetwork):
    """A network on windows, (rows, steps, columns), whose answer differs from what was there by so many usual differences.

    A subclass writes `_made`, `_examples`, `_differences` and `_compile`.
    """

    #: Recurrent cells have bends of their own.
    unused: ClassVar = frozenset({"activation"})

    _usual: NDArray[np.float32]
    """How large the differences of each column usually are, (columns,)."""
    _scores: Any
    _slope: Any

    def gradients(self) -> Any:
        return self._slope

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.training import train

        self._usual = np.ones(X.shape[2], dtype=np.float32)
        self._begin()
        self.history_ = train(self._network, *self._examples(X), self._options(), progress)
        self._usual = usual_size(self._differences(X), SMALLEST_ERROR)
        self._compile()

    def _build(self) -> None:
        self._network = self._made()
        self._compile()

    def _made(self) -> Any:
        """The network, untrained."""
        raise NotImplementedError

    def _examples(self, X: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """What the network sees of `X` in training, and what it should answer; None: the same."""
        return X, None

    def _differences(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the trained network answers less what was there, (rows, …, columns)."""
        raise NotImplementedError

    def _compile(self) -> None:
        """Compiles `_scores`, `_slope` and what else uses the network, in units of `_usual`."""
        raise NotImplementedError

    def _score(self, X: NDArray[np.float32]) -> Scores:
        scores: Scores = self._scores(X)
        return scores

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        np.save(folder / FILE, self._usual, allow_pickle=False)

    def _load(self, folder: Path) -> None:
        self._usual = np.load(folder / FILE, allow_pickle=False)
        super()._load(folder)


def usual_size(differences: NDArray[np.float32], smallest: float) -> NDArray[np.float32]:
    """How large `differences`, (rows, …, columns), usually are in each column: their root mean square without the largest
    hundredth of the rows, so that a few anomalies do not make all others look small; `smallest` at least."""
    squares = np.square(differences.reshape(len(differences), -1, differences.shape[-1]), dtype=np.float64).mean(axis=1)
    kept = np.sort(squares, axis=0)[: max(1, int(len(squares) * 0.99))]
    return np.maximum(np.sqrt(kept.mean(axis=0)), smallest).astype(np.float32)
