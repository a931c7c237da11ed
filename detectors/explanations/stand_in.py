"""The smallest change of a row whose score takes long: found by something quicker that rises and falls with it, then scored itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detectors.explanations.smallest_change import Flagged, Move, Score, SmallestChange, smallest_change
from detectors.explanations.ways import Way

#: How often the search is repeated, each time aiming lower, until the score itself is low enough.
TRIES = 5

#: Aimed at is a little less than what should just do.
MARGIN = 0.01


@dataclass(frozen=True)
class StandIn:
    """Something quicker in the place of the score."""

    score: Score
    """Of changed rows, (rows, …)."""
    towards: NDArray[np.float32]
    """(…): a changed row that is not flagged."""


def smallest_by_stand_in(flagged: Flagged, stand_in: StandIn, ways: Sequence[Way], most: int) -> SmallestChange | None:
    """The smallest change by `stand_in` that is enough by the score itself; None where none was found.

    How low the stand-in has to be is told by the straight line through two rows: `towards`, and the last that was not enough.
    """
    ends = np.stack([stand_in.towards, flagged.row])
    (low, high), (low_score, high_score) = stand_in.score(ends), flagged.scores(ends.reshape(2, -1))
    for _ in range(TRIES):
        if low_score > flagged.cut_off or high_score <= low_score or high <= low:
            return None
        aim = low + (high - low) * (flagged.cut_off - low_score) / (high_score - low_score) * (1 - MARGIN)
        found = smallest_change(Flagged(flagged.row, stand_in.score, float(aim)), ways, most)
        if found is None:
            return None
        score = float(flagged.scores(found.row.reshape(1, -1))[0])
        if score <= flagged.cut_off:
            return replace(found, score=score, others=_enough(flagged, found.others))
        high, high_score = float(stand_in.score(found.row[None])[0]), score
    return None


def _enough(flagged: Flagged, others: Sequence[Move]) -> tuple[Move, ...]:
    """Those moves that are enough by the score itself."""
    rows = []
    for move in others:
        row = flagged.row.reshape(-1).copy()
        row[move.way.places] = move.way.write(np.array([move.value]))[0]
        rows.append(row)
    return tuple(move for move, score in zip(others, flagged.scores(rows), strict=True) if score <= flagged.cut_off)
