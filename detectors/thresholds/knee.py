"""Knee: where the curve of the sorted scores turns up."""

from __future__ import annotations

import numpy as np

from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule, check_differ
from detectors.thresholds.evidence import Evidence

#: A curve that comes no farther than this below its chord has no knee.
FLATTEST = 0.05

#: Of more scores than these, so many evenly over their ranks stand for all (the cut-off is at most one of them away), and the highest for themselves.
LOOKED_AT, HIGHEST = 20_000, 5_000


class Knee(Rule):
    title = N_("Knee")
    help = N_(
        "Sorts the training scores and cuts where their curve turns up: where, with both axes scaled from 0 to 1, it becomes steeper than "
        "this. One extreme score makes all others look flat, and then only few are flagged. Satopää et al. 2011."
    )
    label = N_("knee")
    order = 100
    grows = -1

    value: float = number(
        1.0,
        title=N_("Steepness"),
        help=N_("1: where the curve is farthest below its chord, as in Kneedle; more flags fewer."),
        low=0.05,
        high=100,
    )

    def cut_off(self, evidence: Evidence) -> float:
        scores = evidence.training
        check_differ(scores)
        last = len(scores) - 1
        few = min(len(scores), LOOKED_AT)
        ranks = np.unique(np.concatenate([np.linspace(0, last, few).astype(np.intp), np.arange(max(0, last - HIGHEST), last + 1)]))
        looked_at = np.asarray(scores[ranks])
        along, up = ranks / last, (looked_at - looked_at[0]) / (looked_at[-1] - looked_at[0])
        if (along - up).max() < FLATTEST:
            raise DataError(N_("The sorted scores rise evenly or level off: their curve has no knee."))
        return float(looked_at[(self.value * along - up).argmax()])
