"""Auto: several detectors that look at a picture in different ways, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.params import switch
from detectors.together.detector import Asked, Together
from detectors.together.picture_views import FewPixels, LearnedFeatures, RoughFeatures


class Auto(Together):
    """The mean of how surprised several detectors are, at what a small network sees in a picture and at its pixels."""

    title = N_("Auto")
    family = N_("Several together")
    summary = N_("Several detectors look at what a small network learned to see in your pictures, and at their pixels, as one.")
    reference = (
        "Aggarwal & Sathe: Theoretical foundations and algorithms for outlier ensembles, 2015, doi:10.1145/2830544.2830549; "
        "Li, Sohn, Yoon & Pfister: CutPaste, CVPR 2021, arXiv:2104.04015"
    )
    when = N_("You do not know yet which detector suits your pictures: begin here.")
    when_not = N_("Where you need to see the place of the flaw in the picture: the autoencoder shows it.")
    score_name = N_("surprise")
    views: ClassVar = {view.name: view for view in (LearnedFeatures, RoughFeatures, FewPixels)}

    rough: bool = switch(
        False, title=N_("Rough look"), advanced=True,
        help=N_("A smaller network looks at the pictures for a shorter time: done several times as fast, and less sharp."),
    )  # fmt: skip
    quick: ClassVar = {"rough": True}

    def _asked(self, X: NDArray[np.float32]) -> Sequence[Asked]:
        features = RoughFeatures.name if self.rough else LearnedFeatures.name
        seen = [Asked("vectors", name, view=features) for name in ("robust_covariance", "nearest_neighbours", "one_class_svm")]
        # What stands where in a picture: features do not say it.
        pixels = [Asked("vectors", name, view=FewPixels.name) for name in ("robust_covariance", "nearest_neighbours")]
        return [*seen, *pixels]
