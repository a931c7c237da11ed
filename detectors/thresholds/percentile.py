"""Percentile: a share of the rows."""

from __future__ import annotations

from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule, percentile
from detectors.thresholds.evidence import Evidence


class Percentile(Rule):
    title = N_("Percentile")
    help = N_("Flags the rows whose score is above this percentile: 95 flags about 5 % of the rows.")
    label = N_("{value} %")
    setting = "{value} %"
    order = 10
    grows = -1

    value: float = number(95.0, title=N_("Percentile"), help=N_("Share of the rows that stay below the cut-off, in %."), low=0, high=100)

    def cut_off(self, evidence: Evidence) -> float:
        return percentile(evidence.training, self.value)
