"""Training data that hold anomalies: train, drop the most unusual rows, train again on the others.

Trimming by a first fit, as in robust statistics (Rousseeuw & Van Driessen: A fast algorithm for the minimum covariance
determinant estimator, Technometrics 41(3), 1999, doi:10.1080/00401706.1999.10485670, take such steps until nothing changes).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors import registry
from detectors.base import Progress, Scores
from detectors.errors import DataError, ParameterError
from detectors.messages import N_
from detectors.runs.request import RunRequest

#: Of what is left after more is dropped nobody could say any longer that it is what is usual.
LARGEST_SHARE = 0.5

#: What is left to learn from, at least.
FEWEST = 2


def check_drop(request: RunRequest) -> None:
    """
    Raises:
        ParameterError: the share to drop is not one.
        DataError: the detector learns from labels.
    """
    if request.drop_share is None:
        return
    if not 0 < request.drop_share <= LARGEST_SHARE:
        raise ParameterError(
            N_("The share of rows to drop must be above 0 and at most {largest}. It is {share}."),
            largest=LARGEST_SHARE, share=request.drop_share,
        )  # fmt: skip
    detector = registry.get(request.representation, request.detector)
    if detector.supervised:
        raise DataError(
            N_("{title} learns from labels, which say by themselves what is an anomaly. Train it without dropping rows."),
            title=detector.title,
        )


def most_unusual(scores: Scores, share: float) -> NDArray[np.bool_]:
    """Which of `scores`, (items,), are the highest: so large a share of them, at least one, and never so many that too few are left."""
    count = min(max(1, round(len(scores) * share)), max(0, len(scores) - FEWEST))
    highest = np.zeros(len(scores), dtype=bool)
    highest[np.argsort(-scores, kind="stable")[:count]] = True
    return highest


class FirstRound(Progress):
    """Passes on the reports of the first training under names of their own."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        self._progress.report(f"{phase}_first", done, total, **figures)

    def stop_asked(self) -> bool:
        return self._progress.stop_asked()

    def check(self) -> None:
        self._progress.check()
