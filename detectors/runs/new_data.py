"""A saved detector on a data set it did not learn from: what is asked of such a run, and the threshold that it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from detectors.base import Scores
from detectors.detector_file.manifest import KeptThreshold, Manifest
from detectors.drift import Drift
from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.segments import Segments, cut_offs_by_row
from detectors.storage.files import read_json, write_json
from detectors.storage.tables import ThresholdRecord

#: In a run's folder: the detector's name, and its threshold.
FILE = "scored_by.json"

#: Training scores are put together again from their quantiles, so many of them at most.
MOST_SCORES = 100_000

#: Why the cut-offs of segments are not those of the file.
COMMON = N_("(One cut-off for all, not one for each `{column}`: {why})")

#: Roles that a column keeps where the detector has no use for it.
KEPT_ROLES = ("label", "id")


def asked_of(manifest: Manifest, detector_id: str, data_id: str, roles: Mapping[str, str]) -> RunRequest:
    """What is asked of a run in which a saved detector scores a data set, whose columns have `roles` there.

    Columns that the detector uses have the role that it learned; a label, by its role there or in the training data, still
    judges the scores, everything else is left out.
    """
    used = {name: manifest.roles[name] for name in manifest.used}
    others = {name: role if role in KEPT_ROLES else "ignored" for name, role in roles.items() if name not in used}
    if "label" not in others.values():
        others |= {name: "label" for name, role in manifest.roles.items() if role == "label" and name in others}
    return RunRequest(
        data_id, manifest.detector, {**used, **others}, kind=manifest.kind, representation=manifest.representation,
        parameters=dict(manifest.parameters), preparation=dict(manifest.preparation.get("parameters", {})), seed=manifest.seed,
        scored_by=detector_id,
    )  # fmt: skip


def ask_score(folder: RunFolder, request: RunRequest, manifest: Manifest, called: str, drift: Drift | None) -> None:
    """Asks for the scores of a data set by the saved detector that is `called` so; `drift` is that of the column that moved most."""
    folder.ask(request)
    moved = None if drift is None else {"column": drift.name, "distance": drift.distance, "size": drift.size}
    write_json(folder.path / FILE, {"called": called, "threshold": manifest.threshold.to_json(), "drift": moved})


def largest_drift(folder: RunFolder) -> tuple[str, float] | None:
    """The column that had moved most when a data set was scored, and how far; None where none was measured."""
    moved = read_json(folder.path / FILE).get("drift")
    return (str(moved["column"]), float(moved["distance"])) if moved else None


@dataclass(frozen=True)
class OfFile:
    """The threshold of a detector file, in a run in which the detector scored other data."""

    called: str
    """The detector's name and version."""
    kept: KeptThreshold

    @classmethod
    def of(cls, folder: RunFolder) -> Self | None:
        """None where the run was not scored by a saved detector."""
        if not (folder.path / FILE).exists():
            return None
        asked = read_json(folder.path / FILE)
        return cls(asked["called"], KeptThreshold.from_json(asked["threshold"]))

    def record(self, run_id: str, scores: Scores, segments: Segments | None, why_not: str = "") -> ThresholdRecord:
        """The first threshold of the run: the cut-offs of the file, whatever rule once gave them, which would give others on other scores.

        Args:
            run_id: the run.
            scores: (rows,)
            segments: what the column of the file's segments makes of these rows; None: all have the common cut-off.
            why_not: why they have, where the file has others.
        """
        common, own = self.kept.cut_off, self._own() if segments is not None else {}
        cut_offs = common if segments is None else cut_offs_by_row(segments, own, common)
        reason = " ".join(filter(None, [": ".join(filter(None, [self.called, self.kept.reason])), why_not]))
        record = ThresholdRecord(
            run_id, "manual", common, common, int(np.count_nonzero(np.asarray(scores) > cut_offs)), author=self.kept.chosen_by or self.called,
            reason=reason,
        )  # fmt: skip
        if segments is not None:
            record.segments = {"column": segments.column, "cut_offs": own, "by_hand": own}
        return record

    def is_that_of(self, record: ThresholdRecord) -> bool:
        """Whether a threshold of the run is still that of the file."""
        own, of_file = dict((record.segments or {}).get("cut_offs", {})), self._own()
        same = bool(own) or not of_file or record.version == 1
        same = same and all(of_file.get(name) == cut_off for name, cut_off in own.items())
        return record.rule == "manual" and record.cut_off == self.kept.cut_off and same

    def _own(self) -> dict[str, float]:
        segments = self.kept.segments or {}
        return {str(name): float(cut_off) for name, cut_off in segments.get("cut_offs", {}).items()}


def threshold_of_file(run_id: str, folder: RunFolder, data: Path) -> ThresholdRecord:
    """The first threshold of a run in which a saved detector scored the data set in the folder `data`."""
    found = OfFile.of(folder)
    assert found is not None
    scores = folder.array("scores")
    if found.kept.segments is None:
        return found.record(run_id, scores, None)
    column = str(found.kept.segments["column"])
    try:
        return found.record(run_id, scores, Segments.of(data, column))
    except DataError as error:  # the common cut-off stands in, and the reason says so
        return found.record(run_id, scores, None, Message(COMMON, {"column": column, "why": error.message.text()}).text())


def training_scores(manifest: Manifest) -> Scores:
    """About the sorted scores of the training rows, put together again from the quantiles that the detector file holds."""
    quantiles = np.asarray(manifest.scores.get("quantiles") or [manifest.threshold.cut_off], dtype=np.float64)
    count = max(len(quantiles), min(manifest.fitted_rows, MOST_SCORES))
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(quantiles)), quantiles)
