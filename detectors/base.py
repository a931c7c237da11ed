"""The contract that every detector keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from detectors.arrays import blocks
from detectors.conditions import Condition
from detectors.errors import DetectorError, Discarded, StorageError
from detectors.messages import N_, Message
from detectors.params import Parametrised, Preset

Scores = NDArray[np.float64]

#: What one row is, by representation: vectors (columns), windows (steps, columns), pixels (height, width, channels), tokens (ids).
AXES = {"vectors": 2, "windows": 3, "pixels": 4, "tokens": 2}

#: Rows scored between two looks at the stop flag.
SCORE_ROWS = 65_536

#: Matrix kernels for one row round differently from those for more: fewer rows than this are padded up to it,
#: so that a row's score does not depend on the rows it is scored with.
SMALLEST_BATCH = 16


LEARNS_ANEW = N_("{title} learns anew every time and cannot start from an earlier run.")


class Progress:
    """Told how far the work is, asked whether to stop. This one listens to nobody; workers pass their own."""

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        """`done` of `total` units of `phase` (``fitting``, ``scoring`` …); `figures` such as ``loss``, ``rows_per_s``."""

    def stop_asked(self) -> bool:
        """Whether to end an iterative fit early, keeping what has been learned."""
        return False

    def check(self) -> None:
        """Raises `Discarded` when the work was stopped and nothing of it is wanted."""


class Create(Protocol):
    """Makes a detector by representation and name. Detectors that use others are handed one: they know no registry."""

    def __call__(self, representation: str, name: str, *, seed: int = 0, **parameters: Any) -> Detector: ...


@dataclass(frozen=True)
class Lesson:
    """What is known of the rows to learn from, beside their numbers."""

    y: ArrayLike | None = None
    """(rows,): 0 normal, 1 anomaly; where there are `kinds`, 1 is an anomaly of the first kind, 2 of the second …"""
    kinds: Sequence[str] = ()
    """The names of the kinds of anomalies."""
    parents: NDArray[np.intp] | None = None
    """(rows, 2): what each row was made of, itself for those that were not made, which come first; None where none was."""
    groups: NDArray[np.intp] | None = None
    """(rows,): rows of one group have much in common, and are judged together; None: each row is for itself."""

    def own(self, rows: int) -> int:
        """How many of so many `rows` were not made of others."""
        return rows if self.parents is None else int((self.parents[:, 0] == np.arange(rows)).sum())


@dataclass(frozen=True)
class Carried:
    """Training rows inside a saved detector: whoever is given it can read them."""

    what: str
    """What for, a template without values: "rows that new ones are compared with"."""
    count: int
    whole: bool = True
    """Whether they are whole rows, as they were prepared; else values of single columns, of which no row can be put together."""


@dataclass(frozen=True)
class Decisions:
    """A tree of decisions as arrays, one entry a node, (nodes,); a parent comes before its children, the first node is the root."""

    number: NDArray[np.intp]
    """Of a question the number of a row that it looks at, from 0; -1 where a node is an answer."""
    value: NDArray[np.float64]
    """A row goes to `low` where its number is at most this, else to `high`."""
    low: NDArray[np.intp]
    high: NDArray[np.intp]
    rows: NDArray[np.int64]
    """How many rows that were learned from came by, by what they are: (nodes, 1 + kinds), normal ones first."""


class Detector(Parametrised):
    """Gives every row one score; higher is more unusual.

    A subclass declares the class attributes and its parameters, and writes `_fit`, `_score`, `_save`, `_load`;
    where it knows more, also `_expected` and `_element_scores`. One file, one detector: the file's name is the
    detector's name, its folder the representation it takes.
    """

    title: ClassVar[str]
    family: ClassVar[str]
    summary: ClassVar[str]
    """One short sentence on how it works, for its card."""
    reference: ClassVar[str]
    when: ClassVar[str]
    when_not: ClassVar[str]
    score_name: ClassVar[str] = N_("score")
    """What its score is, for axis titles: "reconstruction error", "prediction error"."""
    step_name: ClassVar[str] = N_("step {done} of {total}")
    """How its progress is counted while it learns."""
    presets: ClassVar[Mapping[str, Preset]] = {}
    supervised: ClassVar[bool] = False
    """Whether it learns from labels: then it is a `detectors.labelled.LabelledDetector`, and `fit` needs `y`."""
    at_once: ClassVar[bool] = False
    """Whether it learns in one go and cannot be stopped on the way: for its estimate it then learns from few rows first."""
    growth: ClassVar[float] = 1.0
    """The power of the rows learned from that the time to learn them and to score them all grows with, at most."""
    scoring_cost: ClassVar[float] = 1.0
    """How many times as long as most detectors it takes to score a row: so many fewer rows are explained at once."""
    most_rows: int | None = None
    """Of more rows than these it learns from a random sample; None where it learns from all."""
    from_verdicts: ClassVar[bool] = False
    """Whether it is what verdicts on an earlier run are learned with (`take_verdicts`): it is asked for there, and not chosen from the shelf."""
    continues: ClassVar[bool] = False
    """Whether it can start from what an earlier one has learned: then the subclass writes `start_from`."""
    raw_columns: ClassVar[bool] = False
    """Whether it asks for the data's own values, by `asked`: then it works where a preparation can tell them."""
    quick: ClassVar[Mapping[str, Any]] = {}
    """Parameters for a quick look: tests of what holds for every detector train with them."""

    def __init__(self, *, seed: int = 0, create: Create | None = None, **values: Any) -> None:
        super().__init__(**values)
        self.seed = int(seed)
        self._create = create
        self.feature_names_: list[str] | None = None
        self.row_shape_: tuple[int, ...] = ()
        self.training_scores_: Scores | None = None
        self.kinds_: list[str] = []
        """The kinds of anomalies that it tells apart; empty where it tells none."""
        self.training_kinds_: NDArray[np.int8] | None = None

    @classmethod
    def name(cls) -> str:
        """The detector's name on the command line: its file's name."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def representation(cls) -> str:
        """The representation it takes: its folder's name."""
        return cls.__module__.split(".")[-2]

    @classmethod
    def knows_expected(cls) -> bool:
        """Whether `expected` gives something: what the detector expected to see in a row's place."""
        return cls._expected is not Detector._expected

    @classmethod
    def scores_as_unseen(cls) -> bool:
        """Whether training scores are those that the rows would have got had they not been learned from."""
        return cls.supervised or cls._training_scores is not Detector._training_scores

    def fit(
        self, X: ArrayLike | pd.DataFrame, progress: Progress | None = None, *, y: ArrayLike | None = None,
        kinds: Sequence[str] = (), parents: NDArray[np.intp] | None = None, groups: NDArray[np.intp] | None = None,
    ) -> Self:  # fmt: skip
        """Learns what is usual from `X`, (rows, …) finite numbers, and leaves `training_scores_`.

        A supervised detector learns from `y`, (rows,), 0 normal and 1 anomaly, or, where `kinds` names several kinds of
        them, 1 for the first kind, 2 for the second …; any other one never sees it. What `parents` and `groups` are is
        said by `Lesson`: only rows that were not made of others have a training score.

        Raises:
            DetectorError: `X` is empty, of the wrong shape, or holds a value that is not a number; `y` is needed and
                missing, or has too few rows of a kind.
            Discarded: the analyst stopped the work and wants nothing kept.
        """
        progress = progress or Progress()
        names = [str(name) for name in X.columns] if isinstance(X, pd.DataFrame) else None
        values = _numbers(X, self.representation(), names)
        if len(values) < 2:
            raise DetectorError(N_("{title} needs at least 2 rows to learn from; there are {rows}."), title=self.title, rows=len(values))
        self.feature_names_ = names
        self.row_shape_ = values.shape[1:]
        try:
            self._learn_from(values, Lesson(y, kinds, parents, groups), progress)
        except BaseException:
            self.row_shape_ = ()  # half fitted is not fitted
            raise
        return self

    def start_from(self, folder: Path) -> Self:
        """The next `fit` starts from what the detector saved in `folder` has learned, and goes on from there.

        Raises:
            DetectorError: it learns anew every time; or the saved one is of another kind, or has another network.
        """
        raise DetectorError(LEARNS_ANEW, title=self.title)

    def take_verdicts(self, verdicts: NDArray[np.int8], scores: Scores | None) -> None:
        """The next `fit` learns from `verdicts` on its rows, (rows,): 1 anomaly, 0 normal, -1 nothing said.

        `scores`, (rows,), are those of the run that it starts from, where they are known.

        Raises:
            DetectorError: it learns from no verdicts.
        """
        raise DetectorError(N_("{title} does not learn from verdicts."), title=self.title)

    def cannot_start_from(self, representation: str, name: str, parameters: Mapping[str, Any]) -> Message | None:
        """Why it cannot start from what a detector learned that has this `representation`, `name` and `parameters`; None: it can."""
        if not self.continues:
            return Message(LEARNS_ANEW, {"title": self.title})
        return Message(
            N_("{title} cannot start from a run of another detector, `{name}` on {representation}."),
            {"title": self.title, "name": name, "representation": representation},
        )

    def score(self, X: ArrayLike | pd.DataFrame, progress: Progress | None = None) -> Scores:
        """One finite float64 per row of `X`, (rows,); higher is more unusual. A row's score depends on that row alone."""
        progress = progress or Progress()
        values = self._checked(X)
        scores = np.empty(len(values))
        for start in range(0, len(values), SCORE_ROWS):
            progress.check()
            chunk = values[start : start + SCORE_ROWS]
            scores[start : start + len(chunk)] = self._scored(_padded(chunk))[: len(chunk)]
            progress.report("scoring", start + len(chunk), len(values))
        if not np.isfinite(scores).all():
            raise DetectorError(
                N_("{title} gave row {row} a score that is not a number. Train it on more rows or with a smaller learning rate."),
                title=self.title, row=int(np.flatnonzero(~np.isfinite(scores))[0]) + 1,
            )  # fmt: skip
        return scores

    def expected(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float32] | None:
        """What the detector expected to see instead, in the space and shape of `X`; None where it has no such idea."""
        values = self._checked(X)
        expected = self._expected(_padded(values))
        return None if expected is None else expected[: len(values)]

    def element_scores(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64] | None:
        """A score per step, region or token of each row, where the detector has one; else None."""
        values = self._checked(X)
        scores = self._element_scores(_padded(values))
        return None if scores is None else scores[: len(values)]

    @classmethod
    def knows_codes(cls) -> bool:
        """Whether `codes` may give something: what the detector has learned to see in a row."""
        return cls._codes is not Detector._codes

    def codes(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float32] | None:
        """What the detector has learned to see in each row, in few numbers, (rows, numbers); None where there is no such thing."""
        values = self._checked(X)
        found = self._codes(_padded(values))
        return None if found is None else found[: len(values)]

    def kinds_of(self, X: ArrayLike | pd.DataFrame, progress: Progress | None = None) -> NDArray[np.int8] | None:
        """For each row the kind of anomaly it would most likely be, (rows,): 1 the first of `kinds_`, 2 the second …; None without."""
        return None

    def asked(self) -> list[Condition]:
        """Conditions on the data's own columns: whether each is met becomes one more number of a row, with the condition's name."""
        return []

    def decisions(self) -> Decisions | None:
        """For a tree of decisions: its questions and answers; None for anything else."""
        return None

    def gradients(self) -> Callable[[NDArray[np.float32]], NDArray[np.float64]] | None:
        """A function from rows, (rows, …), to the gradient of their score, in their shape; None where there is none."""
        return None

    def spoken_steps(self, steps: int) -> tuple[int, int]:
        """For a window of `steps` steps, those its score speaks of, from the first to before the second: all of them."""
        return 0, steps

    def layers_table(self) -> list[dict[str, Any]] | None:
        """For a network: its layers as ``{layer, shape, parameters}``; None for what has no layers."""
        return None

    def carried(self) -> Sequence[Carried]:
        """The training rows, or values of them, that `save` writes; nothing where it keeps only what it has made of them."""
        return ()

    def members_table(self) -> list[dict[str, Any]] | None:
        """For what works with other detectors: them as ``{name, title, agreement, seconds, …}``; None for what works alone."""
        return None

    def save(self, folder: Path) -> None:
        """Writes everything `load` needs into `folder`, without pickle."""
        self._require_fitted()
        folder.mkdir(parents=True, exist_ok=True)
        record = {
            "detector": self.name(), "representation": self.representation(), "parameters": self.parameters,
            "seed": self.seed, "row_shape": list(self.row_shape_), "feature_names": self.feature_names_, **self._record(),
        }  # fmt: skip
        (folder / "detector.json").write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
        self._save(folder)

    @classmethod
    def load(cls, folder: Path, create: Create | None = None) -> Self:
        """The detector that `save` wrote; its scores are equal to the last bit."""
        record = json.loads((folder / "detector.json").read_text(encoding="utf-8"))
        detector = cls(seed=record["seed"], create=create, **record["parameters"])
        detector.row_shape_ = _row_shape(record["row_shape"], cls.representation())
        detector.feature_names_ = record["feature_names"]
        detector._take_record(record)
        detector._load(folder)
        return detector

    # ── written by subclasses ──

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        raise NotImplementedError

    def _score(self, X: NDArray[np.float32]) -> Scores:
        raise NotImplementedError

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        """Scores of the fitted rows as if unseen. Detectors that hold the row itself leave it out here."""
        return self.score(X, progress)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32] | None:
        return None

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64] | None:
        return None

    def _codes(self, X: NDArray[np.float32]) -> NDArray[np.float32] | None:
        return None

    def _save(self, folder: Path) -> None:
        raise NotImplementedError

    def _load(self, folder: Path) -> None:
        raise NotImplementedError

    def _anew(self) -> Self:
        """One that is to learn as this one was, and has not."""
        return type(self)(seed=self.seed, create=self._create, **self.parameters)

    # ── where a family of detectors has a way of its own ──

    def _learn_from(self, X: NDArray[np.float32], lesson: Lesson, progress: Progress) -> None:
        """Fits, and leaves `training_scores_` for the rows that were not made of others."""
        self._fit(X, progress)
        progress.check()
        self.training_scores_ = self._training_scores(X, progress)[: lesson.own(len(X))]

    def _scored(self, X: NDArray[np.float32]) -> Scores:
        return self._score(X)

    def _record(self) -> dict[str, Any]:
        """What it has learned that is small enough for its JSON, beside what `_save` writes."""
        return {}

    def _take_record(self, record: Mapping[str, Any]) -> None:
        """Takes back what `_record` gave."""

    # ── checks ──

    def _require_fitted(self) -> None:
        if not self.row_shape_:
            raise DetectorError(N_("{title} has not been trained yet. Call fit first."), title=self.title)

    def _checked(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float32]:
        self._require_fitted()
        values = _numbers(X, self.representation(), self.feature_names_)
        if values.shape[1:] != self.row_shape_:
            raise DetectorError(
                N_("{title} was trained on rows of shape {expected}; these have shape {received}."),
                title=self.title, expected=str(self.row_shape_), received=str(values.shape[1:]),
            )  # fmt: skip
        return values


