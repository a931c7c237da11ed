"""Principal components: what a few directions cannot rebuild."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.messages import N_
from detectors.params import integer, number

#: Beyond so many columns only so many directions are looked for, by a randomised method.
MOST_COLUMNS, MOST_DIRECTIONS = 500, 200


class PrincipalComponents(LearnedArrays):
    """Rebuilds a row from the few directions in which rows differ most; what cannot be rebuilt is unusual.

    The score is the mean squared difference between a row and its reconstruction.
    """

    title = N_("Principal components")
    family = N_("Linear")
    summary = N_("Rebuilds every row from the few directions in which rows differ most, and measures what is lost.")
    reference = (
        "Shyu, Chen, Sarinnapakorn & Chang: A novel anomaly detection scheme based on principal component classifier, ICDM workshop 2003"
    )
    when = N_("Columns that go together in straight lines: sensors of one machine, sizes, prices. Fast, and explained exactly.")
    when_not = N_("Columns that depend on each other in curved ways (autoencoder), or not at all: then all directions matter equally.")
    score_name = N_("reconstruction error")
    arrays: ClassVar = ("mean_", "directions_")
    mean_: NDArray[np.float64]
    directions_: NDArray[np.float64]

    variance: float = number(
        0.9, title=N_("Variance kept"), low=0.01, high=1.0,
        help=N_("As many directions are kept as explain this share of how rows differ. More leaves only what hardly ever happens."),
    )  # fmt: skip
    most_rows: int = integer(
        200_000, title=N_("Rows learned from"), low=2, high=10_000_000, advanced=True, help=N_("Of more rows a random sample is learned from.")
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        from sklearn.decomposition import PCA

        rows = X[drawn(len(X), self.most_rows, self.seed)].astype(np.float64)
        wide = X.shape[1] > MOST_COLUMNS
        most = min(len(rows), X.shape[1], MOST_DIRECTIONS if wide else X.shape[1])
        found = PCA(most, svd_solver="randomized" if wide else "full", random_state=self.seed % 2**32).fit(rows)
        explained = np.cumsum(np.nan_to_num(found.explained_variance_ratio_))
        # Never all directions: then everything could be rebuilt.
        kept = min(int(np.searchsorted(explained, self.variance - 1e-9)) + 1, max(1, X.shape[1] - 1), most)
        return found.mean_, found.components_[:kept]

    def _rebuilt(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        # Not by matrix products, whose rounding depends on how many rows there are.
        along = np.einsum("rc,dc->rd", X - self.mean_, self.directions_)
        return np.einsum("rd,dc->rc", along, self.directions_) + self.mean_

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return np.square(X - self._rebuilt(X)).mean(axis=1)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._rebuilt(X).astype(np.float32)
