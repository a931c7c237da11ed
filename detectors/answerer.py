"""The answerer: a process beside the server that explains rows while trainings go on. It never trains.

Started as ``python -m detectors.answerer WORKSPACE``. Each request is a JSON line on standard input, each answer a JSON
line on standard output: ``{"answer": …}`` or ``{"error": {template, values}}``; large results are files it names.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from detectors.child import load_tensorflow, log_with_number, memory_bytes, settle
from detectors.data_set import DataSet
from detectors.detector_file.manifest import KeptThreshold, identity_of
from detectors.detector_file.saved_forms import measure_saved, write_saved
from detectors.detector_file.signature import SigningKey
from detectors.detector_file.source import Finished
from detectors.detector_file.writing import write_detector_file
from detectors.embedding import map_of
from detectors.errors import AnomalystError, StorageError
from detectors.explanations.groups import clusters
from detectors.explanations.store import save_explanations
from detectors.messages import N_, Message
from detectors.preparation import find_preparation
from detectors.runs.estimate import Memory, estimate
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.judged import Judged
from detectors.runs.over_the_run import imitation, putting_back, shuffling
from detectors.runs.planted import plant
from detectors.runs.proposals import Proposer, proposer
from detectors.runs.request import RunRequest
from detectors.runs.row_answers import RowAnswers
from detectors.runs.similar import similar_rows
from detectors.storage.files import RUN_GONE, Workspace

logger = logging.getLogger("anomalyst.answerer")

#: Finished runs kept open between requests.
OPEN_RUNS = 4

#: Rows on which the faster method is compared with shap's explainer.
COMPARED_ROWS = 5


class Answerer:
    """Answers requests about finished runs."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._open = lru_cache(OPEN_RUNS)(self._opened)
        self._about_rows = lru_cache(OPEN_RUNS)(self._row_answers)
        self._proposers = lru_cache(OPEN_RUNS)(self._proposer)
        self._opened_folders: set[Path] = set()

    def answer(self, request: dict[str, Any]) -> Any:
        if not all(folder.exists() for folder in self._opened_folders):
            self._forget()
        handlers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "warm_up": self._warm_up,
            "explain_row": self._explain_row,
            "explain_rows": self._explain_rows,
            "preview": self._preview,
            "estimate": self._estimate,
            "plant": self._plant,
            "map": self._map,
            "similar": self._similar,
            "group": self._group,
            "imitate": self._imitate,
            "shuffle": self._shuffle,
            "put_back": self._put_back,
            "smallest_change": self._smallest_change,
            "second_opinion": self._second_opinion,
            "nearest_normal": self._nearest_normal,
            "propose": self._propose,
            "save_detector": self._save_detector,
            "measure_forms": partial(measure_saved, self.workspace),
            "write_smaller": partial(write_saved, self.workspace),
        }
        return handlers[request["do"]](request)

    def _opened(self, run_id: str, data_id: str) -> ExplainedRun:
        folders = self.workspace.runs / run_id, self.workspace.data / data_id
        if not all(folder.exists() for folder in folders):
            raise StorageError(RUN_GONE)
        self._opened_folders.update(folders)
        return ExplainedRun.open(*folders)

    def _row_answers(self, run_id: str, data_id: str) -> RowAnswers:
        return RowAnswers(self._open(run_id, data_id), RunFolder(self.workspace.runs / run_id))

    def _forget(self) -> None:
        """Keeps nothing of runs and data that were deleted for good."""
        self._open.cache_clear()
        self._about_rows.cache_clear()
        self._proposers.cache_clear()
        self._opened_folders.clear()

    def _explain_row(self, request: dict[str, Any]) -> None:
        """Explains one `row` into the file `into`."""
        found = self._about_rows(request["run"], request["data"]).explained(request["row"])
        np.savez(request["into"], allow_pickle=False, **found.arrays())

    def _explain_rows(self, request: dict[str, Any]) -> dict[str, Any]:
        """Explains `rows` into the folder `into`; says, if that is wanted, how well the faster method agrees with shap's."""
        run = self._open(request["run"], request["data"])
        rows = np.asarray(request["rows"], dtype=np.intp)
        save_explanations(Path(request["into"]), rows, run.many(rows))
        if not request["compare"]:
            return {}
        compared = rows[:: max(1, len(rows) // COMPARED_ROWS)][:COMPARED_ROWS]
        return {"agreement": run.agreement(compared), "compared": len(compared)}

    def _preview(self, request: dict[str, Any]) -> None:
        """Writes what a preparation makes of `rows` into the file `into`."""
        preparation = find_preparation(request["kind"], request["representation"])(**request["values"])
        source = DataSet(self.workspace.data / request["data"], request["roles"])
        np.savez(request["into"], allow_pickle=False, **preparation.preview(source, np.asarray(request["rows"], dtype=np.intp)))

    def _estimate(self, request: dict[str, Any]) -> dict[str, Any]:
        """What a training would take that is asked for by `request`."""
        load_tensorflow()  # as the trainer has
        asked = RunRequest.from_json(request["request"])
        memory = Memory(memory_bytes(), int(psutil.virtual_memory().available))
        return estimate(asked, self.workspace.data / asked.data_id, memory).to_json()

    def _plant(self, request: dict[str, Any]) -> None:
        """Plants known kinds of anomaly in the data of a run, and keeps in its folder what its detector says of them."""
        plant(RunFolder(self.workspace.runs / request["run"]), self.workspace.data / request["data"])

    def _map(self, request: dict[str, Any]) -> None:
        """Writes `rows` of a run in a plane, as the detector sees them or as it has learned to see them, into the file `into`."""
        run = self._open(request["run"], request["data"])
        rows = np.asarray(request["rows"], dtype=np.intp)
        seen = run.seen(rows)
        learned = run.detector.codes(seen) if request["space"] == "learned" else seen
        if learned is None:
            raise AnomalystError(N_("{title} has learned no representation of its own."), title=run.detector.title)
        found = map_of(rows, learned, request["method"], request["seed"])
        np.savez(request["into"], allow_pickle=False, rows=found.rows, places=found.places, shares=found.shares)

    def _similar(self, request: dict[str, Any]) -> list[int]:
        """Which of the rows `among` are most like `row`."""
        run = self._open(request["run"], request["data"])
        return [int(row) for row in similar_rows(run, request["row"], np.asarray(request["among"], dtype=np.intp), request["most"])]

    def _group(self, request: dict[str, Any]) -> list[int]:
        """The group of every row whose causes are in the file `shares`."""
        return [int(number) for number in clusters(np.load(request["shares"], allow_pickle=False))]

    def _imitate(self, request: dict[str, Any]) -> dict[str, Any]:
        """A shallow tree that imitates the flags of a run; `flagged` is a file of the rows that are."""
        run = self._open(request["run"], request["data"])
        return imitation(run, RunFolder(self.workspace.runs / request["run"]), np.load(request["flagged"], allow_pickle=False)).to_json()

    def _shuffle(self, request: dict[str, Any]) -> None:
        """Writes what shuffling each of the parts `names` does to scores of a run into the file `into`; `flagged` as for `imitate`."""
        run = self._open(request["run"], request["data"])
        flagged = np.load(request["flagged"], allow_pickle=False)
        found = shuffling(run, RunFolder(self.workspace.runs / request["run"]), request["names"], flagged)
        np.savez(request["into"], allow_pickle=False, **found.arrays())

    def _put_back(self, request: dict[str, Any]) -> None:
        """Writes what putting parts of `rows` back does to their scores into the file `into`; `values` is a file of their SHAP values."""
        run = self._open(request["run"], request["data"])
        values = np.load(request["values"], allow_pickle=False)
        np.savez(request["into"], allow_pickle=False, **putting_back(run, np.asarray(request["rows"], dtype=np.intp), values).arrays())

    def _smallest_change(self, request: dict[str, Any]) -> dict[str, Any]:
        """What would un-flag one `row` at a `cut_off`; the changed row, where there is one, in the file `into`."""
        answers = self._about_rows(request["run"], request["data"])
        found, changed = answers.smallest_change(request["row"], request["cut_off"])
        if changed is not None:
            np.savez(request["into"], allow_pickle=False, changed=changed)
        return found.to_json()

    def _second_opinion(self, request: dict[str, Any]) -> dict[str, Any]:
        """A local surrogate around one `row`; its values, one a unit, in the file `into`."""
        found = self._about_rows(request["run"], request["data"]).second_opinion(request["row"])
        np.savez(request["into"], allow_pickle=False, values=found.values)
        return {"base": found.base, "fit": found.fit, "hidings": found.hidings}

    def _nearest_normal(self, request: dict[str, Any]) -> None:
        """The `count` nearest rows to `row` that a `cut_off` does not flag, into the file `into`."""
        answers = self._about_rows(request["run"], request["data"])
        found = answers.nearest(request["row"], request["cut_off"], request["count"])
        np.savez(request["into"], allow_pickle=False, **vars(found))

    def _propose(self, request: dict[str, Any]) -> dict[str, Any]:
        """The `count` rows whose verdict would tell most, `rows` being judged already."""
        judged = Judged(np.asarray(request["rows"], dtype=np.intp), np.asarray(request["is_anomaly"], dtype=bool))
        return {"rows": self._proposers(request["run"], request["data"]).propose(judged, request["count"]).tolist()}

    def _proposer(self, run_id: str, data_id: str) -> Proposer:
        return proposer(RunFolder(self.workspace.runs / run_id), self._open(run_id, data_id))

    def _save_detector(self, request: dict[str, Any]) -> dict[str, Any]:
        """Writes a finished run with its threshold and suppressions as the detector file `into`, signed."""
        run = Finished.of_folder(RunFolder(self.workspace.runs / request["run"]), self.workspace.data / request["data"])
        path, key = Path(request["into"]), SigningKey.of(self.workspace.root)
        threshold = KeptThreshold.from_json(request["threshold"])
        manifest = write_detector_file(run, threshold, path, key=key, suppressions=request["suppressions"])
        return {"identity": identity_of(path), "data": manifest.data.get("name", "")}

    def _warm_up(self, _request: dict[str, Any]) -> None:
        """Imports what explaining needs and lets numba compile it, which takes seconds the first time."""
        load_tensorflow()
        import shap

        def sum_of(X: Any) -> Any:
            return X.sum(axis=1)

        explainer = shap.explainers.PermutationExplainer(sum_of, np.zeros((1, 3)), seed=0)
        explainer(np.ones((1, 3)), max_evals=7, silent=True)


def main() -> None:
    workspace = Workspace(Path(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    settle(workspace.logs / "answerer.log")
    answerer = Answerer(workspace)
    for line in sys.stdin:
        try:
            reply: dict[str, Any] = {"answer": answerer.answer(json.loads(line))}
        except AnomalystError as error:
            reply = {"error": error.message.to_json()}
        except Exception:
            number = log_with_number(logger, line.strip()[:200])
            unforeseen = N_("Something unforeseen went wrong while explaining. The log has the details under number {number}.")
            reply = {"error": Message(unforeseen, {"number": number}).to_json()}
        answers.write(json.dumps(reply) + "\n")


if __name__ == "__main__":
    main()
