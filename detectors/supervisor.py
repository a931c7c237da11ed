"""Watches the trainer and the run folders, and writes into the database what became of each run."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

from detectors import thresholds
from detectors.errors import StorageError
from detectors.messages import N_, Message
from detectors.reading.report import load_report
from detectors.runs import queue
from detectors.runs.folder import RunFolder, StopMode
from detectors.runs.new_data import threshold_of_file
from detectors.search_watch import SearchWatch
from detectors.storage.bin import forget_leftover, leftovers
from detectors.storage.files import Workspace, bytes_on_disk, sweep
from detectors.storage.records import DataSetRecord, Records, RunRecord, ThresholdRecord
from detectors.workers import TrainerProcess

logger = logging.getLogger("anomalyst.supervisor")

#: Seconds between two looks.
LOOK_S = 0.2

#: Seconds a training has to stop by itself when nothing of it is wanted; then the trainer is ended and replaced.
STOP_PATIENCE_S = 1.2

#: A trainer that died this often without having begun a run fails the runs that wait …
DEATHS_IN_VAIN = 3

#: … and is started again after ever longer pauses, up to this many seconds.
LONGEST_PAUSE_S = 60.0

#: Who chose the rule in force until the analyst moves the threshold, and why.
FIRST_AUTHOR, FIRST_REASON = "Anomalyst", N_("chosen after training")

INTERRUPTED = Message(N_("The server ended while this run was being trained. Start it again to get its result."))
NOT_SCORED = Message(N_("The server ended while these data were being scored. Score them again."))


class Supervisor:
    """The only one that moves a run from one state to the next."""

    def __init__(self, workspace: Workspace, records: Records, trainer: TrainerProcess) -> None:
        self._workspace, self._records, self._trainer = workspace, records, trainer
        self._searches = SearchWatch(workspace, records)
        self.looking = threading.RLock()
        """Held while the supervisor looks; hold it to change queue and records together."""
        self._deaths_in_vain, self._next_start = 0, 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def recover(self) -> None:
        """After a restart: what was being trained is interrupted, what was finished is done, what waited still waits."""
        for run_id in queue.being_done(self._workspace):
            queue.release(self._workspace, run_id)
            sweep(self._workspace.runs / run_id)
        sweep(self._workspace.data)
        self._workspace.empty_incoming()
        waiting = set(queue.waiting(self._workspace))
        for run in self._records.unended():
            if run.id in waiting or run.task == "search":  # a search goes on by itself, with the first look
                continue
            if run.state == "queued" and not RunFolder(self._workspace.runs / run.id).has_ended():
                queue.enqueue(self._workspace, run.id, run.owner)  # the server ended between recording and queueing it
            else:
                self._settle(run, lost=NOT_SCORED if run.task == "score" else INTERRUPTED, lost_state="interrupted")
        self.remove_leftovers()
        self._measure()

    def _measure(self) -> None:
        """Sizes of what an earlier version left without one."""
        for data_set in self._records.unmeasured(DataSetRecord):
            self._records.set_size(DataSetRecord, data_set.id, bytes_on_disk(self._workspace.data / data_set.id))
        for run in self._records.unmeasured(RunRecord):
            if run.ended:
                self._measure_run(run.id)

    def _measure_run(self, run_id: str) -> None:
        self._records.set_size(RunRecord, run_id, bytes_on_disk(self._workspace.runs / run_id))

    def stop(self, run_id: str, mode: StopMode) -> None:
        """Stops a waiting or running run, a search with its trial; `mode` says whether what it has learned so far is kept."""
        with self.looking:
            for one in (run_id, *self._searches.unended_trials(run_id)):
                waited = queue.withdraw(self._workspace, one)
                RunFolder(self._workspace.runs / one).ask_stop("discard" if waited or one != run_id else mode)

    def remove_leftovers(self) -> None:
        """Removes the files of what was deleted for good, but not while a trainer still works in their folder."""
        at_work = set(queue.being_done(self._workspace))
        for folder in leftovers(self._records):
            path = self._workspace.root / folder
            if path.name in at_work:
                continue
            self._forget_original(path)
            shutil.rmtree(path, ignore_errors=True)
            if not path.exists():  # a system that keeps open files in their place lets go of them later
                forget_leftover(self._records, folder)

    def _forget_original(self, path: Path) -> None:
        """The uploaded file goes with the last data set that was made of it."""
        if path.parent != self._workspace.data or not path.exists():
            return
        with suppress(StorageError):  # a report that is missing or damaged says nothing; the file goes when its days are over
            content_hash = load_report(path).content_hash
            if not self._records.same_content(content_hash):
                (self._workspace.originals / content_hash).unlink(missing_ok=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """One look: settles what ended, starts a new trainer for one that died, ends one that does not stop."""
        code = self._trainer.ended()
        if code is not None:
            self._after_death(code)
        self._end_what_does_not_stop()
        self._settle_all(lost=_death(0))
        self.remove_leftovers()
        if time.monotonic() >= self._next_start:
            self._trainer.start()

    def _after_death(self, code: int) -> None:
        """Fails what the dead trainer was doing; one that dies again and again is started less and less often."""
        died = queue.being_done(self._workspace)
        for run_id in died:
            queue.release(self._workspace, run_id)
            sweep(self._workspace.runs / run_id)
        self._settle_all(lost=_death(code))
        self._deaths_in_vain = 0 if died or code == 0 else self._deaths_in_vain + 1
        self._next_start = time.monotonic() + min(LONGEST_PAUSE_S, LOOK_S * 4**self._deaths_in_vain)
        if self._deaths_in_vain >= DEATHS_IN_VAIN:
            self._fail_what_waits(_death(code))

    def _fail_what_waits(self, reason: Message) -> None:
        for run_id in queue.waiting(self._workspace):
            if queue.withdraw(self._workspace, run_id):
                self._records.set_state(run_id, "failed", reason=reason)

    def _watch(self) -> None:
        while not self._ending.wait(LOOK_S):
            try:
                with self.looking:
                    self.look()
            except Exception:  # the watch must go on: the next look may succeed, and the log says what failed
                logger.exception("a look at the runs failed")

    def _settle_all(self, lost: Message) -> None:
        unended = self._records.unended()
        waiting = set(queue.waiting(self._workspace))  # read before the claims: a run moves from here to there
        claimed = set(queue.being_done(self._workspace))
        for run in unended:
            if run.task == "search":
                if self._searches.look(run, waiting | claimed):
                    self._measure_run(run.id)
            elif run.id in claimed:
                if run.state != "running":
                    self._records.set_state(run.id, "running")
            elif run.id not in waiting:
                self._settle(run, lost, "failed")

    def _settle(self, run: RunRecord, lost: Message, lost_state: str) -> None:
        folder = RunFolder(self._workspace.runs / run.id)
        if folder.result.exists():
            self._finish(run, folder)
        elif (failure := folder.failure()) is not None:
            self._records.set_state(run.id, "failed", reason=failure)
        elif (given_up := folder.given_up()) is not None:
            self._records.set_state(run.id, "stopped", reason=given_up)
        elif folder.stop_mode() == "discard":
            self._records.set_state(run.id, "stopped")
        else:
            self._records.set_state(run.id, lost_state, reason=lost)
        self._measure_run(run.id)

    def _finish(self, run: RunRecord, folder: RunFolder) -> None:
        if run.task == "train" and self._records.threshold(run.id) is None:
            cut_off = thresholds.cut_off(thresholds.USUAL_RULE, thresholds.USUAL_VALUE, folder.array("sorted_training_scores"))
            flagged = thresholds.flagged_count(folder.array("sorted_scores"), cut_off)
            first = ThresholdRecord(
                run.id, thresholds.USUAL_RULE, thresholds.USUAL_VALUE, cut_off, flagged, author=FIRST_AUTHOR, reason=FIRST_REASON
            )
            self._records.keep_threshold(first)
        if run.task == "score" and self._records.threshold(run.id) is None:
            self._records.keep_threshold(threshold_of_file(run.id, folder, self._workspace.data / run.data_id))
        self._records.set_state(run.id, "done", summary=folder.summary())

    def _end_what_does_not_stop(self) -> None:
        for run_id in queue.being_done(self._workspace):
            folder = RunFolder(self._workspace.runs / run_id)
            if folder.stop_mode() == "discard" and time.time() - folder.stop_asked_at() > STOP_PATIENCE_S:
                self._trainer.replace()
                for claimed in queue.being_done(self._workspace):  # it may have moved on to the next one just before
                    queue.release(self._workspace, claimed)
                    sweep(self._workspace.runs / claimed)
                    moved_on = self._records.run(claimed) if claimed != run_id else None
                    if moved_on is not None and not RunFolder(self._workspace.runs / claimed).has_ended():
                        queue.enqueue(self._workspace, claimed, moved_on.owner)


def _death(code: int) -> Message:
    if code < 0:
        return Message(
            N_(
                "The training process was ended by the system (signal {signal}), most likely because memory ran out. Use fewer rows or a smaller network."
            ),
            {"signal": -code},
        )
    return Message(
        N_("The training process ended without a result (exit code {code}). The log in the workspace says more."), {"code": code}
    )
