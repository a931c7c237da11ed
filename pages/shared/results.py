"""What pages read of a finished run's scores: distribution, labels, metrics. Kept by run id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors import comparison, distribution, metrics, thresholds
from detectors.distribution import Distribution, KnownLabels, Mark, Tick
from detectors.flags import CutOff, Flags
from detectors.runs.basis import Basis, basis_of
from detectors.storage.records import RunRecord, ThresholdRecord
from detectors.thresholds import RULES, Considered
from pages.shared import engine
from pages.shared.engine import kept_by_id, workbench

#: Rules marked on the axis with the values they start from; dragging and typing are not rules.
TICK_VALUES = {name: rule.parameter.default for name, rule in RULES.items() if name != "manual"}


@dataclass(frozen=True)
class Judged:
    """Label-based figures that do not depend on the cut-off."""

    auroc: float | None
    average_precision: float | None
    roc: metrics.Curve | None
    precision_recall: metrics.Curve | None


@kept_by_id(10)
def scores_distribution(run_id: str) -> Distribution:
    return distribution.distribution(workbench().run_folder(run_id).array("sorted_scores"), known_labels(run_id))


@kept_by_id(10)
def known_labels(run_id: str) -> KnownLabels | None:
    """Scores of the rows whose label is known, sorted; None without a label column or without both kinds."""
    folder = workbench().run_folder(run_id)
    if not folder.has("labels"):
        return None
    scores, labels = np.asarray(folder.array("scores")), np.asarray(folder.array("labels"))
    anomalies, normals = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    return KnownLabels(anomalies, normals) if len(anomalies) and len(normals) else None


@kept_by_id(10)
def basis(run_id: str) -> Basis:
    """Which rows the label-based figures of a run are for."""
    return basis_of(workbench().run_folder(run_id))


def held_out_rows(run_id: str) -> NDArray[np.bool_] | None:
    """Which labelled rows, (rows,), were not learned from; None where the detector does not learn from labels."""
    folder = workbench().run_folder(run_id)
    return folder.array("held_out") if folder.has("held_out") else None


def kind_names(run_id: str, rows: NDArray[np.intp]) -> list[str] | None:
    """Of each of `rows` the kind of anomaly that it would most likely be; None where the detector tells no kinds."""
    folder = workbench().run_folder(run_id)
    if not folder.has("kinds"):
        return None
    names = folder.summary()["kinds"]
    return [names[kind - 1] for kind in np.asarray(folder.array("kinds")[rows]).tolist()]


@kept_by_id(10)
def judged(run_id: str) -> Judged:
    scores, labels, known = _labelled(run_id)
    return Judged(
        metrics.auroc(labels, scores, known),
        metrics.average_precision(labels, scores, known),
        metrics.roc_curve(labels, scores, known),
        metrics.precision_recall_curve(labels, scores, known),
    )


def confusion(run_id: str, cut_off: CutOff) -> metrics.Confusion:
    """Counts by label and flag at a cut-off, from sorted scores alone; or at the cut-off of each row."""
    if not isinstance(cut_off, float):
        scores, is_anomaly, rows = _labelled(run_id)
        return metrics.confusion(is_anomaly, scores > cut_off, 0.5, rows)
    known = _judged_scores(run_id)
    caught = thresholds.flagged_count(known.anomalies, cut_off)
    false_alarms = thresholds.flagged_count(known.normals, cut_off)
    return metrics.Confusion(caught, false_alarms, len(known.anomalies) - caught, len(known.normals) - false_alarms)


@kept_by_id(10)
def rank_of(run_id: str) -> NDArray[np.intp]:
    """The rank of every row, from 1 for the most unusual, (rows,)."""
    order = engine.ranking(run_id)
    return comparison.places(order, np.arange(len(order)))


def current_mark(run_id: str, common: float, flags: Flags) -> Mark:
    """The cut-off that is drawn, and what is flagged: where segments have cut-offs of their own, by these."""
    folder, known = workbench().run_folder(run_id), known_labels(run_id)
    if not flags.are_by_row:
        return distribution.mark(common, folder.array("sorted_scores"), known)
    if known is None:
        return Mark(common, flags.count)
    labels = np.asarray(folder.array("labels"))[flags.rows]
    return Mark(common, flags.count, int((labels == 1).sum()), int((labels == 0).sum()))


def considered(run: RunRecord, in_force: ThresholdRecord) -> list[Considered]:
    """What every rule but the one by hand would give for a run, the one in force with its parameters, the others with theirs."""
    latest = workbench().latest_mark(run.data_id)
    values = {rule: (value, ()) for rule, value in TICK_VALUES.items()}
    if in_force.rule in values:
        values[in_force.rule] = (in_force.value, tuple(in_force.more.items()))
    return [_considered(run.id, latest, rule, value, more) for rule, (value, more) in values.items()]


@kept_by_id(500)
def _considered(run_id: str, latest_mark: int, rule: str, value: float, more: tuple[tuple[str, float], ...]) -> Considered:
    """The same of one rule, kept until somebody says more of the rows: what `latest_mark` is for."""
    return thresholds.consider(rule, value, workbench().evidence(run_id), dict(more))


def rule_ticks(run_id: str, found: Sequence[Considered]) -> list[Tick]:
    """The rules that can be applied to this run's scores, each with the count it gives."""
    given = [one.threshold for one in found if one.threshold is not None]
    return distribution.ticks(given, workbench().run_folder(run_id).array("sorted_scores"), known_labels(run_id))


@kept_by_id(10)
def _judged_scores(run_id: str) -> KnownLabels:
    scores, is_anomaly, rows = _labelled(run_id)
    return KnownLabels(np.sort(scores[rows & is_anomaly]), np.sort(scores[rows & ~is_anomaly]))


def _labelled(run_id: str) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Scores, which rows are anomalies, and which rows are judged; each (rows,)."""
    folder = workbench().run_folder(run_id)
    return np.asarray(folder.array("scores")), np.asarray(folder.array("labels")) == 1, basis(run_id).rows
