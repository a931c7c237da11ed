"""Logistic regression."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.params import number

#: Steps at most; standardised columns need some tens.
MOST_STEPS = 1000

#: A column whose spread is smaller counts as constant.
SMALLEST_SPREAD = 1e-9


class LogisticRegression(LabelledDetector, LearnedArrays):
    """Gives every column a weight for or against an anomaly, or for each kind of them, and adds up.

    Columns are brought to mean 0 and deviation 1, so that `strictness` is the same price for all of them.
    """

    title = N_("Logistic regression")
    family = N_("Linear")
    summary = N_("Learns from labelled rows how much each column speaks for an anomaly, and adds it up.")
    reference = "Cox: The regression analysis of binary sequences, Journal of the Royal Statistical Society B 20(2), 1958"
    when = N_("Some dozens of labelled anomalies, and columns that each tell a little. Learns in a second; its weights can be read.")
    when_not = N_(
        "Columns that tell only in combination, or at both ends: trees see that. Also anomalies of a kind that was not labelled yet."
    )
    tells_kinds = True
    arrays: ClassVar = ("center_", "scale_", "weights_", "shifts_")
    center_: NDArray[np.float64]
    scale_: NDArray[np.float64]
    weights_: NDArray[np.float64]
    """(outcomes, numbers)"""
    shifts_: NDArray[np.float64]

    strictness: float = number(
        0.1, title=N_("Strictness"), low=1e-4, high=1e4,
        help=N_("Price on large weights. Larger lets single columns decide less, which is safer with few labelled anomalies."),
    )  # fmt: skip

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        from sklearn.linear_model import LogisticRegression as Regression

        progress.check()
        center, spread = X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
        scale = np.where(spread > SMALLEST_SPREAD, spread, 1.0)
        model = Regression(C=1 / self.strictness, max_iter=MOST_STEPS, random_state=self.seed % 2**32)
        model.fit((X - center) / scale, y, sample_weight=self._row_weights(y))
        weights, shifts = np.zeros((self.n_outcomes, X.shape[1])), np.full(self.n_outcomes, -np.inf)
        if len(model.classes_) == 2:  # one answer for two outcomes: the first of them is measured against it
            weights[model.classes_[1]], shifts[model.classes_] = model.coef_[0], [0.0, model.intercept_[0]]
        else:
            weights[model.classes_], shifts[model.classes_] = model.coef_, model.intercept_
        self._take((center, scale, weights, shifts))
        progress.report("fitting", 1, 1)

    def _probabilities(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        # Not by a matrix product, whose rounding depends on how many rows there are.
        answers = np.einsum("ij,kj->ik", (X - self.center_) / self.scale_, self.weights_) + self.shifts_
        shares = np.exp(answers - answers.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)
