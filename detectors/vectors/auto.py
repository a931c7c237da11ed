"""Auto: several detectors that look at a table in different ways, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.together.detector import Asked, Together


class Auto(Together):
    """The mean of how surprised several detectors are, each by its own measure."""

    title = N_("Auto")
    family = N_("Several together")
    summary = N_("Several detectors look at the data in different ways; what surprises most of them comes out on top.")
    reference = "Aggarwal & Sathe: Theoretical foundations and algorithms for outlier ensembles, 2015, doi:10.1145/2830544.2830549"
    when = N_("You do not know yet which detector suits your data: begin here.")
    when_not = N_("You know what an anomaly looks like, or every second counts: a single detector is quicker and easier to explain.")
    score_name = N_("surprise")
    quick: ClassVar = {}

    def _asked(self, X: NDArray[np.float32]) -> Sequence[Asked]:
        return [Asked("vectors", name) for name in ("nearest_neighbours", "isolation_forest", "one_class_svm")]
