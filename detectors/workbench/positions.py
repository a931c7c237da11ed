"""Positions of the threshold: what one gives before it is kept, and keeping it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detectors import thresholds
from detectors.base import Scores
from detectors.position import Position
from detectors.segments import Segments, SegmentScores, cut_offs_of
from detectors.storage.records import LOCAL_OWNER, ThresholdRecord
from detectors.thresholds import Evidence
from detectors.workbench.trainings import Trainings


class Positions(Trainings):
    """Says what a rule gives for a run, for all its rows or segment by segment, and keeps it as a version with its reason."""

    def threshold_at(self, run_id: str, position: Position, by_segment: SegmentScores | None = None) -> ThresholdRecord:
        """The threshold that a position gives for a run; it is not kept.

        Args:
            run_id: a finished run.
            position: the rule, its parameters, and the column of the segments.
            by_segment: what `segment_scores` gives for that column, where it is at hand.

        Raises:
            ParameterError: there is no such rule, or a parameter is outside its limits.
            DataError: the rule cannot be applied to these scores, or the column makes no segments.
        """
        common = self.cut_off(run_id, position.rule, position.value, dict(position.more))
        ordered = self.run_folder(run_id).array("sorted_scores")
        record = ThresholdRecord(
            run_id, position.rule, position.value, common, thresholds.flagged_count(ordered, common), more=dict(position.more)
        )
        if position.column is not None:
            found = by_segment or self.segment_scores(run_id, position.column)
            own = found.own_cut_offs(lambda scores, training: _within(position, scores, training), dict(position.by_hand))
            record.segments = {"column": position.column, "cut_offs": own, "by_hand": dict(position.by_hand)}
            cut_offs = cut_offs_of(found.segments.names, own, common)
            record.flagged = sum(thresholds.flagged_count(part, cut_off) for part, cut_off in zip(found.scores, cut_offs, strict=True))
        return record

    def segment_scores(self, run_id: str, column: str) -> SegmentScores:
        """The scores of a run by the values of a column of its data.

        Raises:
            DataError: there is no such column, or it has too many values.
        """
        folder = self.run_folder(run_id)
        segments = Segments.of(self.data_folder(folder.request().data_id), column)
        return SegmentScores.of(segments, folder.array("scores"), np.asarray(folder.array("fitted")))

    def keep(self, record: ThresholdRecord, *, reason: str = "", author: str = LOCAL_OWNER) -> ThresholdRecord:
        """Keeps what `threshold_at` gave as the latest version of its run's threshold.

        Raises:
            StorageError: the run is gone.
        """
        kept = ThresholdRecord(
            record.run_id, record.rule, record.value, record.cut_off, record.flagged, author=author, more=dict(record.more),
            segments=record.segments, reason=reason,
        )  # fmt: skip
        self.records.keep_threshold(kept)
        return kept

    def keep_threshold(self, run_id: str, rule: str, value: float, more: Mapping[str, float] | None = None) -> ThresholdRecord:
        """Keeps a rule, with the cut-off it gives for all rows."""
        return self.keep(self.threshold_at(run_id, Position(rule, value).with_rule(rule, value, more)))


def _within(position: Position, scores: Scores, training: Scores) -> float:
    """What the rule gives within a segment, by its scores alone."""
    return thresholds.cut_off(position.rule, position.value, Evidence(scores, training), dict(position.more))
