"""One-class support vector machine: a border around the usual rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Carried, Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.messages import N_
from detectors.params import integer, number

#: Rows scored together, so that memory stays small.
NUMBERS_TOGETHER = 8_000_000

#: Landmarks of the approximation, and rows it learns from at most.
LANDMARKS, MOST_ROWS = 500, 50_000


class OneClassSVM(LearnedArrays):
    """Draws a border around the usual rows with bell-shaped kernels; the further beyond it, the more unusual.

    Exact up to a number of rows; for more, the kernel is approximated with landmarks (Nyström) and the border found by
    gradient steps. Both end as a weighted sum of kernels: the score is minus that sum.
    """

    title = N_("One-class SVM")
    family = N_("Kernels")
    summary = N_("Draws a smooth border around the usual rows and measures how far beyond it a row lies.")
    reference = "Schölkopf, Platt, Shawe-Taylor, Smola & Williamson: Estimating the support of a high-dimensional distribution, Neural Computation 13(7), 2001"
    when = N_("Training rows that are known to be usual, in clouds of any shape, and up to some thousand rows.")
    when_not = N_(
        "Many anomalies among the training rows, or very many rows: then the border is an approximation. Its file holds training rows."
    )
    score_name = N_("distance beyond the border")
    most_rows = MOST_ROWS
    growth = 2.0
    arrays: ClassVar = ("vectors_", "weights_", "gamma_")
    vectors_: NDArray[np.float64]
    weights_: NDArray[np.float64]
    gamma_: NDArray[np.float64]

    outside: float = number(
        0.5, title=N_("Share outside"), low=0.001, high=0.999,
        help=N_("At most this share of the training rows may lie beyond the border. A half makes the border a measure of depth."),
    )  # fmt: skip
    width: float = number(
        1.0, title=N_("Width"), low=0.01, high=100.0,
        help=N_("Width of the kernels, as a multiple of what the number of columns and their spread suggest. Narrow ones follow every row."),
    )  # fmt: skip
    most_exact: int = integer(
        5_000, title=N_("Rows up to which it is exact"), low=2, high=50_000, advanced=True,
        help=N_("Of more rows the border is approximated: exact ones take time with the square of the rows."),
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        rows = X[drawn(len(X), self.most_rows, self.seed)].astype(np.float64)
        spread = float(rows.var()) or 1.0
        gamma = 1 / (X.shape[1] * spread * self.width**2)
        found = self._exact(rows, gamma) if len(rows) <= self.most_exact else self._by_landmarks(rows, gamma)
        return *found, np.array([gamma])

    def _exact(self, rows: NDArray[np.float64], gamma: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        from sklearn.svm import OneClassSVM as Exact

        found = Exact(gamma=gamma, nu=self.outside).fit(rows)
        return found.support_vectors_, found.dual_coef_[0]

    def _by_landmarks(self, rows: NDArray[np.float64], gamma: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        from sklearn.kernel_approximation import Nystroem
        from sklearn.linear_model import SGDOneClassSVM

        seed = self.seed % 2**32
        kernel = Nystroem(gamma=gamma, n_components=min(LANDMARKS, len(rows)), random_state=seed).fit(rows)
        border = SGDOneClassSVM(nu=self.outside, random_state=seed).fit(kernel.transform(rows))
        return kernel.components_, kernel.normalization_.T @ border.coef_

    def carried(self) -> Sequence[Carried]:
        return [Carried(N_("rows that hold up the border"), len(self.vectors_))]

    def _score(self, X: NDArray[np.float32]) -> Scores:
        from scipy.spatial.distance import cdist

        scores = np.empty(len(X))
        step = max(16, NUMBERS_TOGETHER // len(self.vectors_))
        for start in range(0, len(X), step):
            squares = cdist(X[start : start + step].astype(np.float64), self.vectors_, "sqeuclidean")
            # Not by a matrix product, whose rounding depends on how many rows there are.
            scores[start : start + step] = -(np.exp(-self.gamma_ * squares) * self.weights_).sum(axis=1)
        return scores
