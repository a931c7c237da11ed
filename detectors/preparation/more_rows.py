"""More rows to learn from than there are: varied copies of few rows, new ones like them, repeated or mixed ones of rare labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.preparation.contract import Made

#: A row is mixed with the nearest of so many others of its kind.
CANDIDATES = 30

#: Rows whose candidates are compared together, so that memory stays small.
NUMBERS_TOGETHER = 4_000_000


@dataclass(frozen=True)
class Variation:
    """How a row becomes a varied copy. Numbers that say which category a row is in, not `measured`, (numbers,), are never blurred."""

    way: str
    """``noise`` or ``mix``."""
    noise: float
    measured: NDArray[np.bool_]

    def copies(self, X: NDArray[np.float32], of: NDArray[np.intp], kin: NDArray[np.intp], chance: np.random.Generator) -> Made:
        """One varied copy of each of the rows `of` of `X`, made with the help of their like, the rows `kin`.

        Chawla et al.: SMOTE, synthetic minority over-sampling technique, 2002, doi:10.1613/jair.953
        """
        if self.way == "mix" and len(kin) > 1:
            return self._mixed(X, of, kin, chance)
        noise = np.float32(self.noise) * X[kin].std(axis=0) * self.measured
        return Made.copies((X[of] + noise * chance.standard_normal((len(of), X.shape[1]), dtype=np.float32)).astype(np.float32), of)

    def _mixed(self, X: NDArray[np.float32], of: NDArray[np.intp], kin: NDArray[np.intp], chance: np.random.Generator) -> Made:
        nearest = _nearest(X, of, kin, chance)
        share = chance.random((len(of), 1), dtype=np.float32)
        between = X[of] + share * (X[nearest] - X[of])
        whole = np.where(share < 0.5, X[of], X[nearest])
        return Made(np.where(self.measured, between, whole), np.column_stack([of, nearest]))


def varied_copies(X: NDArray[np.float32], y: NDArray[np.int8] | None, variation: Variation, times: int, seed: int) -> list[Made]:
    """`times` a varied copy of each row of `X`, mixed with rows of the same label `y` only, where there are labels."""
    chance = np.random.default_rng([seed % 2**32, 1])
    by_label = [np.arange(len(X))] if y is None else _by_label(y)
    return [variation.copies(X, rows, rows, chance) for _ in range(times) for rows in by_label]


def new_rows(X: NDArray[np.float32], y: NDArray[np.int8] | None, measured: NDArray[np.bool_], count: int, seed: int) -> Made:
    """`count` rows by a generator that has learned from `X`. Numbers that are not `measured` are those of the row most like it.

    Raises:
        DataError: there are labels, `y`. Nobody knows the label of a row that was made of all of them.
    """
    from detectors.network.row_generator import generated_rows

    if y is not None:
        raise DataError(
            N_(
                "Rows made by a generator have no label, and a detector that learns from known anomalies needs one. Vary copies by noise or by mixing."
            )
        )
    made = generated_rows(X, count, seed)
    if not measured.all():
        made = np.where(measured, made, X[_most_like(X, made)])
    return Made.of_all(made)


def rare_rows(X: NDArray[np.float32], y: NDArray[np.int8], share: float, variation: Variation | None, seed: int) -> list[Made]:
    """So many rows made of those of the rarer label that it has the `share` of all: repeated as they are, or varied."""
    sorts = _by_label(y > 0)
    rare, others = min(sorts, key=len), max(sorts, key=len)
    missing = round(share / (1 - share) * len(others)) - len(rare)
    if len(sorts) < 2 or missing <= 0:
        return []
    chance = np.random.default_rng([seed % 2**32, 2])
    of = np.concatenate([np.tile(rare, missing // len(rare)), chance.permutation(rare)[: missing % len(rare)]])
    if variation is None:
        return [Made.copies(X[of], of)]
    kinds = np.unique(y[of]).tolist()  # a row is mixed with those of its kind alone
    return [variation.copies(X, of[y[of] == kind], rare[y[rare] == kind], chance) for kind in kinds]


def rare_share() -> Any:
    """Declares how much of what is learned from is to have the rarer label, for preparations that can only repeat."""
    return number(
        0.0, title=N_("Share of the rarer label"), low=0.0, high=0.5, advanced=True,
        help=N_("Where known anomalies are rare, they are learned from again and again until they have this share. 0 leaves them as rare as they are."),
    )  # fmt: skip


def repeated(X: NDArray[np.float32], y: NDArray[np.int8] | None, share: float, seed: int) -> list[Made]:
    """Rows of the rarer label again, until it has the `share` of all; none where nothing learns from labels."""
    return [] if y is None else rare_rows(X, y, share, None, seed)


def _by_label(y: NDArray[Any]) -> list[NDArray[np.intp]]:
    return [np.flatnonzero(y == label) for label in np.unique(y)]


def _most_like(X: NDArray[np.float32], made: NDArray[np.float32]) -> NDArray[np.intp]:
    """For each row `made` the place of the nearest row of `X`, (rows,)."""
    from sklearn.neighbors import NearestNeighbors

    places: NDArray[np.intp] = NearestNeighbors(n_neighbors=1).fit(X).kneighbors(made, return_distance=False)[:, 0]
    return places


def _nearest(X: NDArray[np.float32], of: NDArray[np.intp], kin: NDArray[np.intp], chance: np.random.Generator) -> NDArray[np.intp]:
    """For each of the rows `of` the nearest of some rows of `kin` other than itself."""
    found = np.empty(len(of), dtype=np.intp)
    together = max(1, NUMBERS_TOGETHER // (CANDIDATES * X.shape[1]))
    for start in range(0, len(of), together):
        rows = of[start : start + together]
        candidates = kin[chance.integers(0, len(kin), (len(rows), CANDIDATES))]
        distances = np.square(X[candidates] - X[rows, None]).sum(axis=2)
        distances[candidates == rows[:, None]] = np.inf
        found[start : start + together] = candidates[np.arange(len(rows)), distances.argmin(axis=1)]
    return found
