"""What can wait in the queue: a training, a saved detector on new data, the reasons for all flagged rows of a finished run, refits of its detector, a step of a search."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress
from detectors.explanations.store import save_explanations
from detectors.runs.earlier import earlier_in
from detectors.runs.execute import execute, save
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.new_scores import score_new
from detectors.runs.refits import refit
from detectors.runs.relearning import Heeded
from detectors.runs.request import RunRequest
from detectors.runs.searches import SEARCH_FILE, VALUE_FILE, advance, asked_search
from detectors.runs.trials import attempt
from detectors.storage.files import DETECTOR_FILE, Workspace, read_json, write_json

#: In the folder of a run that explains another one: whose rows, and which.
REASONS_FILE = "reasons.json"

#: In the folder of a run that refits the detector of another one: which.
REFITS_FILE = "refits.json"


def ask_reasons(folder: RunFolder, run_id: str, data_id: str, rows: NDArray[np.intp]) -> None:
    """Asks for the explanations of `rows` of the run `run_id`."""
    folder.path.mkdir(parents=True, exist_ok=True)
    np.save(folder.path / "rows.npy", rows, allow_pickle=False)
    write_json(folder.path / REASONS_FILE, {"run": run_id, "data": data_id})


def ask_refits(folder: RunFolder, run_id: str, data_id: str) -> None:
    """Asks for refits of the detector of the run `run_id`."""
    folder.path.mkdir(parents=True, exist_ok=True)
    write_json(folder.path / REFITS_FILE, {"run": run_id, "data": data_id})


def do(workspace: Workspace, folder: RunFolder, result: Path, progress: Progress) -> None:
    """Does what the folder asks, leaving everything in `result`."""
    if (folder.path / REASONS_FILE).exists():
        _explain(workspace, folder, result, progress)
        return
    if (folder.path / REFITS_FILE).exists():
        asked = read_json(folder.path / REFITS_FILE)
        refit(RunFolder(workspace.runs / asked["run"]), workspace.data / asked["data"], result, progress)
        return
    if (folder.path / SEARCH_FILE).exists():
        advance(workspace, folder, result)
        return
    request = folder.request()
    if request.search is not None and _try(workspace, folder, request, result, progress):
        return
    if request.scored_by is not None:
        score_new(workspace.detectors / request.scored_by / DETECTOR_FILE, request, workspace.data / request.data_id, result, progress)
        return
    with earlier_in(workspace, request) as earlier:
        run = execute(request, workspace.data / request.data_id, progress, earlier, Heeded.load(folder.path))
    save(run, result, progress)


def _try(workspace: Workspace, folder: RunFolder, request: RunRequest, result: Path, progress: Progress) -> bool:
    """Does a trial of a search; False where the search is gone or has gone on without it, so that it is a training like any other."""
    search = RunFolder(workspace.runs / str(request.search))
    if not (search.path / SEARCH_FILE).exists():
        return False
    study, run_id = asked_search(search).study(search.path), folder.path.name
    if not any(one.run == run_id and one.state == "running" for one in study.tried()):
        return False
    trial = attempt(request, workspace.data / request.data_id, progress, lambda step, value: study.goes_on(run_id, step, value))
    save(trial.run, result, progress)
    write_json(result / VALUE_FILE, {"value": trial.value})
    return True


def _explain(workspace: Workspace, folder: RunFolder, result: Path, progress: Progress) -> None:
    asked = read_json(folder.path / REASONS_FILE)
    rows = np.load(folder.path / "rows.npy", allow_pickle=False)
    explained = ExplainedRun.open(workspace.runs / asked["run"], workspace.data / asked["data"])
    save_explanations(result, rows, explained.many(rows, progress))
    write_json(result / "result.json", {"rows": len(rows)})
