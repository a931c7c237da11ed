"""A saved detector on a data set it did not learn from: what is asked of such a run, and the threshold that it begins with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detectors import thresholds
from detectors.base import Scores
from detectors.detector_file.manifest import Manifest
from detectors.drift import Drift
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.storage.files import read_json, write_json
from detectors.storage.tables import ThresholdRecord

#: In a run's folder: the detector's name, and its threshold.
FILE = "scored_by.json"

#: Training scores are put together again from their quantiles, so many of them at most.
MOST_SCORES = 100_000

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


def threshold_of_file(run_id: str, folder: RunFolder) -> ThresholdRecord:
    """The threshold of the detector file, for a data set that was scored by it: the same cut-off, whatever rule once gave it."""
    asked = read_json(folder.path / FILE)
    kept = asked["threshold"]
    cut_off = float(kept["cut_off"])
    flagged = thresholds.flagged_count(folder.array("sorted_scores"), cut_off)
    reason = ": ".join(filter(None, [asked["called"], kept.get("reason", "")]))
    return ThresholdRecord(run_id, "manual", cut_off, cut_off, flagged, author=kept.get("chosen_by") or asked["called"], reason=reason)


def training_scores(manifest: Manifest) -> Scores:
    """About the sorted scores of the training rows, put together again from the quantiles that the detector file holds."""
    quantiles = np.asarray(manifest.scores.get("quantiles") or [manifest.threshold.cut_off], dtype=np.float64)
    count = max(len(quantiles), min(manifest.fitted_rows, MOST_SCORES))
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(quantiles)), quantiles)
