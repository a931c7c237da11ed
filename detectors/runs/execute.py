"""Does a run: reads, prepares, fits, scores, explains the most unusual rows, and leaves the result whole in its folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors import registry
from detectors.base import Detector, Progress, Quiet, Scores
from detectors.data_set import DataSet, rows_to_fit
from detectors.explanations.background import donor_rows, usual_rows
from detectors.explanations.shapley import Explainer
from detectors.explanations.store import save_explanations
from detectors.kinds import KINDS
from detectors.preparation import Items, Preparation, find_preparation, load_preparation
from detectors.runs.contaminated import FirstRound, check_drop, most_unusual
from detectors.runs.earlier import Earlier
from detectors.runs.explained import game_of, has_variants, levels_of
from detectors.runs.folder import TREE_FILE
from detectors.runs.judged import ARRAY, IS_ANOMALY, IS_NORMAL, Judged, of_items, with_judged
from detectors.runs.over_the_run import scores_at_once
from detectors.runs.relearning import Heeded
from detectors.runs.request import RunRequest
from detectors.runs.rows import Rows, rows_to_learn, sampled
from detectors.storage.files import write_json
from detectors.trees import tree_in_words

NOTHING_HEEDED = Heeded()

#: Items scored between two looks at the stop flag. They may be made only when they are asked for.
ITEMS_TOGETHER = 16_384


@dataclass(frozen=True)
class Brought:
    """What a saved detector brings along from its training, where nothing is learned from the data at hand."""

    usual: NDArray[np.float32]
    """Usual rows as explanations take them apart, (rows, …)."""
    training_scores: Scores
    """Sorted."""
    fitted_rows: int


@dataclass
class FittedRun:
    """What a run leaves behind, still in memory."""

    request: RunRequest
    data: DataSet
    detector: Detector
    preparation: Preparation
    items: Items
    fitted: NDArray[np.bool_]
    """The rows to learn from, (rows,)."""
    scores: Scores
    """(rows,)"""
    labels: NDArray[np.int8] | None
    """1 anomaly, 0 normal, -1 unknown; None without a label column."""
    seconds: dict[str, float] = field(default_factory=dict)
    stopped_early: bool = False
    """Whether the analyst ended the learning before the detector would have."""
    first_scores: Scores | None = None
    """(rows,) of the first training, where it was trained again without the most unusual rows."""
    dropped: NDArray[np.bool_] | None = None
    """The rows that it was then trained without, (rows,)."""
    known_kinds: NDArray[np.int8] | None = None
    """For each row the kind of anomaly that its label names, 0 none, -1 unknown; None where the label names no kinds."""
    kind_names: list[str] = field(default_factory=list)
    kinds: NDArray[np.int8] | None = None
    """For each row the kind of anomaly that it would most likely be; None where the detector tells no kinds."""
    verdicts: NDArray[np.int8] | None = None
    """What was said of each row, 1 anomaly, 0 normal, -1 nothing, where it learned from verdicts; `first_scores` are then those before."""
    brought: Brought | None = None
    """What a saved detector brought along; None where it learned from these data."""

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """The labelled rows, (rows,), that a detector that learns from labels did not learn from, where they are of both sorts; else none."""
        unseen = np.zeros(len(self.fitted), dtype=bool) if self.labels is None else (self.labels >= 0) & ~self.fitted
        judges = self.detector.supervised and self.labels is not None and len(np.unique(self.labels[unseen])) > 1
        return unseen if judges else np.zeros(len(self.fitted), dtype=bool)

    @property
    def judged(self) -> NDArray[np.bool_] | None:
        """The rows, (rows,), for which figures are: those held out, or, where there are none, all labelled ones; None without labels."""
        if self.labels is None:
            return None
        return self.held_out if self.held_out.any() else self.labels >= 0

    @property
    def training_scores(self) -> Scores:
        return self.scores[self.fitted] if self.brought is None else self.brought.training_scores

    @property
    def fitted_rows(self) -> int:
        """How many rows were learned from: of a series, how many windows, where a sample was asked for."""
        if self.brought is not None:
            return self.brought.fitted_rows
        return min(int(self.fitted.sum()), self.request.fit_sample or len(self.fitted))


def execute(
    request: RunRequest, data: Path, progress: Progress, earlier: Earlier | None = None, heeded: Heeded = NOTHING_HEEDED
) -> FittedRun:
    """Fits the detector on the rows that were asked for and scores every row of the data, in file order.

    `earlier` is the run to start from, where the request names one; `heeded` what people said of rows.

    Raises:
        DataError: no row or no column is left to learn from; it cannot start from the earlier run.
        Discarded: the analyst stopped the work and wants nothing kept.
    """
    check_drop(request)
    seconds: dict[str, float] = {}
    with _timed(seconds, "read"):
        progress.report("reading", 0, 1)
        source = DataSet(data, request.used_roles)
        detector = _detector(request, earlier)
        rows = rows_to_learn(request, source, detector, heeded.relearning)
    with _timed(seconds, "prepare"):
        progress.report("preparing", 0, 1)
        prepared = prepare(request, source, rows.fitted, detector, progress) if earlier is None else _prepared_as(earlier, source, detector)
        preparation, items = prepared
        learned = sampled(request, items.to_fit(rows.fitted))
    run = FittedRun(
        request, source, detector, preparation, items, rows.fitted, np.empty(0), rows.labels, seconds,
        known_kinds=rows.kinds if rows.kind_names else None, kind_names=rows.kind_names,
    )  # fmt: skip
    if heeded.judged is not None and earlier is not None:
        learned = _heed(run, earlier, heeded.judged, learned)
    if request.drop_share is None:
        run.scores = _trained(run, rows, learned, progress)
    else:
        _train_twice(run, rows, learned, progress, earlier)
    run.stopped_early = progress.stop_asked()
    return run


def _detector(request: RunRequest, earlier: Earlier | None) -> Detector:
    """The detector that was asked for, about to learn."""
    detector = registry.create(request.representation, request.detector, seed=request.seed, **request.parameters)
    if earlier is None:
        return detector
    earlier.check(request)
    return detector.start_from(earlier.folder / "detector")


def _trained(run: FittedRun, rows: Rows, learned: NDArray[np.intp], progress: Progress) -> Scores:
    """Lets the detector of `run` learn from the items `learned`; gives the scores of all rows."""
    items = run.items
    with _timed(run.seconds, "fit"):
        y = None if rows.kinds is None else items.labels(rows.kinds, learned)
        learn(run.detector, run.preparation, items.at(learned), progress, y=y, kinds=rows.kind_names, groups=items.groups(learned))
    with _timed(run.seconds, "score"):
        found, kinds = scores_and_kinds(run.detector, items, learned, progress)
        run.kinds = None if kinds is None else items.row_kinds(kinds)
        return items.row_scores(run.detector, found, progress)


def _heed(run: FittedRun, earlier: Earlier, judged: Judged, learned: NDArray[np.intp]) -> NDArray[np.intp]:
    """Tells the detector of `run` the verdicts; gives the items to learn from, those that were judged among them."""
    run.verdicts, run.first_scores = judged.of_rows(run.data.rows), np.load(earlier.folder / "scores.npy", allow_pickle=False)
    learned = with_judged(judged, run.data.rows, run.items, learned)
    are_rows = not KINDS[run.request.kind].ordered
    run.detector.take_verdicts(of_items(judged, run.data.rows, run.items, learned), run.first_scores[learned] if are_rows else None)
    return learned


def _train_twice(run: FittedRun, rows: Rows, learned: NDArray[np.intp], progress: Progress, earlier: Earlier | None) -> None:
    """Learns, drops the most unusual items and learns again from the others, prepared as they were.

    Whoever stops the first learning keeps what it has learned: nothing is dropped.
    """
    assert run.request.drop_share is not None
    run.scores = _trained(run, rows, learned, FirstRound(progress))
    if progress.stop_asked():
        return
    assert run.detector.training_scores_ is not None
    dropped = most_unusual(run.detector.training_scores_, run.request.drop_share)
    run.first_scores, run.dropped = run.scores, run.items.rows_of(learned[dropped]) & run.fitted
    run.fitted = run.fitted & ~run.dropped
    run.detector = _detector(run.request, earlier)
    run.scores = _trained(run, rows, learned[~dropped], progress)


def prepare(
    request: RunRequest, source: DataSet, fitted: NDArray[np.bool_], detector: Detector, progress: Progress
) -> tuple[Preparation, Items]:
    """The preparation, fitted on the rows where `fitted` is true, and what it makes of all rows for `detector`."""
    preparation = find_preparation(request.kind, request.representation)(**request.preparation)
    preparation.fit(source, fitted, seed=request.seed, progress=progress)
    preparation.serve(detector)
    return preparation, preparation.items(source)


def _prepared_as(earlier: Earlier, source: DataSet, detector: Detector) -> tuple[Preparation, Items]:
    """The same with the preparation of an earlier run: its numbers mean to the weights what they meant then."""
    preparation = load_preparation(earlier.folder / "preparation")
    preparation.serve(detector)
    return preparation, preparation.items(source)


def learn(
    detector: Detector, preparation: Preparation, X: NDArray[np.float32], progress: Progress, *, y: NDArray[np.int8] | None = None,
    kinds: Sequence[str] = (), groups: NDArray[np.intp] | None = None,
) -> None:  # fmt: skip
    """Fits `detector` on the items `X`; one that learns from labels also on theirs, `y`, (items,), and on what they have in common."""
    learned = preparation.augmented(X, y if detector.supervised else None, detector.seed)
    named = pd.DataFrame(learned.X, columns=preparation.names, copy=False) if preparation.names else learned.X
    detector.fit(named, progress, y=learned.y, kinds=kinds if detector.supervised else (), parents=learned.parents, groups=groups)


def save(run: FittedRun, folder: Path, progress: Progress) -> None:
    """Writes the result into `folder`: scores, detector, preparation, explanations of the most unusual rows, summary."""
    run.detector.save(folder / "detector")
    run.preparation.save(folder / "preparation")
    ranking = np.argsort(run.scores, kind="stable")[::-1]
    arrays: dict[str, NDArray[Any]] = {
        "scores": run.scores,
        "ranking": ranking,
        "sorted_scores": run.scores[ranking[::-1]],
        "sorted_training_scores": np.sort(run.training_scores),
        "fitted": run.fitted,
        "usual": usual(run),
    }
    more = {
        "labels": run.labels,
        "known_kinds": run.known_kinds,
        "kinds": run.kinds,
        "held_out": run.held_out if run.detector.supervised else None,
        "first_scores": run.first_scores,
        "dropped": run.dropped,
        ARRAY: run.verdicts,
    }
    arrays |= {name: values for name, values in more.items() if values is not None}
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    if (expected := run.items.row_expected(run.detector, progress)) is not None:
        np.save(folder / "expected.npy", expected, allow_pickle=False)
    if (decisions := run.detector.decisions()) is not None:
        write_json(folder / TREE_FILE, tree_in_words(decisions, run.preparation.in_words, run.detector.kinds_).to_json())
    game = game_of(run.detector, run.preparation, arrays["usual"], levels_of(arrays["sorted_training_scores"]))
    explainer = Explainer(game, run.request.seed)
    with _timed(run.seconds, "explain"):
        rows = ranking[: explainer.rows_at_once]
        save_explanations(folder, rows, explainer.many(run.preparation.explained(run.data, rows, run.detector), progress))
    write_json(folder / "result.json", _summary(run, explainer))


def scores_and_kinds(
    detector: Detector, items: Items, learned: NDArray[np.intp], progress: Progress
) -> tuple[Scores, NDArray[np.int8] | None]:  # fmt: skip
    """Score and, where the detector tells them, kind of each item: those learned from as its training left them, the others by `score`."""
    assert detector.training_scores_ is not None
    scores, kinds = np.empty(len(items)), None
    scores[learned] = detector.training_scores_
    if detector.training_kinds_ is not None:
        kinds = np.empty(len(items), dtype=np.int8)
        kinds[learned] = detector.training_kinds_
    others = np.setdiff1d(np.arange(len(items)), learned, assume_unique=True)
    for start in range(0, len(others), ITEMS_TOGETHER):
        progress.check()
        chosen = others[start : start + ITEMS_TOGETHER]
        X = items.at(chosen)
        scores[chosen] = detector.score(X, Quiet(progress))
        if kinds is not None and (told := detector.kinds_of(X, progress)) is not None:
            kinds[chosen] = told
        progress.report("scoring", start + len(chosen), len(others))
    return scores, kinds


def usual(run: FittedRun) -> NDArray[np.float32]:
    """Usual training rows as explanations take them apart, (rows, …): what others are compared with."""
    if run.brought is not None:
        return run.brought.usual
    fitted = np.flatnonzero(run.fitted)
    chosen = donor_rows if has_variants(run.preparation) else usual_rows
    rows = fitted[chosen(run.scores[fitted], int(run.preparation.units.size), run.request.seed)]
    return run.preparation.explained(run.data, rows, run.detector)


def _summary(run: FittedRun, explainer: Explainer) -> dict[str, Any]:
    return {
        "rows": len(run.scores),
        "fitted_rows": run.fitted_rows,
        "prepared_rows": _prepared_rows(run),
        "numbers": int(run.preparation.units.size),
        "rows_at_once": explainer.rows_at_once,
        "scores_at_once": scores_at_once(explainer),
        "score_s": run.seconds["explain"] / (min(explainer.rows_at_once, len(run.scores)) * explainer.walk),
        "seconds": {name: round(value, 4) for name, value in run.seconds.items()},
        "layers": run.detector.layers_table(),
        "members": run.detector.members_table(),
        "detector": run.detector.name(),
        "parameters": run.detector.parameters,
        "preparation": run.preparation.parameters,
        "stopped_early": run.stopped_early,
        "dropped_rows": 0 if run.dropped is None else int(run.dropped.sum()),
        "kinds": run.kind_names,
        "verdicts": None
        if run.verdicts is None
        else {"anomaly": _count(run.verdicts, IS_ANOMALY), "normal": _count(run.verdicts, IS_NORMAL)},
    }


def _count(verdicts: NDArray[np.int8], sort: int) -> int:
    return int((verdicts == sort).sum())


def _prepared_rows(run: FittedRun) -> int:
    """How many rows the preparation learned from; where it is that of an earlier run, all say what they are learned as."""
    own = run.request.kind == "table" and run.request.start_from is None
    return rows_to_fit(run.fitted_rows, len(run.request.features)) if own else run.fitted_rows


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Adds the seconds that the block takes to those of `name`."""
    start = time.perf_counter()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
