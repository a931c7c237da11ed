"""The plain baseline of tables: how far each value lies from the middle of its column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.messages import N_
from detectors.params import choice

#: From the median absolute deviation, and from the interquartile range, to the standard deviation of a normal distribution.
MAD_TO_DEVIATION, IQR_TO_DEVIATION = 1.4826, 0.7413

#: In prepared units: a smaller spread is none, as in a column that is mostly one value.
SMALLEST_SPREAD = 0.01


class ZScore(LearnedArrays):
    """The distance of each value from the middle of its column, in units of the column's spread."""

    title = N_("Z-score")
    family = N_("Statistics")
    summary = N_("Measures how many standard deviations each value lies from the middle of its column.")
    reference = "Iglewicz & Hoaglin: How to detect and handle outliers, ASQC basic references in quality control 16, 1993"
    when = N_("A plain baseline to compare with: values far out in a single column, explained in one sentence.")
    when_not = N_("Anomalies that are ordinary in every column and unusual only in combination; columns with long tails.")
    score_name = N_("z-score")
    arrays: ClassVar = ("middle_", "spread_")
    middle_: NDArray[np.float64]
    spread_: NDArray[np.float64]

    spread: str = choice(
        "deviation", title=N_("Spread"),
        choices={
            "deviation": N_("Mean and standard deviation"), "mad": N_("Median and median absolute deviation"),
            "iqr": N_("Median and interquartile range"),
        },
        help=N_("What middle and spread of a column are. Medians and quartiles are not moved by anomalies among the training rows."),
    )  # fmt: skip
    over_columns: str = choice(
        "mean", title=N_("Over the columns"), choices={"largest": N_("The largest counts"), "mean": N_("Root of the mean square")},
        help=N_("How the z-scores of a row's columns become one score."),
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        values = X.astype(np.float64)
        if self.spread == "deviation":
            middle, spread = values.mean(axis=0), values.std(axis=0)
        elif self.spread == "mad":
            middle = np.median(values, axis=0)
            spread = MAD_TO_DEVIATION * np.median(np.abs(values - middle), axis=0)
        else:
            low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
            spread = IQR_TO_DEVIATION * (high - low)
        return middle, np.maximum(spread, SMALLEST_SPREAD)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        distances = np.abs(X - self.middle_) / self.spread_
        return distances.max(axis=1) if self.over_columns == "largest" else np.sqrt(np.square(distances).mean(axis=1))

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """The middle of every column."""
        return np.broadcast_to(self.middle_.astype(np.float32), X.shape).copy()
