"""One trial of a search: a training that is judged, at first by what it learns from a small part of the rows.

What is judged is stated and never the training error. With labels it is the average precision on the rows that judge
(`FittedRun.judged`). Without, it is how many planted anomalies are flagged: for that, rows are left out of what is learned
from, unless the request leaves out enough of them anyway.

What that is worth, on small labelled tables searched without their labels (12 trials each): where the rows learned from were known
to be usual, average precision rose from 0.71 to 0.73 for nearest neighbours and from 0.61 to 0.61 for isolation forests (means of
6 tables), and fell from 0.58 to 0.46 for histograms, which find hardly any planted anomaly. Where anomalies were among the rows
learned from it did not rise for any of them (0.40 to 0.40, 0.42 to 0.38, 0.39 to 0.36; 7 tables): pages say so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detectors import metrics, registry
from detectors.base import Progress, Quiet
from detectors.data_set import DataSet
from detectors.errors import AnomalystError, DataError, GivenUp
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.planting import FEWEST_HELD_OUT, power
from detectors.runs.execute import FittedRun, execute
from detectors.runs.request import RunRequest
from detectors.runs.rows import rows_to_learn

logger = logging.getLogger(__name__)

#: By what trials are judged, as templates to be translated.
OBJECTIVES = {
    "average_precision": N_("average precision by the labels"),
    "planted_recall": N_("share of planted anomalies found, above the share of usual items flagged with them"),
}

#: Parts of the rows that a trial learns from first, and the fewest rows, or steps of a series, that say something.
PARTS, FEWEST_ROWS, FEWEST_STEPS = (1 / 9, 1 / 3), 300, 3000

#: Without labels, the part of the rows that is learned from to be judged by anomalies planted in the others.
LEARNED_PART = 0.8

#: The share of unplanted items that are flagged while planted ones are counted.
FLAG_RATE = 0.05

#: Without labels: what reaches less finds so few of the planted anomalies that they say little of its settings.
SAYS_LITTLE = 0.2

#: Told the step, from 0, and what was reached there; says whether to go on.
Report = Callable[[int, float], bool]


@dataclass(frozen=True)
class Trial:
    """What became of a trial that was not given up."""

    run: FittedRun
    value: float | None
    """What it reached; None where it was stopped before it had learned what it would have."""


@dataclass(frozen=True)
class Course:
    """What is judged, and by which parts of the rows one after the other."""

    objective: str
    parts: tuple[float, ...]
    rows: int
    """Rows to learn from."""
    judged_apart: bool
    """Whether the last of the parts decides, and what has learned from all rows does not."""

    @classmethod
    def of(cls, request: RunRequest, data: Path) -> Course:
        """What a request and its data ask for."""
        source = DataSet(data, request.used_roles)
        detector = registry.create(request.representation, request.detector, seed=request.seed, **request.parameters)
        rows = rows_to_learn(request, source, detector)
        labelled = rows.labels is not None and bool((rows.labels == 1).any() and (rows.labels == 0).any())
        fewest = FEWEST_STEPS if KINDS[request.kind].ordered else FEWEST_ROWS
        learned = int(rows.fitted.sum())
        parts = tuple(part for part in PARTS if part * learned >= fewest)
        apart = not labelled and len(rows.fitted) - learned < FEWEST_HELD_OUT
        return cls("average_precision" if labelled else "planted_recall", (*parts, LEARNED_PART) if apart else parts, learned, apart)


class _OfAPart(Quiet):
    """A part is learned from to its end: what was stopped early says nothing of the settings."""

    def stop_asked(self) -> bool:
        return False


def attempt(request: RunRequest, data: Path, progress: Progress, report: Report) -> Trial:
    """Trains as `request` says and judges it; `report` is told of every part and says whether it is worth going on.

    Raises:
        GivenUp: it is not, or the analyst stopped it before anything worth keeping was learned.
        AnomalystError: it cannot be trained, or not be judged.
    """
    course = Course.of(request, data)
    value = None
    for step, part in enumerate(course.parts):
        progress.report("trying", step, len(course.parts))
        asked = _part_of(request, course, part)
        try:
            value = value_of(execute(asked, data, _OfAPart(progress)), course.objective)
        except AnomalystError as error:
            if course.judged_apart and step == len(course.parts) - 1:
                raise
            logger.info("%.2f of the rows say nothing of these settings: %s", part, error)  # all of them may do
        _check_promise(value, report, step, course, progress)
    run = execute(request, data, progress)
    if not course.judged_apart:
        value = None if run.stopped_early else value_of(run, course.objective)
    return Trial(run, value)


def _check_promise(value: float | None, report: Report, step: int, course: Course, progress: Progress) -> None:
    if progress.stop_asked():
        raise GivenUp(N_("It was stopped while it learned from a part of the rows, so nothing was kept."))
    if value is None or report(step, value):
        return
    raise GivenUp(
        N_("Given up: with {share} % of the rows it reached {value}, and most trials before it reached more."),
        share=round(100 * course.parts[step]), value=round(value, 4),
    )  # fmt: skip


def _part_of(request: RunRequest, course: Course, part: float) -> RunRequest:
    """The same request on a part of the rows: of a series the first in time, of anything else drawn at random."""
    if KINDS[request.kind].ordered:
        return replace(request, fit_first=part * (request.fit_first or 1.0))
    return replace(request, fit_sample=max(2, round(part * course.rows)))


def value_of(run: FittedRun, objective: str) -> float:
    """What a training reached; more is better.

    Raises:
        DataError: it cannot be told.
    """
    value = _precision_of(run) if objective == "average_precision" else _planted(run)
    if value is None or not np.isfinite(value):
        raise DataError(
            N_("These settings cannot be judged: the rows that judge hold no known anomaly, and nothing could be planted in these data.")
        )
    return value


def _precision_of(run: FittedRun) -> float | None:
    return None if run.labels is None else metrics.average_precision(run.labels == 1, run.scores, run.judged)


def _planted(run: FittedRun) -> float | None:
    found = power(run.detector, run.preparation, run.data, run.scores, run.fitted, labels=run.labels, seed=run.request.seed)
    return found.gain_at(FLAG_RATE)
