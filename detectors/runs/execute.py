"""Does a run: reads, prepares, fits, scores, explains the most unusual rows, and leaves the result whole in its folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors import registry, roles
from detectors.arrays import drawn
from detectors.base import Detector, Progress, Quiet, Scores
from detectors.data_set import DataSet, rows_to_fit
from detectors.errors import DataError
from detectors.explanations.background import usual_rows
from detectors.explanations.shapley import Explainer
from detectors.explanations.store import save_explanations
from detectors.frames import value_key
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.preparation import Items, Preparation, find_preparation, load_preparation
from detectors.runs.contaminated import FirstRound, check_drop, most_unusual
from detectors.runs.earlier import Earlier
from detectors.runs.explained import game_of
from detectors.runs.request import RunRequest
from detectors.storage.files import write_json
from detectors.timeline import timeline

#: Items scored between two looks at the stop flag. They may be made only when they are asked for.
ITEMS_TOGETHER = 16_384


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

    @property
    def training_scores(self) -> Scores:
        return self.scores[self.fitted]

    @property
    def fitted_rows(self) -> int:
        """How many rows were learned from: of a series, how many windows, where a sample was asked for."""
        return min(int(self.fitted.sum()), self.request.fit_sample or len(self.fitted))


def execute(request: RunRequest, data: Path, progress: Progress, earlier: Earlier | None = None) -> FittedRun:
    """Fits the detector on the rows that were asked for and scores every row of the data, in file order.

    `earlier` is the run to start from, where the request names one.

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
        fitted, labels = rows_to_learn(request, source, detector)
    with _timed(seconds, "prepare"):
        progress.report("preparing", 0, 1)
        prepared = prepare(request, source, fitted, detector, progress) if earlier is None else _prepared_as(earlier, source, detector)
        preparation, items = prepared
        learned = sampled(request, items.to_fit(fitted))
    run = FittedRun(request, source, detector, preparation, items, fitted, np.empty(0), labels, seconds)
    if request.drop_share is None:
        run.scores = _trained(run, learned, progress)
    else:
        _train_twice(run, learned, progress, earlier)
    run.stopped_early = progress.stop_asked()
    return run


def _detector(request: RunRequest, earlier: Earlier | None) -> Detector:
    """The detector that was asked for, about to learn."""
    detector = registry.create(request.representation, request.detector, seed=request.seed, **request.parameters)
    if earlier is None:
        return detector
    earlier.check(request)
    return detector.start_from(earlier.folder / "detector")


def _trained(run: FittedRun, learned: NDArray[np.intp], progress: Progress) -> Scores:
    """Lets the detector of `run` learn from the items `learned`; gives the scores of all rows."""
    labels = None if run.labels is None else run.items.labels(run.labels, learned)
    with _timed(run.seconds, "fit"):
        learn(run.detector, run.preparation, run.items.at(learned), labels, progress)
    with _timed(run.seconds, "score"):
        return run.items.row_scores(run.detector, item_scores(run.detector, run.items, learned, progress), progress)


def _train_twice(run: FittedRun, learned: NDArray[np.intp], progress: Progress, earlier: Earlier | None) -> None:
    """Learns, drops the most unusual items and learns again from the others, prepared as they were.

    Whoever stops the first learning keeps what it has learned: nothing is dropped.
    """
    assert run.request.drop_share is not None
    run.scores = _trained(run, learned, FirstRound(progress))
    if progress.stop_asked():
        return
    assert run.detector.training_scores_ is not None
    dropped = most_unusual(run.detector.training_scores_, run.request.drop_share)
    run.first_scores, run.dropped = run.scores, run.items.rows_of(learned[dropped]) & run.fitted
    run.fitted = run.fitted & ~run.dropped
    run.detector = _detector(run.request, earlier)
    run.scores = _trained(run, learned[~dropped], progress)


