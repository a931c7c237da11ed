"""Saved detectors of an installation: written from runs, uploaded, and what they say of new data."""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detectors import registry
from detectors.detector_file.archive import checked_entries
from detectors.detector_file.card import card
from detectors.detector_file.manifest import MANIFEST, SIGNATURE, KeptThreshold, Manifest, read_manifest
from detectors.detector_file.signature import SigningKey, signed_by
from detectors.detector_file.trial import try_opening
from detectors.errors import StorageError
from detectors.gate import Gate, ScoreDrift, gate_of, score_drift
from detectors.library import LONGEST_NAME, LONGEST_NOTE, short
from detectors.messages import N_, Message
from detectors.reading.process import Limits
from detectors.runs.folder import RunFolder
from detectors.runs.new_data import ask_score, asked_of
from detectors.storage.detector_files import (
    add_detector,
    begin_detector,
    delete_detector,
    describe_detector,
    detector_of,
    detectors_of,
    retire_detector,
    same_file,
)
from detectors.storage.files import DATA_GONE, DETECTOR_FILE, RUN_GONE, new_id, share_files, sync
from detectors.storage.records import LOCAL_OWNER, RunRecord, ThresholdRecord
from detectors.storage.suppressed import add_suppression
from detectors.storage.tables import DetectorRecord, SuppressionRecord
from detectors.suppressions import Suppression, columns_of
from detectors.workbench.suppressing import Suppressing

#: Seconds that writing a detector file may take: canaries are scored, and a large forest is packed.
WRITING_S = 300.0

#: Seconds that trying a file from elsewhere may take.
TRYING_S = 180

NO_THRESHOLD = N_("This run has no threshold yet. Keep one on the Threshold page: it goes into the file.")
NAMELESS = N_("A detector needs a name: type at least one letter.")
RETIRED = N_("`{name}` was retired and scores nothing new. Restore it first, or take another one.")
STOPPED = N_("`{name}` cannot score this data set: {why}")


@dataclass(frozen=True)
class Entitled:
    """What a detector is saved under: its name, a note, and who saves it."""

    name: str
    note: str = ""
    author: str = LOCAL_OWNER

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise StorageError(NAMELESS)
        object.__setattr__(self, "name", short(self.name, LONGEST_NAME))
        object.__setattr__(self, "note", short(self.note, LONGEST_NOTE))


