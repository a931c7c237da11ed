"""Distance to the nearest of a few centers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.messages import N_
from detectors.params import integer, switch

#: A group's usual distance counts at least this share of the mean over all groups: one of a single row has none.
SMALLEST_SHARE = 0.5

#: A group of less than this share of an even split is a handful of anomalies, and no center.
SMALLEST_GROUP = 0.25


class KMeans(LearnedArrays):
    """Sums up the usual rows in a few centers; a row far from all of them is unusual.

    The score is the distance to the nearest center, divided by what is usual in its group unless that is switched off.
    """

    title = N_("k-means")
    family = N_("Neighbours")
    summary = N_("Sums up the rows in a few centers and measures how far each row lies from the nearest one.")
    reference = "Jiang, Tseng & Su: Two-phase clustering process for outliers detection, Pattern Recognition Letters 22, 2001"
    when = N_("Very many rows that come in groups: it keeps centers only, and scores fast.")
    when_not = N_("Groups that are long or bent, and anomalies so many that they get a center of their own.")
    score_name = N_("distance to the nearest center")
    arrays: ClassVar = ("centers_", "usual_")
    centers_: NDArray[np.float64]
    usual_: NDArray[np.float64]

    groups: int = integer(8, title=N_("Groups"), low=1, high=1000, help=N_("How many centers there are, at most."))
    relative: bool = switch(
        True, title=N_("Relative to the group"), help=N_("Whether a distance counts for more in a group whose rows lie close to its center.")
    )  # fmt: skip
    most_rows: int = integer(
        50_000, title=N_("Rows learned from"), low=2, high=10_000_000, advanced=True, help=N_("Of more rows a random sample is learned from.")
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        from sklearn.cluster import KMeans as Clusters

        rows = X[drawn(len(X), self.most_rows, self.seed)].astype(np.float64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # fewer different rows than groups is no harm
            found = Clusters(min(self.groups, len(rows)), n_init=3, random_state=self.seed % 2**32).fit(rows)
        sizes = np.bincount(found.labels_, minlength=len(found.cluster_centers_))
        centers = found.cluster_centers_[sizes >= SMALLEST_GROUP * len(rows) / len(sizes)]
        usual = np.ones(len(centers))
        if self.relative:
            nearest, distances = _nearest(rows, centers, usual)
            inside = np.bincount(nearest, distances, len(centers)) / np.maximum(np.bincount(nearest, minlength=len(centers)), 1)
            usual = np.maximum(inside, SMALLEST_SHARE * (float(distances.mean()) or 1.0))
        return centers, usual

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return _nearest(X.astype(np.float64), self.centers_, self.usual_)[1]


def _nearest(
    X: NDArray[np.float64], centers: NDArray[np.float64], usual: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """For each row the nearest of `centers`, (centers, columns), and its distance divided by what is `usual` there."""
    from scipy.spatial.distance import cdist

    distances = cdist(X, centers) / usual
    nearest = distances.argmin(axis=1)
    return nearest, distances[np.arange(len(X)), nearest]
