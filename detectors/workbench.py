"""One installation: its workspace, its records and the two processes beside the server. What pages talk to."""

from __future__ import annotations

import copy
import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from detectors import checks, kinds, reading, registry, thresholds
from detectors.checks import Finding, Remedy
from detectors.errors import AnomalystError, StorageError
from detectors.estimates import Estimates
from detectors.explanations.shapley import Explanation
from detectors.explanations.store import load_explanations
from detectors.frames import sample_frame
from detectors.imports import Import, Turns
from detectors.library import Library
from detectors.maps import Map, Method, rows_to_map
from detectors.messages import Message
from detectors.planting import Power
from detectors.powers import Powers
from detectors.preparation import find_preparation
from detectors.profile import ColumnProfile, load_profile
from detectors.reading import ReadingOptions
from detectors.runs import queue
from detectors.runs.contaminated import check_drop
from detectors.runs.earlier import Earlier, learned_columns
from detectors.runs.estimate import Estimate
from detectors.runs.folder import RunFolder, StopMode
from detectors.runs.planted import load_power
from detectors.runs.refits import RANKS
from detectors.runs.request import RunRequest
from detectors.runs.searches import SearchRequest, ask_search
from detectors.runs.tasks import ask_reasons, ask_refits
from detectors.settings import Settings
from detectors.storage.arrivals import MEGABYTE
from detectors.storage.choices import Applied, Choices, load_choices, save_choices
from detectors.storage.files import DATA_GONE, RUN_GONE, Workspace, bytes_on_disk, new_id, share_files
from detectors.storage.offered import OfferedFile, offered_files, offered_path
from detectors.storage.originals import Originals
from detectors.storage.records import LOCAL_OWNER, DataSetRecord, Records, RunRecord, ThresholdRecord
from detectors.supervisor import Supervisor
from detectors.workers import AnswererProcess, TrainerProcess

logger = logging.getLogger("anomalyst.workbench")

#: Seconds that a reading which is cancelled has to end.
CANCELLING_S = 2.0

#: Seconds that a map of rows may take.
MAP_S = 300.0

#: Rows as the detector sees them, or as it has learned to see them.
Space = Literal["seen", "learned"]


