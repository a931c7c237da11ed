"""Precision at least: as many flags as can be, of which so large a share is right."""

from __future__ import annotations

import numpy as np

from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule
from detectors.thresholds.evidence import Evidence
from detectors.thresholds.judging import ROUNDING, choices


class Precision(Rule):
    title = N_("Precision at least")
    help = N_(
        "Flags as many rows as it can while, of the flagged rows with a label or a verdict, at least this share are anomalies. "
        "With few known rows it may be luck: the interval below tells."
    )
    label = N_("precision ≥ {value}")
    setting = "{value}"
    order = 130
    grows = -1

    value: float = number(0.9, title=N_("Precision"), help=N_("Share of the flagged rows that must be anomalies."), low=0.01, high=1)

    def cut_off(self, evidence: Evidence) -> float:
        found = choices(evidence.known)
        enough = np.flatnonzero((found.caught > 0) & (found.caught >= self.value * (found.caught + found.false_alarms) - ROUNDING))
        if not len(enough):
            flagged = found.caught[1:] + found.false_alarms[1:]
            best = float((found.caught[1:] / flagged).max())
            raise DataError(
                N_("No cut-off reaches a precision of {value}; the best that these scores allow is {best}."), value=self.value, best=best
            )
        return float(found.cut_offs[enough[-1]])
