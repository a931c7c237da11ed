"""What a watch needs of an installation, as its owner sees it: reading a file, scoring it, and what came of that."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from detectors.detector_file.manifest import Manifest
from detectors.errors import StorageError
from detectors.gate import Gate
from detectors.messages import N_, Message
from detectors.reading import ReadingOptions
from detectors.storage.arrivals import MEGABYTE
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.storage.tables import WatchRecord
from detectors.storage.watches import note_look
from detectors.watching.addressed import Addresses, kept_webhook
from detectors.watching.allowed import allowed_folder
from detectors.watching.fitting import fit_in, shift_in
from detectors.watching.journal import Entry
from detectors.watching.outcome import Outcome
from detectors.workbench.data import DataSets
from detectors.workbench.positions import Positions
from detectors.workbench.saved import SavedDetectors

RETIRED = N_("The detector {name} is retired. Restore it in the Library, or choose another one: no file is lost meanwhile.")
MOVED = N_("The folder `{folder}` now leads elsewhere. Edit the watch and name the folder again.")
FULL = N_("The disk of the workspace has too little room left: {left} MB, of which {kept} MB stay free. Files wait meanwhile.")
STOPPED = N_("Its scoring was stopped.")
DELETED = N_("Its data set was deleted before it was scored.")
FROM = N_("Came through the watch {name}.")


class Scoring(DataSets, Positions, SavedDetectors):
    """Reads data and has saved detectors score them."""


@dataclass
class ScoringWatched:
    """Reads and scores files through the workbench of the watch's owner."""

    bench: Scoring
    _gates: dict[str, Gate] = field(default_factory=dict)
    """What the gate said of files whose runs are under way, by their data sets."""

    @property
    def incoming(self) -> Path:
        return self.bench.workspace.incoming

    def check(self, watch: WatchRecord, size: int = 0) -> None:
        """Whether a file of so many bytes can be taken now.

        Raises:
            StorageError: the detector is gone or retired, or the disk is full.
            ParameterError: the folder is gone, or may not be watched (any longer).
        """
        detector = self.bench.saved_detector(watch.detector_id)
        if detector.retired is not None:
            raise StorageError(RETIRED, name=detector.called)
        if str(allowed_folder(watch.folder, self.bench.settings)) != watch.folder:
            raise StorageError(MOVED, folder=watch.folder)
        left, kept = shutil.disk_usage(self.bench.workspace.root).free, self.bench.settings.keep_free_mb
        if left - 2 * size < kept * MEGABYTE:  # the copy, and what is read of it
            raise StorageError(FULL, left=left // MEGABYTE, kept=kept)

    def addresses(self, watch: WatchRecord) -> Addresses:
        return Addresses(kept_webhook(self.bench.workspace.watches / watch.id), tuple(watch.emails), self.bench.settings.smtp)

    def looked(self, watch: WatchRecord) -> None:
        note_look(self.bench.records, watch.id)

    def stage(self, entry: Entry) -> str:
        records = self.bench.records.everybodys()
        if records.run(str(entry.run)) is not None:
            return "run"
        if records.data_set(str(entry.data)) is not None:
            return "data"
        shutil.rmtree(self.bench.data_folder(str(entry.data)), ignore_errors=True)
        return ""

    def read(self, watch: WatchRecord, entry: Entry, source: Path) -> None:
        """As it was read that the detector learned from."""
        options = ReadingOptions.as_learned(self.bench.detector_manifest(watch.detector_id).reading)
        self.bench.start_import(source, entry.name, options=options, data_id=entry.data).result()
        self.bench.records.describe(DataSetRecord, str(entry.data), note=Message(FROM, {"name": watch.name}).text())

    def score(self, watch: WatchRecord, entry: Entry) -> Outcome | None:
        data_id = str(entry.data)
        if self.bench.records.data_set(data_id) is None:
            return Outcome(entry.name, refused=str(Message(DELETED)))
        gate = self.bench.gate(watch.detector_id, data_id)
        if gate.stops:
            fit, link = fit_in(gate), f"{self.bench.settings.link_base}/score?data={data_id}&detector={watch.detector_id}"
            return Outcome(entry.name, findings=fit.findings, failed=True, refused=gate.stops[0].what.text(), link=link)
        self._gates[data_id] = gate
        self.bench.score_data(watch.detector_id, data_id, run_id=entry.run, gate=gate)
        return None

    def ended(self, entry: Entry) -> Outcome | None:
        run = self.bench.records.everybodys().run(str(entry.run))
        if run is None or not run.ended:
            return None
        if run.state == "done":
            return self._outcome(entry, run)
        if run.state == "interrupted" and run.deleted is None:
            self.bench.start_again(run.id)
            return None
        return Outcome(entry.name, refused=str(run.message or Message(STOPPED)))

    def _outcome(self, entry: Entry, run: RunRecord) -> Outcome:
        """What the finished run says."""
        folder, kept = self.bench.run_folder(run.id), self.bench.records.everybodys().threshold(run.id)
        assert kept is not None
        gate, manifest = self._gate_of(run), self._manifest_of(run)
        fit = fit_in(gate or Gate())
        shift = shift_in(manifest, np.asarray(folder.array("sorted_scores"))) if manifest is not None else None
        link = f"{self.bench.settings.link_base}/threshold?data={run.data_id}&run={run.id}"
        rows, flagged = int((run.summary or {}).get("rows", 0)), int(self.bench.flagged_by(kept).sum())
        return Outcome(
            entry.name, rows, flagged, (*((shift,) if shift else ()), *fit.findings), fit.failed, fit.drift, fit.moved, link=link
        )

    def _manifest_of(self, run: RunRecord) -> Manifest | None:
        """The manifest of the detector that scored, where that is still there."""
        try:
            return self.bench.detector_manifest(str(run.request.get("scored_by")))
        except StorageError:
            return None

    def _gate_of(self, run: RunRecord) -> Gate | None:
        if run.data_id in self._gates:
            return self._gates.pop(run.data_id)
        try:
            return self.bench.gate(str(run.request.get("scored_by")), run.data_id)
        except StorageError:
            return None
