"""A finished run opened for explaining: its detector, its preparation, its data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors import registry
from detectors.base import Progress
from detectors.explanations.shapley import Explainer, Explanation
from detectors.frames import load_rows
from detectors.preparation import TablePreparation, load_preparation
from detectors.runs.folder import RunFolder


@dataclass(frozen=True)
class ExplainedRun:
    """Explains rows of the data a run was trained on, by their position in it."""

    data: Path
    preparation: TablePreparation
    explainer: Explainer

    @classmethod
    def open(cls, run: Path, data: Path) -> ExplainedRun:
        folder = RunFolder(run)
        preparation = load_preparation(folder.result / "preparation")
        usual = np.array(folder.array("usual"))
        detector = registry.load(folder.result / "detector")
        return cls(data, preparation, Explainer(detector, usual, preparation.origins, folder.request().seed))

    def vectors(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """The rows in the representation, (rows, numbers)."""
        return self.preparation.transform(load_rows(self.data, rows, self.preparation.columns))

    def row(self, row: int) -> Explanation:
        """One row, by shap's explainer."""
        return self.explainer.row(self.vectors(np.array([row]))[0])

    def many(self, rows: NDArray[np.intp], progress: Progress | None = None) -> Explanation:
        """Many rows at once, by the faster method."""
        return self.explainer.many(self.vectors(rows), progress)

    def agreement(self, rows: NDArray[np.intp]) -> float:
        """Mean rank correlation of the faster method with shap's explainer on `rows`."""
        return self.explainer.agreement(self.vectors(rows))
