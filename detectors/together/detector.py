"""The class of detectors that are made of others."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn, taken
from detectors.base import Carried, Create, Detector, Progress, Quiet, Scores
from detectors.errors import DetectorError, StorageError
from detectors.messages import N_
from detectors.ranks import rank_correlation
from detectors.together.surprise import Surprise
from detectors.together.views import View

FILE, SURPRISES = "together.json", "surprises.npy"

#: The most unusual rows of all together, of which a member supports those that are among its own most unusual ones: this share.
TOP_SHARE = 0.05


@dataclass(frozen=True)
class Asked:
    """A member that is wanted: which detector, with which parameters, on what view of the rows, and how much it counts."""

    representation: str
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    view: str = View.name
    weight: float = 1.0
    rows_share: float = 1.0
    """The share of the training rows that it learns from, drawn at random."""
    draw: int = 0
    """Which of several draws of rows it learns from; members of the same draw share them."""
    without: float = 0.0
    """The share of the training rows that it does not learn from: those most unusual to the members before it that learned from all."""
    columns: Sequence[int] = ()
    """Which numbers of its view it sees, where the view has vectors; all of them where none is named."""

    @property
    def sees(self) -> tuple[str, float]:
        """Its view, which learns from the same rows as the member does, where unusual ones are left out."""
        return self.view, self.without


@dataclass
class Member:
    """A member that has learned."""

    asked: Asked
    detector: Detector
    surprise: Surprise
    seconds: float
    agreement: float = 1.0
    """Rank correlation of its training scores with those of all together."""
    support: float = 1.0
    """Of the most unusual training rows of all together, the share that are among its own most unusual ones."""


class Together(Detector):
    """A detector made of others: a subclass says which (`_asked`), what views there are, and how scores are joined (`_joined`)."""

    at_once = True
    step_name = N_("member {done} of {total}")
    views: ClassVar[Mapping[str, type[View]]] = {View.name: View}
    training_surprises_: NDArray[np.float64] | None = None
    """How surprised each member is at the training rows, (rows, members); None once it was saved and loaded."""

    @classmethod
    def scores_as_unseen(cls) -> bool:
        return False  # that depends on its members

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
                "view": member.asked.view, "view_title": self.views[member.asked.view].title, "without": member.asked.without,
                "rows_share": member.asked.rows_share, "columns": len(member.asked.columns), "weight": member.asked.weight,
                "agreement": round(member.agreement, 4), "support": round(member.support, 4), "seconds": round(member.seconds, 4),
            }
            for member in self._members
        ]  # fmt: skip

    def carried(self) -> Sequence[Carried]:
        """What its members and its views carry: of the same for the same, the most, for members learn from the same rows."""
        found = [each for member in self._members for each in member.detector.carried()]
        found += [each for view in self._views.values() for each in view.carried()]
        most: dict[tuple[str, bool], int] = {}
        for each in found:
            most[each.what, each.whole] = max(each.count, most.get((each.what, each.whole), 0))
        return [Carried(what, count, whole) for (what, whole), count in most.items()]

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        surprises = self.training_surprises_ = self._learn_members(X, None, progress)
        self._joined_training_scores = self._joined(surprises)
        self._compare(surprises)

    def _learn_members(self, X: NDArray[np.float32], y: NDArray[np.int8] | None, progress: Progress) -> NDArray[np.float64]:
        """Has the members learn, one after the other; gives how surprised each is at the training rows, (rows, members)."""
        asked = self._asked(X)
        self._views: dict[tuple[str, float], View] = {}
        self._members: list[Member] = []
        surprises: list[Scores] = []
        for number, each in enumerate(asked):
            progress.check()
            member, scores = self._learned(each, X, y, self._rows_for(each, len(X), surprises), progress)
            self._members.append(member)
            surprises.append(member.surprise.of(scores))
            progress.report("fitting", number + 1, len(asked))
            if progress.stop_asked():  # what has learned by then works without the others
                break
        return np.stack(surprises, axis=1)

    def _rows_for(self, asked: Asked, rows: int, surprises: Sequence[Scores]) -> NDArray[np.intp]:
        """The positions of the training rows, of so many `rows`, that a member learns from, growing; `surprises` are those so far."""
        if not asked.without:
            return drawn(rows, max(2, round(asked.rows_share * rows)), self.seed + asked.draw)
        at_first = [column for member, column in zip(self._members, surprises, strict=True) if not member.asked.without]
        usual = np.argsort(np.mean(at_first, axis=0), kind="stable")
        return np.sort(usual[: max(2, rows - round(asked.without * rows))])

    def _compare(self, surprises: NDArray[np.float64]) -> None:
        """Notes how each member's view of the training rows, (rows, members), goes with that of all together."""
        top = most_unusual(self._joined_training_scores)
        for member, column in zip(self._members, surprises.T, strict=True):
            member.agreement = rank_correlation(column, self._joined_training_scores)
            member.support = float(most_unusual(column)[top].mean())

    def _learned(
        self, asked: Asked, X: NDArray[np.float32], y: NDArray[np.int8] | None, chosen: NDArray[np.intp], progress: Progress
    ) -> tuple[Member, Scores]:
        """A member that has learned from the `chosen` rows, and its scores of all, (rows,), as if they had been unseen."""
        began = time.perf_counter()
        if asked.sees not in self._views:
            learned = taken(X, chosen) if asked.without else X
            self._views[asked.sees] = self.views[asked.view]().fit(learned, self.seed, Quiet(progress))
        detector, seen = self._made(asked), _chosen(self._views[asked.sees].transform(X), asked.columns)
        detector.fit(taken(seen, chosen), Quiet(progress), y=y[chosen] if y is not None and detector.supervised else None)
        assert detector.training_scores_ is not None
        scores = np.empty(len(X))
        scores[chosen] = detector.training_scores_
        others = np.setdiff1d(np.arange(len(X)), chosen, assume_unique=True)
        if len(others):
            scores[others] = detector.score(taken(seen, others), Quiet(progress))
        return Member(asked, detector, Surprise.fit(scores), time.perf_counter() - began), scores

    def _made(self, asked: Asked) -> Detector:
        return creator(self)(asked.representation, asked.name, seed=self.seed, **asked.parameters)

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        return self._joined_training_scores

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._joined(self._surprises(X))

    def _surprises(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """How surprised each member is at rows that were not learned from, (rows, members)."""
        seen = {sees: view.transform(X) for sees, view in self._views.items()}
        return np.stack([m.surprise.of(m.detector.score(_chosen(seen[m.asked.sees], m.asked.columns))) for m in self._members], axis=1)

    def _save(self, folder: Path) -> None:
        for number, member in enumerate(self._members):
            member.detector.save(folder / f"member_{number}")
        for sees, view in self._views.items():
            (folder / _view_folder(sees)).mkdir(exist_ok=True)
            view.save(folder / _view_folder(sees))
        np.save(folder / SURPRISES, np.stack([member.surprise.arrays() for member in self._members]), allow_pickle=False)
        rows = [{**vars(m.asked), "seconds": m.seconds, "agreement": m.agreement, "support": m.support} for m in self._members]
        (folder / FILE).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        try:
            rows = json.loads((folder / FILE).read_text(encoding="utf-8"))
            surprises = np.load(folder / SURPRISES, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
        self._members = [self._kept(row, kept, folder / f"member_{n}") for n, (row, kept) in enumerate(zip(rows, surprises, strict=True))]
        every = dict.fromkeys(member.asked.sees for member in self._members)
        self._views = {sees: self.views[sees[0]]().load(folder / _view_folder(sees)) for sees in every}

    def _kept(self, row: dict[str, Any], surprise: NDArray[np.float64], folder: Path) -> Member:
        found = {name: row.pop(name) for name in ("seconds", "agreement", "support")}
        asked = Asked(**row)
        detector = type(self._made(asked)).load(folder, creator(self))
        return Member(asked, detector, Surprise.from_arrays(surprise), **found)


def creator(detector: Detector) -> Create:
    """What `detector` was handed to create others with.

    Raises:
        DetectorError: it was handed nothing.
    """
    if detector._create is None:
        raise DetectorError(N_("{title} works with other detectors and was given no way to create them."), title=detector.title)
    return detector._create


def _view_folder(sees: tuple[str, float]) -> str:
    view, without = sees
    return f"view_{view}_{without:g}" if without else f"view_{view}"


def _chosen(vectors: NDArray[np.float32], columns: Sequence[int]) -> NDArray[np.float32]:
    """Some columns of vectors, in the usual order in memory, by which sums round; all of them where none is named."""
    return np.ascontiguousarray(vectors[:, list(columns)]) if len(columns) else vectors


def most_unusual(scores: Scores, share: float = TOP_SHARE) -> NDArray[np.bool_]:
    """Which rows are among such a share of them with the highest scores, (rows,); one at least."""
    count = max(1, round(share * len(scores)))
    return scores >= np.partition(scores, -count)[-count]