class SavedDetectors(Suppressing):
    """Keeps detectors as files, and lets them score data sets."""

    def save_detector(self, run_id: str, entitled: Entitled) -> DetectorRecord:
        """Writes a finished run, with the threshold kept for it and its suppressions in force, as a detector file; keeps and lists that.

        Raises:
            StorageError: the run is gone, or has no threshold.
        """
        run, kept = self.records.run(run_id), self.records.threshold(run_id)
        if run is None:
            raise StorageError(RUN_GONE)
        if kept is None:
            raise StorageError(NO_THRESHOLD)
        with self._answered_into() as into:
            told = self.answerer.ask(
                "save_detector", timeout_s=WRITING_S, run=run_id, data=run.data_id, threshold=_to_file(kept).to_json(),
                suppressions=[each.to_json() for each in self.suppressions(run_id)], into=str(into / DETECTOR_FILE),
            )  # fmt: skip
            origin = {"data": told["data"], "run": run_id, "threshold": kept.version, "signed": "here"}
            return self._keep_file(into / DETECTOR_FILE, entitled, told["identity"], origin)

    def upload_detector(self, source: Path, file_name: str, entitled: Entitled) -> tuple[DetectorRecord, Message | None]:
        """Keeps a detector file from elsewhere, once a limited process has opened it; also what that says of other library versions.

        Raises:
            StorageError: it is no detector file, is damaged, or holds what may not be loaded; nothing of it is kept.
            DataError: opening it took more memory or time than it may.
        """
        with self._answered_into() as into:
            path = into / DETECTOR_FILE
            shutil.copyfile(source, path)
            limits = Limits(memory_bytes=self.settings.worker_memory_mb * 2**20, cpu_s=TRYING_S, wall_s=TRYING_S)
            told = try_opening(path, file_name, limits)
            manifest = read_manifest(path)
            signed = _signed(path, file_name, SigningKey.of(self.workspace.root))
            origin = {"data": manifest.data.get("name", ""), "file": file_name, "signed": signed}
            record = self._keep_file(path, entitled, told["identity"], origin)
        return record, Message.from_json(told["warning"]) if told["warning"] else None

    def _keep_file(self, path: Path, entitled: Entitled, identity: str, origin: dict[str, object]) -> DetectorRecord:
        """The file first, its record second: what is listed is there, and what is not goes at the next start."""
        manifest = read_manifest(path)
        record = DetectorRecord(
            new_id(), entitled.name, 0, manifest.kind, manifest.title or manifest.detector, path.stat().st_size, identity, origin,
            owner=self.owner, author=entitled.author, note=entitled.note,
        )  # fmt: skip
        folder = self.workspace.detectors / record.id
        sync(path)
        with self._supervisor.looking:  # two that are saved at once are two versions, and nobody clears away what is only begun
            begin_detector(self.records, record.id)
            folder.mkdir()
            path.rename(folder / DETECTOR_FILE)
            sync(folder)
            sync(folder.parent)
            add_detector(self.records, record)
        if (same := same_file(self.records, record)) is not None:
            share_files(folder, [self.workspace.detectors / same.id])
        return record

    # ── the shelf ──

    def saved_detectors(self, *, retired: bool = True) -> list[DetectorRecord]:
        """The saved detectors, the newest first; without `retired` only those that are offered for scoring."""
        return [record for record in detectors_of(self.records) if retired or record.retired is None]

    def saved_detector(self, detector_id: str) -> DetectorRecord:
        """Raises `StorageError` where it is gone."""
        return detector_of(self.records, detector_id)

    def same_detector(self, record: DetectorRecord) -> DetectorRecord | None:
        """Another saved detector that is the very same file; None where there is none."""
        return same_file(self.records, record)

    def detector_path(self, detector_id: str) -> Path:
        """The file of a saved detector; raises `StorageError` where that is gone."""
        return self.workspace.detectors / detector_of(self.records, detector_id).id / DETECTOR_FILE

    def detector_manifest(self, detector_id: str) -> Manifest:
        return read_manifest(self.detector_path(detector_id))

    def detector_card(self, detector_id: str) -> str:
        """The card of a saved detector, as Markdown, made anew of its manifest: one from elsewhere may hold a card of any words."""
        manifest = self.detector_manifest(detector_id)
        kind = registry.get(manifest.representation, manifest.detector)
        return card(manifest, kind.when, kind.when_not)

    def rename_detector(self, detector_id: str, name: str) -> None:
        """Gives a detector another name; under one that is in use it is the next version of that.

        Raises:
            StorageError: the name is empty or too long, or the detector is gone.
        """
        with self._supervisor.looking:
            describe_detector(self.records, detector_id, name=Entitled(name).name)

    def note_detector(self, detector_id: str, note: str) -> None:
        describe_detector(self.records, detector_id, note=short(note, LONGEST_NOTE))

    def retire_detector(self, detector_id: str, *, back: bool = False) -> None:
        """Offers a detector no longer for scoring or, with `back`, again."""
        retire_detector(self.records, detector_id, back=back)

    def delete_detector(self, detector_id: str) -> None:
        """Deletes a retired detector for good; raises `StorageError` where it is not retired."""
        delete_detector(self.records, detector_id)
        with self._supervisor.looking:
            self._supervisor.remove_leftovers()

    # ── scoring ──

    def gate(self, detector_id: str, data_id: str) -> Gate:
        """What of a data set is unlike what a saved detector learned from.

        Raises:
            StorageError: one of them is gone.
        """
        data_set = self.records.data_set(data_id)
        if data_set is None:
            raise StorageError(DATA_GONE)
        return gate_of(self.detector_manifest(detector_id), self.data_folder(data_id), data_set.kind)

    def score_data(
        self, detector_id: str, data_id: str, before: str | None = None, *, run_id: str | None = None, gate: Gate | None = None
    ) -> str:
        """Puts a run into the queue in which a saved detector scores a data set; gives its id: `run_id`, where one was set aside.

        The suppressions that came with the detector go along, where the data have their columns. What the `gate` says is
        asked anew where it is not at hand.

        Raises:
            StorageError: one of them is gone, the detector is retired, or the gate stops it.
        """
        record = self.saved_detector(detector_id)
        if record.retired is not None:
            raise StorageError(RETIRED, name=record.called)
        return self._score(record, data_id, before, run_id, gate)

    def _score(self, record: DetectorRecord, data_id: str, before: str | None, run_id: str | None = None, gate: Gate | None = None) -> str:
        gate = gate or self.gate(record.id, data_id)
        if gate.stops:
            raise StorageError(STOPPED, name=record.called, why=gate.stops[0].what.text())
        manifest = self.detector_manifest(record.id)
        request = replace(asked_of(manifest, record.id, data_id, self._roles_there(data_id)), before=before)
        run = RunRecord(
            run_id or new_id(),
            data_id,
            "score",
            request.detector,
            request.to_json(),
            name=short(record.called, LONGEST_NAME + 8),
            owner=self.owner,
        )
        called = record.called

        def ask(folder: RunFolder) -> None:
            ask_score(folder, request, manifest, called, gate.drifts[0] if gate.drifts else None)

        with self._supervisor.looking:
            self._enqueue(run, ask)
            self._suppress_as(manifest, run, record)
        return run.id

    def drift_of_scores(self, run: RunRecord) -> ScoreDrift | None:
        """How the scores of a finished scoring compare with those its detector learned from; None where the file does not hold these.

        Raises:
            StorageError: the detector is gone.
        """
        manifest = self.detector_manifest(str(run.request["scored_by"]))
        ordered, first = np.asarray(self.run_folder(run.id).array("sorted_scores")), self.records.threshold_versions(run.id)[-1]
        flagged = first.flagged / max(1, len(ordered)) if first.segments else None
        return score_drift(manifest, ordered, manifest.threshold.cut_off, flagged)

    def scored_by(self, detector_id: str) -> list[RunRecord]:
        """The runs in which a saved detector scored something, the oldest first."""
        return [run for run in reversed(self.records.runs(task="score")) if run.request.get("scored_by") == detector_id]

    def _roles_there(self, data_id: str) -> dict[str, str]:
        data_set = self.records.data_set(data_id)
        known = data_set.roles if data_set is not None else {}
        return {profile.name: known.get(profile.name, "ignored") for profile in self.profile(data_id)}

    def _suppress_as(self, manifest: Manifest, run: RunRecord, record: DetectorRecord) -> None:
        there = {profile.name for profile in self.profile(run.data_id)}
        for rule in manifest.suppressions:
            kept = Suppression.from_json(rule)
            if set(columns_of([kept])) <= there:
                of_run = replace(kept, id="", row=None, facts={})
                note = str(kept.facts.get("note", ""))
                author = str(kept.facts.get("author", record.called))
                add_suppression(self.records, SuppressionRecord(new_id(), run.id, of_run.to_json(), note=note, author=author))


def file_name(record: DetectorRecord) -> str:
    """What a downloaded detector file is called: its name and version, without what file systems give a meaning to."""
    name = re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "-", record.name).strip(" .-")
    return f"{name or 'detector'} v{record.version}.zip"


def _to_file(kept: ThresholdRecord) -> KeptThreshold:
    more = {**kept.more, "version": kept.version}
    return KeptThreshold(kept.rule, kept.value, kept.cut_off, kept.reason, kept.author, more, kept.segments)


def _signed(path: Path, name: str, key: SigningKey) -> str:
    """Who signed a file that was opened already."""
    with zipfile.ZipFile(path) as archive:
        entries = checked_entries(archive, name)
        signature = archive.read(entries[SIGNATURE]) if SIGNATURE in entries else None
        return signed_by(signature, archive.read(entries[MANIFEST]), key, name)
