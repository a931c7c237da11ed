"""Gaussian mixture: how improbable a row is under a few bell-shaped groups."""

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
from detectors.params import choice, integer, number

#: A full covariance of a group needs about so many rows for each column.
ROWS_A_COLUMN = 10

#: A group of less than this share of an even split is a handful of anomalies and explains nothing.
SMALLEST_GROUP = 0.25


class GaussianMixture(LearnedArrays):
    """Describes the usual rows as a few groups, each of its own place, size and shape; what none of them explains is unusual.

    The score is minus the logarithm of the probability density.
    """

    title = N_("Gaussian mixture")
    family = N_("Density")
    summary = N_("Describes usual rows as a few bell-shaped groups and measures how improbable a row is.")
    reference = "Dempster, Laird & Rubin: Maximum likelihood from incomplete data via the EM algorithm, JRSS B 39(1), 1977"
    when = N_("Usual rows that come in a few groups of their own: kinds of customers, states of a machine.")
    when_not = N_("Many categories, or columns that are mostly one value: densities grow without bound there.")
    score_name = N_("improbability")
    arrays: ClassVar = ("log_weights_", "means_", "cholesky_")
    log_weights_: NDArray[np.float64]
    means_: NDArray[np.float64]
    cholesky_: NDArray[np.float64]

    groups: int = integer(4, title=N_("Groups"), low=1, high=100, help=N_("How many groups the usual rows are described with, at most."))
    shape: str = choice(
        "auto", title=N_("Shape of a group"), advanced=True,
        choices={"auto": N_("By the number of rows"), "full": N_("Any ellipsoid"), "diagonal": N_("Along the columns")},
        help=N_("Ellipsoids know how columns go together inside a group, and need many rows."),
    )  # fmt: skip
    smallest_variance: float = number(
        1e-3, title=N_("Smallest variance"), low=1e-9, high=1.0, advanced=True,
        help=N_("Added to every variance, in prepared units, so that no group shrinks to a point."),
    )  # fmt: skip
    most_rows: int = integer(
        50_000, title=N_("Rows learned from"), low=2, high=10_000_000, advanced=True, help=N_("Of more rows a random sample is learned from.")
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        from sklearn.mixture import GaussianMixture as Mixture

        rows = X[drawn(len(X), self.most_rows, self.seed)].astype(np.float64)
        groups = min(self.groups, len(rows))
        enough = len(rows) >= ROWS_A_COLUMN * groups * X.shape[1]
        full = self.shape == "full" or (self.shape == "auto" and enough)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # groups that have not quite settled, or fewer different rows than groups, describe well enough
            found = Mixture(
                groups, covariance_type="full" if full else "diag", reg_covar=self.smallest_variance, random_state=self.seed % 2**32
            ).fit(rows)
        cholesky = found.precisions_cholesky_ if full else found.precisions_cholesky_[:, :, None] * np.eye(X.shape[1])
        large = found.weights_ >= SMALLEST_GROUP / groups
        return np.log(found.weights_[large]), found.means_[large], cholesky[large]

    def _score(self, X: NDArray[np.float32]) -> Scores:
        joint = np.empty((len(X), len(self.means_)))
        for group, (mean, cholesky) in enumerate(zip(self.means_, self.cholesky_, strict=True)):
            # Not by a matrix product, whose rounding depends on how many rows there are.
            whitened = np.einsum("rc,cd->rd", X - mean, cholesky)
            half_log_determinant = np.log(np.diagonal(cholesky)).sum()
            joint[:, group] = self.log_weights_[group] + half_log_determinant - 0.5 * np.square(whitened).sum(axis=1)
        largest = joint.max(axis=1)
        density = largest + np.log(np.exp(joint - largest[:, None]).sum(axis=1))
        return 0.5 * X.shape[1] * np.log(2 * np.pi) - density
