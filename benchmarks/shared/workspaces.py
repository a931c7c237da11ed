"""Fills a workspace as an analyst would have: a file imported, a run trained to its end. Through the engine, without pages."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.settings import Settings
from detectors.storage.files import Workspace
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.workbench import Workbench

#: A million rows on a busy machine with two cores, TensorFlow's first load included.
TRAINING_PATIENCE_S = 240
LOOK_S = 0.2

HIDDEN = 5
PLANTED_SHARE = 0.01


@contextmanager
def workbench_in(folder: Path) -> Iterator[Workbench]:
    """A workbench on the workspace `folder`. Only one at a time: no dashboard may be running on it."""
    workbench = Workbench(Settings(folder, f"sqlite:///{folder / 'anomalyst.db'}"))
    try:
        yield workbench
    finally:
        workbench.close()


def sensor_rows(rows: int, columns: int, seed: int = 0) -> pd.DataFrame:
    """Columns that bend around a few hidden numbers, (rows, columns); in one row of a hundred a third of them break that rule."""
    chance = np.random.default_rng(seed)
    hidden = chance.normal(size=(rows, HIDDEN))
    X = np.tanh(hidden @ chance.normal(size=(HIDDEN, columns)) / 2) + 0.05 * chance.normal(size=(rows, columns))
    planted = np.flatnonzero(chance.random(rows) < PLANTED_SHARE)
    foreign = chance.random((len(planted), columns)) < 1 / 3
    X[planted] = np.where(foreign, X[chance.integers(0, rows, len(planted))], X[planted])
    return pd.DataFrame(X, columns=[f"sensor {column + 1}" for column in range(columns)])


def imported(workbench: Workbench, frame: pd.DataFrame, name: str) -> DataSetRecord:
    """Imports `frame` as an uploaded Parquet file of that name."""
    source = workbench.workspace.incoming / name
    frame.to_parquet(source)
    record = workbench.import_file(source, name)
    source.unlink()
    return record


def asked(workbench: Workbench, data: DataSetRecord, detector: str, parameters: Mapping[str, Any]) -> str:
    """Puts a training into the queue and gives its id; it begins as soon as there is a trainer."""
    return workbench.start_run(RunRequest(data.id, detector, data.roles, parameters=parameters))


def trained(workbench: Workbench, data: DataSetRecord, detector: str, parameters: Mapping[str, Any]) -> RunRecord:
    """Trains a detector and waits for its run to be done; the workbench must have been started.

    Raises:
        RuntimeError: the run failed or took too long.
    """
    run_id = asked(workbench, data, detector, parameters)
    give_up = time.monotonic() + TRAINING_PATIENCE_S
    while (run := workbench.records.run(run_id)) is None or not run.ended:
        if time.monotonic() > give_up:
            raise RuntimeError(f"The training of {detector} on {data.rows} rows is not done after {TRAINING_PATIENCE_S} s.")
        time.sleep(LOOK_S)
    if run.state != "done":
        raise RuntimeError(f"The training of {detector} on {data.rows} rows ended as {run.state}: {run.message}")
    return run


def epochs_so_far(workspace: Path, run_id: str) -> int:
    """How many epochs a run has learned, finished or not."""
    return len(RunFolder(Workspace(workspace).runs / run_id).losses())


def wait_until_learning(workspace: Path, run_id: str) -> None:
    """Returns once the first epoch of a waiting run is done.

    Raises:
        RuntimeError: that took too long.
    """
    give_up = time.monotonic() + TRAINING_PATIENCE_S
    while not epochs_so_far(workspace, run_id):
        if time.monotonic() > give_up:
            raise RuntimeError(f"The training has not begun after {TRAINING_PATIENCE_S} s.")
        time.sleep(LOOK_S)
