"""Least cost: what is missed and what is flagged in vain, each at its price."""

from __future__ import annotations

from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule
from detectors.thresholds.evidence import Evidence
from detectors.thresholds.judging import choices


class Cost(Rule):
    title = N_("Least cost")
    help = N_(
        "Flags where missed anomalies and false alarms together cost least, by the rows with a label or a verdict. "
        "Only the ratio of the two costs matters for the cut-off; give them in the same unit."
    )
    label = N_("cost {value} : {false_alarm}")
    setting = "{value} : {false_alarm}"
    order = 150
    grows = 1

    value: float = number(10.0, title=N_("Cost of a miss"), help=N_("What an anomaly costs that is not flagged."), low=0, high=1e12)
    false_alarm: float = number(
        1.0,
        title=N_("Cost of a false alarm"),
        help=N_("What a normal row costs that is flagged: somebody looks at it in vain."),
        low=0,
        high=1e12,
    )

    def cut_off(self, evidence: Evidence) -> float:
        found = choices(evidence.known)
        return float(found.cut_offs[found.cost(self.value, self.false_alarm).argmin()])
