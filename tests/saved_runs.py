"""Runs and scored data on a workbench whose processes rest: what waits is done here, what is asked is answered at once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from detectors.answerer import Answerer
from detectors.base import Progress
from detectors.runs.tasks import do
from detectors.workbench import Workbench


def answering(bench: Workbench) -> Workbench:
    """The same workbench, whose answerer answers in this process."""
    answerer = Answerer(bench.workspace)

    def ask(question: str, *, timeout_s: float = 0.0, **values: object) -> object:
        return answerer.answer({"do": question, **values})

    bench.answerer.ask = ask  # type: ignore[method-assign]
    return bench


def imported(bench: Workbench, table: pd.DataFrame, name: str, folder: Path) -> str:
    """The id of the data set that `table` becomes, uploaded as the file `name`."""
    table.to_csv(folder / name, index=False)
    return bench.import_file(folder / name, name).id


def done(bench: Workbench, run_id: str) -> str:
    """Does a waiting run, as the trainer would."""
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    do(bench.workspace, folder, folder.result, Progress())
    bench._supervisor._finish(bench.records.run(run_id), folder)  # type: ignore[arg-type]
    return run_id
