"""A stack: labels say how much each of several detectors counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.errors import StorageError
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.params import number
from detectors.together.ensemble import ChosenMembers

FILE = "stack.npy"


class StackOf(LabelledDetector, ChosenMembers):
    """A logistic regression on how surprised its members are.

    It learns from scores that members give rows as if these had been unseen: those that hold rows leave the row out, and
    those that learn from labels score it by one that learned from other rows.
    """

    title = N_("Stack")
    summary = N_("Lets detectors of your choice score every row; labels say how much each of them counts.")
    reference = "Wolpert: Stacked generalization, Neural Networks 5(2), 1992, doi:10.1016/S0893-6080(05)80023-1"
    when = N_("Some anomalies are known, too few to learn them by their columns: enough to say which detectors find them.")
    when_not = N_("Many labelled anomalies of the same kind: a classifier finds them by itself. What is new in kind may score low.")

    strength: float = number(
        1.0, title=N_("Trust in the labels"), low=1e-4, high=1e4, advanced=True,
        help=N_("Low keeps the weights of the members small and close to each other, for few labels; high follows the labels closely."),
    )  # fmt: skip

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        surprises = self._learn_members(X, y, progress)
        self._weights = self._regression(surprises, y)
        self._joined_training_scores = self._joined(surprises)
        self._compare(surprises)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return ChosenMembers._score(self, X)

    def _regression(self, surprises: NDArray[np.float64], y: NDArray[np.int8]) -> NDArray[np.float64]:
        """The offset, then a weight for each member, (1 + members,).

        No weight is negative: what a member finds unusual never makes a row more usual. A member that would need one is
        left out; where all would, they count alike.
        """
        from sklearn.linear_model import LogisticRegression

        middle, spread = surprises.mean(axis=0), np.maximum(surprises.std(axis=0), 1e-9)
        weights: NDArray[np.float64] = np.ones(surprises.shape[1])
        standard = (surprises - middle) / spread
        kept, offset = np.arange(len(weights)), 0.0
        while len(kept):
            found = LogisticRegression(C=self.strength, class_weight="balanced" if self.balanced else None, max_iter=1000).fit(
                standard[:, kept], y
            )
            if (found.coef_[0] >= 0).all():
                weights, offset = np.bincount(kept, found.coef_[0], len(weights)).astype(np.float64), float(found.intercept_[0])
                break
            kept = kept[found.coef_[0] >= 0]
        weights = weights / spread
        return np.concatenate([[offset - weights @ middle], weights])

    def members_table(self) -> list[dict[str, Any]]:
        """The weight of a member is what its surprise adds to the logarithm of the odds."""
        return [row | {"weight": round(float(weight), 4)} for row, weight in zip(super().members_table(), self._weights[1:], strict=True)]

    def _joined(self, surprises: NDArray[np.float64]) -> Scores:
        odds = np.full(len(surprises), self._weights[0])
        for weight, column in zip(self._weights[1:], surprises.T, strict=True):
            odds += weight * column
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))), dtype=np.float64)

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        np.save(folder / FILE, self._weights, allow_pickle=False)

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        try:
            self._weights = np.load(folder / FILE, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
