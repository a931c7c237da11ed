"""Otsu: where the scores part into groups that are as alike within as can be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import integer
from detectors.thresholds.axis import histogram
from detectors.thresholds.contract import Rule, check_few
from detectors.thresholds.evidence import Evidence

#: Bars that are looked at as one: the cut-off is at most 1/512 of the axis from the one that all scores would give.
TOGETHER = 2


class Otsu(Rule):
    title = N_("Otsu")
    help = N_(
        "Parts the training scores, on a logarithmic axis, into groups that differ least within, and flags the highest group. "
        "It finds groups also where there is no gap between them, and then flags very many. Otsu 1979."
    )
    label = N_("Otsu")
    order = 80

    value: int = integer(2, title=N_("Groups"), help=N_("Into how many groups the scores are parted."), low=2, high=6)

    def cut_off(self, evidence: Evidence) -> float:
        bars = histogram(evidence.training).coarser(TOGETHER)
        filled = np.flatnonzero(bars.counts)
        if len(filled) < self.value:
            raise DataError(
                N_("The scores have only {different} different places, too few for {groups} groups."),
                different=len(filled),
                groups=self.value,
            )
        last = _ends(bars.places[filled], bars.counts[filled], int(self.value))[-2]
        # Nothing lies between the two bars: in the middle of the gap the rule is surest.
        below, above = filled[last] + 1, filled[last + 1]
        middle = bars.score_at(float((bars.places[below - 1] + bars.places[above]) / 2))
        found = middle if above > below else float(bars.edges[below])
        check_few(evidence.training, found)
        return found


def _ends(places: NDArray[np.float64], counts: NDArray[np.float64], groups: int) -> list[int]:
    """The last bar of each of `groups` neighbouring groups whose squared distances to their means are least in all."""
    total = np.cumsum(np.stack([counts, counts * places, counts * places**2]), axis=1)
    before = np.concatenate([np.zeros((3, 1)), total[:, :-1]], axis=1)
    rows, sums, squares = (one[None, :] - other[:, None] for one, other in zip(total, before, strict=True))
    within = np.where(np.arange(len(places))[:, None] <= np.arange(len(places)), squares - sums**2 / np.where(rows > 0, rows, 1), np.inf)
    least, starts = within[0], []
    for _ in range(groups - 1):
        tried = np.concatenate([[np.inf], least[:-1]])[:, None] + within  # the last group begins at the first index
        starts.append(tried.argmin(axis=0))
        least = tried.min(axis=0)
    ends = [len(places) - 1]
    for start in reversed(starts):
        ends.append(int(start[ends[-1]]) - 1)
    return ends[::-1]
