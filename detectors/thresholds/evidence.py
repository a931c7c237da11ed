"""What is known of a run's scores when a cut-off is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.base import Scores


@dataclass(frozen=True)
class Evidence:
    """What rules look at. All scores are sorted from lowest to highest; memory maps will do."""

    scores: Scores
    """(rows,): of all rows of the data."""
    training: Scores = field(default_factory=lambda: np.empty(0))
    """(fitted rows,): of the rows that were learned from; where none are given, those of all rows."""

    def __post_init__(self) -> None:
        if not len(self.training):
            object.__setattr__(self, "training", self.scores)
