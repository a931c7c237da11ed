"""Trainings of an installation, and what is asked about their scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors import kinds, registry, thresholds
from detectors.errors import DataError, StorageError
from detectors.messages import Message
from detectors.planting import Power
from detectors.preparation import find_preparation
from detectors.runs import queue
from detectors.runs.contaminated import check_drop
from detectors.runs.earlier import Earlier, earlier_saved, learned_columns
from detectors.runs.estimate import Estimate
from detectors.runs.folder import StopMode
from detectors.runs.planted import load_power
from detectors.runs.refits import RANKS
from detectors.runs.request import RunRequest
from detectors.runs.searches import SearchRequest, ask_search
from detectors.runs.tasks import ask_refits
from detectors.storage.detector_files import detectors_of
from detectors.storage.files import RUN_GONE, new_id
from detectors.storage.records import RunRecord
from detectors.storage.tables import DetectorRecord
from detectors.thresholds import Evidence
from detectors.workbench.judging import Judging


class Trainings(Judging):
    """Starts and stops runs; says what rules give; has anomalies planted and detectors fitted again."""

    def start_run(self, request: RunRequest) -> str:
        """Puts a training into the queue and gives its id.

        Raises:
            ParameterError: the detector does not exist or a parameter is outside its limits.
            DataError: no column is left to learn from; the detector cannot start from the run that is named, or drop rows.
        """
        self._check(request)
        run_id = new_id()
        record = RunRecord(run_id, request.data_id, "train", request.detector, request.to_json(), owner=self.owner)
        self._enqueue(record, lambda folder: folder.ask(request))
        return run_id

    def _check(self, request: RunRequest) -> None:
        registry.create(request.representation, request.detector, seed=request.seed, **request.parameters)
        find_preparation(request.kind, request.representation)(**request.preparation)
        kinds.check_needed(request.kind, request.used_roles)
        check_drop(request)
        if (why_not := self.why_not_start(request)) is not None:
            raise DataError(why_not.template, **why_not.values)

    def start_search(self, asked: SearchRequest) -> str:
        """Begins a search for the settings of a training and gives its id; its trials come into the queue one after the other.

        Raises:
            ParameterError: there is nothing to vary, or what could not be trained either.
            DataError: what could not be trained either.
        """
        asked.check()
        self._check(asked.request)
        request = asked.request
        record = RunRecord(new_id(), request.data_id, "search", request.detector, request.to_json(), owner=self.owner)
        self._enqueue(record, lambda folder: ask_search(folder, asked))
        return record.id

    def searches(self, data_id: str) -> list[RunRecord]:
        """The searches on a data set, newest first."""
        return self.records.runs(data_id, task="search")

    def earlier(self, earlier_id: str, data_id: str) -> Earlier:
        """A finished run or a saved detector as one that a training on a data set starts from.

        Raises:
            StorageError: it is not there, or no longer.
        """
        if any(record.id == earlier_id for record in detectors_of(self.records)):
            return earlier_saved(self.workspace, earlier_id, data_id)
        if self.records.run(earlier_id) is None:
            raise StorageError(RUN_GONE)
        return Earlier.of_run(self.run_folder(earlier_id))

    def start_folder(self, earlier_id: str) -> Path:
        """The folder of what a training started from, a run or a saved detector, as `--start-from` takes it."""
        saved = self.workspace.detectors / earlier_id
        return saved if saved.exists() else self.run_folder(earlier_id).path

    def why_not_start(self, request: RunRequest) -> Message | None:
        """Why a training cannot start from what it names; None: it can, or names nothing.

        Raises:
            StorageError: what it names is gone.
        """
        if request.start_from is None:
            return None
        found = self.earlier(request.start_from, request.data_id)
        return found.why_not(request) or found.other_type(self.profile(request.data_id))

    def runs_to_start_from(self, request: RunRequest) -> list[RunRecord]:
        """The finished runs, of this data set or another, that learned with the same detector from columns that it has; newest first."""
        if not registry.get(request.representation, request.detector).continues:
            return []
        found = []
        for run in self.records.runs():
            asked = RunRequest.from_json(run.request)
            same = (asked.kind, asked.representation, asked.detector) == (request.kind, request.representation, request.detector)
            if run.state == "done" and asked.scored_by is None and same and _has(request, asked.used_roles):
                found.append(run)
        return found

    def detectors_to_start_from(self, request: RunRequest) -> list[DetectorRecord]:
        """The saved detectors, also from elsewhere, that learned in the same way from columns that it has; newest first."""
        if not registry.get(request.representation, request.detector).continues:
            return []
        profiles, found = self.profile(request.data_id), []
        for record in detectors_of(self.records):
            if record.retired is None and record.kind == request.kind:
                there = earlier_saved(self.workspace, record.id, request.data_id)
                same = (there.representation, there.detector) == (request.representation, request.detector)
                if same and _has(request, there.roles) and there.other_type(profiles) is None:
                    found.append(record)
        return found

    def start_again(self, run_id: str) -> None:
        """Puts an interrupted, stopped or failed run back into the queue; any other one is left as it is."""
        with self._supervisor.looking:
            if self.records.move(run_id, "queued", only_from=("interrupted", "stopped", "failed")):
                self.run_folder(run_id).clear()
                queue.enqueue(self.workspace, run_id, self.owner)

    def estimate(self, request: RunRequest) -> Estimate | Message | None:
        """What a training would take; why that cannot be told; None while it is being worked out, or nobody is there to do it."""
        return self._estimates.of(request) if self.trainer.pid is not None else None

    def stop_run(self, run_id: str, mode: StopMode) -> None:
        """Stops a waiting or running run; `mode` says whether what it has learned so far is kept."""
        with self._supervisor.looking:
            if self.records.run(run_id) is not None:
                self._supervisor.stop(run_id, mode)

    def runs_before(self, run_id: str) -> list[str]:
        """The ids of the runs that are done before a waiting one, whoever owns them, in their order; none where it does not wait."""
        line = queue.waiting(self.workspace)
        return [*queue.being_done(self.workspace), *line[: line.index(run_id)]] if run_id in line else []

    def cut_off(self, run_id: str, rule: str, value: float, more: Mapping[str, float] | None = None) -> float:
        """What a rule, with its further parameters `more`, gives for a run; raises what `thresholds.cut_off` raises."""
        return thresholds.cut_off(rule, value, self.evidence(run_id), more)

    def evidence(self, run_id: str) -> Evidence:
        """What is known of a finished run's scores: of all rows, of those learned from, of usual ones, of labelled and judged ones.

        Raises:
            StorageError: the run is gone.
        """
        run = self.records.run(run_id)
        if run is None:
            raise StorageError(RUN_GONE)
        data = run.data_id
        return self._evidence.of(self.run_folder(run_id), self.data_folder(data), self.latest_mark(data), lambda: self.verdicts(data))

    def power(self, run_id: str, data_id: str) -> Power | Message | None:
        """What a run's detector would flag of planted anomalies; why that cannot be told; None while it is being worked out."""
        found = load_power(self.run_folder(run_id))
        return found if found or self.trainer.pid is None else self._powers.of(run_id, data_id)

    def plant_again(self, run_id: str) -> None:
        """Lets planting that failed be tried once more."""
        self._powers.forget(run_id)

    def stability_runs(self, run_id: str) -> list[RunRecord]:
        """The runs that refit the detector of the run `run_id`, newest first."""
        return self.records.runs(task="refits", of_run=run_id)

    def start_refits(self, run_id: str) -> str:
        """Puts refits of a run's detector into the queue, as a run of its own: how sure each flag is, they say."""
        run = self.records.run(run_id)
        if run is None:
            raise StorageError(RUN_GONE)
        record = RunRecord(new_id(), run.data_id, "refits", run.detector, {}, of_run=run_id, owner=self.owner)
        self._enqueue(record, lambda folder: ask_refits(folder, run_id, run.data_id))
        return record.id

    def refit_ranks(self, run_id: str) -> NDArray[np.uint32] | None:
        """The rank of every row in every refit, (rows, refits), from 0, as a memory map; None where nothing was refitted yet."""
        done = [run for run in self.stability_runs(run_id) if run.state == "done"]
        return self.run_folder(done[0].id).array(RANKS) if done else None


def _has(request: RunRequest, there: Mapping[str, str]) -> bool:
    """Whether the data of a request have every column that was learned from with the roles `there`."""
    return learned_columns(there).keys() <= request.roles.keys()
