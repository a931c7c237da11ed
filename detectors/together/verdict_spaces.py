"""The ways in which rows may be alike: by their values, their ranks, their principal components, or what detectors make of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Progress
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.together.views import NormalRanks

FILE = "spaces.npz"

#: Rows from which the spaces are learned, at most, and rows whose distances say what is near.
LEARNED_ROWS, COMPARED_ROWS = 20_000, 400

#: Principal components that are looked at, at most.
MOST_COMPONENTS = 30

#: No value counts as further out than so many spreads, no surprise as more than this.
FURTHEST, MOST_SURPRISED = 4.0, 8.0

#: A column that varies less tells rows apart by rounding alone.
SMALLEST_SPREAD = 1e-6

VALUES, RANKS, COMPONENTS, WHITENED, SURPRISES = "values", "ranks", "components", "whitened", "surprises"

#: Rows in every space, by its name, (rows, numbers of the space).
Placed = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Spaces:
    """Learned from training rows alone; where a row lies depends on that row alone."""

    kept: NDArray[np.intp]
    """The numbers of a row that vary."""
    center: NDArray[np.float64]
    spread: NDArray[np.float64]
    components: NDArray[np.float64]
    """(components, kept)"""
    component_spread: NDArray[np.float64]
    middle: NDArray[np.float64]
    """Of the standardised values, (kept,): where the components begin."""
    rank_spread: NDArray[np.float64]
    surprise_center: NDArray[np.float64]
    surprise_spread: NDArray[np.float64]
    ranks: NormalRanks
    near: dict[str, float]
    """By space the median squared distance of two rows."""

    @classmethod
    def fit(cls, numbers: NDArray[np.float32], surprises: NDArray[np.float64], seed: int) -> Self:
        """`numbers`, (rows, numbers), and how surprised detectors are, (rows, detectors)."""
        chosen = drawn(len(numbers), LEARNED_ROWS, seed)
        values, surprised = numbers[chosen].astype(np.float64), np.minimum(surprises[chosen], MOST_SURPRISED)
        kept = np.flatnonzero(values.std(axis=0) > SMALLEST_SPREAD)
        values = values[:, kept]
        center, spread = values.mean(axis=0), values.std(axis=0)
        standard = np.clip((values - center) / spread, -FURTHEST, FURTHEST)
        components, component_spread = _components(standard)
        ranks = NormalRanks().fit(values.astype(np.float32), seed, Progress())
        rank_spread = np.maximum(ranks.transform(values.astype(np.float32)).std(axis=0, dtype=np.float64), SMALLEST_SPREAD)
        spaces = cls(
            kept, center, spread, components, component_spread, standard.mean(axis=0), rank_spread,
            surprised.mean(axis=0), np.maximum(surprised.std(axis=0), SMALLEST_SPREAD), ranks, {},
        )  # fmt: skip
        few = drawn(len(chosen), COMPARED_ROWS, seed)
        spaces.near.update({name: _median_distance(rows) for name, rows in spaces.of(numbers[chosen[few]], surprises[chosen[few]]).items()})
        return spaces

    def of(self, numbers: NDArray[np.float32], surprises: NDArray[np.float64]) -> Placed:
        """Where rows lie, `numbers` (rows, numbers), `surprises` (rows, detectors)."""
        values = np.ascontiguousarray(numbers[:, self.kept])
        standard = np.clip((values.astype(np.float64) - self.center) / self.spread, -FURTHEST, FURTHEST)
        # Not a matrix product, which rounds by the number of rows.
        placed = np.einsum("ij,kj->ik", standard - self.middle, self.components)
        surprised = (np.minimum(surprises, MOST_SURPRISED) - self.surprise_center) / self.surprise_spread
        return {
            VALUES: standard,
            RANKS: self.ranks.transform(values) / self.rank_spread,
            COMPONENTS: placed,
            WHITENED: np.clip(placed / self.component_spread, -FURTHEST, FURTHEST),
            SURPRISES: np.ascontiguousarray(surprised),
        }

    def save(self, folder: Path) -> None:
        """Writes into `folder`, which exists."""
        self.ranks.save(folder)
        arrays = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        np.savez(folder / FILE, allow_pickle=False, near=np.array([self.near[name] for name in sorted(self.near)]), **arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            with np.load(folder / FILE, allow_pickle=False) as kept:
                arrays = dict(kept)
            near = dict(zip(sorted((VALUES, RANKS, COMPONENTS, WHITENED, SURPRISES)), arrays.pop("near").tolist(), strict=True))
            return cls(**arrays, ranks=NormalRanks().load(folder), near=near)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error


def _components(standard: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The principal directions, (components, columns), and the spread of the rows along each; none of no spread."""
    _, sizes, directions = np.linalg.svd(standard - standard.mean(axis=0), full_matrices=False)
    spread = sizes / np.sqrt(len(standard))
    used = spread[:MOST_COMPONENTS] > SMALLEST_SPREAD
    return np.ascontiguousarray(directions[:MOST_COMPONENTS][used]), spread[:MOST_COMPONENTS][used]


def _median_distance(rows: NDArray[np.float64]) -> float:
    """The median squared distance of two different rows; 1 where there are none."""
    squares = (rows**2).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2 * rows @ rows.T
    apart = distances[distances > SMALLEST_SPREAD]
    return float(np.median(apart)) if len(apart) else 1.0
