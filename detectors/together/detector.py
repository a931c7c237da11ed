"""The class of detectors that are made of others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Create, Detector, Progress, Quiet, Scores
from detectors.errors import DetectorError, StorageError
from detectors.messages import N_
from detectors.together.surprise import Surprise
from detectors.together.views import View

FILE, SURPRISES = "together.json", "surprises.npy"


@dataclass(frozen=True)
class Asked:
    """A member that is wanted: which detector, with which parameters, on what view of the rows, and how much it counts."""

    representation: str
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    view: str = View.name
    weight: float = 1.0


@dataclass
class Member:
    """A member that has learned."""

    asked: Asked
    detector: Detector
    surprise: Surprise
    seconds: float
    agreement: float = 1.0
    """Rank correlation of its training scores with those of all together."""


class Together(Detector):
    """A detector made of others: a subclass says which (`_asked`), what views there are, and how scores are joined (`_joined`)."""

    at_once = True
    step_name = N_("member {done} of {total}")
    views: ClassVar[Mapping[str, Callable[[], View]]] = {View.name: View}

    def _asked(self, X: NDArray[np.float32]) -> Sequence[Asked]:
        """The members wanted for the training rows `X`, (rows, …)."""
        raise NotImplementedError

    def _joined(self, surprises: NDArray[np.float64]) -> Scores:
        """Scores, (rows,), of the members' surprises, (rows, members): their weighted mean."""
        weights = np.array([member.asked.weight for member in self._members])
        # Member after member: a matrix product of few rows rounds differently from one of many.
        total = np.zeros(len(surprises))
        for weight, column in zip(weights / weights.sum(), surprises.T, strict=True):
            total += weight * column
        return total

    def members_table(self) -> list[dict[str, Any]]:
        return [
            {
                "name": member.asked.name, "representation": member.asked.representation, "title": member.detector.title,
                "view": member.asked.view, "weight": member.asked.weight, "agreement": round(member.agreement, 4),
                "seconds": round(member.seconds, 4),
            }
            for member in self._members
        ]  # fmt: skip

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        asked = self._asked(X)
        self._views = self._views_of(asked, X, progress)
        self._members = []
        for number, each in enumerate(asked):
            progress.check()
            self._members.append(self._learned(each, X, progress))
            progress.report("fitting", number + 1, len(asked))
            if progress.stop_asked():  # what has learned by then works without the others
                break
        surprises = np.stack([m.surprise.of(_training_scores(m.detector)) for m in self._members], axis=1)
        self._joined_training_scores = self._joined(surprises)
        for member, column in zip(self._members, surprises.T, strict=True):
            member.agreement = rank_correlation(column, self._joined_training_scores)

    def _views_of(self, asked: Sequence[Asked], X: NDArray[np.float32], progress: Progress) -> dict[str, View]:
        wanted = dict.fromkeys(each.view for each in asked)
        return {name: self.views[name]().fit(X, self.seed, Quiet(progress)) for name in wanted}

    def _learned(self, asked: Asked, X: NDArray[np.float32], progress: Progress) -> Member:
        began = time.perf_counter()
        detector = self._made(asked)
        detector.fit(self._views[asked.view].transform(X), Quiet(progress))
        return Member(asked, detector, Surprise.fit(_training_scores(detector)), time.perf_counter() - began)

    def _made(self, asked: Asked) -> Detector:
        return creator(self)(asked.representation, asked.name, seed=self.seed, **asked.parameters)

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        return self._joined_training_scores

    def _score(self, X: NDArray[np.float32]) -> Scores:
        seen = {name: view.transform(X) for name, view in self._views.items()}
        return self._joined(np.stack([m.surprise.of(m.detector.score(seen[m.asked.view])) for m in self._members], axis=1))

    def _save(self, folder: Path) -> None:
        for number, member in enumerate(self._members):
            member.detector.save(folder / f"member_{number}")
        for name, view in self._views.items():
            (folder / f"view_{name}").mkdir(exist_ok=True)
            view.save(folder / f"view_{name}")
        np.save(folder / SURPRISES, np.stack([member.surprise.arrays() for member in self._members]), allow_pickle=False)
        rows = [{**vars(m.asked), "seconds": m.seconds, "agreement": m.agreement} for m in self._members]
        (folder / FILE).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        try:
            rows = json.loads((folder / FILE).read_text(encoding="utf-8"))
            surprises = np.load(folder / SURPRISES, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
        self._members = [self._kept(row, kept, folder / f"member_{n}") for n, (row, kept) in enumerate(zip(rows, surprises, strict=True))]
        names = dict.fromkeys(member.asked.view for member in self._members)
        self._views = {name: self.views[name]().load(folder / f"view_{name}") for name in names}

    def _kept(self, row: dict[str, Any], surprise: NDArray[np.float64], folder: Path) -> Member:
        seconds, agreement = row.pop("seconds"), row.pop("agreement")
        asked = Asked(**row)
        detector = type(self._made(asked)).load(folder, creator(self))
        return Member(asked, detector, Surprise.from_arrays(surprise), seconds, agreement)


def creator(detector: Detector) -> Create:
    """What `detector` was handed to create others with.

    Raises:
        DetectorError: it was handed nothing.
    """
    if detector._create is None:
        raise DetectorError(N_("{title} works with other detectors and was given no way to create them."), title=detector.title)
    return detector._create


def rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Spearman's, -1 to 1; 0 where one of them is constant."""
    ranks = np.stack([_ranks(one), _ranks(other)])
    spread = ranks.std(axis=1)
    return float(np.cov(ranks, bias=True)[0, 1] / spread.prod()) if spread.all() else 0.0


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _training_scores(detector: Detector) -> Scores:
    assert detector.training_scores_ is not None
    return detector.training_scores_
