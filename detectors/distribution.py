"""Where the scores lie, in the few numbers a plot needs: bars, and a grid of cut-offs with their exact counts.

Takes scores sorted from lowest to highest (a memory map of millions will do) and only looks numbers up in them:
edges and cut-offs are searched, quantiles are read at their index, nothing passes over all scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.errors import DataError
from detectors.messages import N_
from detectors.thresholds import Threshold, flagged_count
from detectors.thresholds.axis import log_offset
from detectors.thresholds.evidence import KnownLabels

BARS = 200

#: Cut-offs of the grid: this many that flag chosen numbers of rows, dense where few are flagged …
EVEN_COUNTS, FEW_COUNTS = 250, 450
#: … and this many at even distances along each axis, so that the handle also moves where no row is.
EVEN_POSITIONS = 140

#: Significant digits of a cut-off, counted within the spread of the scores.
DIGITS = 7
MOST_DIGITS = 17

#: A bar narrower than this share of the scores is lost in the rounding of float64.
RESOLUTION = 1e-15

#: With a range of more than this many interquartile ranges a linear axis shows one bar and a line.
LONG_TAIL = 20


@dataclass(frozen=True)
class Mark:
    """A cut-off and what it flags: of all rows, of the labelled anomalies, of the labelled normal rows."""

    cut_off: float
    flagged: int
    anomalies: int | None = None
    normals: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {"cut_off": self.cut_off, "flagged": self.flagged, "anomalies": self.anomalies, "normals": self.normals}


@dataclass(frozen=True)
class Tick:
    """A rule's threshold, marked on the axis."""

    threshold: Threshold
    mark: Mark


@dataclass(frozen=True)
class Axis:
    """Bars of equal width along one axis: positions are scores, or log10(score + `offset`) where `logarithmic`.

    `counts[i]` rows have a position greater than ``low + i * width`` and at most one width more; the first bar also
    has the rows at `low`. `anomalies` counts the labelled anomalies in the same bars.
    """

    logarithmic: bool
    offset: float
    low: float
    high: float
    counts: NDArray[np.int64]
    anomalies: NDArray[np.int64] | None

    def to_json(self) -> dict[str, Any]:
        return {
            "logarithmic": self.logarithmic, "offset": self.offset, "low": self.low, "high": self.high,
            "counts": self.counts.tolist(), "anomalies": _listed(self.anomalies),
        }  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """Cut-offs, ascending and distinct, (cut-offs,), and what each flags; the first flags every row, the last none."""

    cut_offs: Scores
    flagged: NDArray[np.int64]
    anomalies: NDArray[np.int64] | None
    normals: NDArray[np.int64] | None

    def to_json(self) -> dict[str, Any]:
        return {
            "cut_offs": self.cut_offs.tolist(), "flagged": self.flagged.tolist(),
            "anomalies": _listed(self.anomalies), "normals": _listed(self.normals),
        }  # fmt: skip


@dataclass(frozen=True)
class Distribution:
    """Everything a threshold plot draws, under 50 kB as JSON however many rows there are."""

    rows: int
    labelled_anomalies: int | None
    labelled_rows: int | None
    long_tailed: bool
    linear: Axis
    logarithmic: Axis
    grid: Grid

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows, "labelled_anomalies": self.labelled_anomalies, "labelled_rows": self.labelled_rows,
            "long_tailed": self.long_tailed, "linear": self.linear.to_json(), "logarithmic": self.logarithmic.to_json(),
            "grid": self.grid.to_json(),
        }  # fmt: skip


def distribution(sorted_scores: Scores, known: KnownLabels | None = None) -> Distribution:
    """Bars and grid of `sorted_scores`, (rows,), and of the labelled rows among them."""
    if not len(sorted_scores):
        raise DataError(N_("There are no scores to draw. Train a detector on at least 2 rows first."))
    middle_half = _quantile(sorted_scores, 0.75) - _quantile(sorted_scores, 0.25)
    score_range = float(sorted_scores[-1]) - float(sorted_scores[0])
    linear, logarithmic = _axes(sorted_scores, known)
    return Distribution(
        rows=len(sorted_scores),
        labelled_anomalies=None if known is None else len(known.anomalies),
        labelled_rows=None if known is None else len(known.anomalies) + len(known.normals),
        long_tailed=score_range > LONG_TAIL * middle_half,
        linear=linear,
        logarithmic=logarithmic,
        grid=_grid(sorted_scores, known, (linear, logarithmic)),
    )


def mark(cut_off: float, sorted_scores: Scores, known: KnownLabels | None = None) -> Mark:
    """What `cut_off` flags, exactly; for the cut-off in force and for ticks, which need not lie on the grid."""
    if known is None:
        return Mark(cut_off, flagged_count(sorted_scores, cut_off))
    return Mark(
        cut_off, flagged_count(sorted_scores, cut_off), flagged_count(known.anomalies, cut_off), flagged_count(known.normals, cut_off)
    )


