"""What is known of a run's scores when a cut-off is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.base import Scores
from detectors.messages import N_, Message

#: Said where nothing but scores is given.
NO_USUAL_ROWS = Message(
    N_("It compares with rows that are known to be usual and were scored as unseen; of these scores no such rows are known.")
)


@dataclass(frozen=True)
class KnownLabels:
    """Scores of the rows that are known to be one or the other, by label or verdict, sorted: (anomalies,) and (normals,)."""

    anomalies: Scores = field(default_factory=lambda: np.empty(0))
    normals: Scores = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Evidence:
    """What rules look at. All scores are sorted from lowest to highest; memory maps will do."""

    scores: Scores
    """(rows,): of all rows of the data."""
    training: Scores = field(default_factory=lambda: np.empty(0))
    """(fitted rows,): of the rows that were learned from; where none are given, those of all rows."""
    usual: Scores | Message = NO_USUAL_ROWS
    """(usual rows,): of rows known to be usual, each scored as if it had not been learned from; or why there are none."""
    known: KnownLabels = field(default_factory=KnownLabels)
    days: float | None = None
    """How many days the data span; None where no column says when a row was."""

    def __post_init__(self) -> None:
        if not len(self.training):
            object.__setattr__(self, "training", self.scores)