def rows_to_learn(request: RunRequest, source: DataSet, detector: Detector) -> tuple[NDArray[np.bool_], NDArray[np.int8] | None]:
    """Which rows `detector` is to learn from, (rows,), and the label of every row, where there is a label column.

    Raises:
        DataError: there is none to learn from.
    """
    frame = source.frame(_columns_needed(request))
    labels = _labels(request, frame)
    fitted = fit_rows(request, frame, source.rows) & leading_rows(request, source) & _can_be_learned(detector, labels)
    if not KINDS[request.kind].ordered:  # a window needs all of its steps: of a series, windows are drawn and not rows
        fitted = _mask(sampled(request, np.flatnonzero(fitted)), source.rows)
    return fitted, labels


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


def _can_be_learned(detector: Detector, labels: NDArray[np.int8] | None) -> NDArray[np.bool_] | bool:
    """A detector that learns from labels can learn from labelled rows only.

    Raises:
        DataError: there is no label.
    """
    if not detector.supervised:
        return True
    if labels is None:
        raise DataError(
            N_("{title} learns from known anomalies, and no column is the label. Give one the role label on the Data page."),
            title=detector.title,
        )
    return labels >= 0


def learn(
    detector: Detector, preparation: Preparation, X: NDArray[np.float32], labels: NDArray[np.int8] | None, progress: Progress
) -> None:
    """Fits `detector` on the items `X`; one that learns from labels also on theirs, (items,)."""
    learned = preparation.augmented(X, labels if detector.supervised else None, detector.seed)
    named = pd.DataFrame(learned.X, columns=preparation.names, copy=False) if preparation.names else learned.X
    detector.fit(named, progress, y=learned.y, parents=learned.parents)


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
        "usual": _usual(run),
    }
    for name, values in (("labels", run.labels), ("first_scores", run.first_scores), ("dropped", run.dropped)):
        if values is not None:
            arrays[name] = values
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    if (expected := run.items.row_expected(run.detector, progress)) is not None:
        np.save(folder / "expected.npy", expected, allow_pickle=False)
    explainer = Explainer(game_of(run.detector, run.preparation, arrays["usual"]), run.request.seed)
    with _timed(run.seconds, "explain"):
        rows = ranking[: explainer.rows_at_once]
        save_explanations(folder, rows, explainer.many(run.preparation.explained(run.data, rows, run.detector), progress))
    write_json(folder / "result.json", _summary(run, explainer))


def fit_rows(request: RunRequest, frame: pd.DataFrame, rows: int) -> NDArray[np.bool_]:
    """Which of so many `rows` to learn from, (rows,); `frame` holds the column that says it, where one does.

    Raises:
        DataError: no row has the value that was asked for.
    """
    where = request.fit_where
    if where is None:
        return np.ones(rows, dtype=bool)
    chosen = np.asarray(matches(frame[where.column], where.value))
    if not chosen.any():
        raise DataError(
            N_("No row has `{value}` in column `{column}`, so there is nothing to learn from. Choose another value."),
            value=where.value,
            column=where.column,
        )
    return chosen


def leading_rows(request: RunRequest, source: DataSet) -> NDArray[np.bool_]:
    """Which rows come first in time, as large a share of each entity as was asked for, (rows,); all where nothing was."""
    if request.fit_first is None:
        return np.ones(source.rows, dtype=bool)
    time, entity = (next(iter(source.columns(role)), None) for role in ("time", "entity"))
    columns = [name for name in (time, entity) if name is not None] or list(source.roles)[:1]
    found = timeline(source.frame(columns), time, entity)
    leading = np.zeros(source.rows, dtype=bool)
    for first, stop in pairwise(found.bounds):
        leading[found.order[first : first + max(1, round((stop - first) * request.fit_first))]] = True
    return leading