def ticks(thresholds: Sequence[Threshold], sorted_scores: Scores, known: KnownLabels | None = None) -> list[Tick]:
    """A tick with its counts for each threshold."""
    return [Tick(threshold, mark(threshold.cut_off, sorted_scores, known)) for threshold in thresholds]


def _axes(sorted_scores: Scores, known: KnownLabels | None) -> tuple[Axis, Axis]:
    lowest, highest = float(sorted_scores[0]), float(sorted_scores[-1])
    offset = log_offset(sorted_scores)
    log_low, log_high = math.log10(lowest + offset), math.log10(highest + offset)
    linear_edges = _edges(lowest, highest, max(abs(lowest), abs(highest)))
    positions = _edges(log_low, log_high, max(abs(log_low), abs(log_high), 1.0))
    return (
        _axis(linear_edges, linear_edges, None, sorted_scores, known),
        _axis(positions, 10**positions - offset, offset, sorted_scores, known),
    )


def _edges(low: float, high: float, magnitude: float) -> Scores:
    """Evenly spaced edges that enclose `low` and `high` by half a bar, or by a hundredth where they are as good as equal."""
    pad = (high - low) / (2 * BARS)
    if pad <= RESOLUTION * magnitude:
        pad = magnitude / 100 or 1.0
    return np.linspace(low - pad, high + pad, BARS + 1)


def _axis(positions: Scores, edges: Scores, offset: float | None, sorted_scores: Scores, known: KnownLabels | None) -> Axis:
    return Axis(
        logarithmic=offset is not None,
        offset=offset or 0.0,
        low=float(positions[0]),
        high=float(positions[-1]),
        counts=_counts(sorted_scores, edges),
        anomalies=None if known is None else _counts(known.anomalies, edges),
    )


def _counts(sorted_scores: Scores, edges: Scores) -> NDArray[np.int64]:
    inner = np.searchsorted(sorted_scores, edges[1:-1], side="right")
    return np.diff(inner, prepend=0, append=len(sorted_scores)).astype(np.int64)


def _grid(sorted_scores: Scores, known: KnownLabels | None, axes: tuple[Axis, Axis]) -> Grid:
    linear, logarithmic = axes
    ends = max(linear.low, 10**logarithmic.low - logarithmic.offset), min(linear.high, 10**logarithmic.high - logarithmic.offset)
    even = np.linspace(*ends, EVEN_POSITIONS)
    even_log = 10 ** np.linspace(logarithmic.low, logarithmic.high, EVEN_POSITIONS) - logarithmic.offset
    candidates = np.concatenate([ends, even, even_log, _between_rows(sorted_scores)])
    cut_offs = np.unique(_rounded(np.clip(candidates, *ends), sorted_scores))
    return Grid(
        cut_offs=cut_offs,
        flagged=_flagged(sorted_scores, cut_offs),
        anomalies=None if known is None else _flagged(known.anomalies, cut_offs),
        normals=None if known is None else _flagged(known.normals, cut_offs),
    )


def _between_rows(sorted_scores: Scores) -> Scores:
    """Cut-offs midway between neighbouring scores that flag evenly spaced counts of rows, and nearly every small count."""
    total = len(sorted_scores)
    few = np.geomspace(1, total, FEW_COUNTS)
    counts = np.unique(np.concatenate([few, np.linspace(1, total, EVEN_COUNTS), np.arange(1, 101)]).round().astype(np.int64))
    counts = counts[counts < total]
    below, above = np.asarray(sorted_scores[total - counts - 1]), np.asarray(sorted_scores[total - counts])
    return below + (above - below) / 2


def _rounded(cut_offs: Scores, sorted_scores: Scores) -> Scores:
    """Few digits to send, enough to tell scores apart; counts are taken afterwards, of what was rounded."""
    largest = max(abs(float(sorted_scores[0])), abs(float(sorted_scores[-1])))
    spread = _quantile(sorted_scores, 0.75) - _quantile(sorted_scores, 0.25) or float(sorted_scores[-1]) - float(sorted_scores[0])
    if not spread:
        return cut_offs
    digits = min(DIGITS + max(0, math.ceil(math.log10(largest / spread)) - 1), MOST_DIGITS)
    return np.array([float(f"{cut_off:.{digits}g}") for cut_off in cut_offs])


def _flagged(sorted_scores: Scores, cut_offs: Scores) -> NDArray[np.int64]:
    return (len(sorted_scores) - np.searchsorted(sorted_scores, cut_offs, side="right")).astype(np.int64)


def _quantile(sorted_scores: Scores, share: float) -> float:
    return float(sorted_scores[round(share * (len(sorted_scores) - 1))])


def _listed(counts: NDArray[np.int64] | None) -> list[int] | None:
    return None if counts is None else counts.tolist()
