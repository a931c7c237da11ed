"""What everything about an installation stands on: workspace, records, processes, and whose they are."""

from __future__ import annotations

import copy
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from detectors import reading
from detectors.errors import AnomalystError, StorageError
from detectors.estimates import Estimates
from detectors.imports import Import, Turns
from detectors.library import Library
from detectors.powers import Powers
from detectors.profile import ColumnProfile, load_profile
from detectors.runs import queue
from detectors.runs.evidence import KeptEvidence
from detectors.runs.folder import RunFolder
from detectors.settings import Settings
from detectors.storage.files import DATA_GONE, Workspace, new_id
from detectors.storage.originals import Originals
from detectors.storage.records import LOCAL_OWNER, Records, RunRecord
from detectors.supervisor import Supervisor
from detectors.workers import AnswererProcess, TrainerProcess

logger = logging.getLogger("anomalyst.workbench")

#: Seconds that a reading which is cancelled has to end.
CANCELLING_S = 2.0


class Ground:
    """Workspace, records and the two processes beside the server."""

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
        self._evidence = KeptEvidence()
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

    def _cancel_imports(self) -> None:
        for begun in self._imports:
            begun.cancel()
            begun.wait(CANCELLING_S)

    def close(self) -> None:
        self._cancel_imports()
        self._supervisor.close()
        self.trainer.close()
        self.answerer.close()
        self.records.close()

    def data_folder(self, data_id: str) -> Path:
        return self.workspace.data / data_id

    def report(self, data_id: str) -> reading.Report:
        return reading.load_report(self.data_folder(data_id))

    def profile(self, data_id: str) -> list[ColumnProfile]:
        return load_profile(self.data_folder(data_id))

    def run_folder(self, run_id: str) -> RunFolder:
        return RunFolder(self.workspace.runs / run_id)

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

    @contextmanager
    def _answered_into(self) -> Iterator[Path]:
        """A folder for an answer too large for a line; gone when it has been read."""
        into = self.workspace.incoming / new_id()
        into.mkdir()
        try:
            yield into
        finally:
            shutil.rmtree(into, ignore_errors=True)
