"""SHAP values of scores, one per unit of a row: an original column, a time step, a region, a word.

One row is explained by shap's `PermutationExplainer`. Many rows at once use the same estimator (one permutation,
walked forwards and backwards; exact for games of second order) over all rows together. Detectors that give the
gradient of their score are explained by expected gradients, one row or many.

References:
    Lundberg & Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017.
    Mitchell et al., Sampling Permutations for Shapley Value Estimation, JMLR 2022 (antithetic permutations).
    Erion et al., Improving performance of deep learning models with axiomatic attribution priors and expected
    gradients, Nature Machine Intelligence 2021.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.explanations.background import NEAREST_ROWS, nearest_rows
from detectors.explanations.variants import DIFFERENT, LOOKED_AT, TRIED, Usual

#: Permutations for one row. One is exact for games of second order; more help detectors with deeper interactions.
MOST_PERMUTATIONS = 4

#: Scores that explaining one row may cost, before permutations and then nearest rows are saved on.
SCORES_OF_ONE = 6000

#: Many rows are explained at once: at most this many (where each is compared with variants of itself, which take longer to find) …
MOST_AT_ONCE, MOST_VARIED = 1000, 400

#: … and at most so many that this many numbers are scored for it, so that nobody waits long for a wide table.
NUMBERS_AT_ONCE = 10_000_000

#: Nearest usual rows that each row is compared with when many are explained at once.
NEAREST_OF_MANY = 3

#: Steps that the variants of a row that is far from usual ones take, about.
STEPS = 4

#: Rows, and numbers of rows, scored together when many are explained, so that memory stays small.
ROWS_TOGETHER, NUMBERS_TOGETHER = 1000, 4_000_000

#: Places on the way from a background to a row at which the gradient is taken, from 0 to 1, and their weights (Gauss-Legendre).
NODES, NODE_WEIGHTS = (np.polynomial.legendre.leggauss(8)[0] + 1) / 2, np.polynomial.legendre.leggauss(8)[1] / 2


#: The arrays of an explanation, in order.
PARTS = ("values", "bases", "scores", "expected")


@dataclass(frozen=True)
class Explanation:
    """SHAP values of some rows: ``bases + values.sum(axis=1)`` is the score, up to a small residual."""

    values: NDArray[np.float64]
    """(rows, units): how much each unit added to the score."""
    bases: Scores
    """(rows,): the score of the background that each row was compared with."""
    scores: Scores
    """(rows,)"""
    expected: NDArray[np.float32]
    """(rows, …): the mean of each row's background."""

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


