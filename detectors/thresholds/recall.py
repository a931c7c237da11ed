"""Recall at least: as few flags as can be that catch so large a share of the anomalies."""

from __future__ import annotations

import numpy as np

from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule
from detectors.thresholds.evidence import Evidence
from detectors.thresholds.judging import ROUNDING, choices


class Recall(Rule):
    title = N_("Recall at least")
    help = N_(
        "Flags as few rows as it can while it catches at least this share of the anomalies known by label or verdict. "
        "Verdicts alone know only the anomalies that somebody looked at: then it is a share of those."
    )
    label = N_("recall ≥ {value}")
    setting = "{value}"
    order = 140
    grows = 1

    value: float = number(0.9, title=N_("Recall"), help=N_("Share of the known anomalies that must be flagged."), low=0.01, high=1)

    def cut_off(self, evidence: Evidence) -> float:
        found = choices(evidence.known)
        return float(found.cut_offs[np.flatnonzero(found.caught >= self.value * found.anomalies - ROUNDING)[0]])
