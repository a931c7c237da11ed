"""One threshold for each segment: the rows with one value of a column, such as a country or a machine.

The same rule is applied within each segment, or a cut-off is set for it by hand. A segment with too few rows to learn a
cut-off from, one to whose scores the rule cannot be applied, and values that are seen later have the common cut-off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.errors import DataError
from detectors.flags import Flags
from detectors.frames import iter_batches, value_key
from detectors.intervals import Interval, share_interval
from detectors.messages import N_

#: Rows that were learned from, below which a segment has no cut-off of its own: the rank of a single row would decide it.
FEWEST_ROWS = 50

#: A column with more values than this makes no segments.
MOST_SEGMENTS = 500

#: The segment of rows without a value.
MISSING = ""

TOO_MANY = N_("`{column}` has more than {most} different values. Choose a column with fewer for a cut-off of each.")


@dataclass(frozen=True)
class Segments:
    """The rows of a data set by the values of one column."""

    column: str
    names: tuple[str, ...]
    """The values as text, the most frequent first; `MISSING` for none."""
    codes: NDArray[np.intp]
    """(rows,): the place of each row's value among the names."""

    @classmethod
    def of(cls, folder: Path, column: str) -> Segments:
        """The segments that a column of the data set in `folder` makes.

        Raises:
            DataError: there is no such column, or it has too many values.
        """
        parts: list[NDArray[np.intp]] = []
        known: dict[str, int] = {}
        for batch in iter_batches(folder, [column]):
            codes, values = pd.factorize(batch[column], use_na_sentinel=True)
            keys = [*(value_key(value) for value in values), MISSING]  # the last one for those without a value, which have -1
            for key in keys[:-1] if (codes >= 0).all() else keys:
                known.setdefault(key, len(known))
            if len(known) > MOST_SEGMENTS:
                raise DataError(TOO_MANY, column=column, most=MOST_SEGMENTS)
            parts.append(np.array([known.get(key, -1) for key in keys], dtype=np.intp)[codes])
        found = np.concatenate(parts)
        order = np.argsort(-np.bincount(found, minlength=len(known)), kind="stable")
        places = np.empty(len(known), dtype=np.intp)
        places[order] = np.arange(len(known))
        names = list(known)
        return cls(column, tuple(names[place] for place in order), places[found])

    @property
    def sizes(self) -> NDArray[np.intp]:
        """How many rows each has, (segments,)."""
        return np.bincount(self.codes, minlength=len(self.names))


@dataclass(frozen=True)
class SegmentScores:
    """The scores of a run by segment."""

    segments: Segments
    scores: tuple[Scores, ...]
    """Of each segment all scores, sorted from lowest to highest."""
    training: tuple[Scores, ...]
    """Of each segment the scores of the rows that were learned from, sorted."""

    @classmethod
    def of(cls, segments: Segments, scores: Scores, fitted: NDArray[np.bool_]) -> SegmentScores:
        """Of the `scores`, (rows,), of all rows, and which rows were learned from, (rows,)."""
        ranks = np.argsort(scores, kind="stable")
        by_segment = ranks[np.argsort(segments.codes[ranks], kind="stable")]
        parts = np.split(by_segment, np.cumsum(segments.sizes)[:-1])
        return cls(
            segments, tuple(np.asarray(scores[part]) for part in parts), tuple(np.asarray(scores[part[fitted[part]]]) for part in parts)
        )

    def own_cut_offs(self, cut_off_of: Callable[[Scores, Scores], float], by_hand: Mapping[str, float]) -> dict[str, float]:
        """Segment → its cut-off: the one set `by_hand`, else what `cut_off_of` makes of its (scores, training scores).

        Segments that have the common cut-off are left out.
        """
        found = {}
        for name, scores, training in zip(self.segments.names, self.scores, self.training, strict=True):
            if name in by_hand:
                found[name] = float(by_hand[name])
            elif len(training) >= FEWEST_ROWS:
                try:
                    found[name] = cut_off_of(scores, training)
                except DataError:  # the common cut-off stands in, and the table of segments says so
                    continue
        return found


def cut_offs_of(keys: Sequence[str], own: Mapping[str, float], common: float) -> Scores:
    """The cut-off of each segment among `keys` (as `value_key` names values), (keys,); of a value never seen the common one."""
    return np.array([own.get(key, common) for key in keys], dtype=np.float64)


def cut_offs_by_row(segments: Segments, own: Mapping[str, float], common: float) -> Scores:
    """The cut-off of every row, (rows,)."""
    return cut_offs_of(segments.names, own, common)[segments.codes]


@dataclass(frozen=True)
class SegmentRate:
    """How much of one segment is flagged."""

    name: str
    rows: int
    flagged: int
    interval: Interval
    """Where the share of flagged rows lies, 95 times in 100, of as many rows of the same sort."""

    @property
    def rate(self) -> float:
        return self.flagged / self.rows


def rates(segments: Segments, flags: Flags) -> list[SegmentRate]:
    """The share of flagged rows in each segment, the largest segment first."""
    flagged = np.bincount(segments.codes[flags.rows], minlength=len(segments.names))
    counts: list[tuple[str, Any, Any]] = list(zip(segments.names, segments.sizes, flagged, strict=True))
    return [SegmentRate(name, int(rows), int(part), share_interval(int(part), int(rows))) for name, rows, part in counts]
