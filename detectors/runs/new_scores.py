"""Scores a data set by a saved detector, and leaves a result like that of a training: all that follows works on it."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress
from detectors.detector_file.loaded import NO_BACKGROUND, load
from detectors.detector_file.opening import open_detector_file
from detectors.errors import StorageError
from detectors.runs.execute import Brought, FittedRun, save
from detectors.runs.new_data import training_scores
from detectors.runs.request import RunRequest
from detectors.runs.rows import Rows, rows_to_judge
from detectors.runs.scoring import score_items


def score_new(file: Path, request: RunRequest, data: Path, result: Path, progress: Progress) -> None:
    """Leaves in `result` what the detector file `file` says of all rows of the data set in the folder `data`.

    Raises:
        StorageError: the file is damaged, or can't explain.
    """
    progress.report("reading", 0, 1)
    loaded, began = load(file), time.perf_counter()
    if loaded.usual is None:
        raise StorageError(NO_BACKGROUND)
    source = request.source(data)
    known = rows_to_judge(request, source)
    progress.report("preparing", 0, 1)
    items, prepared = loaded.preparation.new_items(source), time.perf_counter()
    scores, kinds = score_items(loaded.detector, items, progress)
    seconds = {"prepare": prepared - began, "score": time.perf_counter() - prepared}
    names = list(loaded.detector.kinds_) if kinds is not None else known.kind_names
    run = FittedRun(
        request, source, loaded.detector, loaded.preparation, items, known.fitted, scores, known.labels, seconds, kinds=kinds,
        kind_names=names, known_kinds=_named_alike(known, loaded.detector) if kinds is not None else known.kinds if names else None,
        brought=Brought(loaded.usual, training_scores(loaded.manifest), loaded.manifest.fitted_rows),
    )  # fmt: skip
    save(run, result, progress)
    _as_in_the_file(file, result)


def _named_alike(known: Rows, detector: Detector) -> NDArray[np.int8] | None:
    """The kinds that labels name, numbered as the detector numbers its own; those that it does not know are unknown."""
    if known.kinds is None or not known.kind_names:
        return None
    own = [detector.kinds_.index(name) + 1 if name in detector.kinds_ else -1 for name in known.kind_names]
    return np.array([0, *own, -1], dtype=np.int8)[known.kinds]


def _as_in_the_file(file: Path, result: Path) -> None:
    """Detector and preparation of the result are those of the file, byte by byte."""
    with tempfile.TemporaryDirectory(prefix="anomalyst-") as name:
        opened = open_detector_file(file, Path(name)).folder
        for part in ("detector", "preparation"):
            shutil.rmtree(result / part)
            shutil.copytree(opened / part, result / part)
