"""Auto: several detectors that look at a series in different ways, as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Carried, Progress
from detectors.errors import StorageError
from detectors.geometry.neighbours import Neighbours
from detectors.messages import N_
from detectors.together.detector import Asked, Together
from detectors.together.window_views import Averaged, Described

FILE = "usual.npy"

#: Of more training windows a random sample is kept to compare descriptions with, and one to compare shapes with.
MOST_DESCRIBED, MOST_SHAPES = 256, 1000

#: A description is as unusual as its nearest ones, this share of those kept, are far: windows that overlap are near each
#: other, and so are those of one long anomaly, and together they are to be fewer than these.
NEAREST_SHARE = 0.1

#: Shapes count a quarter: most anomalies show in what describes a window, and shapes differ wherever a rhythm is out of step.
SHAPE_WEIGHT = 0.25

#: Training windows that score below this share of all are usual; and numbers of them that are kept, at most.
USUAL_SHARE, USUAL_NUMBERS = 0.75, 2_000_000


class Auto(Together):
    """The mean of how surprised several detectors are, each by its own measure.

    Two see what describes a window (level, spread, slope, changes, frequencies), one its shape. What was expected is the
    most similar of the usual training windows.
    """

    title = N_("Auto")
    family = N_("Several together")
    summary = N_("Several detectors look at each stretch in different ways; what surprises most of them comes out on top.")
    reference = "Aggarwal & Sathe: Theoretical foundations and algorithms for outlier ensembles, 2015, doi:10.1145/2830544.2830549"
    when = N_("You do not know yet which detector suits your series: begin here.")
    when_not = N_(
        "Single steps that stick out for a moment in a long series: a forecaster sees those sharper. Its file holds training windows."
    )
    score_name = N_("surprise")
    views: ClassVar = {Described.name: Described, Averaged.name: Averaged}
    quick: ClassVar = {}

    def _asked(self, X: NDArray[np.float32]) -> Sequence[Asked]:
        near = max(1, round(NEAREST_SHARE * min(MOST_DESCRIBED, len(X))))
        return [
            Asked("vectors", "nearest_neighbours", {"neighbours": near, "most_rows": MOST_DESCRIBED}, Described.name),
            Asked("vectors", "isolation_forest", {}, Described.name),
            Asked("vectors", "nearest_neighbours", {"neighbours": 1, "most_rows": MOST_SHAPES}, Averaged.name, SHAPE_WEIGHT),
        ]

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        super()._fit(X, progress)
        scores = self._joined_training_scores
        usual = np.flatnonzero(scores <= np.quantile(scores, USUAL_SHARE))
        most = min(MOST_SHAPES, max(1, USUAL_NUMBERS // X[0].size))
        self._keep_usual(X[usual[drawn(len(usual), most, self.seed)]])

    def _keep_usual(self, windows: NDArray[np.float32]) -> None:
        self._usual = windows
        self._usual_shapes = Neighbours(Averaged().transform(windows))

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        places = self._usual_shapes.nearest(Averaged().transform(X), 1, Progress())[1]
        return self._usual[places[:, 0]]

    def carried(self) -> Sequence[Carried]:
        return [*super().carried(), Carried(N_("usual windows that are shown as expected"), len(self._usual))]

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        np.save(folder / FILE, self._usual, allow_pickle=False)

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        try:
            self._keep_usual(np.load(folder / FILE, allow_pickle=False))
        except (OSError, EOFError, ValueError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
