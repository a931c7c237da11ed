"""Detectors whose whole knowledge is a few arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress
from detectors.errors import StorageError
from detectors.messages import N_

FILE = "learned.npz"


class LearnedArrays(Detector):
    """A detector that learns at once, in `_learn`, what it then keeps: the arrays whose attributes `arrays` names."""

    at_once = True
    arrays: ClassVar[tuple[str, ...]]

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        """What `arrays` names, in that order, learned from the training rows `X`."""
        raise NotImplementedError

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        progress.check()
        self._take(self._learn(X, progress))
        progress.report("fitting", 1, 1)

    def _take(self, arrays: Sequence[NDArray[Any]]) -> None:
        for name, values in zip(self.arrays, arrays, strict=True):
            # In one order in memory, learned or loaded: sums round by it.
            setattr(self, name, np.ascontiguousarray(values))

    def _save(self, folder: Path) -> None:
        kept: dict[str, Any] = {name: getattr(self, name) for name in self.arrays}
        np.savez(folder / FILE, **kept)

    def _load(self, folder: Path) -> None:
        try:
            with np.load(folder / FILE, allow_pickle=False) as kept:
                self._take([kept[name] for name in self.arrays])
        except (OSError, EOFError, BadZipFile, KeyError, ValueError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
