"""Runs and scored data on a workbench whose processes rest: what waits is done here, what is asked is answered at once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detectors.answerer import Answerer
from detectors.base import Progress
from detectors.joining import Asked, join
from detectors.reading.conversion import convert
from detectors.runs.tasks import do
from detectors.storage.files import new_id
from detectors.workbench import Workbench, joined


def answering(bench: Workbench) -> Workbench:
    """The same workbench, whose answerer answers in this process."""
    answerer = Answerer(bench.workspace)

    def ask(question: str, *, timeout_s: float = 0.0, **values: object) -> object:
        return answerer.answer({"do": question, **values})

    bench.answerer.ask = ask  # type: ignore[method-assign]
    return bench


def imported(bench: Workbench, table: pd.DataFrame, name: str, folder: Path) -> str:
    """The id of the data set that `table` becomes, as if uploaded as the file `name`."""
    table.to_csv(folder / name, index=False)
    return read_here(bench, folder / name)


def read_here(bench: Workbench, path: Path) -> str:
    """The id of the data set that our own file at `path` becomes: read in this process, which takes a tenth of the time."""
    data_id = new_id()
    bench.data_folder(data_id).mkdir()
    convert(path, bench.data_folder(data_id), path.name)
    return bench._recorded(data_id, bench.report(data_id)).id


def join_here(patch: pytest.MonkeyPatch) -> None:
    """Lets rows be put together in this process, for the same reason."""
    patch.setattr(joined, "run_worker", lambda task, *_: join(Asked.from_json(task.source), Path(task.folder), task.name))


def done(bench: Workbench, run_id: str) -> str:
    """Does a waiting run, as the trainer would."""
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    do(bench.workspace, folder, folder.result, Progress())
    bench._supervisor._finish(bench.records.run(run_id), folder)  # type: ignore[arg-type]
    return run_id
