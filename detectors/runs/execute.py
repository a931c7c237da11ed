"""Does a run: reads, prepares, fits, scores, explains the most unusual rows, and leaves the result whole in its folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors import registry, roles
from detectors.base import Detector, Progress, Scores
from detectors.errors import DataError
from detectors.explanations.background import usual_rows
from detectors.explanations.shapley import Explainer
from detectors.explanations.store import save_explanations
from detectors.frames import load_frame
from detectors.messages import N_
from detectors.preparation import TablePreparation
from detectors.runs.request import RunRequest
from detectors.storage.files import write_json

#: The most unusual rows are explained as part of the run: at most this many …
EXPLAINED_ROWS = 1000

#: … and at most this many numbers are scored for it, so that wide tables do not wait for reasons nobody looked at yet.
EXPLAINED_NUMBERS = 10_000_000


@dataclass
class FittedRun:
    """What a run leaves behind, still in memory."""

    request: RunRequest
    detector: Detector
    preparation: TablePreparation
    vectors: NDArray[np.float32]
    fitted: NDArray[np.bool_]
    scores: Scores
    labels: NDArray[np.int8] | None
    """1 anomaly, 0 normal, -1 unknown; None without a label column."""
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def training_scores(self) -> Scores:
        return self.scores[self.fitted]


def execute(request: RunRequest, data: Path, progress: Progress) -> FittedRun:
    """Fits the detector on the rows that were asked for and scores every row of the data, in file order.

    Raises:
        DataError: no row or no column is left to learn from.
        Discarded: the analyst stopped the work and wants nothing kept.
    """
    seconds: dict[str, float] = {}
    with _timed(seconds, "read"):
        progress.report("reading", 0, 1)
        frame = load_frame(data, _columns_needed(request))
        fitted = fit_rows(request, frame)
    with _timed(seconds, "prepare"):
        progress.report("preparing", 0, 1)
        preparation = TablePreparation(**request.preparation).fit(frame.loc[fitted, request.features])
        vectors = preparation.transform(frame[request.features])
    detector = registry.find(request.kind, request.detector)(seed=request.seed, **request.parameters)
    with _timed(seconds, "fit"):
        detector.fit(pd.DataFrame(vectors[fitted], columns=preparation.names, copy=False), progress)
    with _timed(seconds, "score"):
        scores = _all_scores(detector, vectors, fitted, progress)
    return FittedRun(request, detector, preparation, vectors, fitted, scores, _labels(request, frame), seconds)


def save(run: FittedRun, folder: Path, progress: Progress) -> None:
    """Writes the result into `folder`: scores, detector, preparation, explanations of the most unusual rows, summary."""
    run.detector.save(folder / "detector")
    run.preparation.save(folder / "preparation")
    arrays: dict[str, NDArray[Any]] = {
        "scores": run.scores,
        "sorted_scores": np.sort(run.scores),
        "sorted_training_scores": np.sort(run.training_scores),
        "fitted": run.fitted,
        "usual": _usual(run),
    }
    if run.labels is not None:
        arrays["labels"] = run.labels
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    with _timed(run.seconds, "explain"):
        _explain_most_unusual(run, arrays["usual"], folder, progress)
    write_json(folder / "result.json", _summary(run))


def fit_rows(request: RunRequest, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows to learn from, (rows,).

    Raises:
        DataError: no row has the value that was asked for.
    """
    where = request.fit_where
    if where is None:
        return np.ones(len(frame), dtype=bool)
    chosen = np.asarray(matches(frame[where.column], where.value))
    if not chosen.any():
        raise DataError(
            N_("No row has `{value}` in column `{column}`, so there is nothing to learn from. Choose another value."),
            value=where.value,
            column=where.column,
        )
    return chosen


def matches(values: pd.Series, text: str) -> NDArray[np.bool_]:
    """Which values read as `text`, (rows,): 0 and 0.0 are the same number, text is compared as it stands."""
    if pd.api.types.is_bool_dtype(values):
        return np.asarray(values.astype(str).str.lower() == text.lower(), dtype=bool)
    if pd.api.types.is_numeric_dtype(values):
        try:
            return np.asarray((values == float(text)).fillna(False), dtype=bool)
        except ValueError:
            return np.zeros(len(values), dtype=bool)
    return np.asarray((values.astype(str) == text) & values.notna(), dtype=bool)


def _columns_needed(request: RunRequest) -> list[str]:
    extra = [request.label, request.fit_where.column if request.fit_where else None]
    return list(dict.fromkeys([*request.features, *(column for column in extra if column is not None)]))


def _all_scores(detector: Detector, vectors: NDArray[np.float32], fitted: NDArray[np.bool_], progress: Progress) -> Scores:
    """Fitted rows by their training score, the others by `score`."""
    scores = np.empty(len(vectors))
    scores[fitted] = detector.training_scores_
    if not fitted.all():
        scores[~fitted] = detector.score(vectors[~fitted], progress)
    return scores


def _labels(request: RunRequest, frame: pd.DataFrame) -> NDArray[np.int8] | None:
    if request.label is None:
        return None
    anomalies, known = roles.anomaly_labels(frame[request.label], request.anomaly)
    return np.where(known, anomalies.astype(np.int8), np.int8(-1)).astype(np.int8)


def _usual(run: FittedRun) -> NDArray[np.float32]:
    fitted = np.flatnonzero(run.fitted)
    return run.vectors[fitted[usual_rows(run.scores[fitted], run.request.seed)]]


def _explain_most_unusual(run: FittedRun, usual: NDArray[np.float32], folder: Path, progress: Progress) -> None:
    explainer = Explainer(run.detector, usual, run.preparation.origins, run.request.seed)
    affordable = EXPLAINED_NUMBERS // ((2 * explainer.n_columns + 1) * run.vectors.shape[1])
    rows = np.argsort(run.scores, kind="stable")[::-1][: max(1, min(EXPLAINED_ROWS, affordable))]
    save_explanations(folder, rows, explainer.many(run.vectors[rows], progress))


def _summary(run: FittedRun) -> dict[str, Any]:
    return {
        "rows": len(run.scores),
        "fitted_rows": int(run.fitted.sum()),
        "numbers": run.vectors.shape[1],
        "seconds": {name: round(value, 4) for name, value in run.seconds.items()},
        "layers": run.detector.layers_table(),
        "detector": run.detector.name(),
        "parameters": run.detector.parameters,
        "preparation": run.preparation.parameters,
    }


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
