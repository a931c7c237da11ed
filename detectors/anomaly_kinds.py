"""How well each kind of anomaly is told, where the label names several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.flags import CutOff
from detectors.frames import value_key
from detectors.metrics import auroc

#: Kinds that are told apart; the rest of a label with more values, the rarest ones, are left out.
MOST_KINDS = 12


@dataclass(frozen=True)
class KindScores:
    """The scores of one kind of anomaly."""

    name: str
    """The value of the label, from the data."""
    scores: Scores
    """(anomalies,), growing."""
    rows: NDArray[np.intp]
    """(anomalies,): where each stands in the data."""
    auroc: float | None
    """The chance that one of them scores higher than a normal row."""

    def flagged(self, cut_off: CutOff) -> int:
        """How many of them are flagged, at one cut-off or at that of each row of the data."""
        if not isinstance(cut_off, float):
            return int((self.scores > cut_off[self.rows]).sum())
        return len(self.scores) - int(np.searchsorted(self.scores, cut_off, side="right"))


def kinds_of(values: pd.Series, is_anomaly: NDArray[np.bool_], scores: Scores, judged: NDArray[np.bool_]) -> list[KindScores]:
    """The kinds that the label `values`, (rows,), name among the anomalies, the most frequent first; empty where there is one alone.

    Only rows that are `judged`, (rows,), count; each kind is held against all normal rows.
    """
    anomalies, normals = judged & is_anomaly, judged & ~is_anomaly
    codes, names = pd.factorize(values[anomalies], use_na_sentinel=True)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    if len(names) < 2:
        return []
    usual, places = scores[normals], np.flatnonzero(anomalies)
    found = []
    for code in np.argsort(-counts, kind="stable")[:MOST_KINDS]:
        rows = places[codes == code]
        rows = rows[np.argsort(scores[rows], kind="stable")]
        chosen = scores[rows]
        labels = np.concatenate([np.ones(len(chosen), bool), np.zeros(len(usual), bool)])
        found.append(KindScores(value_key(names[code]), chosen, rows, auroc(labels, np.concatenate([chosen, usual]))))
    return found
