"""Maps of many-numbered rows in a plane, so that a person sees which ones lie together and which ones apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn

Method = Literal["pca", "tsne"]

#: Of more rows than these a map shows a sample: so many of the most unusual ones, and others drawn at random.
MOST_ROWS, MOST_UNUSUAL = 5_000, 500


@dataclass(frozen=True)
class Map:
    """Rows in a plane."""

    rows: NDArray[np.intp]
    """Their positions in the data, (points,), growing."""
    places: NDArray[np.float32]
    """(points, 2)"""
    shares: NDArray[np.float64]
    """The share of all variance that each axis shows, (2,); 0 for axes that mean nothing of their own (t-SNE)."""


def rows_to_map(ranking: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
    """Which rows to draw, growing: all of them or, of many, the most unusual ones and others at random."""
    if len(ranking) <= MOST_ROWS:
        return np.arange(len(ranking))
    others = np.asarray(ranking[MOST_UNUSUAL:])
    return np.sort(np.concatenate([ranking[:MOST_UNUSUAL], others[drawn(len(others), MOST_ROWS - MOST_UNUSUAL, seed)]]))
