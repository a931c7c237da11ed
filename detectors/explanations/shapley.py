"""SHAP values of scores, one per original column.

One row is explained by shap's `PermutationExplainer`. Many rows at once use the same estimator (one permutation,
walked forwards and backwards; exact for games of second order) over all rows together.

References:
    Lundberg & Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017.
    Mitchell et al., Sampling Permutations for Shapley Value Estimation, JMLR 2022 (antithetic permutations).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Scores
from detectors.explanations.background import NEAREST_ROWS, backgrounds

#: Permutations for one row. One is exact for games of second order; more help detectors with deeper interactions.
MOST_PERMUTATIONS = 4

#: Scores that explaining one row may cost, before permutations and then nearest rows are saved on.
SCORES_OF_ONE = 6000

#: Many rows are explained at once: at most this many …
MOST_AT_ONCE = 1000

#: … and at most so many that this many numbers are scored for it, so that nobody waits long for a wide table.
NUMBERS_AT_ONCE = 10_000_000

#: Nearest usual rows that each row is compared with when many are explained at once.
NEAREST_OF_MANY = 3

#: Rows scored together when many are explained, so that memory stays small.
ROWS_TOGETHER = 1000


#: The arrays of an explanation, in order.
PARTS = ("values", "bases", "scores", "expected")


@dataclass(frozen=True)
class Explanation:
    """SHAP values of some rows: ``bases + values.sum(axis=1)`` is the score, up to a small residual."""

    values: NDArray[np.float64]
    """(rows, columns): how much each original column added to the score."""
    bases: Scores
    """(rows,): the score of the background that each row was compared with."""
    scores: Scores
    """(rows,)"""
    expected: NDArray[np.float32]
    """(rows, numbers): the mean of each row's background, in the representation."""

    @property
    def residuals(self) -> Scores:
        """(rows,): what base and values together miss of the score."""
        return self.scores - self.bases - self.values.sum(axis=1)

    def at(self, positions: NDArray[np.intp]) -> Explanation:
        """The explanation of the rows at `positions`, in that order."""
        return Explanation(*(getattr(self, name)[positions] for name in PARTS))

    def and_also(self, other: Explanation) -> Explanation:
        """These rows, then the rows of `other`."""
        return Explanation(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in PARTS))


def nearest_of_one(n_columns: int) -> int:
    """Nearest usual rows that one row is compared with, where the detector has no expectation: fewer the wider the table."""
    return min(NEAREST_ROWS, max(NEAREST_OF_MANY, SCORES_OF_ONE // (2 * n_columns + 1)))


@dataclass(frozen=True)
class Explainer:
    """Explains rows of one fitted detector on vectors."""

    detector: Detector
    usual: NDArray[np.float32]
    """Usual rows, (rows, numbers), for detectors without an expectation of their own."""
    origins: NDArray[np.intp]
    """The original column of every number, (numbers,): a column is shown or hidden as a whole."""
    seed: int = 0

    @property
    def n_columns(self) -> int:
        return int(self.origins.max()) + 1

    @property
    def rows_at_once(self) -> int:
        """How many rows `many` explains in about a second or two: fewer the wider the table, one at least."""
        return max(1, min(MOST_AT_ONCE, NUMBERS_AT_ONCE // ((2 * self.n_columns + 1) * len(self.origins))))

    def row(self, row: NDArray[np.float32]) -> Explanation:
        """Explains one row, (numbers,), with shap's `PermutationExplainer`."""
        import shap

        walk = 2 * self.n_columns + 1
        background = backgrounds(self.detector, row[None], self.usual, nearest_of_one(self.n_columns))[0]
        permutations = min(MOST_PERMUTATIONS, max(1, SCORES_OF_ONE // (walk * len(background))))
        masker = _column_masker(background, self.origins)
        explainer = shap.explainers.PermutationExplainer(self.detector.score, masker, seed=self.seed)
        found = explainer(row[None], max_evals=permutations * walk, batch_size=4096, silent=True)
        return Explanation(
            values=np.asarray(found.values, dtype=np.float64).reshape(1, self.n_columns),
            bases=np.asarray(found.base_values, dtype=np.float64).reshape(1),
            scores=self.detector.score(row[None]),
            expected=background.mean(axis=0)[None],
        )

    def many(self, X: NDArray[np.float32], progress: Progress | None = None) -> Explanation:
        """Explains rows, (rows, numbers), together: the same permutation for every row, so a row's values are its own.

        A row costs 2 × columns + 1 scores for each row of its background.
        """
        progress = progress or Progress()
        parts = []
        for start in range(0, len(X), ROWS_TOGETHER):
            progress.check()
            chunk = X[start : start + ROWS_TOGETHER]
            parts.append(self._one_permutation(chunk, backgrounds(self.detector, chunk, self.usual, NEAREST_OF_MANY)))
            progress.report("explaining", start + len(chunk), len(X))
        return reduce(Explanation.and_also, parts)

    def agreement(self, X: NDArray[np.float32]) -> float:
        """Mean rank correlation between the values of `many` and of `row`, over the rows of `X`."""
        one_by_one = np.concatenate([self.row(row).values for row in X])
        return rank_correlation(self.many(X).values, one_by_one)

    def _one_permutation(self, X: NDArray[np.float32], background: NDArray[np.float32]) -> Explanation:
        """Shows the columns one by one, then hides them in the same order; each column's effect is the mean of both."""
        rows, n_backgrounds, numbers = background.shape

        def mean_score(state: NDArray[np.float32]) -> Scores:
            return self.detector.score(state.reshape(-1, numbers)).reshape(rows, n_backgrounds).mean(axis=1)

        order = np.random.default_rng(self.seed).permutation(self.n_columns)
        values = np.zeros((rows, self.n_columns))
        state = background.copy()
        bases = before = mean_score(state)
        for shown in (True, False):
            for column in order:
                here = self.origins == column
                state[:, :, here] = X[:, None, here] if shown else background[:, :, here]
                after = mean_score(state)
                values[:, column] += (after - before if shown else before - after) / 2
                before = after
        return Explanation(values, bases, self.detector.score(X), background.mean(axis=1))


def _column_masker(background: NDArray[np.float32], origins: NDArray[np.intp]) -> Any:
    """A shap masker that hides all numbers of an original column behind the background's."""
    import shap

    class ColumnMasker(shap.maskers.Masker):
        shape = (len(background), int(origins.max()) + 1)
        clustering = None

        def __call__(self, mask: NDArray[np.bool_], x: NDArray[np.float32]) -> tuple[NDArray[np.float32]]:
            shown = self._standardize_mask(mask, x)[origins]
            return (np.where(shown, x, background),)

        def mask_shapes(self, _x: NDArray[np.float32]) -> list[tuple[int]]:
            return [(self.shape[1],)]

    return ColumnMasker()


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Mean Spearman correlation of the rows of two sets of SHAP values, (rows, columns); ties share their mean rank.

    Two rows without any order (all values equal) agree: 1. One beside an ordered row says nothing about it: 0.
    """
    if first.shape[1] < 2 or not len(first):
        return 1.0

    def centered_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks = np.cumsum(counts) - (counts - 1) / 2
        return ranks[inverse] - (len(values) + 1) / 2

    def correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        if not one.any() or not other.any():
            return float(one.any() == other.any())
        return float(one @ other / np.sqrt((one @ one) * (other @ other)))

    pairs = zip(first, second, strict=True)
    return float(np.mean([correlation(centered_ranks(one), centered_ranks(other)) for one, other in pairs]))
