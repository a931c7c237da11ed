"""Learning from verdicts: a detector's scores, moved by the few rows of which somebody said what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Quiet, Scores
from detectors.errors import DetectorError, StorageError
from detectors.messages import N_, Message
from detectors.together.detector import Together, creator
from detectors.together.ensemble import ChosenMembers
from detectors.together.surprise import Surprise
from detectors.together.verdict_model import VerdictModel, few_verdicts, likenesses, prior
from detectors.together.verdict_spaces import Placed, Spaces
from detectors.together.views import View

#: Rows compared with the verdicts at once.
BLOCK = 8192

#: Folders of what it is made of, and the file of how surprising the scores of the detector to begin with are.
BASE, LOOK, SPACES, OWN_SURPRISE, JUDGED = "begun_with", "look", "spaces", "own_surprise.npy", "judged.npz"

#: What a row of which nothing was said counts as, among verdicts of 1, an anomaly, and 0, normal.
UNKNOWN = -1


class VerdictsOf(ChosenMembers):
    """Begins with what a detector of an earlier run says of a row, and moves it towards verdicts on rows that are like it.

    What is alike is not known beforehand: by values, ranks, components, or by what several detectors make of the rows. Each of
    these is a Gaussian process, and the verdicts themselves say how much each counts. Where a row is like none that was
    judged, the earlier detector has the last word. Without verdicts or an earlier run it orders rows as its members do.
    """

    title = N_("Learned from verdicts")
    summary = N_("Begins with the scores of an earlier run and moves them by what you said of some rows.")
    reference = "Rasmussen & Williams: Gaussian processes for machine learning, 2006, chapters 2 and 5"
    when = N_("Some rows of a run were judged, anomalies or false alarms: from a handful of verdicts on.")
    when_not = N_("Nothing was judged yet, or thousands of rows are labelled: then a classifier learns more from them.")
    score_name = N_("expected verdict (−1 normal, 1 anomaly)")
    from_verdicts = True
    scoring_cost = 6.0
    looks_by: ClassVar[type[View]] = View
    """How rows become the numbers by which they are compared."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._base: Detector | None = None
        self._verdicts: NDArray[np.int8] | None = None
        self._own_scores: Scores | None = None

    def start_from(self, folder: Path) -> VerdictsOf:
        record = json.loads((folder / "detector.json").read_text(encoding="utf-8"))
        made = creator(self)(record["representation"], record["detector"], seed=record["seed"])
        self._base = type(made).load(folder, creator(self))
        return self

    def cannot_start_from(self, representation: str, name: str, parameters: Mapping[str, Any]) -> Message | None:
        return None if representation == self.representation() else super().cannot_start_from(representation, name, parameters)

    def take_verdicts(self, verdicts: NDArray[np.int8], scores: Scores | None) -> None:
        self._verdicts, self._own_scores = verdicts, scores

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        verdicts = np.full(len(X), UNKNOWN, dtype=np.int8) if self._verdicts is None else self._verdicts
        if len(verdicts) != len(X):
            raise DetectorError(
                N_("There are verdicts for {verdicts} rows and {rows} rows to learn from."), verdicts=len(verdicts), rows=len(X)
            )
        surprises = self._learn_members(X, None, progress)
        self._joined_training_scores = surprises.mean(axis=1)
        self._compare(surprises)
        self._joined_training_scores = self._moved(X, verdicts, self._training_views(X, surprises, progress), progress)

    def _training_views(self, X: NDArray[np.float32], surprises: NDArray[np.float64], progress: Progress) -> NDArray[np.float64]:
        """How surprising training rows are to the detector to begin with, then to all members that just learned, (rows, 1 + detectors)."""
        own = self._own_training_scores(X, progress)
        self._own_surprise = Surprise.fit(own)
        others = [self._member_views(member.detector, column) for member, column in zip(self._members, surprises.T, strict=True)]
        return np.concatenate([self._own_surprise.of(own)[:, None], *others], axis=1)

    def _moved(self, X: NDArray[np.float32], verdicts: NDArray[np.int8], views: NDArray[np.float64], progress: Progress) -> Scores:
        """Learns from the verdicts, (rows,); gives what is expected of all rows, of those judged by the other verdicts alone."""
        self._look = self.looks_by().fit(X, self.seed, Quiet(progress))
        numbers, opinion = self._look.transform(X), prior(views[:, 0])
        self._spaces = Spaces.fit(numbers, views, self.seed)
        judged = np.flatnonzero(verdicts != UNKNOWN)
        judged = judged[few_verdicts(verdicts[judged] > 0, self.seed)]
        self._judged: Placed = self._spaces.of(numbers[judged], views[judged])
        alike = likenesses(self._judged, self._judged, self._spaces.near)
        self.model_ = VerdictModel.fit(alike, opinion[judged], np.where(verdicts[judged] > 0, 1.0, -1.0))
        scores = self._expected_verdicts(numbers, views, opinion)
        scores[judged] = self.model_.left_out  # what was learned by heart would look right
        return scores

    def _own_training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        if self._base is None:
            return self._joined_training_scores
        return self._base.score(X, progress) if self._own_scores is None else self._own_scores

    def _member_views(self, member: Detector, surprise: Scores) -> NDArray[np.float64]:
        """What a member that has just learned makes of the training rows; of one made of others what each of these does, (rows, detectors)."""
        inner = getattr(member, "training_surprises_", None)
        return surprise[:, None] if inner is None else np.asarray(inner)

    def _views_of(self, X: NDArray[np.float32], own: Scores) -> NDArray[np.float64]:
        """The same of rows that were not learned from, after how surprising the score to begin with is, (rows, 1 + detectors)."""
        found = [own[:, None]]
        for member in self._members:
            seen = self._views[member.asked.sees].transform(X)
            detector = member.detector
            found.append(detector._surprises(seen) if isinstance(detector, Together) else member.surprise.of(detector.score(seen))[:, None])
        return np.concatenate(found, axis=1)

    def _expected_verdicts(self, numbers: NDArray[np.float32], views: NDArray[np.float64], opinion: Scores) -> Scores:
        scores = np.empty(len(numbers))
        for start in range(0, len(numbers), BLOCK):
            rows = slice(start, start + BLOCK)
            alike = likenesses(self._spaces.of(numbers[rows], views[rows]), self._judged, self._spaces.near)
            scores[rows] = self.model_.expected(alike, opinion[rows])
        return scores

    def _score(self, X: NDArray[np.float32]) -> Scores:
        own = self._own_surprise.of(self._joined_mean(X) if self._base is None else self._base._scored(X))
        return self._expected_verdicts(self._look.transform(X), self._views_of(X, own), prior(own))

    def _joined_mean(self, X: NDArray[np.float32]) -> Scores:
        total = np.zeros(len(X))
        surprises = self._surprises(X)
        for column in surprises.T:
            total += column
        return total / surprises.shape[1]

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32] | None:
        return None if self._base is None else self._base._expected(X)

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        for name in (LOOK, SPACES):
            (folder / name).mkdir(exist_ok=True)
        self._look.save(folder / LOOK)
        self._spaces.save(folder / SPACES)
        self.model_.save(folder)
        np.savez(folder / JUDGED, allow_pickle=False, **self._judged)
        np.save(folder / OWN_SURPRISE, self._own_surprise.arrays(), allow_pickle=False)
        if self._base is not None:
            self._base.save(folder / BASE)

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        self._look = self.looks_by().load(folder / LOOK)
        self._spaces = Spaces.load(folder / SPACES)
        self.model_ = VerdictModel.load(folder)
        try:
            self._own_surprise = Surprise.from_arrays(np.load(folder / OWN_SURPRISE, allow_pickle=False))
            with np.load(folder / JUDGED, allow_pickle=False) as judged:
                self._judged = dict(judged)
        except (OSError, ValueError, BadZipFile) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=JUDGED) from error
        if (folder / BASE).exists():
            self.start_from(folder / BASE)
