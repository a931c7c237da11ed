"""Number of rows: the highest scores of the data, so many of them."""

from __future__ import annotations

from detectors.messages import N_
from detectors.params import integer
from detectors.thresholds.contract import Rule, highest_rows
from detectors.thresholds.evidence import Evidence


class Rows(Rule):
    title = N_("Number of rows")
    help = N_("Flags this many rows, those with the highest scores; fewer where equal scores straddle the border.")
    label = N_("top {value}")
    setting = "{value}"
    order = 20
    grows = 1

    value: int = integer(50, title=N_("Rows"), help=N_("How many rows to flag at most."), low=1, high=1_000_000_000)

    def cut_off(self, evidence: Evidence) -> float:
        return highest_rows(evidence.scores, int(self.value))
