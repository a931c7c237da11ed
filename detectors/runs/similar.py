"""Rows like one row, in what makes that row unusual."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.maps import rows_to_map
from detectors.runs.explained import ExplainedRun

#: Flagged rows that are looked at; beside them as many of all rows as a map shows.
MOST_FLAGGED = 5_000

#: How much of the likeness is decided by what raised the score; the rest is shared by everything else about the row.
BY_REASONS = 0.8

#: A row is like another one where it is nearer than this share of the way to a typical row: by its numbers, by its words.
NEAR_BY_NUMBERS, NEAR_BY_WORDS = 0.7, 0.9

#: Among fewer rows nobody knows what a typical distance is.
FEWEST_TO_JUDGE = 20

#: A number that is so many times as far from the middle as another one is not like it.
FAR = 3.0

#: A spread below this is none.
SMALLEST_SPREAD = 1e-6


def rows_to_look_at(ranking: NDArray[np.intp], flagged: int, seed: int) -> NDArray[np.intp]:
    """Among which rows similar ones are looked for, growing: flagged ones first of all."""
    return np.union1d(ranking[: min(flagged, MOST_FLAGGED)], rows_to_map(ranking, seed))


def similar_rows(run: ExplainedRun, row: int, among: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """At most so many of the rows `among` that are like `row`, which is left out; the most similar first, none where none is near.

    Rows of numbers are compared number by number, in units of how far usual rows differ (or, far out, of a third of the way there), what raised the score of `row` above
    all; texts by the words they share, rare ones above all.
    """
    others = among[among != row]
    if not len(others):
        return others
    seen, its = run.seen(others), run.seen(np.array([row]))
    flat, own = seen.reshape(len(seen), -1), its.reshape(-1)
    has_words = run.preparation.representation == "tokens"
    distances = _by_words(flat, own) if has_words else _by_numbers(run, row, flat, own)
    nearest = np.argsort(distances, kind="stable")[:most]
    if len(others) < FEWEST_TO_JUDGE:
        return np.asarray(others[nearest], dtype=np.intp)
    near = np.median(distances) * (NEAR_BY_WORDS if has_words else NEAR_BY_NUMBERS)
    return np.asarray(others[nearest[distances[nearest] <= near]], dtype=np.intp)


def _by_numbers(run: ExplainedRun, row: int, seen: NDArray[np.float32], own: NDArray[np.float32]) -> NDArray[np.float64]:
    middle = np.median(seen, axis=0)
    usual = np.maximum(np.median(np.abs(seen - middle), axis=0), seen.std(axis=0) / 10)
    spread = np.maximum(usual, np.abs(own - middle) / FAR)  # far out, rows are alike that are farther apart
    weights = np.full(len(own), 1 / len(own))
    units = run.preparation.units.reshape(-1)
    if len(units) == len(own):  # otherwise the detector sees something else than what is explained
        raised = np.maximum(run.many(np.array([row])).values[0], 0)
        if raised.any():
            of_unit = raised / raised.sum() / np.bincount(units)
            weights = (1 - BY_REASONS) * weights + BY_REASONS * of_unit[units]
    apart = np.abs(seen - own) / np.maximum(spread, SMALLEST_SPREAD)
    return np.asarray(np.log1p(apart) @ weights)  # beyond any usual distance, farther hardly matters


def _by_words(seen: NDArray[np.float32], own: NDArray[np.float32]) -> NDArray[np.float64]:
    known = np.unique(own[own > 0])
    if not len(known):
        return np.ones(len(seen))
    held = np.stack([(seen == word).any(axis=1) for word in known], axis=1)
    rarity = np.log1p(len(seen) / (1 + held.sum(axis=0)))
    longer = np.maximum((seen > 0).sum(axis=1) / len(known), 1)
    return np.asarray(1 - (held @ rarity) / rarity.sum() / np.sqrt(longer))
