"""From a saved detector to the one that was trained to take its place: its threshold carried over, both on the same rows, and the switch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors import thresholds
from detectors.base import Scores
from detectors.detector_file.manifest import Manifest
from detectors.errors import DataError, StorageError
from detectors.library import LONGEST_NAME, LONGEST_NOTE
from detectors.messages import N_, Message
from detectors.position import Position
from detectors.replacing import Replacing, Seen, replacing
from detectors.runs.new_data import training_scores
from detectors.segments import SegmentScores
from detectors.storage.bin import Chosen
from detectors.storage.files import RUN_GONE
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.storage.tables import DetectorRecord
from detectors.supervisor import FIRST_REASON
from detectors.thresholds import RULES
from detectors.workbench.positions import Positions
from detectors.workbench.retraining import Retraining
from detectors.workbench.saved import Entitled

SAME_RULE = N_("as in {detector}: the same rule, applied to the new training scores")
SAME_SHARE = N_("as in {detector}, set by hand there: the same share of the training rows is flagged")
NOT_THE_RULE = N_("as in {detector}: the same share of the training rows is flagged, as its rule cannot be applied here: {why}")
NOT_COMPARED = N_("Compare the two on a batch first; then switch.")

#: What is added to the name of a detector that is still to be compared with the one in use.
CANDIDATE = "candidate"


@dataclass(frozen=True)
class Beside:
    """The runs in which two detectors scored the same data set; None while one is still to come."""

    data_id: str
    old: RunRecord | None
    new: RunRecord | None

    @property
    def done(self) -> bool:
        return all(run is not None and run.state == "done" for run in (self.old, self.new))


class Switching(Retraining, Positions):
    """Compares a retrained detector with the one it is to replace, and lets it take its place."""

    # ── the threshold ──

    def carry_threshold(self, run_id: str) -> None:
        """Gives a retrained run the threshold of the detector that it is to replace, unless somebody has kept one for it.

        Raises:
            StorageError: the run, or the detector, is gone.
        """
        with self._supervisor.looking:
            versions = self.records.threshold_versions(run_id)
            if len(versions) != 1 or versions[0].reason != FIRST_REASON:
                return
            run = self._run(run_id)
            detector = self.saved_detector(str(run.request["retrains"]))
            position, told = self._position_for(run, detector)
            try:
                record = self.threshold_at(run_id, position)
            except DataError as error:
                why = error.message.text()
                record = self.threshold_at(run_id, Position("percentile", self._percentile(detector)))
                told = Message(NOT_THE_RULE, {"detector": detector.called, "why": why})
            self.keep(record, reason=told.text(), author=detector.called)

    def _position_for(self, run: RunRecord, detector: DetectorRecord) -> tuple[Position, Message]:
        """Where the threshold of the detector lies in the run: by the same rule or, where it was set by hand, at the same share."""
        kept, there = self.detector_manifest(detector.id).threshold, {profile.name for profile in self.profile(run.data_id)}
        column = str(kept.segments["column"]) if kept.segments else None
        column = column if column in there else None
        if kept.rule == "manual" or kept.rule not in RULES:
            position = Position("percentile", self._percentile(detector), column=column)
            told = Message(SAME_SHARE, {"detector": detector.called})
        else:
            more = {name: value for name, value in kept.more.items() if name in RULES[kept.rule].fields}
            position = Position(kept.rule, kept.value, column=column).with_rule(kept.rule, kept.value, more)
            told = Message(SAME_RULE, {"detector": detector.called})
        by_hand = (kept.segments or {}).get("by_hand") or {}
        return (self._by_hand(position, run, detector, by_hand) if column and by_hand else position), told

    def _percentile(self, detector: DetectorRecord) -> float:
        """Below which percentile of its training scores the cut-off of a saved detector lies."""
        manifest = self.detector_manifest(detector.id)
        scores = self._trained_on(manifest, detector)
        return 100.0 * (1 - thresholds.flagged_count(scores, manifest.threshold.cut_off) / max(1, len(scores)))

    def _trained_on(self, manifest: Manifest, detector: DetectorRecord) -> Scores:
        """The sorted training scores of a saved detector: those of its run, while it is here."""
        run = self.records.run(str(detector.origin.get("run", "")))
        folder = self.run_folder(run.id) if run is not None else None
        return folder.array("sorted_training_scores") if folder and folder.has("sorted_training_scores") else training_scores(manifest)

    def _by_hand(self, position: Position, run: RunRecord, detector: DetectorRecord, by_hand: dict[str, float]) -> Position:
        """Segments whose cut-off was set by hand have one at the same share of their rows, where their rows are still here."""
        before = self.records.run(str(detector.origin.get("run", "")))
        assert position.column is not None
        if before is None:
            return position
        old, new = (_training_by_name(self.segment_scores(each, position.column)) for each in (before.id, run.id))
        for name, cut_off in by_hand.items():
            if len(old.get(name, [])) and len(new.get(name, [])):
                share = float((old[name] <= cut_off).mean())
                position = position.with_own(name, float(np.quantile(new[name], share)))
        return position

    # ── both on the same rows ──

    def candidate(self, run_id: str) -> DetectorRecord | None:
        """The file of a retrained run with the threshold kept last for it, while it is to be compared; None before it is written."""
        kept = self.records.threshold(run_id)
        version = kept.version if kept else 0
        found = [record for record in self._of_run(run_id) if _is_candidate(record) and record.origin.get("threshold") == version]
        return found[0] if found else None

    def compare_on(self, run_id: str, data_id: str) -> Beside:
        """Lets the detector in use and the retrained one score a data set, unless they have.

        Raises:
            StorageError: one of them is gone, or the gate stops it.
        """
        run = self._run(run_id)
        old = self.saved_detector(str(run.request["retrains"]))
        self.carry_threshold(run_id)
        new = self.candidate(run_id) or self._save_candidate(run_id, old)
        if self._scoring(old.id, data_id) is None:
            self.score_data(old.id, data_id)
        by_old = self._scoring(old.id, data_id)
        if self._scoring(new.id, data_id) is None:  # offered to nobody, it scores this alone, after the same rows as the other
            self._score(new, data_id, by_old.request.get("before") if by_old else None)
        return self.beside(run_id, data_id)

    def beside(self, run_id: str, data_id: str) -> Beside:
        """The runs in which both have scored a data set, as far as they are asked for."""
        old, new = str(self._run(run_id).request["retrains"]), self.candidate(run_id)
        return Beside(data_id, self._scoring(old, data_id), self._scoring(new.id, data_id) if new else None)

    def compared_on(self, run_id: str) -> list[str]:
        """The data sets that the retrained one has been asked to score, the latest first."""
        found = self.candidate(run_id)
        return [] if found is None else [run.data_id for run in reversed(self.scored_by(found.id))]

    def replacing(self, beside: Beside) -> Replacing:
        """How the new one differs from the old one on a data set that both have scored."""
        assert beside.old is not None
        assert beside.new is not None
        seen = [Seen(np.asarray(self.run_folder(run.id).array("scores")), self.flagged_rows(run.id)) for run in (beside.old, beside.new)]
        judged = self.rows_judged(beside.data_id)
        return replacing(seen[0], seen[1], judged.rows, judged.is_anomaly)

    def who_learned(self, run_id: str, data: DataSetRecord) -> tuple[bool, bool]:
        """Whether the detector in use, and the retrained one, has learned from the file that a data set was made of."""
        old = self.saved_detector(str(self._run(run_id).request["retrains"]))
        of_old = [self.detector_manifest(old.id).data.get("sha256"), *self.learned_content(str(old.origin.get("run", "")))]
        return data.content_hash in of_old, data.content_hash in self.learned_content(run_id)

    def _scoring(self, detector_id: str, data_id: str) -> RunRecord | None:
        """The latest run in which a detector scores a data set; one that failed or was stopped does not count."""
        runs = [run for run in self.scored_by(detector_id) if run.data_id == data_id and (run.state == "done" or not run.ended)]
        return runs[-1] if runs else None

    def _save_candidate(self, run_id: str, old: DetectorRecord) -> DetectorRecord:
        self.library.delete(Chosen(runs=tuple(self._drop_candidates(run_id))))  # of a threshold that was kept before
        record = self.save_detector(run_id, Entitled(f"{old.name[: LONGEST_NAME - len(CANDIDATE) - 1]} {CANDIDATE}"))
        self.retire_detector(record.id)  # offered to nobody until it takes the place of the other
        return record

    # ── the end of it ──

    def switched(self, run_id: str) -> DetectorRecord | None:
        """The saved detector that a retrained run has become; None while nobody has switched."""
        found = [record for record in self._of_run(run_id) if not _is_candidate(record)]
        return found[0] if found else None

    def switch(self, run_id: str, note: str, *, retire: bool) -> DetectorRecord:
        """Lets the retrained detector take the place of the one in use: it becomes the next version of its name.

        Raises:
            StorageError: one of them is gone, or they were not compared.
        """
        old, new = self.saved_detector(str(self._run(run_id).request["retrains"])), self.candidate(run_id)
        if new is None:
            raise StorageError(NOT_COMPARED)
        with self._supervisor.looking:
            self.rename_detector(new.id, old.name)
            self.note_detector(new.id, note[:LONGEST_NOTE])
            self.retire_detector(new.id, back=True)
            if retire:
                self.retire_detector(old.id)
            now = self.saved_detector(new.id)
            for each in self.scored_by(new.id):
                self.records.describe(RunRecord, each.id, name=now.called)
        return now

    def discard_retrained(self, run_id: str) -> Chosen:
        """Moves a retrained run, with the rows put together for it and what it scored, to the bin; gives what went."""
        run, scored = self._run(run_id), self._drop_candidates(run_id)
        others = [each for each in self.records.runs(run.data_id) if each.id != run_id]
        return self.library.delete(Chosen(runs=(run_id, *scored)) if others else Chosen(data=(run.data_id,), runs=tuple(scored)))

    def _drop_candidates(self, run_id: str) -> list[str]:
        """Deletes the files that were written to compare a retrained run; gives the ids of the runs in which they scored something."""
        scored: list[str] = []
        for record in self._of_run(run_id):
            if _is_candidate(record):
                scored += [each.id for each in self.scored_by(record.id)]
                self.delete_detector(record.id)
        return scored

    def _of_run(self, run_id: str) -> Sequence[DetectorRecord]:
        return [record for record in self.saved_detectors() if record.origin.get("run") == run_id]

    def _run(self, run_id: str) -> RunRecord:
        run = self.records.run(run_id)
        if run is None or not run.request.get("retrains"):
            raise StorageError(RUN_GONE)
        return run


def _is_candidate(record: DetectorRecord) -> bool:
    return record.name.endswith(f" {CANDIDATE}") and record.retired is not None


def _training_by_name(found: SegmentScores) -> dict[str, Scores]:
    return dict(zip(found.segments.names, found.training, strict=True))
