"""How long a training would take and how much memory it would need: its first steps are taken on a few of its rows and timed.

What is fixed (compiling, say) is told apart from what grows with the rows, where that matters, by taking a step on fewer
rows as well. What learns in one go learns from few rows, then from more, and how its time grew says how it goes on. What cannot be measured on a few rows, memory, is reckoned from the sizes of the arrays that a run holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import registry
from detectors.arrays import IN_MEMORY_BYTES
from detectors.base import Detector, Progress
from detectors.data_set import DataSet, rows_to_fit
from detectors.errors import Discarded, WorkerError
from detectors.explanations.shapley import Explainer
from detectors.labelled import FOLDS
from detectors.messages import N_
from detectors.preparation import Items, Preparation
from detectors.runs.execute import learn, prepare
from detectors.runs.explained import game_of
from detectors.runs.request import RunRequest
from detectors.runs.rows import rows_to_learn

#: Rows on which steps are taken, by kind: enough to outweigh what is fixed, read and prepared in a moment.
FIRST_ROWS = {"table": 50_000, "series": 10_000, "images": 100, "text": 1000}

#: … fewer where there are many columns.
FIRST_VALUES = 2_000_000

#: … but never fewer than this.
FEWEST_FIRST_ROWS = 2000

#: A step on fewer rows takes this share of them.
FEWER = 4

#: How long a detector learns for its estimate, counted from its first report, and how long anything may take at all.
LEARNING_S, PATIENCE_S = 1.0, 20.0

#: What learns in one go begins with so many rows, and takes `FEWER` times as many while that should take less than so long.
#: Of fewer rows some detectors learn in another way, for want of rows, and in another time.
ROWS_AT_ONCE, AT_ONCE_S = 2000, 6.0

#: Only reports from after this share of the learning are looked at: until then it compiles and finds its pace.
WARMING_UP = 0.4

#: What takes less, in seconds, is done twice: the first time it imports what the trainer has imported long ago.
QUICK_S = 3.0

#: Rows explained for the estimate, fewer and more.
EXPLAINED = (10, 100)

#: Training that takes longer, in seconds, is offered on a sample of the rows.
LONG_S = 60.0

#: Learning from a sample should cost at most so much more than what scoring every row costs anyway.
DEARER = 1.5

#: Bytes a row that scores take in all: scores, their order, sorted, masks.
SCORE_BYTES = 48

#: Copies of a value while a table is read to learn its preparation: from Arrow to pandas.
READING_COPIES = 2


@dataclass(frozen=True)
class Sample:
    """So many rows to learn from instead, drawn at random, and what that would take in all."""

    rows: int
    seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Estimate:
    """What a training would take, from reading to explanations."""

    seconds: float
    memory_bytes: int
    """Memory that the process would hold at most."""
    fits: bool
    """Whether there is as much memory now."""
    rows: int
    """Rows it would learn from."""
    sample: Sample | None
    """What is offered where it would take long or not fit."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Estimate:
        sample = record["sample"]
        return cls(**{**record, "sample": None if sample is None else Sample(**sample)})


@dataclass(frozen=True)
class Line:
    """Seconds for so many units: some that are fixed, and some for each unit."""

    fixed: float
    each: float

    def at(self, units: float) -> float:
        return self.fixed + self.each * units

    @classmethod
    def through(cls, fewer: tuple[float, float], more: tuple[float, float]) -> Line:
        """Through two measurements, (units, seconds); neither part is ever negative."""
        each = max(0.0, (more[1] - fewer[1]) / max(1.0, more[0] - fewer[0]))
        return cls(max(0.0, more[1] - each * more[0]), each)


@dataclass(frozen=True)
class Power:
    """Seconds that grow with a power of the units."""

    units: float
    seconds: float
    exponent: float

    def at(self, units: float) -> float:
        return self.seconds * (units / self.units) ** self.exponent

    @classmethod
    def through(cls, measured: Sequence[tuple[float, float]], steepest: float) -> Power:
        """Through the last two measurements, (units, seconds), with the exponent `steepest` at most and where there is but one."""
        units, seconds = measured[-1]
        if len(measured) == 1:
            return cls(units, seconds, steepest)
        fewer, shorter = measured[-2]
        exponent = log(max(seconds, 1e-9) / max(shorter, 1e-9)) / log(units / fewer)
        return cls(units, seconds, min(steepest, max(0.0, exponent)))