def nearest_of_one(n_units: int) -> int:
    """Nearest usual rows that one row is compared with, where nothing better is known: fewer the more units there are."""
    return min(NEAREST_ROWS, max(NEAREST_OF_MANY, SCORES_OF_ONE // (2 * n_units + 1)))


@dataclass(frozen=True)
class Game:
    """What explaining asks of a preparation: which numbers of a row belong together, and how hidden parts are scored."""

    units: NDArray[np.intp]
    """The unit of every number, in the shape of a row: a unit is shown or hidden as a whole."""
    score: Callable[[NDArray[np.float32]], Scores]
    """Scores of rows, (rows, …), parts of them hidden."""
    expected: Callable[[NDArray[np.float32]], NDArray[np.float32] | None]
    """What takes the place of hidden numbers, (rows, …), where that is known: the detector's expectation, or nothing at all."""
    usual: NDArray[np.float32]
    """Usual rows, (usual, …), whose nearest ones take that place where it is not."""
    gradients: Callable[[NDArray[np.float32]], NDArray[np.float64]] | None = None
    """The gradient of the score at rows, (rows, …), where the detector has one."""
    scoring_cost: float = 1.0
    """How many times as long as usual a score takes."""
    levels: tuple[float, ...] = ()
    """Growing scores of usual rows. Where they are given, rows are vectors and are compared with usual variants of themselves."""

    @property
    def n_units(self) -> int:
        return int(self.units.max()) + 1

    @property
    def numbers(self) -> int:
        """Numbers in a row."""
        return int(self.units.size)

    def backgrounds(self, rows: NDArray[np.float32], nearest: int) -> NDArray[np.float32]:
        """For each of `rows` what it is compared with, (rows, backgrounds, …).

        Usual variants of the row itself where rows are vectors; else a reconstructing detector's own reconstruction, or the
        nearest usual rows: a random background moves a row off what is plausible and blames innocent columns.
        """
        if self.levels:
            return Usual(self.usual, self.units, self.score, self.levels).variants(rows)
        expected = self.expected(rows)
        return nearest_rows(rows, self.usual, nearest) if expected is None else expected[:, None]

    def sums(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the numbers of each unit sum to, (rows, units), from one value for each number, (rows, …)."""
        flat = numbers.reshape(len(numbers), -1)
        sums = [np.bincount(self.units.reshape(-1), weights=row, minlength=self.n_units) for row in flat]
        return np.array(sums, dtype=np.float64).reshape(len(numbers), self.n_units)

    def expectation(self, rows: NDArray[np.float32], background: NDArray[np.float32]) -> NDArray[np.float32]:
        """What was expected of `rows`, (rows, …), by their `background`: its mean, of variants the mean of those that are otherwise."""
        if not self.levels:
            return background.mean(axis=1)
        otherwise = np.stack(
            [self.varying(rows, background[:, place, None])[:, self.units] for place in range(background.shape[1])], axis=1
        )
        counts = otherwise.sum(axis=1)
        return np.where(counts > 0, (background * otherwise).sum(axis=1) / np.maximum(counts, 1), rows).astype(np.float32)

    def varying(self, rows: NDArray[np.float32], background: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which units of each row, (rows, units), differ from its `background`, (rows, backgrounds, …): hiding any other changes nothing."""
        return self.sums((rows[:, None] != background).any(axis=1)) > 0


@dataclass(frozen=True)
class Explainer:
    """Explains rows of one fitted detector."""

    game: Game
    seed: int = 0

    @property
    def walk(self) -> int:
        """Scores that a row costs for each row of its background; where it is compared with variants of itself, for all of them."""
        if self.game.gradients:
            return len(NODES)
        if not self.game.levels:
            return 2 * self.game.n_units + 1
        return TRIED * self.game.n_units + DIFFERENT * (2 * self.game.n_units + STEPS * LOOKED_AT)

    @property
    def rows_at_once(self) -> int:
        """How many rows `many` explains in about a second or two: fewer the larger a row, one at least."""
        most = MOST_VARIED if self.game.levels else MOST_AT_ONCE
        return max(1, int(min(most, NUMBERS_AT_ONCE // (self.walk * self.game.numbers)) / self.game.scoring_cost))

    def row(self, row: NDArray[np.float32]) -> Explanation:
        """Explains one row, (…), with shap's `PermutationExplainer`, or with expected gradients where the detector has any."""
        if self.game.gradients:
            return self.many(row[None])
        import shap

        background = self.game.backgrounds(row[None], nearest_of_one(self.game.n_units))[0]
        walk = 2 * int(self.game.varying(row[None], background[None]).sum()) + 1
        permutations = min(MOST_PERMUTATIONS, max(1, SCORES_OF_ONE // (walk * len(background))))
        shape = row.shape

        def score(rows: NDArray[np.float32]) -> Scores:
            return self.game.score(rows.reshape(-1, *shape))

        masker = _unit_masker(background.reshape(len(background), -1), self.game.units.reshape(-1))
        explainer = shap.explainers.PermutationExplainer(score, masker, seed=self.seed)
        found = explainer(row.reshape(1, -1), max_evals=permutations * walk, batch_size=4096, silent=True)
        return Explanation(
            values=np.asarray(found.values, dtype=np.float64).reshape(1, self.game.n_units),
            bases=np.asarray(found.base_values, dtype=np.float64).reshape(1),
            scores=self.game.score(row[None]),
            expected=self.game.expectation(row[None], background[None]),
        )

    def many(self, rows: NDArray[np.float32], progress: Progress | None = None) -> Explanation:
        """Explains `rows`, (rows, …), together: the same walk for every row, so a row's values are its own."""
        progress = progress or Progress()
        explain = self._expected_gradients if self.game.gradients else self._one_permutation
        together = max(1, min(ROWS_TOGETHER, NUMBERS_TOGETHER // self.game.numbers))
        parts = []
        for start in range(0, len(rows), together):
            progress.check()
            chunk = rows[start : start + together]
            parts.append(explain(chunk, self.game.backgrounds(chunk, NEAREST_OF_MANY)))
            progress.report("explaining", start + len(chunk), len(rows))
        return reduce(Explanation.and_also, parts)

    def agreement(self, rows: NDArray[np.float32]) -> float:
        """Mean rank correlation between the values of `many` and of shap's explainer, over `rows`."""
        by_shap = Explainer(replace(self.game, gradients=None), self.seed)
        one_by_one = np.concatenate([by_shap.row(row).values for row in rows])
        return rank_correlation(self.many(rows).values, one_by_one)

    def _one_permutation(self, rows: NDArray[np.float32], background: NDArray[np.float32]) -> Explanation:
        """Shows the units one by one, then hides them in the same order; each unit's effect is the mean of both, and over the backgrounds.

        Units that are in a background as they are in the row are left out: a short text costs as much as it has words.
        """
        count = background.shape[1]
        compared, others = np.repeat(rows, count, axis=0), background.reshape(-1, *rows.shape[1:])
        order = np.random.default_rng(self.seed).permutation(self.game.n_units)
        walks = [order[varies[order]] for varies in self.game.varying(compared, others[:, None])]
        values, bases = np.zeros((len(compared), self.game.n_units)), np.zeros(len(compared))
        sizes = np.array([max(1, 2 * len(walk)) for walk in walks])
        together = np.cumsum(sizes * self.game.numbers) // NUMBERS_TOGETHER
        for chosen in [np.flatnonzero(together == part) for part in np.unique(together)]:
            found = self.game.score(np.concatenate([self._states(compared[pair], others[pair], walks[pair]) for pair in chosen]))
            for pair, scores in zip(chosen, np.split(found, np.cumsum(sizes[chosen])[:-1]), strict=True):
                shown = len(walks[pair])
                steps = np.diff(scores, append=scores[0])
                values[pair, walks[pair]] = (steps[:shown] - steps[shown:]) / 2
                bases[pair] = scores[0]
        values, bases = values.reshape(len(rows), count, -1).mean(axis=1), bases.reshape(len(rows), count).mean(axis=1)
        return Explanation(values, bases, self.game.score(rows), self.game.expectation(rows, background))

    def _states(self, row: NDArray[np.float32], background: NDArray[np.float32], walk: NDArray[np.intp]) -> NDArray[np.float32]:
        """What a row, (…), looks like along its walk, (states, …); after the last state comes the first one again."""
        shown = np.zeros((max(1, 2 * len(walk)), self.game.n_units), dtype=bool)
        for place, unit in enumerate(walk, start=1):
            shown[place : place + len(walk), unit] = True
        return np.where(shown[:, self.game.units], row, background)

    def _expected_gradients(self, rows: NDArray[np.float32], background: NDArray[np.float32]) -> Explanation:
        """The gradient of the score along the straight way from each background to the row, times the way."""
        assert self.game.gradients is not None
        n_rows, n_backgrounds, *shape = background.shape
        way = (rows[:, None] - background).astype(np.float64)
        slope = np.zeros(background.shape)
        for node, weight in zip(NODES, NODE_WEIGHTS, strict=True):
            place = (background + node * way).astype(np.float32).reshape(-1, *shape)
            slope += weight * self.game.gradients(place).reshape(background.shape)
        bases = self.game.score(background.reshape(-1, *shape)).reshape(n_rows, n_backgrounds).mean(axis=1)
        expected = self.game.expectation(rows, background)
        return Explanation(self.game.sums((way * slope).mean(axis=1)), bases, self.game.score(rows), expected)


def _unit_masker(background: NDArray[np.float32], units: NDArray[np.intp]) -> Any:
    """A shap masker that hides all numbers of a unit behind the background's, (backgrounds, numbers)."""
    import shap

    class UnitMasker(shap.maskers.Masker):
        shape = (len(background), int(units.max()) + 1)
        clustering = None

        def __call__(self, mask: NDArray[np.bool_], x: NDArray[np.float32]) -> tuple[NDArray[np.float32]]:
            shown = self._standardize_mask(mask, x)[units]
            return (np.where(shown, x, background),)

        def invariants(self, x: NDArray[np.float32]) -> NDArray[np.bool_]:
            """Which units are in each background as they are in `x`, (backgrounds, units): shap leaves them out of its walk."""
            differs = [np.bincount(units, weights=x != other, minlength=self.shape[1]) for other in background]
            return np.array(differs) == 0

        def mask_shapes(self, _x: NDArray[np.float32]) -> list[tuple[int]]:
            return [(self.shape[1],)]

    return UnitMasker()


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
