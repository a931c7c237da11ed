"""What all detectors that learn from known anomalies have in common: honest scores of what was learned from, kinds, probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from detectors.arrays import taken
from detectors.base import SCORE_ROWS, Detector, Lesson, Progress, Quiet, Scores
from detectors.calibration import CALIBRATIONS, Calibration
from detectors.errors import DetectorError
from detectors.messages import N_
from detectors.params import choice, number, switch

#: Parts into which the rows are cut: each part is scored by a detector that learned from the others.
FOLDS = 3

#: Rows of each sort, anomalies and normal ones, that are needed at least.
FEWEST_OF_A_KIND = 2


class LabelledDetector(Detector):
    """A detector that learns from labels. Its score is the probability of an anomaly, of any kind, from 0 to 1.

    A subclass writes `_fit_labelled` in place of `_fit`, and `_score`. One that `tells_kinds` apart writes
    `_probabilities` in place of `_score`: where there are several kinds, its `y` holds their numbers.
    """

    supervised = True
    tells_kinds: ClassVar[bool] = False
    score_name = N_("probability of an anomaly")

    balanced: bool = switch(
        True, title=N_("Balance the labels"), advanced=True,
        help=N_("Whether the few anomalies count together as much as the many normal rows."),
    )  # fmt: skip
    held_out_share: float = number(
        0.2, title=N_("Held out to judge"), low=0.0, high=0.5, searched=False,
        help=N_("Share of the labelled rows, of anomalies and of normal ones, that is not learned from: figures are for these rows. "
                "With too few anomalies for that, or 0, every row is judged by a detector that learned from others."),
    )  # fmt: skip
    calibration: str = choice(
        "platt", title=N_("Calibration"), choices=CALIBRATIONS, advanced=True,
        help=N_("Makes scores true probabilities, by rows that were not learned from. Isotonic needs hundreds of anomalies. The order of rows stays."),
    )  # fmt: skip

    _calibration: Calibration | None = None

    def kinds_of(self, X: ArrayLike | pd.DataFrame, progress: Progress | None = None) -> NDArray[np.int8] | None:
        if not self.kinds_:
            return None
        values, quiet = self._checked(X), Quiet(progress or Progress())
        kinds = np.empty(len(values), dtype=np.int8)
        for start in range(0, len(values), SCORE_ROWS):
            quiet.check()
            kinds[start : start + SCORE_ROWS] = self._probabilities(values[start : start + SCORE_ROWS])[:, 1:].argmax(axis=1) + 1
        return kinds

    # ── written by subclasses ──

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        raise NotImplementedError

    def _probabilities(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """How probable it is that a row is normal, or an anomaly of each kind, (rows, 1 + kinds)."""
        raise NotImplementedError

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._probabilities(X)[:, 1:].sum(axis=1)

    @property
    def n_outcomes(self) -> int:
        """What a row can be: normal, or an anomaly of some kind."""
        return 1 + max(1, len(self.kinds_))

    def _row_weights(self, y: NDArray[np.int8]) -> NDArray[np.float32] | None:
        """How much each row counts, (rows,), so that all kinds count the same together; None where each row counts the same."""
        if not self.balanced:
            return None
        counts = np.bincount(y, minlength=self.n_outcomes)
        return (len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[y].astype(np.float32)

    # ── learning ──

    def _learn_from(self, X: NDArray[np.float32], lesson: Lesson, progress: Progress) -> None:
        y = self._labels(lesson, len(X))
        self.kinds_ = list(lesson.kinds) if self._has_kinds(lesson) else []
        self._calibration = None
        self._fit_labelled(X, y, progress)
        progress.check()
        scores, self.training_kinds_ = self._out_of_fold(X, y, lesson, progress)
        self._calibration = Calibration.fit(self.calibration, scores, y[: len(scores)] > 0)
        self.training_scores_ = self._calibrated(scores)

    def _out_of_fold(
        self, X: NDArray[np.float32], y: NDArray[np.int8], lesson: Lesson, progress: Progress
    ) -> tuple[Scores, NDArray[np.int8] | None]:
        """Every row scored by a detector that learned from other rows, and from none made of it: what was learned by heart would look right."""
        own = lesson.own(len(X))
        scores, kinds = np.empty(own), np.ones(own, dtype=np.int8)
        groups = None if lesson.groups is None else lesson.groups[:own]
        of_row = folds(y[:own], min(FOLDS, int(np.bincount(y[:own] > 0, minlength=2).min())), self.seed, groups)
        for fold in range(of_row.max() + 1):
            judged = np.flatnonzero(of_row == fold)
            learned = of_row != fold if lesson.parents is None else (of_row[lesson.parents] != fold).all(axis=1)
            other = self._anew()
            other.row_shape_, other.feature_names_, other.kinds_ = self.row_shape_, None, self.kinds_
            outside = np.flatnonzero(learned)
            other._fit_labelled(taken(X, outside), y[outside], Quiet(progress))
            scores[judged] = other.score(taken(X, judged), Quiet(progress))
            if (found := other.kinds_of(taken(X, judged), Quiet(progress))) is not None:
                kinds[judged] = found
            progress.report("cross_validating", fold + 1, int(of_row.max()) + 1)
        return scores, kinds if self.kinds_ else None

    def _has_kinds(self, lesson: Lesson) -> bool:
        return self.tells_kinds and len(lesson.kinds) > 1

    def _labels(self, lesson: Lesson, rows: int) -> NDArray[np.int8]:
        labels = np.zeros(0, np.int8) if lesson.y is None else np.asarray(lesson.y).astype(np.int8).reshape(-1)
        own = lesson.own(rows)
        if len(labels) != rows:
            raise DetectorError(
                N_("{title} learns from known anomalies and needs a label for each of the {rows} rows. Choose a label column."),
                title=self.title, rows=rows,
            )  # fmt: skip
        anomalies = int((labels[:own] > 0).sum())
        if min(anomalies, own - anomalies) < FEWEST_OF_A_KIND:
            raise DetectorError(
                N_("{title} needs at least {fewest} anomalies and {fewest} normal rows to learn from; there are {anomalies} and {normal}."),
                title=self.title, fewest=FEWEST_OF_A_KIND, anomalies=anomalies, normal=own - anomalies,
            )  # fmt: skip
        return labels if self._has_kinds(lesson) else (labels > 0).astype(np.int8)

    # ── probabilities ──

    def _scored(self, X: NDArray[np.float32]) -> Scores:
        return self._calibrated(self._score(X))

    def _calibrated(self, scores: Scores) -> Scores:
        return scores if self._calibration is None else self._calibration.of(scores)

    def _record(self) -> dict[str, Any]:
        return {"kinds": self.kinds_, "calibration": None if self._calibration is None else self._calibration.to_json()}

    def _take_record(self, record: Mapping[str, Any]) -> None:
        self.kinds_ = list(record.get("kinds", []))
        found = record.get("calibration")
        self._calibration = None if found is None else Calibration.from_json(found)


def folds(y: NDArray[np.int8], count: int, seed: int, groups: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
    """For each row the part it belongs to, (rows,), 0 to `count` - 1; each part has its share of every label.

    Rows of one of the `groups`, (rows,), belong to the same part, unless too few groups have an anomaly.
    """
    if groups is not None:
        of_row = np.unique(groups, return_inverse=True)[1]
        of_group = np.zeros(of_row.max() + 1, dtype=np.int8)
        np.maximum.at(of_group, of_row, y)
        if (of_group > 0).sum() >= count:
            return folds(of_group, count, seed)[of_row]
    parts = np.empty(len(y), dtype=np.intp)
    chance = np.random.default_rng(seed % 2**32)
    begun = 0
    for label in np.unique(y):
        rows = chance.permutation(np.flatnonzero(y == label))
        parts[rows] = (begun + np.arange(len(rows))) % count
        begun += len(rows)
    return parts