class Quiet(Progress):
    """Passes on whether to stop, and no reports: those of a fold would look like the training starting over."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def stop_asked(self) -> bool:
        return self._progress.stop_asked()

    def check(self) -> None:
        self._progress.check()


def _row_shape(kept: Any, representation: str) -> tuple[int, ...]:
    """The shape of a row as it was saved: as many whole numbers above 0 as a row has axes."""
    if not isinstance(kept, list) or len(kept) != AXES[representation] - 1 or not all(type(n) is int and n > 0 for n in kept):
        raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file="detector.json")
    return tuple(kept)


def _numbers(X: ArrayLike | pd.DataFrame, representation: str, names: list[str] | None) -> NDArray[np.float32]:
    if isinstance(X, pd.DataFrame):
        X = _named_columns(X, names)
    values = np.asarray(X, dtype=np.float32)
    if values.ndim != AXES[representation]:
        raise DetectorError(
            N_("A detector on {representation} takes an array with {expected} axes; this one has {received}."),
            representation=representation, expected=AXES[representation], received=values.ndim,
        )  # fmt: skip
    for rows in blocks(values):
        if not np.isfinite(values[rows]).all():
            row, *place = np.argwhere(~np.isfinite(values[rows]))[0]
            column = int(place[-1]) if place else 0
            raise DetectorError(
                N_("Row {row}, column `{column}` is not a finite number. Fill or drop missing values first."),
                row=rows.start + int(row) + 1, column=names[column] if names else str(column + 1),
            )  # fmt: skip
    return values


def _named_columns(X: pd.DataFrame, names: list[str] | None) -> pd.DataFrame:
    """The columns a detector was trained on, in their order; all of them must be there and hold numbers."""
    missing = [name for name in names or () if name not in X.columns]
    if missing:
        raise DetectorError(N_("Column `{column}` is missing. The detector was trained with it."), column=missing[0])
    # Choosing columns copies them, and these may be larger than memory.
    wanted = X[names] if names and names != list(X.columns) else X
    text = [str(name) for name, kind in wanted.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if text:
        raise DetectorError(N_("Column `{column}` does not hold numbers. Prepare the data first."), column=text[0])
    return wanted


def _padded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    missing = SMALLEST_BATCH - len(values)
    if missing <= 0 or not len(values):
        return values
    return np.concatenate([values, np.repeat(values[:1], missing, axis=0)])


__all__ = ["AXES", "Carried", "Detector", "Discarded", "Lesson", "Progress", "Quiet", "Scores"]
