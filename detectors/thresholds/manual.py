"""By hand: the cut-off as it was typed or dragged to."""

from __future__ import annotations

import sys

from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule
from detectors.thresholds.evidence import Evidence


class ByHand(Rule):
    title = N_("By hand")
    help = N_("Flags the rows whose score is above the value that was typed or dragged to.")
    label = N_("by hand")
    order = 1000
    grows = -1

    value: float = number(
        0.0, title=N_("Cut-off"), help=N_("Rows with a greater score are flagged."), low=-sys.float_info.max, high=sys.float_info.max
    )

    def cut_off(self, evidence: Evidence) -> float:
        return float(self.value)
