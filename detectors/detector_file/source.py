"""A finished training, as a detector file is written from it: straight after fitting, or from a run's folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors import metrics, registry
from detectors.base import Detector, Scores
from detectors.data_set import DataSet
from detectors.errors import StorageError
from detectors.preparation import Preparation, load_preparation
from detectors.reading.report import load_report
from detectors.runs.execute import FittedRun, usual
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.storage.files import RUN_GONE


@dataclass(frozen=True)
class Finished:
    """What has been learned, from what, and how the training rows scored."""

    request: RunRequest
    data: DataSet
    detector: Detector
    preparation: Preparation
    scores: Scores
    """(rows,)"""
    fitted: NDArray[np.bool_]
    """(rows,)"""
    usual: NDArray[np.float32]
    """Usual rows as explanations take them apart, (rows, …)."""
    labels: NDArray[np.int8] | None = None
    """(rows,): 1 anomaly, 0 normal, -1 unknown."""
    judged: NDArray[np.bool_] | None = None
    """(rows,): those that figures are for."""
    told: dict[str, Any] = field(default_factory=dict)
    """The file that was learned from: ``name``, ``sha256``, ``format``; and ``options`` it was read with."""

    @classmethod
    def of_fitted(cls, run: FittedRun) -> Self:
        """A run that is still in memory."""
        return cls(
            run.request, run.data, run.detector, run.preparation, run.scores, run.fitted, usual(run), run.labels, run.judged,
            _told(run.data.folder),
        )  # fmt: skip

    @classmethod
    def of_folder(cls, folder: RunFolder, data: Path) -> Self:
        """A finished run in its folder, and the folder of its data set.

        Raises:
            StorageError: one of them is not there (any longer).
        """
        if not folder.result.exists():
            raise StorageError(RUN_GONE)
        request = folder.request()
        arrays = {name: np.array(folder.array(name)) for name in ("scores", "fitted", "usual", "labels", "held_out") if folder.has(name)}
        labels = arrays.get("labels")
        held_out = arrays.get("held_out")
        judged = None if labels is None else held_out if held_out is not None and held_out.any() else labels >= 0
        detector, preparation = registry.load(folder.result / "detector"), load_preparation(folder.result / "preparation")
        return cls(
            request, DataSet(data, request.used_roles), detector, preparation, arrays["scores"], arrays["fitted"], arrays["usual"],
            labels, judged, _told(data),
        )  # fmt: skip

    def figures(self, above: NDArray[np.bool_]) -> dict[str, Any]:
        """How good the scores are on the labelled rows, and what lies `above` its cut-off, (rows,); nothing without labels."""
        if self.labels is None or self.judged is None or not self.judged.any():
            return {}
        is_anomaly, known = self.labels == 1, self.judged
        counts = metrics.confusion(is_anomaly, above, 0.5, known)
        return {
            "rows": int(known.sum()), "anomalies": int(is_anomaly[known].sum()), "held_out": bool(self.detector.supervised),
            "auroc": metrics.auroc(is_anomaly, self.scores, known),
            "average_precision": metrics.average_precision(is_anomaly, self.scores, known),
            "precision": counts.precision, "recall": counts.recall, "f1": counts.f1,
        }  # fmt: skip


def _told(folder: Path) -> dict[str, Any]:
    report = load_report(folder)
    return {
        "name": report.name, "sha256": report.content_hash, "format": report.format, "bytes": report.bytes, "options": dict(report.options),
    }  # fmt: skip
