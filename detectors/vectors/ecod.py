"""Empirical tails: how far out each value lies in its own column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Carried, Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.messages import N_
from detectors.params import integer


class ECOD(LearnedArrays):
    """For every column the share of training rows at least as low, and at least as high; a row out in many tails is unusual.

    The score is the sum over the columns of the largest of three: minus the logarithm of the lower share, of the upper
    share, and of the one on the side to which the column is skewed. A row that was not learned from is counted with them.
    """

    title = N_("Empirical tails (ECOD)")
    family = N_("Statistics")
    summary = N_("Counts, column by column, how few rows lie further out, and adds that up.")
    reference = "Li, Zhao, Hu, Botta, Ionescu & Chen: ECOD, IEEE TKDE 35(12), 2023, arXiv:2201.00382"
    when = N_("Values far out in single columns, without anything to set; each column's part in the score is plain.")
    when_not = N_("Anomalies in the middle of a column, or unusual only in combination.")
    score_name = N_("tail score")
    arrays: ClassVar = ("sorted_", "skew_")
    sorted_: NDArray[np.float32]
    skew_: NDArray[np.float64]

    most_rows: int = integer(
        100_000, title=N_("Rows kept"), low=2, high=10_000_000, advanced=True, help=N_("Of more training rows a random sample is kept.")
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        from scipy.stats import skew

        kept = X[drawn(len(X), self.most_rows, self.seed)]
        varies = np.ptp(kept, axis=0) > 0
        skewness = np.zeros(X.shape[1])
        skewness[varies] = np.sign(skew(kept[:, varies].astype(np.float64), axis=0))
        return np.sort(kept, axis=0).T, skewness

    def carried(self) -> Sequence[Carried]:
        return [Carried(N_("values of every column in growing order"), self.sorted_.shape[1], whole=False)]

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        return self._tails(X, 0) if len(X) == self.sorted_.shape[1] else self.score(X, progress)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._tails(X, 1)

    def _tails(self, X: NDArray[np.float32], further: int) -> Scores:
        """`further`: 1 where the rows are not among those learned from, and count as one more."""
        rows = self.sorted_.shape[1]
        scores = np.zeros(len(X))
        for values, learned, skewness in zip(X.T, self.sorted_, self.skew_, strict=True):
            low = -np.log((np.searchsorted(learned, values, "right") + further) / (rows + further))
            high = -np.log((rows - np.searchsorted(learned, values, "left") + further) / (rows + further))
            skewed = -low * np.sign(skewness - 1) + high * np.sign(skewness + 1)
            scores += np.maximum(np.maximum(low, high), skewed)
        return scores
