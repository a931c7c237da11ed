"""A finished run opened for explaining: its detector, its preparation, its data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import registry
from detectors.base import Detector, Progress
from detectors.data_set import DataSet
from detectors.explanations.background import within_usual
from detectors.explanations.shapley import Explainer, Explanation, Game
from detectors.preparation import Preparation, load_preparation
from detectors.runs.folder import RunFolder

#: A variant of a row above the second of these shares of the training rows is usual with a score below it; one above the first alone, below that.
LEVELS = (0.5, 0.95)


@dataclass(frozen=True)
class ExplainedRow:
    """One row explained, and the row itself."""

    explanation: Explanation
    actual: NDArray[np.float32]
    """(…): the row as it was explained."""
    place: int
    """Where in what is explained the row itself stands: the step of a window; 0 where the row is all of it."""
    elements: NDArray[np.float64] | None
    """(…): the detector's score of each step, pixel or token, where it has one."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as named arrays without the axis of rows."""
        found = self.explanation
        named: dict[str, NDArray[Any]] = {"values": found.values[0], "expected": found.expected[0], "actual": self.actual}
        named |= {"base": found.bases[0], "score": found.scores[0], "place": np.array(self.place)}
        return named if self.elements is None else named | {"elements": self.elements}


@dataclass(frozen=True)
class ExplainedRun:
    """Explains rows of the data a run was trained on, by their position in it."""

    data: DataSet
    preparation: Preparation
    detector: Detector
    explainer: Explainer

    @classmethod
    def open(cls, run: Path, data: Path) -> ExplainedRun:
        folder = RunFolder(run)
        request = folder.request()
        preparation = load_preparation(folder.result / "preparation")
        detector = registry.load(folder.result / "detector")
        game = game_of(detector, preparation, np.array(folder.array("usual")), levels_of(folder.array("sorted_training_scores")))
        return cls(request.source(data), preparation, detector, Explainer(game, request.seed))

    def explained(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """The rows as explanations take them apart, (rows, …)."""
        return self.preparation.explained(self.data, rows, self.detector)

    def row(self, row: int) -> ExplainedRow:
        """One row, by shap's explainer or expected gradients."""
        actual = self.explained(np.array([row]))
        elements = self.detector.element_scores(self.preparation.finish(actual))
        place = self.preparation.place(self.data, row, self.detector)
        return ExplainedRow(self.explainer.row(actual[0]), actual[0], place, None if elements is None else elements[0])

    def many(self, rows: NDArray[np.intp], progress: Progress | None = None) -> Explanation:
        """Many rows at once, by the faster method."""
        return self.explainer.many(self.explained(rows), progress)

    def seen(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """The rows as the detector sees them, (rows, …)."""
        return self.preparation.finish(self.explained(rows))

    def agreement(self, rows: NDArray[np.intp]) -> float:
        """Mean rank correlation of the faster method with shap's explainer on `rows`."""
        return self.explainer.agreement(self.explained(rows))


def game_of(detector: Detector, preparation: Preparation, usual: NDArray[np.float32], levels: tuple[float, ...] = ()) -> Game:
    """How rows are taken apart for `detector`; `usual`, (usual, …), are usual rows as explanations take them apart.

    Where the `levels` of the scores are known, rows that are vectors are compared with usual variants of themselves.
    """

    def expected(rows: NDArray[np.float32]) -> NDArray[np.float32] | None:
        if preparation.hidden is not None:
            return np.full_like(rows, preparation.hidden)
        return None if preparation.finishes else within_usual(detector.expected(rows), usual)

    return Game(
        preparation.units,
        lambda rows: detector.score(preparation.finish(rows)),
        expected,
        usual,
        None if preparation.finishes or preparation.hidden is not None else detector.gradients(),
        detector.scoring_cost,
        levels if has_variants(preparation) else (),
    )


def has_variants(preparation: Preparation) -> bool:
    """Whether its rows are compared with usual variants of themselves: vectors whose numbers are the columns of the data."""
    return preparation.representation == "vectors" and preparation.hidden is None and not preparation.finishes


def levels_of(sorted_scores: NDArray[np.float64]) -> tuple[float, ...]:
    """What half of the training rows, and all but the most unusual of them, score at most."""
    return tuple(float(level) for level in np.quantile(sorted_scores, LEVELS))
