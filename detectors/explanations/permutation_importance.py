"""How much a detector depends on each part over a whole run: the part is shuffled among rows, and scores move.

Breiman, Random forests, Machine Learning 45, 2001, doi:10.1023/A:1010933404324; Fisher, Rudin & Dominici, All models are
wrong, but many are useful, JMLR 20, 2019. It misleads where columns go together: shuffled alone, they contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.explanations.shapley import NUMBERS_TOGETHER, Game
from detectors.flags import CutOff

#: Rows whose parts are shuffled: half of them flagged ones, as far as there are so many.
FEWEST_ROWS, MOST_ROWS = 40, 300

#: Times that each part is shuffled, as long as enough rows can be had for it.
MOST_REPEATS = 5


@dataclass(frozen=True)
class Sample:
    """Rows that stand for all rows of a run."""

    rows: NDArray[np.intp]
    """Positions in the data."""
    weights: NDArray[np.float64]
    """(rows,): how many rows of the run each stands for, as a share of all."""

    @classmethod
    def of(cls, flagged: NDArray[np.intp], rows: int, most: int, seed: int) -> Self:
        """Of so many `rows` of a run half `flagged` ones, (flagged,), and half others, drawn by chance."""
        chance = np.random.default_rng(seed)
        groups = flagged, np.setdiff1d(np.arange(rows), flagged)
        sizes = _halves(len(groups[0]), len(groups[1]), most)
        drawn = [np.sort(chance.choice(group, size, replace=False)) for group, size in zip(groups, sizes, strict=True)]
        shares = [np.full(size, len(group) / max(1, size)) for group, size in zip(groups, sizes, strict=True)]
        weights = np.concatenate(shares)
        return cls(np.concatenate(drawn).astype(np.intp), weights / weights.sum())


@dataclass(frozen=True)
class Shuffled:
    """What shuffling did to the scores of some rows that stand for a run."""

    rows: NDArray[np.intp]
    """Positions in the data."""
    weights: NDArray[np.float64]
    """(rows,)"""
    scores: Scores
    """(rows,): as they are."""
    moved: NDArray[np.float64]
    """(parts, repeats, rows): with one part shuffled."""

    @property
    def importance(self) -> NDArray[np.float64]:
        """(parts,): by how much a row's score changes on average, over all rows of the run."""
        return np.abs(self.moved - self.scores).mean(axis=1) @ self.weights

    def lost(self, cut_off: CutOff) -> NDArray[np.float64]:
        """(parts,): of the rows above the cut-off, or above their own, the share that would not be flagged any longer."""
        return self._share(self.scores > cut_off, self.moved <= cut_off)

    def gained(self, cut_off: CutOff) -> NDArray[np.float64]:
        """(parts,): of the other rows the share that would be flagged."""
        return self._share(self.scores <= cut_off, self.moved > cut_off)

    def _share(self, among: NDArray[np.bool_], happened: NDArray[np.bool_]) -> NDArray[np.float64]:
        weights = self.weights * among
        total = weights.sum()
        return happened.mean(axis=1) @ (weights / total) if total else np.full(len(happened), np.nan)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of(cls, arrays: Any) -> Self:
        """What `arrays` gave, from anything that holds them by name."""
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def rows_and_repeats(n_parts: int, scores: int) -> tuple[int, int]:
    """How many rows to shuffle so many parts of, and how often, for about so many `scores`."""
    rows = int(np.clip(scores // max(1, n_parts), FEWEST_ROWS, MOST_ROWS))
    return rows, int(np.clip(scores // max(1, n_parts * rows), 1, MOST_REPEATS))


def shuffle(
    game: Game, rows: NDArray[np.float32], parts: NDArray[np.intp], sample: Sample, *,
    n_parts: int, repeats: int, hidden: float | None = None, seed: int = 0,
) -> Shuffled:  # fmt: skip
    """Shuffles each part among `rows`, (rows, …), in turn; with `hidden`, that stands in its place, and nothing is shuffled.

    `parts`, (rows, units), says to which part each unit of each row belongs, -1 to none; `sample` says which rows they
    are: what takes a part's place is drawn by their weights, so that it is as usual as in the run.
    """
    chance = np.random.default_rng(seed)
    scores = game.score(rows)
    repeats = repeats if hidden is None else 1
    moved = np.repeat(scores[None], n_parts * repeats, axis=0).reshape(n_parts, repeats, len(rows))
    together = max(1, NUMBERS_TOGETHER // max(1, rows.size))
    for repeat in range(repeats):
        others = rows[chance.choice(len(rows), len(rows), p=sample.weights)] if hidden is None else np.full_like(rows, hidden)
        for start in range(0, n_parts, together):
            chosen = np.arange(start, min(n_parts, start + together))
            replaced = np.where((parts == chosen[:, None, None])[:, :, game.units], others, rows)
            changed = (replaced != rows).reshape(len(chosen), len(rows), -1).any(axis=2)
            part, row = np.nonzero(changed)
            if len(part):  # scored in one go: a detector of several members has much to do for each call
                moved[chosen[part], repeat, row] = game.score(replaced[changed])
    return Shuffled(sample.rows, sample.weights, scores, moved)


def _halves(first: int, second: int, most: int) -> tuple[int, int]:
    """Sizes of two groups in a sample: half and half, or more of one where the other is small."""
    of_first = min(first, max(most // 2, most - second))
    return of_first, min(second, most - of_first)
