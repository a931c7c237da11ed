"""Retraining a saved detector: with the rows it learned from, new ones that it has scored, and what people said of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detectors import reading, registry
from detectors.data_set import DataSet
from detectors.detector_file.manifest import Manifest
from detectors.errors import DataError, StorageError
from detectors.imports import Import
from detectors.joining import Part, Placed, columns_of, placed
from detectors.library import LONGEST_NAME
from detectors.messages import N_, Message
from detectors.runs.folder import RunFolder
from detectors.runs.judged import DETECTOR, UNKNOWN
from detectors.runs.new_data import asked_of
from detectors.runs.relearning import Counts, Relearning, Said, heeded, told
from detectors.runs.request import RunRequest
from detectors.runs.rows import matches, rule_rows
from detectors.storage.files import new_id
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.workbench.joined import Joining, Together, joined_name
from detectors.workbench.saved import SavedDetectors

NO_BATCH = N_("Choose at least one batch that the detector has scored: its rows are what is new.")
BATCH_GONE = N_("This batch is no longer there: its data set was deleted.")
FROM_ELSEWHERE = N_("The detector came as a file from elsewhere: the rows that it learned from are not here.")
RUN_IS_GONE = N_(
    "The run that the detector was saved from, and what it learned from, are no longer here, or lie in the bin of the Library."
)
DATA_IS_GONE = N_("The data set that the detector learned from is no longer here, or lies in the bin of the Library.")


@dataclass(frozen=True)
class Origin:
    """What a saved detector was learned with, as far as it is still here."""

    request: RunRequest | None
    data: DataSetRecord | None
    """The rows that it learned from; None where they are not here (any longer)."""
    run_id: str | None = None
    why_not: Message | None = None
    from_verdicts: bool = False
    """Whether it was moved by verdicts: what it began with is learned anew."""


@dataclass(frozen=True)
class Wanted:
    """What a detector is to be retrained with."""

    detector_id: str
    batches: tuple[str, ...]
    """The runs in which it scored new rows, the oldest first."""
    with_old: bool = True
    """Whether the rows that it learned from are learned from again."""
    with_flagged: bool = False
    """Whether flagged rows of which nobody said anything are learned from."""
    once: bool | None = None
    """Whether rows that are there already are taken once; None: where most rows of a batch are, though rows hardly repeat."""


@dataclass(frozen=True)
class Plan:
    """What retraining would learn from, before anything is done."""

    wanted: Wanted
    request: RunRequest
    """Without its data set, which is yet to be put together."""
    records: tuple[DataSetRecord, ...]
    """The data sets whose rows are put together."""
    placed: Placed
    relearning: Relearning
    counts: Counts
    once: bool
    notes: tuple[Message, ...] = ()

    @property
    def name(self) -> str:
        """What the rows together are called."""
        return joined_name([record.name for record in self.records])


class Retraining(Joining, SavedDetectors):
    """Plans and starts the training that is to take the place of a saved detector."""

    def origin(self, detector_id: str) -> Origin:
        """What a saved detector learned from, and how; raises `StorageError` where the detector is gone."""
        record = self.saved_detector(detector_id)
        run = self.records.run(str(record.origin.get("run", "")))
        if run is None:
            return Origin(None, None, why_not=Message(RUN_IS_GONE if "run" in record.origin else FROM_ELSEWHERE))
        begun, from_verdicts = run, run.detector == DETECTOR
        if from_verdicts and (first := self.records.run(str(run.request.get("start_from")))) is not None:
            begun = first
        request, data = RunRequest.from_json(begun.request), self.records.data_set(run.data_id)
        return Origin(request, data, begun.id, None if data is not None else Message(DATA_IS_GONE), from_verdicts)

    def plan_retraining(self, wanted: Wanted) -> Plan:
        """What retraining would learn from.

        Raises:
            StorageError: the detector, or a batch, is gone.
            DataError: no batch was chosen; a column cannot be read as what was learned from.
        """
        manifest, origin = self.detector_manifest(wanted.detector_id), self.origin(wanted.detector_id)
        batches = [self._batch(run_id) for run_id in wanted.batches]
        if not batches:
            raise DataError(NO_BATCH)
        old = origin.data if wanted.with_old else None
        if old is not None:
            self.follow_marks(str(origin.run_id))
        records = (*([old] if old is not None else []), *(data for _, data in batches))
        request = self._request_again(manifest, origin, wanted, records)
        parts = [Part(self.data_folder(record.id), record.name) for record in records]
        columns = columns_of(parts, request.roles)
        found = placed(parts, columns, request.kind, once=False)
        once = found.looks_repeated if wanted.once is None else wanted.once
        if once:
            found = placed(parts, columns, request.kind, once=True)
        said = self._said(request, origin.run_id if old is not None else None, records, [run for run, _ in batches], found)
        supervised = registry.get(request.representation, request.detector).supervised
        repeated = sum(int((~kept).sum()) for kept in found.kept)
        relearning, counts = heeded(said, supervised=supervised, with_flagged=wanted.with_flagged, repeated=repeated)
        relearning = told(
            relearning, parts=[record.id for record in records], names=[record.name for record in records], counts=counts.to_json(),
            content=[*(record.content_hash for record in records), *(self.learned_content(str(origin.run_id)) if old is not None else [])],
            detector=wanted.detector_id, with_flagged=wanted.with_flagged, once=once,
            marks={record.id: self.latest_mark(record.id) for record in records},
        )  # fmt: skip
        return Plan(wanted, request, records, found, relearning, counts, once)

    def start_retraining(self, plan: Plan, done: Callable[[], None] = lambda: None) -> Import:
        """Puts the rows together in the background, and then the training into the queue; the result is the new data set's record."""
        size = sum(record.size or 0 for record in plan.records)
        return self._begun(Import(plan.name, lambda watch: self._retrain(plan, watch), self._turns.of(size), done))

    def retrained(self, detector_id: str) -> list[RunRecord]:
        """The trainings that are to take the place of a saved detector, the newest first."""
        return [run for run in self.records.runs(trials=False) if run.request.get("retrains") == detector_id]

    def learned_content(self, run_id: str) -> list[str]:
        """The hashes of all files whose rows a retrained run has learned from, one after the other; none of any other run."""
        found = Relearning.load(self.run_folder(run_id).path)
        return [str(each) for each in found.told.get("content", [])] if found else []

    # ── what is asked ──

    def _batch(self, run_id: str) -> tuple[RunRecord, DataSetRecord]:
        run = self.records.run(run_id)
        data = self.records.data_set(run.data_id) if run is not None else None
        if run is None or data is None or run.state != "done":
            raise StorageError(BATCH_GONE)
        return run, data

    def _request_again(self, manifest: Manifest, origin: Origin, wanted: Wanted, records: Sequence[DataSetRecord]) -> RunRequest:
        """As it was asked for before; where that is gone, as the file tells it."""
        before = origin.request
        if before is None:
            before = asked_of(manifest, wanted.detector_id, "", self._roles_there(records[0].id))
        start = before.start_from if before.start_from and self.records.run(before.start_from) is not None else None
        there = {profile.name for profile in self.profile(records[0].id)}
        roles = {name: role for name, role in before.roles.items() if name in there}
        return replace(
            before, data_id="", roles=roles, start_from=start, fit_first=None, scored_by=None, search=None, trial=None,
            fit_where=before.fit_where if before.fit_where and before.fit_where.column in there else None, retrains=wanted.detector_id,
        )  # fmt: skip

    # ── what is known of the rows ──

    def _said(
        self, request: RunRequest, old_run: str | None, records: Sequence[DataSetRecord], batches: Sequence[RunRecord], found: Placed
    ) -> Said:
        """What is known of the rows once they are put together."""
        candidates, is_new, flagged = (np.zeros(found.rows, dtype=bool) for _ in range(3))
        verdicts = np.full(found.rows, UNKNOWN, dtype=np.int8)
        before = len(records) - len(batches)
        for number, record in enumerate(records):
            kept, places = found.kept[number], found.places[number]
            own = self._old_candidates(request, old_run, record) if number < before else self._new_candidates(request, record)
            candidates[places[kept]] = own[kept]
            is_new[places[kept]] = number >= before
            if number >= before:
                flagged[places[kept]] = self.flagged_rows(batches[number - before].id)[kept]
            said = self.rows_judged(record.id).of_rows(record.rows)
            judged = np.flatnonzero(said != UNKNOWN)
            verdicts[places[judged]] = said[judged]
        return Said(candidates, is_new, flagged, verdicts)

    def _old_candidates(self, request: RunRequest, run_id: str | None, record: DataSetRecord) -> NDArray[np.bool_]:
        """The rows that the run before would learn from, by its rule."""
        folder = self.run_folder(str(run_id))
        if (before := Relearning.load(folder.path)) is not None:
            return before.candidates
        return rule_rows(folder.request(), DataSet(self.data_folder(record.id), request.used_roles))

    def _new_candidates(self, request: RunRequest, record: DataSetRecord) -> NDArray[np.bool_]:
        """All rows, but for those of which the column that chose the rows says otherwise."""
        where = request.fit_where
        if where is None or where.column not in {profile.name for profile in self.profile(record.id)}:
            return np.ones(record.rows, dtype=bool)
        values = DataSet(self.data_folder(record.id), {}).frame([where.column])[where.column]
        return np.asarray(matches(values, where.value) | values.isna().to_numpy(), dtype=bool)

    def flagged_rows(self, run_id: str) -> NDArray[np.bool_]:
        """Which rows of a finished run the threshold kept last flags, (rows,), those that are silenced left out."""
        kept = self.records.threshold(run_id)
        if kept is None:
            return np.zeros(len(self.run_folder(run_id).array("scores")), dtype=bool)
        return self.flagged_by(kept)

    # ── doing it ──

    def _retrain(self, plan: Plan, watch: reading.Watch) -> DataSetRecord:
        detector = self.saved_detector(plan.wanted.detector_id)
        together = Together(plan.records, plan.placed, plan.request.roles, plan.request.kind, f"{detector.called}: {plan.name}")
        record = self._joined(together, watch)
        request = replace(plan.request, data_id=record.id)
        name = f"{detector.name[: LONGEST_NAME - 12]} retrained"
        run = RunRecord(new_id(), record.id, "train", request.detector, request.to_json(), name=name, owner=self.owner)

        def ask(folder: RunFolder) -> None:
            folder.ask(request)
            plan.relearning.save(folder.path)

        with self._supervisor.looking:
            self._enqueue(run, ask)
            self._suppress_as(self.detector_manifest(detector.id), run, detector)
        return record
