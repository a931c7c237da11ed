"""Histogram-based outlier score: how rare each value is in its own column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.messages import N_
from detectors.params import integer, number


class HBOS(LearnedArrays):
    """A histogram for every column; a row whose values fall into low bars is unusual.

    The score is minus the sum over the columns of log2(density + `smoothing`), as PyOD has it.
    """

    title = N_("Histograms (HBOS)")
    family = N_("Statistics")
    summary = N_("Draws a histogram of every column and adds up how rare a row's values are.")
    reference = "Goldstein & Dengel: Histogram-based outlier score (HBOS), KI 2012"
    when = N_("A first look at very many rows: the fastest of all, and each column's part in the score is plain.")
    when_not = N_("Anomalies that are ordinary in every column and unusual only in combination.")
    score_name = N_("rarity")
    arrays: ClassVar = ("edges_", "logs_")
    edges_: NDArray[np.float64]
    logs_: NDArray[np.float64]

    bins: int = integer(10, title=N_("Bins"), low=2, high=1000, help=N_("Bars of each column's histogram."))
    smoothing: float = number(
        0.1, title=N_("Smoothing"), low=1e-6, high=1.0, help=N_("Added to every density, so that an empty bar is rare and not impossible.")
    )  # fmt: skip
    tolerance: float = number(
        0.5, title=N_("Tolerance"), low=0.0, high=1.0, advanced=True,
        help=N_("A value so many bars beyond the histogram still counts as in its last bar; further out as in the lowest one."),
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        found = [np.histogram(column, self.bins, density=True) for column in X.T.astype(np.float64)]
        return np.stack([edges for _, edges in found]), np.log2(np.stack([density for density, _ in found]) + self.smoothing)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        scores = np.zeros(len(X))
        for values, edges, logs in zip(X.T, self.edges_, self.logs_, strict=True):
            scores -= self._of_column(values, edges, logs)
        return scores

    def _of_column(self, values: NDArray[np.float32], edges: NDArray[np.float64], logs: NDArray[np.float64]) -> NDArray[np.float64]:
        bars = np.digitize(values, edges, right=True) - 1
        beyond = np.maximum(edges[0] - values, values - edges[-1]) > self.tolerance * (edges[1] - edges[0])
        return np.where(beyond, logs.min(), logs[np.clip(bars, 0, len(logs) - 1)])
