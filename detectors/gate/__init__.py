"""The gate before scoring: what of new data is unlike what a detector learned from, and whether scoring goes on.

A file of this folder looks at one thing: columns, what is inside pictures and texts, the times of a series, and afterwards the scores.
"""

from __future__ import annotations

from detectors.gate.findings import Gate, Noticed
from detectors.gate.held import check_described, gate_of
from detectors.gate.scores import ScoreDrift, score_drift

__all__ = ["Gate", "Noticed", "ScoreDrift", "check_described", "gate_of", "score_drift"]
