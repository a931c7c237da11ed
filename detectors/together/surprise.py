"""Making the scores of different detectors comparable: how rare a score is among those of the training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores

#: Quantiles that are kept of the training scores.
QUANTILES = 1001

#: Scores in this upper share of the training scores, and beyond, are told apart by an exponential tail.
TAIL = 0.05


@dataclass(frozen=True)
class Surprise:
    """How surprising a score is: minus the natural logarithm of the share of training scores above it.

    In the upper `TAIL`, and beyond all training scores, an exponential tail takes the place of counting (Pickands 1975,
    doi:10.1214/aos/1176343003, with shape 0), so that no two different scores there are equally surprising.
    """

    scores: Scores
    """(quantiles,), growing"""
    begin: float
    """Where the tail begins."""
    excess: float
    """By how much scores in the tail lie beyond its beginning, on average."""

    @classmethod
    def fit(cls, training_scores: Scores) -> Self:
        """`training_scores`, (rows,), at least one."""
        scores = np.quantile(training_scores, np.linspace(0, 1, QUANTILES))
        begin = float(np.quantile(training_scores, 1 - TAIL))
        beyond = training_scores[training_scores > begin] - begin
        # Where nothing lies beyond (all scores alike), the whole spread stands in, and any positive number where there is none.
        spread = float(scores[-1] - scores[0])
        excess = float(beyond.mean()) if len(beyond) else spread
        return cls(scores, begin, max(excess, 1e-12 * max(1.0, abs(begin))))

    def of(self, scores: Scores) -> Scores:
        """(rows,), at least 0."""
        shares = np.linspace(0, 1, QUANTILES)
        below = (np.interp(scores, self.scores, shares) + _left(scores, self.scores, shares)) / 2
        body = -np.log1p(-np.minimum(below, 1 - TAIL))
        return np.asarray(np.where(scores > self.begin, -np.log(TAIL) + (scores - self.begin) / self.excess, body), dtype=np.float64)

    def arrays(self) -> NDArray[np.float64]:
        """Everything there is to keep, (quantiles + 2,)."""
        return np.concatenate([self.scores, [self.begin, self.excess]])

    @classmethod
    def from_arrays(cls, kept: NDArray[np.float64]) -> Self:
        return cls(kept[:-2].copy(), float(kept[-2]), float(kept[-1]))


def _left(scores: Scores, quantiles: Scores, shares: NDArray[np.float64]) -> Scores:
    """The share below, from the left: where many training scores are equal, `np.interp` gives the last of them."""
    return np.asarray(np.interp(-scores, -quantiles[::-1], shares[::-1]), dtype=np.float64)
