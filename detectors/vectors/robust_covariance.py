"""Robust covariance: distance from the middle, in the directions in which rows usually differ."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.geometry.left_out import without_itself
from detectors.messages import N_
from detectors.params import integer, number

#: Fewer rows a column than this, and the determinant of half of them says little.
ROWS_A_COLUMN = 5

#: Columns beyond which the search for the most compact half takes too long.
MOST_COLUMNS = 100

#: Added to every variance, in prepared units: what never varies would make every change infinite.
SMALLEST_VARIANCE = 1e-6


class RobustCovariance(LearnedArrays):
    """Learns middle and covariance from the most compact half of the rows, and measures distances with them.

    The score is the Mahalanobis distance. With few rows for the columns, or very many columns, a shrunk covariance of all
    rows (Ledoit & Wolf) takes the place of the robust one.
    """

    title = N_("Robust covariance")
    family = N_("Linear")
    summary = N_("Measures how far a row lies from the middle, where a step counts more the rarer its direction.")
    reference = "Rousseeuw & Van Driessen: A fast algorithm for the minimum covariance determinant estimator, Technometrics 41(3), 1999"
    when = N_("One cloud of usual rows, longer in some directions than in others, even with up to a third of anomalies around it.")
    when_not = N_("Several groups of usual rows (Gaussian mixture), or columns full of one value.")
    score_name = N_("Mahalanobis distance")
    arrays: ClassVar = ("middle_", "precision_", "share_")
    middle_: NDArray[np.float64]
    precision_: NDArray[np.float64]
    share_: NDArray[np.float64]
    """The share that one training row has in the covariance, (1,); 0 where it is the robust one, which far rows have no part in."""

    support: float = number(
        0.75, title=N_("Share of usual rows"), low=0.5, high=1.0,
        help=N_("The covariance is that of the most compact such share of the rows. Lower bears more anomalies."),
    )  # fmt: skip
    most_rows: int = integer(
        10_000, title=N_("Rows learned from"), low=2, high=1_000_000, advanced=True, help=N_("Of more rows a random sample is learned from.")
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        rows = X[drawn(len(X), self.most_rows, self.seed)].astype(np.float64)
        covariance = self._estimate(rows)
        loaded = covariance.covariance_ + SMALLEST_VARIANCE * np.eye(X.shape[1])
        share = (1 - getattr(covariance, "shrinkage_", 1.0)) / len(rows)
        return covariance.location_, np.linalg.inv(loaded), np.array([share])

    def _estimate(self, rows: NDArray[np.float64]) -> Any:
        from sklearn.covariance import LedoitWolf, MinCovDet

        varying = int((np.ptp(rows, axis=0) > 0).sum())
        if len(rows) < ROWS_A_COLUMN * rows.shape[1] or varying < rows.shape[1] or rows.shape[1] > MOST_COLUMNS:
            return LedoitWolf().fit(rows)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a half that is flat in some direction: told by the variance added
                return MinCovDet(support_fraction=self.support, random_state=self.seed % 2**32).fit(rows)
        except ValueError:  # the most compact part is one point
            return LedoitWolf().fit(rows)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        away = X - self.middle_
        # Not by a matrix product, whose rounding depends on how many rows there are.
        return np.sqrt(np.maximum((np.einsum("rc,cd->rd", away, self.precision_) * away).sum(axis=1), 0))

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        scores = self.score(X, progress)
        learned = drawn(len(X), self.most_rows, self.seed)
        scores[learned] = without_itself(scores[learned], float(self.share_[0]))
        return scores