def sampled(request: RunRequest, positions: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of the ascending `positions` as many as were asked for, drawn at random; all of them where nothing was."""
    if request.fit_sample is None:
        return positions
    return positions[drawn(len(positions), request.fit_sample, request.seed)]


def _mask(positions: NDArray[np.intp], rows: int) -> NDArray[np.bool_]:
    mask = np.zeros(rows, dtype=bool)
    mask[positions] = True
    return mask


def matches(values: pd.Series, text: str) -> NDArray[np.bool_]:
    """Which values read as `text`, (rows,).

    Numbers are compared as numbers (0 and 0.0 are the same), moments as moments, ``true`` and ``false`` (1 and 0) in
    upper or lower case, text as it stands. A missing value matches nothing.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.to_numpy(dtype="datetime64[us]") == _moment(text)
    number = _number(text)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return np.asarray((values == number).fillna(False), dtype=bool) if number is not None else np.zeros(len(values), dtype=bool)
    codes, different = pd.factorize(values, use_na_sentinel=True)
    chosen = [_reads_as(value, text, number) for value in different]
    return np.array([*chosen, False], dtype=bool)[codes]  # a missing value has the code -1


def _reads_as(value: object, text: str, number: np.int64 | np.float64 | None) -> bool:
    if isinstance(value, bool | np.bool_):
        return value_key(value) == text.lower() or number == bool(value)
    return value_key(value) == text


def _number(text: str) -> np.int64 | np.float64 | None:
    """The number that `text` is; whole ones as such, because float64 has no room for every digit of the largest."""
    for kind in (np.int64, np.float64):
        try:
            return kind(text)
        except (ValueError, OverflowError):
            continue
    return None


def _moment(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "us")
    except ValueError:
        return np.datetime64("NaT", "us")


def _columns_needed(request: RunRequest) -> list[str]:
    """The label and the column that chooses the rows, each where there is one."""
    needed = [request.label, request.fit_where.column if request.fit_where else None]
    return list(dict.fromkeys(column for column in needed if column is not None))


def item_scores(detector: Detector, items: Items, learned: NDArray[np.intp], progress: Progress) -> Scores:
    """Items that were learned from by their training score, the others by `score`."""
    scores = np.empty(len(items))
    assert detector.training_scores_ is not None
    scores[learned] = detector.training_scores_
    others = np.setdiff1d(np.arange(len(items)), learned, assume_unique=True)
    for start in range(0, len(others), ITEMS_TOGETHER):
        progress.check()
        chosen = others[start : start + ITEMS_TOGETHER]
        scores[chosen] = detector.score(items.at(chosen), Quiet(progress))
        progress.report("scoring", start + len(chosen), len(others))
    return scores


def _labels(request: RunRequest, frame: pd.DataFrame) -> NDArray[np.int8] | None:
    if request.label is None:
        return None
    anomalies, known = roles.anomaly_labels(frame[request.label], request.anomaly)
    return np.where(known, anomalies.astype(np.int8), np.int8(-1)).astype(np.int8)


def _usual(run: FittedRun) -> NDArray[np.float32]:
    fitted = np.flatnonzero(run.fitted)
    numbers = int(run.preparation.units.size)
    return run.preparation.explained(run.data, fitted[usual_rows(run.scores[fitted], numbers, run.request.seed)], run.detector)


def _summary(run: FittedRun, explainer: Explainer) -> dict[str, Any]:
    return {
        "rows": len(run.scores),
        "fitted_rows": run.fitted_rows,
        "prepared_rows": _prepared_rows(run),
        "numbers": int(run.preparation.units.size),
        "rows_at_once": explainer.rows_at_once,
        "seconds": {name: round(value, 4) for name, value in run.seconds.items()},
        "layers": run.detector.layers_table(),
        "members": run.detector.members_table(),
        "detector": run.detector.name(),
        "parameters": run.detector.parameters,
        "preparation": run.preparation.parameters,
        "stopped_early": run.stopped_early,
        "dropped_rows": 0 if run.dropped is None else int(run.dropped.sum()),
    }


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