class Workbench:
    """Imports data, starts and stops runs, answers about them. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workspace = Workspace.open(settings.workspace)
        everybodys = Records(settings.database_url)
        self.records = everybodys.of(LOCAL_OWNER)
        self.originals = Originals(self.workspace.originals, settings.originals_days, settings.originals_mb * 10**6)
        self.originals.sweep()
        limit = settings.worker_memory_mb * 2**20
        self.trainer = TrainerProcess(self.workspace, limit)
        self.answerer = AnswererProcess(self.workspace, limit)
        self._supervisor = Supervisor(self.workspace, everybodys, self.trainer)
        self._supervisor.recover()
        self._turns = Turns()
        self._imports: list[Import] = []
        self._estimates = Estimates(self.answerer)
        self._powers = Powers(self.answerer)
        self._started = threading.Lock()
        self._is_started = False

    def of(self, owner: str) -> Self:
        """The same installation as `owner` sees it: nobody else's data sets and runs."""
        theirs = copy.copy(self)
        theirs.records = self.records.of(owner)
        return theirs

    @property
    def owner(self) -> str:
        assert self.records.owner is not None
        return self.records.owner

    @property
    def library(self) -> Library:
        """What the owner keeps, and the bin."""
        return Library(self.workspace, self.records, self._supervisor)

    def start(self) -> None:
        """Starts trainer and answerer, once; both warm up by themselves."""
        with self._started:
            if self._is_started:
                return
            self._is_started = True
        self._supervisor.start()
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            self.answerer.ask("warm_up")
        except AnomalystError as error:  # the first question will start another one, and say what is wrong if it is
            logger.info("the answerer did not warm up: %s", error)

    def close(self) -> None:
        for begun in self._imports:
            begun.cancel()
            begun.wait(CANCELLING_S)
        self._supervisor.close()
        self.trainer.close()
        self.answerer.close()
        self.records.close()

    # ── data ──

    def import_file(self, source: Path, name: str, options: ReadingOptions | None = None) -> DataSetRecord:
        """Reads an uploaded file into the workspace, in whichever way it can be read; keeps the file itself for a while.

        Raises:
            DataError: the file cannot be read; nothing of it is kept.
        """
        return self.start_import(source, name, options=options or ReadingOptions()).result()

    def start_import(
        self, source: Path, name: str, done: Callable[[], None] = lambda: None, *, options: ReadingOptions | None = None
    ) -> Import:
        """Begins to read an uploaded file into the workspace, in the background; `done` is called when it is over.

        Without `options`, a file that can be read in two ways is not read: the result raises `Doubted`.
        """
        turn = self._turns.of(source.stat().st_size)
        return self._begun(Import(name, lambda watch: self._import(source, name, watch, options), turn, done))

    def start_fetch(self, url: str) -> Import:
        """Begins to fetch a file from an object store, and then to read it.

        Raises:
            DataError: this server does not fetch from there.
        """
        name = reading.check_url(url, self.settings.urls)
        folder = self.workspace.incoming / new_id()
        folder.mkdir()

        def work(watch: reading.Watch) -> DataSetRecord:
            limits = replace(
                reading.limits_for(self.settings.largest_mb * MEGABYTE, self.settings.reader_memory_mb * 2**20),
                fetched_bytes=self.settings.largest_mb * MEGABYTE, free_bytes=self.settings.keep_free_mb * MEGABYTE,
            )  # fmt: skip
            return self._import(reading.fetch_file(url, folder, name=name, limits=limits, watch=watch), name, watch)

        turn = self._turns.of(self.settings.largest_mb * MEGABYTE)  # nobody knows yet how large it is
        return self._begun(Import(name, work, turn, lambda: shutil.rmtree(folder, ignore_errors=True)))

    def offered_files(self) -> list[OfferedFile]:
        """The files that can be read without being uploaded, where the server's owner offers a folder."""
        return offered_files(self.settings.folder) if self.settings.folder else []

    def start_offered(self, name: str) -> Import:
        """Begins to read one of the `offered_files`, where it lies.

        Raises:
            DataError: it is not there, or no longer.
        """
        assert self.settings.folder is not None
        return self.start_import(offered_path(self.settings.folder, name), name.rpartition("/")[2])

    def _begun(self, begun: Import) -> Import:
        self._imports[:] = [*(other for other in self._imports if not other.has_ended), begun]  # one list for all owners
        return begun

    def _import(self, source: Path, name: str, watch: reading.Watch, options: ReadingOptions | None = None) -> DataSetRecord:
        data_id = new_id()
        folder = self.workspace.data / data_id
        limits = reading.limits_for(source.stat().st_size, self.settings.reader_memory_mb * 2**20)
        try:
            report = reading.read_file(source, folder, name=name, limits=limits, options=options, ask=options is None, watch=watch)
        except reading.Doubted as doubted:
            raise reading.Doubted(self._kept(source, doubted.preview.content_hash), doubted.preview) from None
        except reading.Misread as misread:
            misread.source = self._kept(source, misread.content_hash)
            raise
        self._kept(source, report.content_hash)
        return self._recorded(data_id, report)

    def preview_file(self, source: Path, name: str, options: ReadingOptions | None = None) -> reading.Preview:
        """The first rows of a file as they would be read.

        Raises:
            DataError: it cannot be read in this way.
        """
        limits = reading.limits_for(source.stat().st_size, self.settings.reader_memory_mb * 2**20)
        return reading.preview_file(source, name=name, limits=limits, options=options)

    def original(self, content_hash: str) -> Path | None:
        """The uploaded file with this content, while it is kept."""
        return self.originals.find(content_hash)

    def _kept(self, source: Path, content_hash: str) -> Path:
        """Where the file is kept: only what came into the workspace is, a file of somebody else's folder stays where it lies."""
        if source.is_file() and source.resolve().is_relative_to(self.workspace.root):
            return self.originals.keep(source, content_hash)
        return source

    def import_sample(self, sample: str) -> DataSetRecord:
        """Makes a sample; where the owner has it already, and not in the bin, that one is opened again.

        Whoever tries a sample twice wants to go on with it. An uploaded file becomes a data set of its own every time.
        """
        data_id = new_id()
        report = reading.make_sample(sample, self.workspace.data / data_id)
        before = self.records.data_sets(content_hash=report.content_hash)
        if not before:
            return self._recorded(data_id, report)
        shutil.rmtree(self.workspace.data / data_id)
        return before[0]

    def _recorded(self, data_id: str, report: reading.Report) -> DataSetRecord:
        """Makes the record of what was read: every upload has one of its own, the same content only shares its space."""
        folder = self.data_folder(data_id)
        try:
            share_files(folder, [self.data_folder(other) for other in self.records.same_content(report.content_hash)])
            kind = self.possible_kinds(data_id)[0]
            chosen = self.proposed_roles(data_id, kind)
            record = DataSetRecord(
                data_id, report.name, kind, report.rows, report.columns, report.content_hash, chosen, self.owner, size=bytes_on_disk(folder)
            )
            self.records.add(record)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return record

    def proposed_roles(self, data_id: str, kind: str) -> dict[str, str]:
        """A role for every column of a data set that is worked on as `kind`."""
        return {role.column: role.role for role in kinds.KINDS[kind].propose(self.profile(data_id), self.report(data_id).rows)}

    def possible_kinds(self, data_id: str) -> list[str]:
        """The kinds that a data set can be worked on as, the likeliest first."""
        report = self.report(data_id)
        return [kind for kind in kinds.fitting(self.profile(data_id), report.rows, report.kind) if registry.for_kind(kind)]

    def set_kind(self, data_id: str, kind: str) -> None:
        """Works on a data set as another kind from now on, with the roles proposed for that. Its runs stay as they are."""
        self.records.set_kind(data_id, kind, self.proposed_roles(data_id, kind))

    def data_folder(self, data_id: str) -> Path:
        return self.workspace.data / data_id

    def report(self, data_id: str) -> reading.Report:
        return reading.load_report(self.data_folder(data_id))

    def profile(self, data_id: str) -> list[ColumnProfile]:
        return load_profile(self.data_folder(data_id))

    # ── checks ──

    def findings(self, record: DataSetRecord) -> list[Finding]:
        """What the checks say of a data set with the roles and choices it has now."""
        columns = checks.columns_needed(record.roles)
        sample = sample_frame(self.data_folder(record.id), columns, checks.rows_looked_at(record.rows, len(columns)))
        preparation = self.choices(record.id).preparation
        return checks.findings(checks.Facts(record.kind, record.rows, self.profile(record.id), record.roles, sample, preparation))

    def choices(self, data_id: str) -> Choices:
        """What was chosen about a data set when its checks were answered."""
        return load_choices(self.data_folder(data_id))

    def apply(self, data_id: str, finding: Finding, remedy: Remedy) -> None:
        """Does what a remedy says: gives columns other roles, or chooses how the data are prepared.

        Raises:
            DataError: the roles could not be worked with.
        """
        record, chosen = self._present(data_id), self.choices(data_id)
        before = {name: chosen.preparation[name] for name in remedy.preparation if name in chosen.preparation}
        roles_before = {column: record.roles[column] for column in remedy.roles}
        done = Applied(finding.key, remedy.title, dict(remedy.roles), roles_before, dict(remedy.preparation), before)
        self._set_roles(record, dict(remedy.roles))
        save_choices(chosen.and_also(done), self.data_folder(data_id))

    def undo(self, data_id: str, key: str) -> None:
        """Takes back the remedy that answered the finding `key`; a role that was changed since then stays.

        Raises:
            DataError: the roles could not be worked with.
        """
        record, chosen = self._present(data_id), self.choices(data_id)
        undone = next((done for done in chosen.applied if done.key == key), Applied(key, ""))
        still = [column for column, role in undone.roles.items() if record.roles.get(column) == role]
        self._set_roles(record, {column: undone.roles_before[column] for column in still})
        save_choices(chosen.without(key), self.data_folder(data_id))

    def _present(self, data_id: str) -> DataSetRecord:
        """The record as it is kept: another page may have changed it since this one was shown."""
        record = self.records.data_set(data_id)
        if record is None:
            raise StorageError(DATA_GONE)
        return record

    def _set_roles(self, record: DataSetRecord, changed: Mapping[str, str]) -> None:
        if changed:
            chosen = {**record.roles, **changed}
            kinds.check_roles(record.kind, chosen, self.profile(record.id))
            self.records.set_roles(record.id, chosen)

    # ── runs ──

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
        if request.start_from is not None:
            self.earlier(request.start_from).check(request)

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

    def earlier(self, run_id: str) -> Earlier:
        """A finished run as one to start from.

        Raises:
            StorageError: it is not there, or no longer.
        """
        if self.records.run(run_id) is None:
            raise StorageError(RUN_GONE)
        return Earlier.of_run(self.run_folder(run_id))

    def runs_to_start_from(self, request: RunRequest) -> list[RunRecord]:
        """The finished runs, of this data set or another, that learned with the same detector from the same columns; newest first."""
        if not registry.get(request.representation, request.detector).continues:
            return []
        columns = learned_columns(request.used_roles)
        found = []
        for run in self.records.runs():
            asked = RunRequest.from_json(run.request)
            same = (asked.kind, asked.representation, asked.detector) == (request.kind, request.representation, request.detector)
            if run.state == "done" and same and learned_columns(asked.used_roles) == columns:
                found.append(run)
        return found

    def _enqueue(self, record: RunRecord, ask: Callable[[RunFolder], None]) -> None:
        """Folder first, record second, entry third, with no look of the supervisor and no deletion in between.

        What waits is always listed, and what it needs is there.
        """
        with self._supervisor.looking:
            if self.records.data_set(record.data_id) is None:
                raise StorageError(DATA_GONE)
            ask(self.run_folder(record.id))
            self.records.add(record)
            queue.enqueue(self.workspace, record.id, record.owner)

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

    def run_folder(self, run_id: str) -> RunFolder:
        return RunFolder(self.workspace.runs / run_id)

    # ── thresholds ──

    def set_threshold(self, run_id: str, rule: str, value: float) -> ThresholdRecord:
        """Puts a rule in force for a run and gives the cut-off it makes."""
        folder = self.run_folder(run_id)
        cut_off = self.cut_off(run_id, rule, value)
        record = ThresholdRecord(run_id, rule, value, cut_off, thresholds.flagged_count(folder.array("sorted_scores"), cut_off))
        self.records.set_threshold(record)
        return record

    def cut_off(self, run_id: str, rule: str, value: float) -> float:
        """What a rule gives for a run: counted rows are rows of the data, everything else is learned from training scores."""
        return thresholds.cut_off(rule, value, self.scores_for_rule(run_id, rule))

    def scores_for_rule(self, run_id: str, rule: str) -> NDArray[np.float64]:
        """The sorted scores that a rule is applied to."""
        return self.run_folder(run_id).array("sorted_scores" if rule == "rows" else "sorted_training_scores")

    # ── judging ──

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

    # ── preparation ──

    def preview(self, request: RunRequest, rows: tuple[int, ...]) -> dict[str, NDArray[Any]]:
        """What the preparation of a run makes of some rows, as named arrays; nothing where there is nothing to see."""
        with self._answered_into() as into:
            self.answerer.ask(
                "preview", data=request.data_id, kind=request.kind, representation=request.representation, roles=request.used_roles,
                values=dict(request.preparation), rows=list(rows), into=str(into / "preview.npz"),
            )  # fmt: skip
            with np.load(into / "preview.npz", allow_pickle=False) as stored:
                return dict(stored)

    # ── explanations ──

    def explain_row(self, run_id: str, data_id: str, row: int) -> Mapping[str, NDArray[Any]]:
        """One row explained: values, base, score, expected, actual, and the detector's own element scores where it has some."""
        with self._answered_into() as into:
            self.answerer.ask("explain_row", run=run_id, data=data_id, row=row, into=str(into / "row.npz"))
            with np.load(into / "row.npz", allow_pickle=False) as stored:
                return dict(stored)

    def explain_rows(
        self, run_id: str, data_id: str, rows: NDArray[np.intp], *, compare: bool = False
    ) -> tuple[Explanation, Mapping[str, Any]]:
        """Many rows at once; with `compare` also how well the faster method agrees with shap's explainer."""
        with self._answered_into() as into:
            agreement = self.answerer.ask("explain_rows", run=run_id, data=data_id, rows=rows.tolist(), into=str(into), compare=compare)
            return load_explanations(into)[1], agreement

    def map(self, run_id: str, data_id: str, space: Space, method: Method) -> Map:
        """The rows of a run in a plane; once asked for it is kept with the run."""
        kept = self.run_folder(run_id).path / "maps" / f"{space}_{method}.npz"
        if not kept.exists():
            seed = self.run_folder(run_id).request().seed
            rows = rows_to_map(self.run_folder(run_id).array("ranking"), seed)
            with self._answered_into() as into:
                self.answerer.ask(
                    "map", timeout_s=MAP_S, run=run_id, data=data_id, rows=rows.tolist(), space=space, method=method, seed=seed,
                    into=str(into / "map.npz"),
                )  # fmt: skip
                kept.parent.mkdir(exist_ok=True)
                (into / "map.npz").replace(kept)
        with np.load(kept, allow_pickle=False) as stored:
            return Map(**stored)

    @contextmanager
    def _answered_into(self) -> Iterator[Path]:
        """A folder for an answer too large for a line; gone when it has been read."""
        into = self.workspace.incoming / new_id()
        into.mkdir()
        try:
            yield into
        finally:
            shutil.rmtree(into, ignore_errors=True)

    def explanations(self, run_id: str, data_id: str, rows: NDArray[np.intp]) -> Explanation:
        """Explanations of `rows`: those kept with the run where they are there, else asked of the answerer."""
        known, kept = self._kept_explanations(run_id, rows)
        place = {int(row): position for position, row in enumerate(known)}
        missing = np.array([row for row in rows if int(row) not in place], dtype=np.intp)
        if len(missing):
            kept = kept.and_also(self.explain_rows(run_id, data_id, missing)[0])
            place |= {int(row): len(known) + position for position, row in enumerate(missing)}
        return kept.at(np.array([place[int(row)] for row in rows], dtype=np.intp))

    def rows_at_once(self, run_id: str) -> int:
        """How many rows of a run are explained without making anybody wait: fewer the wider the table."""
        return int(self.run_folder(run_id).summary()["rows_at_once"])

    def explained_at_once(self, run_id: str, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those of `rows` that are explained already, and as many others as can be explained at once; in their order."""
        known, _ = self._kept_explanations(run_id, rows)
        is_known = np.isin(rows, known)
        return rows[is_known | (np.cumsum(~is_known) <= self.rows_at_once(run_id))]

    def _kept_explanations(self, run_id: str, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], Explanation]:
        """The largest set of explanations there is: with the run itself, or of a run that explained it."""
        folders = [self.run_folder(run.id).result for run in self.reasons_runs(run_id) if run.state == "done"]
        for folder in folders:
            known, kept = load_explanations(folder)
            if np.isin(rows, known).all():
                return known, kept
        return load_explanations(self.run_folder(run_id).result)

    def reasons_runs(self, run_id: str) -> list[RunRecord]:
        """The runs that explain flagged rows of the run `run_id`, newest first."""
        return self.records.runs(task="reasons", of_run=run_id)

    def start_reasons(self, run_id: str, rows: NDArray[np.intp]) -> str:
        """Puts the explanation of many flagged rows into the queue, as a run of its own."""
        run = self.records.run(run_id)
        if run is None:
            raise StorageError(RUN_GONE)
        record = RunRecord(new_id(), run.data_id, "reasons", run.detector, {}, of_run=run_id, owner=self.owner)
        self._enqueue(record, lambda folder: ask_reasons(folder, run_id, run.data_id, rows))
        return record.id
