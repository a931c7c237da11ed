"""Interquartile ranges: the fences of a box plot."""

from __future__ import annotations

from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule, percentile
from detectors.thresholds.evidence import Evidence


class InterquartileRanges(Rule):
    title = N_("Interquartile ranges")
    help = N_("Flags scores this many interquartile ranges above the third quartile, as a box plot does.")
    label = N_("IQR × {value}")
    setting = "× {value}"
    order = 50
    grows = -1

    value: float = number(1.5, title=N_("Ranges"), help=N_("Interquartile ranges above the third quartile."), low=0, high=1000)

    def cut_off(self, evidence: Evidence) -> float:
        lower, upper = percentile(evidence.training, 25), percentile(evidence.training, 75)
        if lower == upper:
            raise DataError(
                N_("The middle half of the scores are equal, so their interquartile range is zero. Choose a percentile instead.")
            )
        return upper + self.value * (upper - lower)
