"""Distance to the nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.geometry.neighbours import KeptNeighbours
from detectors.messages import N_
from detectors.params import Preset, choice, integer


class NearestNeighbours(KeptNeighbours):
    """Keeps the training rows; a row whose nearest ones are far away is unusual.

    The score is a Euclidean distance in prepared units; a training row is left out of its own neighbours.
    """

    title = N_("Nearest neighbours")
    summary = N_("Measures how far away the most similar rows are.")
    reference = (
        "Ramaswamy, Rastogi & Shim: Efficient algorithms for mining outliers from large data sets, SIGMOD 2000, doi:10.1145/342009.335437"
    )
    when = N_("Training rows that are known to be usual, and up to some ten columns that matter: there it is hard to beat.")
    when_not = N_(
        "Groups of anomalies that lie close together, for they are each other's neighbours; groups of usual rows that are "
        "unequally dense: local outlier factor. Its file holds training rows."
    )
    score_name = N_("distance to neighbours")
    arrays: ClassVar = ("rows_",)

    neighbours: int = integer(
        5, title=N_("Neighbours"), low=1, high=1000, help=N_("Anomalies in groups smaller than this are still far from their neighbours.")
    )  # fmt: skip
    distance: str = choice(
        "largest", title=N_("Distance"),
        choices={"largest": N_("To the last of them"), "mean": N_("Mean over them"), "median": N_("Median over them")},
        help=N_("What is made of the distances to the neighbours."),
    )  # fmt: skip
    presets: ClassVar = {"wide": Preset(N_("Wide view"), N_("50 neighbours, for anomalies in groups."), {"neighbours": 50})}

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        return [self._keep(X)]

    def _of_nearest(self, distances: NDArray[np.float64], places: NDArray[np.intp]) -> Scores:
        if self.distance == "mean":
            return distances.mean(axis=1)
        return np.median(distances, axis=1) if self.distance == "median" else distances[:, -1].copy()
