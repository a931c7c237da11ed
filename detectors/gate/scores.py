"""The scores of new data against those that were learned from: anomalies, or a shift of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detectors.detector_file.manifest import Manifest
from detectors.drift import Drift, distance_of
from detectors.gate.findings import percent
from detectors.messages import N_, Message

#: What the flags of scored data say: as many as expected, more (or fewer) though the rest scores as before, or a shift of all;
#: or as many as expected, of scores that have moved.
Verdict = Literal["as expected", "more", "fewer", "shift", "moved"]

SENTENCES: dict[Verdict, str] = {
    "as expected": N_("{found} flagged where {expected} was expected: about as many as among the rows learned from."),
    "more": N_("{found} flagged where {expected} was expected, and the other scores are as they were: these may well be anomalies."),
    "fewer": N_("{found} flagged where {expected} was expected: fewer than among the rows learned from."),
    "moved": N_(
        "{found} flagged where {expected} was expected, but most scores have moved: the cut-off may no longer lie where it should."
    ),
    "shift": N_("{found} flagged where {expected} was expected, and most scores have moved: this is a shift, not {found} anomalies."),
}

#: As many as expected, but visibly more.
SOMEWHAT_MORE = N_("{found} flagged where {expected} was expected: somewhat more, as new rows often have.")

#: More flags than this many times what was expected are more; scores below the cut-off that moved by this are a shift.
MORE, MOVED = 2.0, 0.2

#: Up to this many times what was expected are about as many.
ABOUT = 1.25


@dataclass(frozen=True)
class ScoreDrift:
    """The scores of new rows against those of the training rows."""

    found: float
    """The share that is flagged."""
    expected: float
    """The share of the training rows that was."""
    drift: Drift
    below: float
    """The distance of the scores below the cut-off alone: how far usual rows have moved."""
    rows: int

    @property
    def verdict(self) -> Verdict:
        spread = 3 * np.sqrt(max(self.expected, 1 / self.rows) / self.rows)  # what a count varies by, by chance
        if self.found > max(MORE * self.expected, self.expected + spread):
            return "shift" if self.below > max(MOVED, self.drift.chance) else "more"
        if self.found < self.expected / MORE and self.found < self.expected - spread:
            return "fewer"
        return "moved" if self.below > max(MOVED, self.drift.chance) and self.drift.size == "large" else "as expected"

    @property
    def message(self) -> Message:
        somewhat_more = self.verdict == "as expected" and self.found > ABOUT * self.expected
        return Message(
            SOMEWHAT_MORE if somewhat_more else SENTENCES[self.verdict], {"found": percent(self.found), "expected": percent(self.expected)}
        )


def score_drift(manifest: Manifest, sorted_scores: NDArray[np.float64], cut_off: float, flagged: float | None = None) -> ScoreDrift | None:
    """How the `sorted_scores` of new rows compare; None where the file does not hold what the training rows scored.

    `flagged` is the share of them that is flagged, where segments have cut-offs of their own; None: what lies above `cut_off`.
    """
    quantiles = np.asarray(manifest.scores.get("quantiles") or [], dtype=np.float64)
    if not len(quantiles) or not len(sorted_scores):
        return None
    trained = np.interp(np.linspace(0, 1, 2001), np.linspace(0, 1, len(quantiles)), quantiles)
    usual, before = sorted_scores[sorted_scores <= cut_off], trained[trained <= cut_off]
    if len(usual) and len(before):
        below = distance_of(usual, np.quantile(before, np.linspace(0, 1, 101)).tolist(), manifest.fitted_rows).distance
    else:
        below = 1.0
    expected = float(manifest.scores.get("flagged", (trained > cut_off).mean()))
    drift = distance_of(sorted_scores, quantiles.tolist(), manifest.fitted_rows)
    found = float((sorted_scores > cut_off).mean()) if flagged is None else flagged
    return ScoreDrift(found, expected, drift, below, len(sorted_scores))
