"""Labelled rows that are not learned from, so that a detector that learns from labels is judged by rows it does not know."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Figures for fewer anomalies, or normal rows, would say nothing: then none are held out.
FEWEST_HELD_OUT = 5

#: Stretches into which a series is cut: those held out are whole ones, because a step is much like the one before.
STRETCHES = 50


def held_out(
    kinds: NDArray[np.int8], candidates: NDArray[np.bool_], share: float, seed: int, order: NDArray[np.intp] | None = None
) -> NDArray[np.bool_]:
    """Which of the rows to learn from, `candidates`, (rows,), are held out: a `share` of the normal ones and of each kind of anomaly.

    None are where the other labelled rows are enough to judge by, or where too few would be held out.

    Args:
        kinds: (rows,): 0 normal, 1, 2 … an anomaly of a kind, -1 unknown.
        candidates: the labelled rows that may be learned from, (rows,).
        share: how much of them.
        seed: decides which ones.
        order: the rows in the order of time, where that matters: then whole stretches are held out, and events with their beginning.
    """
    nobody = np.zeros(len(kinds), dtype=bool)
    if not share or _can_judge(kinds, ~candidates):
        return nobody
    chance = np.random.default_rng([seed % 2**32, 3])
    of_row = np.arange(len(kinds)) if order is None else _stretches(kinds, order)
    strongest = np.full(of_row.max(initial=0) + 1, -1, dtype=np.int8)
    np.maximum.at(strongest, of_row[candidates], kinds[candidates])
    chosen = np.zeros(len(strongest), dtype=bool)
    chosen[_drawn(strongest, share, chance)] = True
    held = candidates & chosen[of_row]
    return held if _can_judge(kinds, held) and _can_judge(kinds, candidates & ~held) else nobody


def _drawn(labels: NDArray[np.int8], share: float, chance: np.random.Generator) -> NDArray[np.intp]:
    """Positions of a `share` of each of the `labels` from 0 on, (positions,); what is rounded off adds up over the kinds of anomalies."""
    found, begun = [], 0.0
    for label in [0, *np.unique(labels[labels > 0]).tolist()]:
        places = chance.permutation(np.flatnonzero(labels == label))
        if label <= 1:
            begun = 0.0
        wanted = begun + share * len(places)
        count = min(int(wanted + 0.5), max(0, len(places) - 1))
        begun = wanted - count
        found.append(places[:count])
    return np.concatenate(found)


def _stretches(kinds: NDArray[np.int8], order: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each row its stretch of time, (rows,); all rows of an event are in the one in which it begins."""
    ordered = kinds[order] > 0
    places = np.arange(len(order))
    begins = np.where(ordered & np.append(False, ordered[:-1]), 0, places)
    first = np.maximum.accumulate(begins)
    stretches = np.empty(len(order), dtype=np.intp)
    stretches[order] = first * STRETCHES // max(1, len(order))
    return stretches


def _can_judge(kinds: NDArray[np.int8], rows: NDArray[np.bool_]) -> bool:
    return min((kinds[rows] == 0).sum(), (kinds[rows] > 0).sum()) >= FEWEST_HELD_OUT
