"""The trust check: parts of flagged rows are put back to what was expected of them, and the score has to fall.

The parts that an explanation calls heaviest are put back first; beside that stands what as many parts drawn by chance do.
Where both do the same, the explanation names nothing that matters to the detector.

References:
    Petsiuk, Das & Saenko, RISE: Randomized input sampling for explanation of black-box models, BMVC 2018, arXiv:1806.07421.
    Samek et al., Evaluating the visualization of what a deep neural network has learned, IEEE TNNLS 28, 2017,
    doi:10.1109/TNNLS.2016.2599820.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.explanations.shapley import NEAREST_OF_MANY, NUMBERS_TOGETHER, Game
from detectors.flags import CutOff

#: How many parts are put back, as far as there are so many.
COUNTS = (0, 1, 2, 3, 4, 5, 7, 10, 15, 20)

#: Orders by chance that each row is put back in.
DRAWS = 3

#: Rows that are checked: no fewer, however dear their scores are, and no more.
FEWEST_ROWS, MOST_ROWS = 20, 100

#: A row whose score lies above that of its background by less than this share of it has nothing to undo.
SMALLEST_EXCESS = 1e-6

#: The quarters of the rows between which the middle half lies.
QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class PutBack:
    """Scores of rows with parts put back to what was expected; `counts[k]` parts at point k, none at the first."""

    counts: NDArray[np.intp]
    """(points,)"""
    bases: Scores
    """(rows,): the scores of what the rows were compared with."""
    heaviest: NDArray[np.float64]
    """(rows, points): scores with the parts put back that are said to weigh most."""
    by_chance: NDArray[np.float64]
    """(rows, draws, points): scores with as many parts put back that were drawn by chance."""

    @property
    def has_excess(self) -> NDArray[np.bool_]:
        """Which rows, (rows,), score higher than what they were compared with: of the others nothing can be undone."""
        return self.heaviest[:, 0] - self.bases > SMALLEST_EXCESS * np.maximum(1e-12, np.abs(self.bases))

    def undone(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows with an excess, …, points): the share of the way to the background's score that each of `scores` has gone."""
        chosen, middle = self.has_excess, (slice(None), *[None] * (scores.ndim - 1))
        start, end = self.heaviest[chosen, 0], self.bases[chosen]
        return (start[middle] - scores[chosen]) / (start - end)[middle]

    def quarters(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """(3, points): of what is undone the lower quarter, the median and the upper quarter of the rows; draws are averaged."""
        undone = self.undone(scores)
        return np.quantile(undone.mean(axis=1) if undone.ndim == 3 else undone, QUARTERS, axis=0)

    def below(self, scores: NDArray[np.float64], cut_off: CutOff) -> NDArray[np.float64]:
        """(points,): of the rows above the cut-off, or above their own, the share that is not above it any longer."""
        above = self.heaviest[:, 0] > cut_off
        if not above.any():
            return np.full(len(self.counts), np.nan)
        each = np.broadcast_to(cut_off, above.shape)[above].reshape(-1, *[1] * (scores.ndim - 1))
        return (scores[above] <= each).reshape(-1, len(self.counts)).mean(axis=0)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of(cls, arrays: Any) -> Self:
        """What `arrays` gave, from anything that holds them by name."""
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def counts_of(n_units: int) -> NDArray[np.intp]:
    """How many of so many parts are put back: a few, and all of them where there are no more than that."""
    most = min(n_units, COUNTS[-1])
    return np.array(sorted({count for count in COUNTS if count <= most} | {most}), dtype=np.intp)


def rows_to_check(n_units: int, scores: int) -> int:
    """How many rows may be checked for about so many `scores`."""
    each = len(counts_of(n_units)) * (1 + DRAWS) * NEAREST_OF_MANY
    return int(np.clip(scores // each, FEWEST_ROWS, MOST_ROWS))


def put_back(game: Game, rows: NDArray[np.float32], values: NDArray[np.float64], seed: int) -> PutBack:
    """Puts parts of `rows`, (rows, …), back: the heaviest by their SHAP `values`, (rows, units), first, and others by chance.

    Parts that are in the background as they are in the row are never drawn: putting them back changes nothing. Only where the
    background was chosen part by part, by what lowers the score, chance draws from all parts: the choice is what is checked.
    """
    background = game.backgrounds(rows, NEAREST_OF_MANY)
    varies = game.varying(rows, background)
    drawn = np.ones_like(varies) if game.levels else varies
    counts = counts_of(int(drawn.sum(axis=1).max(initial=1)) or 1)
    chance = np.random.default_rng(seed)
    orders = np.stack(
        [np.argsort(-np.where(varies, values, -np.inf), axis=1, kind="stable"), *(_by_chance(drawn, chance) for _ in range(DRAWS))], axis=1
    )
    places = np.argsort(orders, axis=2)  # at which turn each unit is put back: (rows, orders, units)
    shown = places[:, :, None, :] >= counts[:, None]
    found = np.empty((len(rows), 1 + DRAWS, len(counts)))
    for part in _parts(len(rows), shown[0, :, :, 0].size * background[0].size):
        states = np.where(shown[part][:, :, :, None, game.units], rows[part][:, None, None, None], background[part][:, None, None])
        scores = game.score(states.reshape(-1, *rows.shape[1:]))
        found[part] = scores.reshape(*states.shape[:4]).mean(axis=3)
    bases = game.score(background.reshape(-1, *rows.shape[1:])).reshape(len(rows), -1).mean(axis=1)
    return PutBack(counts, bases, found[:, 0], found[:, 1:])


def _by_chance(drawn: NDArray[np.bool_], chance: np.random.Generator) -> NDArray[np.intp]:
    """For each row its units that may be drawn in a random order, then the others, (rows, units)."""
    return np.argsort(np.where(drawn, chance.random(drawn.shape), 2.0), axis=1)


def _parts(rows: int, numbers: int) -> Iterator[slice]:
    """Stretches of rows, each of which becomes so many numbers, that fit into memory together."""
    together = max(1, NUMBERS_TOGETHER // numbers)
    return (slice(start, min(rows, start + together)) for start in range(0, rows, together))