@dataclass(frozen=True)
class Memory:
    """Bytes that are there already and are free, for the process that would train."""

    held: int
    free: int


@dataclass(frozen=True)
class Costs:
    """What was measured on the first rows, as functions of numbers of rows."""

    rows: int
    prepare: Line
    learn: Callable[[int], float]
    score: Line
    """For every row, learned from or not."""
    fixed: float
    """Explaining the most unusual rows, and saving."""
    item_bytes: int
    columns: int
    drop_share: float | None = None
    """The share that is dropped before it is learned once more."""

    def seconds(self, learned: int) -> float:
        rounds = [learned] if self.drop_share is None else [learned, round(learned * (1 - self.drop_share))]
        once = sum(self.learn(rows) + self.score.at(self.rows) for rows in rounds)
        return self.prepare.at(self.rows) + once + self.fixed

    def memory_bytes(self, learned: int, held: int) -> int:
        """The prepared rows, and once more those that are learned from, unless either lies in a file; or the rows as they are read."""
        reading = 8 * READING_COPIES * rows_to_fit(learned, self.columns) * self.columns
        prepared = self.item_bytes * self.rows
        copied = self.item_bytes * learned
        return held + max(reading, prepared + (copied if copied <= IN_MEMORY_BYTES else IN_MEMORY_BYTES)) + SCORE_BYTES * self.rows


class _Stopwatch(Progress):
    """Notes how far learning was when; asks it to stop once that is known, and gives everything up that takes too long."""

    def __init__(self) -> None:
        self.began = perf_counter()
        self.reports: list[tuple[float, float]] = []
        """Seconds since the beginning, and the share of the learning that was done; from the first whole unit on, where one was."""
        self.whole_unit = False
        self.asked = False

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        if phase != "fitting":
            return
        within = figures["step"] / figures["steps"] if "step" in figures else 0.0
        if done and not self.whole_unit:  # until the first epoch has ended, its validation still had to be compiled
            self.whole_unit = True
            self.reports.clear()
        self.reports.append((perf_counter() - self.began, (done + within) / max(1, total)))

    def stop_asked(self) -> bool:
        self.check()
        self.asked = bool(self.reports) and perf_counter() - self.began > self.reports[0][0] + LEARNING_S
        return self.asked

    def check(self) -> None:
        if perf_counter() - self.began > PATIENCE_S:
            raise Discarded


def estimate(request: RunRequest, data: Path, memory: Memory) -> Estimate:
    """What a run would take if it began now, on a machine that is as busy as now.

    Raises:
        AnomalystError: the run would be refused, for the same reason; or its first step alone takes too long to wait for.
    """
    try:
        learned, costs = _measured(request, DataSet(data, request.used_roles))
    except Discarded as error:
        raise WorkerError(
            N_("How long it takes cannot be told: its first step alone takes over {seconds} s."), seconds=PATIENCE_S
        ) from error
    seconds, needed = costs.seconds(learned), costs.memory_bytes(learned, memory.held)
    fits = needed - memory.held <= memory.free
    sample = None if seconds <= LONG_S and fits else _sample(costs, learned, memory)
    return Estimate(seconds, needed, fits, learned, sample)


def _sample(costs: Costs, learned: int, memory: Memory) -> Sample | None:
    """The largest round number of rows with which the training is short; None where hardly anything is won."""
    rounds = [leading * 10**power for power in range(3, 10) for leading in (1, 2, 5) if leading * 10**power < learned]
    if not rounds:
        return None
    most_s = max(LONG_S, DEARER * costs.seconds(rounds[0]))
    short = [rows for rows in rounds if costs.seconds(rows) <= most_s and costs.memory_bytes(rows, 0) <= memory.free]
    rows = short[-1] if short else rounds[0]
    return Sample(rows, costs.seconds(rows), costs.memory_bytes(rows, memory.held))


