"""Median deviations: robust standard deviations above the median."""

from __future__ import annotations

import numpy as np

from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule, percentile
from detectors.thresholds.evidence import Evidence

#: Makes the median absolute deviation of normally distributed values equal to their standard deviation.
MAD_TO_DEVIATION = 1.4826


class MedianDeviations(Rule):
    title = N_("Median deviations")
    help = N_("Flags scores this many robust standard deviations (1.4826 × median absolute deviation) above the median.")
    label = N_("MAD × {value}")
    order = 40

    value: float = number(3.0, title=N_("Deviations"), help=N_("Robust standard deviations above the median."), low=0, high=1000)

    def cut_off(self, evidence: Evidence) -> float:
        median = percentile(evidence.training, 50)
        spread = float(np.median(np.abs(evidence.training - median)))
        if spread == 0:
            raise DataError(N_("More than half of the scores are equal, so their median deviation is zero. Choose a percentile instead."))
        return median + self.value * MAD_TO_DEVIATION * spread
