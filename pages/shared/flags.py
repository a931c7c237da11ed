"""What the threshold that is looked at flags, for every page in the same way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from detectors.flags import Flags
from detectors.segments import SegmentScores, cut_offs_by_row
from detectors.storage.records import ThresholdRecord
from detectors.suppressions import Suppression
from pages.shared import engine
from pages.shared.engine import kept_by_id, workbench


def flags_of(threshold: ThresholdRecord) -> Flags:
    """The rows of a threshold's run that it flags, kept or not, without those that are silenced."""
    flags, suppressions = _above(threshold), workbench().suppressions(threshold.run_id)
    return _unsilenced(threshold.run_id, _key(threshold, suppressions), flags, suppressions) if suppressions else flags


def flags_key(threshold: ThresholdRecord) -> str:
    """Names what a threshold flags: what is worked out for the flagged rows is kept by run and by this."""
    return _key(threshold, workbench().suppressions(threshold.run_id))


def kept_flags_stamp(run_ids: Sequence[str]) -> str:
    """Differs when the threshold kept last for one of the runs, or what silences its rows, has changed."""
    bench = workbench()
    kept = [(record.version if (record := bench.records.threshold(run_id)) else 0) for run_id in run_ids]
    return repr([kept, [one.id for run_id in run_ids for one in bench.suppressions(run_id)]])


def _key(threshold: ThresholdRecord, suppressions: Sequence[Suppression]) -> str:
    return json.dumps([float(threshold.cut_off), threshold.segments, [one.id for one in suppressions]], sort_keys=True)


def _above(threshold: ThresholdRecord) -> Flags:
    if not threshold.segments:
        return Flags(engine.ranking(threshold.run_id), threshold.flagged, float(threshold.cut_off))
    return _by_segment(threshold.run_id, float(threshold.cut_off), json.dumps(threshold.segments, sort_keys=True))


@kept_by_id(6)
def _unsilenced(run_id: str, key: str, _flags: Flags, _suppressions: Sequence[Suppression]) -> Flags:
    data_id = workbench().run_folder(run_id).request().data_id
    return _flags.without(workbench().silenced(data_id, _suppressions, _flags.rows) >= 0)


@kept_by_id(6)
def _by_segment(run_id: str, common: float, kept: str) -> Flags:
    segments: Mapping[str, Any] = json.loads(kept)
    found = segment_scores(run_id, segments["column"]).segments
    cut_offs = cut_offs_by_row(found, segments["cut_offs"], common)
    return Flags.by_row(workbench().run_folder(run_id).array("scores"), engine.ranking(run_id), cut_offs)


@kept_by_id(6)
def segment_scores(run_id: str, column: str) -> SegmentScores:
    """The scores of a run by the values of a column of its data."""
    return workbench().segment_scores(run_id, column)
