"""Explanations of a run, kept beside its scores: found by row, added to when more are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.explanations.shapley import PARTS, Explanation

FILE = "explanations.npz"


def save_explanations(folder: Path, rows: NDArray[np.intp], explanation: Explanation) -> None:
    """Writes the explanations of `rows`, positions in the data, into `folder`."""
    with (folder / FILE).open("wb") as file:
        np.savez(file, allow_pickle=False, rows=rows, **{name: getattr(explanation, name) for name in PARTS})


def explained_rows(folder: Path) -> NDArray[np.intp]:
    """The rows whose explanations `save_explanations` wrote; nothing else of them is read."""
    with np.load(folder / FILE, allow_pickle=False) as stored:
        return np.asarray(stored["rows"])


def load_explanations(folder: Path) -> tuple[NDArray[np.intp], Explanation]:
    """What `save_explanations` wrote: the rows and their explanation."""
    with np.load(folder / FILE, allow_pickle=False) as stored:
        return stored["rows"], Explanation(*(stored[name] for name in PARTS))
