"""Best F1: the cut-off at which precision and recall are best together."""

from __future__ import annotations

from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule
from detectors.thresholds.evidence import Evidence
from detectors.thresholds.judging import choices


class FScore(Rule):
    title = N_("Best F1")
    help = N_(
        "Flags where precision and recall of the rows with a label or a verdict are best together. Chosen and judged by the same rows it "
        "looks a little better than it is; verdicts alone know only what somebody looked at."
    )
    label = N_("best F{value}")
    order = 120
    grows = 1

    value: float = number(
        1.0,
        title=N_("Weight of recall"),
        help=N_("1 is F1; 2 counts recall twice as much as precision, 0.5 half as much."),
        low=0.1,
        high=10,
    )

    def cut_off(self, evidence: Evidence) -> float:
        found = choices(evidence.known)
        weight = self.value**2
        scores = (1 + weight) * found.caught / (found.caught + found.false_alarms + weight * found.anomalies)
        return float(found.cut_offs[scores.argmax()])
