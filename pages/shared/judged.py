"""What pages read of label-based figures beside the areas: intervals, kinds of anomalies, events. Kept by run id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors import event_metrics, intervals, metrics
from detectors.anomaly_kinds import KindScores, kinds_of
from detectors.event_metrics import EventFigures
from detectors.flags import CutOff, Flags
from detectors.frames import load_frame
from detectors.intervals import Interval
from detectors.kinds import KINDS
from detectors.storage.records import RunRecord
from detectors.timeline import timeline
from pages.shared import engine, results
from pages.shared.engine import kept_by_id, workbench

#: Flagged steps with at most so many unflagged ones between them are one alarm.
ALARM_GAP = 3

#: Longer series, in steps, would make the page wait for their volume under the surface.
MOST_VUS_STEPS = 400_000


@dataclass(frozen=True)
class Ordered:
    """The rows of a series in the order of time."""

    order: NDArray[np.intp]
    """(rows,): positions in the data."""
    bounds: NDArray[np.intp]
    """(entities + 1,): where in `order` each entity begins, and the end."""


@kept_by_id(5)
def ordered(run_id: str, data_id: str) -> Ordered:
    source = engine.source(run_id, data_id)
    time, entity = (next(iter(source.columns(role)), None) for role in ("time", "entity"))
    found = timeline(source.frame([name for name in (time, entity) if name] or list(source.roles)[:1]), time, entity)
    return Ordered(found.order, found.bounds)


def confusion_intervals(run: RunRecord, cut_off: CutOff) -> dict[str, Interval]:
    """precision, recall, f1, accuracy → interval; of a series whole stretches are drawn."""
    if not KINDS[run.kind].ordered:
        return intervals.confusion_intervals(results.confusion(run.id, cut_off))
    stretch, scores, labels, judged = _stretch_of_row(run), *_labelled(run.id)
    outcome = np.where(labels == 1, 2, 0) + (scores > cut_off)  # 3 true positive, 1 false positive, 2 false negative, 0 true negative
    cells = np.bincount(stretch[judged] * 4 + outcome[judged], minlength=4 * (int(stretch.max()) + 1)).reshape(-1, 4)
    return intervals.confusion_intervals_of_stretches(cells[:, [3, 1, 2, 0]])


def area_intervals(run: RunRecord) -> dict[str, Interval]:
    """auroc, average_precision → interval."""
    return _area_intervals(run.id, run.data_id if KINDS[run.kind].ordered else None)


@kept_by_id(10)
def _area_intervals(run_id: str, series_of: str | None) -> dict[str, Interval]:
    scores, labels, judged = _labelled(run_id)
    groups = None if series_of is None else _stretches(run_id, series_of)
    return intervals.area_intervals(labels == 1, scores, judged, groups)


@kept_by_id(10)
def kinds(run_id: str, data_id: str) -> list[KindScores]:
    """The kinds of anomalies that the label names, each with its scores; empty where it names one alone."""
    label = workbench().run_folder(run_id).request().label
    if label is None:
        return []
    scores, labels, judged = _labelled(run_id)
    return kinds_of(load_frame(workbench().data_folder(data_id), [label])[label], labels == 1, scores, judged)


def event_figures(run: RunRecord, flags: Flags) -> EventFigures:
    """How well stretches of anomalies are found."""
    steps = ordered(run.id, run.data_id)
    scores, labels, judged = (values[steps.order] for values in _labelled(run.id))
    return event_metrics.event_figures(labels == 1, scores > flags.ordered(steps.order), judged, steps.bounds, gap=ALARM_GAP)


@kept_by_id(10)
def vus_pr(run_id: str, data_id: str) -> float | None:
    """The volume under the precision-recall surface; the entities one after the other. None of series that are too long."""
    steps = ordered(run_id, data_id)
    if len(steps.order) > MOST_VUS_STEPS:
        return None
    scores, labels, judged = (values[steps.order] for values in _labelled(run_id))
    return metrics.vus_pr(labels == 1, scores, judged)


def _labelled(run_id: str) -> tuple[NDArray[np.float64], NDArray[np.int8], NDArray[np.bool_]]:
    """Scores, labels, and which rows are judged; each (rows,)."""
    folder = workbench().run_folder(run_id)
    return np.asarray(folder.array("scores")), np.asarray(folder.array("labels")), results.basis(run_id).rows


def _stretch_of_row(run: RunRecord) -> NDArray[np.intp]:
    return _stretches(run.id, run.data_id)


@kept_by_id(5)
def _stretches(run_id: str, data_id: str) -> NDArray[np.intp]:
    """For each row of a series the stretch that it is drawn with, (rows,)."""
    steps = ordered(run_id, data_id)
    found = np.empty(len(steps.order), dtype=np.intp)
    found[steps.order] = intervals.stretches(len(steps.order), steps.bounds)
    return found
