"""Runs on the same data beside one another: how far they agree, what only one of them flags, how their settings differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Scores
from detectors.ranks import ranks

#: Of more rows than these, rank correlations come from so many drawn at random.
MOST_ROWS = 200_000

#: Rows drawn in a picture of two scores at most: of the others there are too many to point at.
MOST_POINTS = 4_000

#: What stands for a setting that a run does not have.
ABSENT = "–"


def rank_correlations(scores: Sequence[Scores], seed: int = 0) -> NDArray[np.float64]:
    """Spearman's rank correlation of each run's `scores`, (rows,) each, with every other's: (runs, runs).

    0 where a run gave all rows the same score.
    """
    rows = drawn(len(scores[0]), MOST_ROWS, seed)
    centred = np.stack([ranks(np.asarray(each)[rows]) for each in scores])
    centred -= centred.mean(axis=1, keepdims=True)
    size = np.sqrt(np.square(centred).sum(axis=1))
    sizes = np.outer(size, size)
    found = np.divide(centred @ centred.T, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    np.fill_diagonal(found, 1.0)
    return np.clip(found, -1, 1)


def flagged_by_both(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """How many rows each two runs both flag, (runs, runs), where `flags`, (runs, rows), is what each one flags."""
    return np.array([[np.count_nonzero(one & other) for other in flags] for one in flags], dtype=np.intp)


def shared_shares(flags: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of the rows that either of two runs flags, the share that both do (Jaccard), (runs, runs); 1 where neither flags any."""
    both = flagged_by_both(flags)
    either = np.diag(both)[:, None] + np.diag(both)[None, :] - both
    return np.divide(both, either, out=np.ones(both.shape), where=either > 0)


def only_flagged(flags: NDArray[np.bool_], run: int) -> NDArray[np.intp]:
    """The rows that `run` flags and none of the others does, growing."""
    others = np.delete(flags, run, axis=0).any(axis=0)
    return np.flatnonzero(flags[run] & ~others)


def agreed(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The rows that every run flags, growing."""
    return np.flatnonzero(flags.all(axis=0))


def places(ranking: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """The rank, from 1, of each of `rows` in a `ranking`: positions of all rows, the most unusual first."""
    place = np.empty(len(ranking), dtype=np.intp)
    place[ranking] = np.arange(1, len(ranking) + 1)
    return place[rows]


def points_to_draw(flags: NDArray[np.bool_], seed: int = 0) -> NDArray[np.intp]:
    """Rows for a picture of two scores, growing: those that are flagged, then others, each half of it where there are many."""
    flagged, others = np.flatnonzero(flags.any(axis=0)), np.flatnonzero(~flags.any(axis=0))
    room = MOST_POINTS - min(len(others), MOST_POINTS // 2)
    kept = flagged[drawn(len(flagged), room, seed)]
    rest = others[drawn(len(others), MOST_POINTS - len(kept), seed)]
    return np.sort(np.concatenate([kept, rest]))


def differing(settings: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The settings that several runs have and that are not the same in all of these, each with its value in every run."""
    found = _values(settings)
    return {name: values for name, values in found.items() if any(value != _present(values)[0] for value in _present(values))}


def their_own(settings: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The settings that a single run has, each with its value in every run."""
    return {name: values for name, values in _values(settings).items() if len(_present(values)) == 1}


def _values(settings: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for each in settings for name in each)
    return {name: [each.get(name, ABSENT) for each in settings] for name in names}


def _present(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value != ABSENT]
