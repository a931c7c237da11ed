"""Scores rows that were not learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Quiet, Scores
from detectors.data_set import DataSet
from detectors.preparation import Items, Preparation

#: Items scored between two looks at the stop flag. They may be made only when they are asked for.
ITEMS_TOGETHER = 16_384


def score_rows(
    detector: Detector, preparation: Preparation, data: DataSet, progress: Progress | None = None
) -> tuple[Scores, NDArray[np.int8] | None]:
    """Score and, where the detector tells them, kind of every row of `data`, (rows,), none of which counts as learned from."""
    return score_items(detector, preparation.new_items(data), progress or Progress())


def score_items(detector: Detector, items: Items, progress: Progress) -> tuple[Scores, NDArray[np.int8] | None]:
    """The same of the rows that `items` were made of."""
    scores, kinds = np.empty(len(items)), None
    for start in range(0, len(items), ITEMS_TOGETHER):
        progress.check()
        positions = np.arange(start, min(start + ITEMS_TOGETHER, len(items)))
        X = items.at(positions)
        scores[positions] = detector.score(X, Quiet(progress))
        if (told := detector.kinds_of(X, progress)) is not None:
            kinds = np.empty(len(items), dtype=np.int8) if kinds is None else kinds
            kinds[positions] = told
        progress.report("scoring", start + len(positions), len(items))
    return items.row_scores(detector, scores, progress), None if kinds is None else items.row_kinds(kinds)
