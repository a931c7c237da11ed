"""A second opinion: a weighted linear model of the score around one row, with how well it follows the score there.

Ribeiro, Singh & Guestrin: "Why should I trust you?" Explaining the predictions of any classifier, KDD 2016, arXiv 1602.04938
(LIME). Parts of the row are hidden as SHAP hides them, behind the same background, so that both speak of the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.explanations.shapley import Game

#: Scores that it may cost, and hidings that are tried: so many at least for every part, however many rows the background has.
SCORES, MOST_HIDINGS, HIDINGS_OF_A_PART = 6000, 1000, 8

#: Width of the kernel, as a share of the largest distance: that of the authors' own implementation.
KERNEL_WIDTH = 0.75

#: How much large weights are held back.
RIDGE = 0.1

#: Numbers of rows that are scored together.
NUMBERS_TOGETHER = 4_000_000


@dataclass(frozen=True)
class Surrogate:
    """What each part adds to the score of a row, in a linear model that holds around it."""

    values: NDArray[np.float64]
    """(units,); 0 for those that are in the background as they are in the row."""
    base: float
    """What the model gives where all of them are hidden."""
    fit: float
    """R² of the model over the hidings, nearer ones counting more: 1 follows the score exactly, 0 not at all."""
    hidings: int
    """How many were tried."""


def local_surrogate(game: Game, row: NDArray[np.float32], background: NDArray[np.float32], seed: int) -> Surrogate:
    """The linear model of the score around `row`, (…), compared with `background`, (backgrounds, …).

    Of each hiding as many parts are hidden as chance says, any number alike; it counts the less the more parts those are.
    """
    from sklearn.linear_model import Ridge

    varying = np.flatnonzero(game.varying(row[None], background[None])[0])
    values = np.zeros(game.n_units)
    if not len(varying):
        return Surrogate(values, float(game.score(row[None])[0]), 1.0, 0)
    affordable = int(SCORES / (len(background) * game.scoring_cost))
    shown = _hidings(len(varying), affordable, seed)
    scores = _mean_scores(game, row, background, varying, shown)
    weights = np.exp(-(1 - shown.mean(axis=1)) / KERNEL_WIDTH**2)
    model = Ridge(alpha=RIDGE).fit(shown, scores, sample_weight=weights)
    values[varying] = model.coef_
    return Surrogate(values, float(model.intercept_), float(model.score(shown, scores, sample_weight=weights)), len(shown))


def _hidings(parts: int, affordable: int, seed: int) -> NDArray[np.bool_]:
    """Which parts are shown, (hidings, parts): first all of them, then as chance has it."""
    count = min(MOST_HIDINGS, max(affordable, HIDINGS_OF_A_PART * parts))
    chance = np.random.default_rng(seed)
    hidden = chance.integers(1, parts + 1, count)
    order = chance.random((count, parts)).argsort(axis=1).argsort(axis=1)
    return np.concatenate([np.ones((1, parts), dtype=bool), order >= hidden[:, None]])


def _mean_scores(
    game: Game, row: NDArray[np.float32], background: NDArray[np.float32], varying: NDArray[np.intp], shown: NDArray[np.bool_]
) -> Scores:
    """The score of each hiding, (hidings,): the mean over the background."""
    units = np.ones((len(shown), game.n_units), dtype=bool)
    units[:, varying] = shown
    together = max(1, NUMBERS_TOGETHER // (row.size * len(background)))
    found = []
    for start in range(0, len(units), together):
        states = np.where(units[start : start + together][:, None, game.units], row, background)
        found.append(game.score(states.reshape(-1, *row.shape)).reshape(states.shape[:2]).mean(axis=1))
    return np.concatenate(found)
