"""Local outlier factor: how thinly a row is surrounded, compared with its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.geometry.neighbours import KeptNeighbours, Neighbours
from detectors.messages import N_
from detectors.params import integer

#: Keeps equal rows, at distance 0 of each other, from being infinitely dense; scikit-learn's number.
SMALLEST_DISTANCE = 1e-10


class LocalOutlierFactor(KeptNeighbours):
    """Compares how densely a row is surrounded with how densely its neighbours are.

    The score is about 1 where both are alike and grows where the row stands more alone than they do. Densities are taken
    as in scikit-learn's class of the same name; a training row is left out of its own neighbours.
    """

    title = N_("Local outlier factor")
    summary = N_("Compares how densely a row is surrounded with how densely its neighbours are.")
    reference = "Breunig, Kriegel, Ng & Sander: LOF: identifying density-based local outliers, SIGMOD 2000, doi:10.1145/342009.335388"
    when = N_("Usual rows in groups of unequal density, and training rows that are known to be usual.")
    when_not = N_("Many anomalies among the training rows, above all in groups or many times the same. Its file holds training rows.")
    score_name = N_("local outlier factor")
    arrays: ClassVar = ("rows_", "reach_", "density_")
    reach_: NDArray[np.float64]
    density_: NDArray[np.float64]

    neighbours: int = integer(
        20, title=N_("Neighbours"), low=1, high=1000, help=N_("More look at a wider surrounding; anomalies in larger groups stand out.")
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        rows = self._keep(X)
        distances, places = Neighbours(rows).nearest(rows, self.neighbours, progress, own=np.arange(len(rows)))
        reach = distances[:, -1]
        return rows, reach, _density(distances, places, reach)

    def _of_nearest(self, distances: NDArray[np.float64], places: NDArray[np.intp]) -> Scores:
        return self.density_[places].mean(axis=1) / _density(distances, places, self.reach_)


def _density(distances: NDArray[np.float64], places: NDArray[np.intp], reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """Local reachability density, (rows,), of rows at `distances` from the kept ones at `places`, both (rows, neighbours)."""
    return 1 / (np.maximum(distances, reach[places]).mean(axis=1) + SMALLEST_DISTANCE)