def _measured(request: RunRequest, source: DataSet) -> tuple[int, Costs]:
    """How many rows are to be learned from, and what that costs."""
    most = min(FIRST_ROWS[request.kind], max(FEWEST_FIRST_ROWS, FIRST_VALUES // max(1, len(request.features))))
    more = _Steps(request, _narrowed(source, most))
    fewer = None if more.source is source else _Steps(request, _narrowed(source, most // FEWER))
    chosen = request.fit_where or request.fit_first or more.detector.supervised
    rows = int(rows_to_learn(request, source, more.detector).fitted.sum()) if chosen else source.rows
    rows = min(rows, request.fit_sample or rows, more.items.most_to_fit or rows)
    learn, score, fixed = _learning_at_once(more, rows) if more.detector.at_once else _learning_and_scoring(more, fewer)
    return rows, Costs(
        source.rows, _preparing(more, fewer), learn, score, fixed, more.item_bytes,
        len(request.features) if request.kind == "table" else 0, request.drop_share,
    )  # fmt: skip


def _narrowed(source: DataSet, rows: int) -> DataSet:
    return source if rows >= source.rows else replace(source, only=np.arange(max(2, rows)))


@dataclass(frozen=True)
class _Learned:
    """How learning from some rows went, to its end or until it was stopped."""

    rows: int
    seconds: float
    """Scoring the same rows included."""
    watch: _Stopwatch

    def without_scoring(self, score_s: float) -> float:
        return max(0.0, self.seconds - self.rows * score_s)

    @property
    def at_once_s(self) -> float:
        """Until what learns in one go had learned."""
        return self.watch.reports[-1][0]


class _Steps:
    """The steps of a run, on some of its rows."""

    def __init__(self, request: RunRequest, source: DataSet) -> None:
        self.request, self.source = request, source
        self.detector = registry.create(request.representation, request.detector, seed=request.seed, **request.parameters)
        self.prepared_s, (self.preparation, self.items) = _timed_warm(self._prepare)
        self.item_bytes = int(self.items.at(np.arange(1)).nbytes)

    def _prepare(self) -> tuple[Preparation, Items]:
        # Labels or values that choose rows may be missing among the first ones; which rows they are does not change the time.
        everything = np.ones(self.source.rows, dtype=bool)
        return prepare(self.request, self.source, everything, self.detector, _Stopwatch())

    def learn(self, rows: int) -> _Learned:
        """Learns from the first `rows` items; of labels any will do."""
        positions = self.items.to_fit(np.ones(self.source.rows, dtype=bool))[:rows]
        watch = _Stopwatch()
        labels = (np.arange(len(positions)) % 2).astype(np.int8)
        seconds, _ = _timed(lambda: learn(self.detector, self.preparation, self.items.at(positions), watch, y=labels))
        return _Learned(len(positions), seconds, watch)

    def scoring(self) -> tuple[Line, float]:
        """Scoring and what comes with every row; and what a run does once, at its end, however many rows there are."""
        positions = np.arange(min(len(self.items), 20_000))
        X = self.items.at(positions)
        each_s, scores = _timed(lambda: self.detector.score(X))
        scores = np.resize(scores, len(self.items))
        rows_s, row_scores = _timed(lambda: self.items.row_scores(self.detector, scores, Progress()))
        expected_s, _ = _timed(lambda: self.items.row_expected(self.detector, Progress()))
        sorting_s, _ = _timed(lambda: np.argsort(row_scores, kind="stable"))
        each = each_s / len(X) * len(self.items) + rows_s + expected_s + 3 * sorting_s
        return Line(0.0, each / self.source.rows), self._ending_s(row_scores)

    def _ending_s(self, scores: NDArray[np.float64]) -> float:
        """Explaining as many rows as a run explains at its end, and saving the detector."""
        few, many = EXPLAINED
        rows = np.argsort(scores)[::-1][:many]
        explained = self.preparation.explained(self.source, rows, self.detector)
        explainer = Explainer(game_of(self.detector, self.preparation, explained), self.request.seed)
        compiled_s, few_s, many_s = (_timed(partial(explainer.many, rows))[0] for rows in (explained[:few], explained[:few], explained))
        explains = Line.through((few, few_s), (len(explained), many_s))
        with TemporaryDirectory() as folder:
            saving_s, _ = _timed_warm(lambda: self.detector.save(Path(folder) / "detector"))
        return saving_s + max(0.0, compiled_s - few_s) + explains.at(min(explainer.rows_at_once, self.source.rows))


def _preparing(more: _Steps, fewer: _Steps | None) -> Line:
    if fewer is None:
        return Line(more.prepared_s, 0.0)
    return Line.through((fewer.source.rows, fewer.prepared_s), (more.source.rows, more.prepared_s))


def _learning_and_scoring(more: _Steps, fewer: _Steps | None) -> tuple[Callable[[int], float], Line, float]:
    """Seconds for learning from a number of rows; for scoring; and for what is done once."""
    learned = more.learn(more.source.rows)
    if not learned.watch.asked and learned.seconds < QUICK_S:
        learned = more.learn(more.source.rows)
    score, fixed = more.scoring()
    return _learning(type(more.detector), learned, fewer, score.each), score, fixed


def _learning(detector: type[Detector], learned: _Learned, fewer: _Steps | None, score_s: float) -> Callable[[int], float]:
    """Seconds for learning from a number of rows, in proportion to them; scoring a row takes `score_s`."""
    rows = learned.rows
    if learned.watch.asked:
        # With labels, each fold learns once more, from two thirds of the rows.
        whole_s = _pace(learned.watch.reports)
        fixed_s = max(0.0, learned.without_scoring(score_s) - learned.watch.reports[-1][1] * whole_s)
        repeated = FOLDS if detector.supervised else 1
        return lambda more: fixed_s + repeated * whole_s * more / rows
    if fewer is None:
        return lambda more: learned.without_scoring(score_s) * more / rows
    few = fewer.learn(rows // FEWER)
    return Line.through((few.rows, few.without_scoring(score_s)), (rows, learned.without_scoring(score_s))).at


def _learning_at_once(steps: _Steps, rows: int) -> tuple[Callable[[int], float], Line, float]:
    """The same for what learns in one go, and would learn from so many `rows`: how long it takes to score may grow with them too."""
    most = min(rows, steps.detector.most_rows or rows)
    tries = _tries(steps, min(most, steps.source.rows))
    growth = steps.detector.growth
    learning = Power.through([(each.rows, each.at_once_s) for each in tries], growth)
    scoring = Power.through([(each.rows, (each.seconds - each.at_once_s) / each.rows) for each in tries], growth - 1)
    score, fixed = steps.scoring()
    longer = (most / tries[-1].rows) ** scoring.exponent
    repeated = FOLDS if type(steps.detector).supervised else 1  # as above
    return lambda more: repeated * learning.at(min(more, most)), Line(0.0, score.each * longer), fixed


def _tries(steps: _Steps, most: int) -> list[_Learned]:
    """Learns from few rows, then from more, up to `most`, while nobody waits long for it."""
    tries = [_undisturbed(steps, min(ROWS_AT_ONCE, most))]
    while (rows := tries[-1].rows) < most:
        more = min(FEWER * rows, most)
        if Power.through([(each.rows, each.seconds) for each in tries], steps.detector.growth).at(more) > AT_ONCE_S:
            break
        tries.append(_undisturbed(steps, more))
        if tries[-1].rows <= rows:  # there are no more that can be learned from
            return tries[:-1]
    return tries


def _undisturbed(steps: _Steps, rows: int) -> _Learned:
    """The shorter of two times, where it is quick: without imports, and without what the machine did beside it."""
    learned = steps.learn(rows)
    return min(learned, steps.learn(rows), key=lambda each: each.seconds) if learned.seconds < QUICK_S else learned


def _pace(reports: list[tuple[float, float]]) -> float:
    """Seconds for all of the learning, at the pace it had in the end."""
    last_s, last_share = reports[-1]
    started_s, started_share = next((s, share) for s, share in reports if s >= reports[0][0] + WARMING_UP * (last_s - reports[0][0]))
    if last_share <= started_share:
        return last_s / max(last_share, 1e-9)
    return (last_s - started_s) / (last_share - started_share)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that `work` takes, and what it gives."""
    began = perf_counter()
    result = work()
    return perf_counter() - began, result


def _timed_warm(work: Callable[[], Any]) -> tuple[float, Any]:
    """The same once imports are done, where it is quick enough to be done twice."""
    seconds, result = _timed(work)
    return _timed(work) if seconds < QUICK_S else (seconds, result)
