"""Share of false flags: conformal p-values from rows known to be usual, and the procedure of Benjamini and Hochberg."""

from __future__ import annotations

import numpy as np

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.params import number
from detectors.thresholds.contract import Rule, between
from detectors.thresholds.evidence import Evidence

#: Fewer usual rows to compare with give p-values too coarse for anything.
FEWEST_USUAL = 20


class Conformal(Rule):
    title = N_("Share of false flags")
    help = N_(
        "Ranks each row among rows that are known to be usual and were scored as unseen, and flags as many as keep the share of false flags, "
        "on average, below this. It holds as long as all usual rows are like those: new kinds of usual rows break it, and so do neighbouring "
        "steps of a series. Bates et al. 2023."
    )
    label = N_("false ≤ {value} %")
    setting = "≤ {value} %"
    order = 110
    grows = 1

    value: float = number(
        10.0, title=N_("False flags, %"), help=N_("Share of the flagged rows that may be usual ones, on average, in %."), low=0.1, high=90
    )

    def cut_off(self, evidence: Evidence) -> float:
        if isinstance(evidence.usual, Message):
            raise DataError(evidence.usual.template, **evidence.usual.values)
        usual, scores, share = np.asarray(evidence.usual), evidence.scores, self.value / 100
        if len(usual) < FEWEST_USUAL:
            raise DataError(
                N_("Only {usual} rows are known to be usual; it takes at least {fewest} to say how rare a score is among them."),
                usual=len(usual), fewest=FEWEST_USUAL,
            )  # fmt: skip
        # Nothing whose p-value is above the share itself is ever flagged: only higher scores are looked at.
        rank = max(0, len(usual) - 1 - int(share * (len(usual) + 1)))
        first = int(np.searchsorted(scores, usual[rank], side="left"))
        p_values = (1 + len(usual) - np.searchsorted(usual, scores[first:], side="left")) / (len(usual) + 1)
        at_least = len(scores) - np.arange(first, len(scores))
        allowed = first + np.flatnonzero(p_values <= at_least * (share / len(scores)))
        if not len(allowed):
            raise DataError(
                N_("With at most {value} % false flags no row can be flagged: too few score higher than nearly all of the {usual} usual rows."),
                value=self.value, usual=len(usual),
            )  # fmt: skip
        lowest = float(scores[allowed[0]])
        below = int(np.searchsorted(scores, lowest, side="left")) - 1
        return between(float(scores[below]), lowest) if below >= 0 else float(np.nextafter(lowest, -np.inf))
