"""Logistic regression on the words of known anomalies."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.errors import StorageError
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.params import number

FILE = "tfidf_logistic.npz"

#: Newton steps at most; a text data set of this size needs some tens.
MOST_ITERATIONS = 1000


class TfidfLogistic(LabelledDetector):
    """Gives every word a weight for or against an anomaly; a text's weights, by how telling each word is, add up.

    The score is the probability of an anomaly, 0 to 1; uncalibrated and balanced, as if anomalies and normal texts were equally frequent.
    """

    title = N_("Logistic regression on words")
    family = N_("Linear")
    summary = N_("Learns from labelled texts which words speak for an anomaly, and adds them up.")
    reference = "Joachims: Text categorization with support vector machines, ECML 1998, doi:10.1007/BFb0026683"
    when = N_("Some dozens of labelled anomalies or more that say similar things: spam, complaints, insults. Learns in a second.")
    when_not = N_("Without labels, or for anomalies of a kind that was not labelled yet. The order of the words plays no part.")

    strictness: float = number(
        0.1, title=N_("Strictness"), low=1e-4, high=1e4,
        help=N_("Price on large weights. Larger lets single words decide less, which is safer with few labelled anomalies."),
    )  # fmt: skip

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        from sklearn.linear_model import LogisticRegression

        from detectors.network.term_weights import TermWeights

        self._weights = TermWeights.fit(X)
        model = LogisticRegression(
            C=1 / self.strictness, class_weight="balanced" if self.balanced else None, solver="liblinear",
            random_state=self.seed % 2**32, max_iter=MOST_ITERATIONS,
        )  # fmt: skip
        model.fit(self._weights.transform(X), y)
        self._coefficients, self._intercept = model.coef_[0].astype(np.float64), float(model.intercept_[0])
        progress.report("fitting", 1, 1)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        log_odds = self._weights.transform(X) @ self._coefficients + self._intercept
        return 1 / (1 + np.exp(-log_odds))

    def _save(self, folder: Path) -> None:
        np.savez_compressed(
            folder / FILE, rarity=self._weights.rarity, coefficients=self._coefficients, intercept=np.array(self._intercept)
        )

    def _load(self, folder: Path) -> None:
        from detectors.network.term_weights import TermWeights

        try:
            with np.load(folder / FILE, allow_pickle=False) as arrays:
                self._weights = TermWeights(arrays["rarity"])
                self._coefficients, self._intercept = arrays["coefficients"], float(arrays["intercept"])
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
