"""What is known of a run's scores, gathered for the rules that turn them into a cut-off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors import registry
from detectors.base import Scores
from detectors.messages import N_, Message
from detectors.profile import ColumnProfile, load_profile
from detectors.runs.basis import Basis, basis, basis_of
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.thresholds import Evidence
from detectors.thresholds.evidence import KnownLabels
from detectors.timeline import read_times
from detectors.verdicts import ANOMALY, NORMAL, UNSURE, Verdicts

if TYPE_CHECKING:
    from detectors.runs.execute import FittedRun

#: Runs whose evidence is kept: that of the page being looked at, and of a few others.
KEPT = 4

DAY_S = 86_400.0


class KeptEvidence:
    """Gathers the evidence of finished runs, and keeps that of the latest few until a further verdict is given."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Path, int], Evidence] = {}

    def of(self, folder: RunFolder, data: Path, latest_mark: int, verdicts: Callable[[], Verdicts]) -> Evidence:
        """The evidence of the run in `folder`, on the data set in the folder `data`, whose rows have these `verdicts`."""
        key = folder.path, latest_mark
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = evidence_of(folder, data, verdicts())
            for oldest in list(self._kept)[:-KEPT]:
                self._kept.pop(oldest, None)
        return found


def evidence_of(folder: RunFolder, data: Path, verdicts: Verdicts) -> Evidence:
    """The same, gathered anew."""
    scores, fitted = np.asarray(folder.array("scores")), np.asarray(folder.array("fitted"))
    labels = np.asarray(folder.array("labels")) if folder.has("labels") else None
    known = _known(len(scores), labels, None if labels is None else basis_of(folder))
    for verdict, value in ((ANOMALY, 1), (NORMAL, 0), (UNSURE, -1)):
        known[verdicts.rows(verdict)] = value
    return Evidence(
        scores=folder.array("sorted_scores"),
        training=folder.array("sorted_training_scores"),
        usual=_usual(folder.request(), scores, fitted, labels, known),
        known=KnownLabels(np.sort(scores[known == 1]), np.sort(scores[known == 0])),
        days=days_of(load_profile(data), folder.request().roles),
    )


def evidence_of_fitted(run: FittedRun) -> Evidence:
    """The same of a run that is still in memory, whose rows nobody has judged."""
    scores, labels = run.scores, run.labels
    held_out = run.held_out if run.detector.supervised else None
    known = _known(len(scores), labels, None if labels is None else basis(run.request, labels, run.fitted, held_out))
    return Evidence(
        scores=np.sort(scores),
        training=np.sort(run.training_scores),
        usual=_usual(run.request, scores, run.fitted, labels, known),
        known=KnownLabels(np.sort(scores[known == 1]), np.sort(scores[known == 0])),
        days=days_of(load_profile(run.data.folder), run.request.roles),
    )


def days_of(profiles: Sequence[ColumnProfile], roles: Mapping[str, str]) -> float | None:
    """How many days the column with the time spans; without such a role, the only column of dates. None without one."""
    timed = [profile for profile in profiles if roles.get(profile.name) == "time"]
    dated = [profile for profile in profiles if profile.type == "date"]
    chosen = timed[:1] or (dated if len(dated) == 1 else [])
    if not chosen or chosen[0].low is None or chosen[0].high is None:
        return None
    seconds, is_date = read_times(pd.Series([chosen[0].low, chosen[0].high]))
    if not is_date or np.isnan(seconds).any():
        return None
    whole_days = not (seconds % DAY_S).any()  # days without an hour: both the first and the last count
    return float((seconds[1] - seconds[0]) / DAY_S) + whole_days


def _known(rows: int, labels: NDArray[np.int8] | None, judging: Basis | None) -> NDArray[np.int8]:
    """1 known anomaly, 0 known normal, -1 neither, (rows,), by the labels that judge."""
    known = np.full(rows, -1, dtype=np.int8)
    return known if labels is None or judging is None else np.where(judging.rows, labels, known)


def _usual(
    request: RunRequest, scores: Scores, fitted: NDArray[np.bool_], labels: NDArray[np.int8] | None, known: NDArray[np.int8]
) -> Scores | Message:
    """Sorted scores of rows known to be usual, each like that of any other usual row; or why there are none.

    Rows that were chosen to learn from are taken for usual where training scored them as unseen. Else it is rows whose label
    says so, that were not learned from; where all were, with the label unseen, usual ones are alike whether it is known or not.
    """
    detector = registry.get(request.representation, request.detector)
    chosen = request.fit_where is not None or request.fit_first is not None
    if chosen and detector.scores_as_unseen() and not detector.supervised:
        return np.sort(scores[fitted & (known != 1)])
    if labels is None:
        return _none_known(chosen, detector.title)
    usual = labels == 0
    return np.sort(scores[usual if fitted.all() else usual & ~fitted])


def _none_known(chosen: bool, title: str) -> Message:
    if not chosen:
        return Message(
            N_("No rows are known to be usual: all were learned from, and there is no label. Train on rows that you know to be usual.")
        )
    return Message(
        N_(
            "{title} scores rows that it learned from lower than new ones, so they can't be compared with these. Take a detector that leaves "
            "each row out of its own score, such as nearest neighbours, or give the label column."
        ),
        {"title": title},
    )
