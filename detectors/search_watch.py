"""The server's side of a search for settings: puts its trials into the queue, and its steps between them."""

from __future__ import annotations

import shutil

from detectors.runs import queue
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.runs.searches import NEXT_FILE
from detectors.storage.files import Workspace, read_json
from detectors.storage.records import Records, RunRecord


class SearchWatch:
    """Moves searches on. Whatever was done before a crash is found in their folders and not done twice."""

    def __init__(self, workspace: Workspace, records: Records) -> None:
        self._workspace, self._records = workspace, records

    def unended_trials(self, search_id: str) -> list[str]:
        """The trials of a search that wait or run."""
        return [run.id for run in self._records.unended() if run.of_run == search_id and run.task == "train"]

    def look(self, search: RunRecord, at_work: set[str]) -> bool:
        """Does what a search needs next; says whether it has ended. `at_work` are the runs that wait or are being done."""
        folder = RunFolder(self._workspace.runs / search.id)
        if search.id in at_work or self.unended_trials(search.id):
            self._mark_running(search)
            return False
        if (folder.result / "result.json").exists():
            self._records.set_state(search.id, "done", summary=folder.summary())
        elif (failure := folder.failure()) is not None:
            self._records.set_state(search.id, "failed", reason=failure)
        elif folder.stop_mode() is not None:
            self._records.set_state(search.id, "stopped")
        else:
            self._go_on(search, folder)
            return False
        return True

    def _mark_running(self, search: RunRecord) -> None:
        if search.state != "running":
            self._records.set_state(search.id, "running")

    def _go_on(self, search: RunRecord, folder: RunFolder) -> None:
        """Puts the trial that the last step left into the queue or, where it is over, the next step."""
        if not (folder.result / NEXT_FILE).exists():
            queue.enqueue(self._workspace, search.id, search.owner)
            return
        left = read_json(folder.result / NEXT_FILE)
        run_id, request = left["run"], RunRequest.from_json(left["request"])
        if self._records.run(run_id) is None:
            RunFolder(self._workspace.runs / run_id).ask(request)
            self._records.add(
                RunRecord(run_id, search.data_id, "train", search.detector, request.to_json(), of_run=search.id, owner=search.owner)
            )
            queue.enqueue(self._workspace, run_id, search.owner)
        shutil.rmtree(folder.result)
