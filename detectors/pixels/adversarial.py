"""Adversarial networks for pictures: a generator that paints pictures and a discriminator that tells them from real ones."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.network.adversarial_detector import AdversarialNetworks
from detectors.network.scoring import CHUNK_PICTURES
from detectors.params import Preset, integer, integers


class Adversarial(AdversarialNetworks):
    """A generator learns to paint pictures that a discriminator takes for real; an encoder learns which code each real one has."""

    title = N_("Adversarial networks")
    summary = N_("Lets a painter of pictures and a discriminator learn from each other, and asks both about every picture.")
    reference = (
        "Zenati et al.: Adversarially learned anomaly detection, ICDM 2018, arXiv:1812.02288; Akçay, Atapour-Abarghouei & Breckon: "
        "GANomaly, ACCV 2018, arXiv:1805.06725"
    )
    when = N_("A thousand pictures or more of one thing, known to be usual: it learns what such a picture looks like as a whole.")
    when_not = N_(
        "Few pictures, or when it has to be quick: an autoencoder rebuilds as well and learns more steadily. Small flaws: nearest "
        "patches see those. Anomalies among what is learned from, which the generator learns to paint."
    )
    score_name = N_("doubt and rebuilding error")

    filters: tuple[int, ...] = integers(
        (16, 32, 64), title=N_("Filters"), low=1, high=1024,
        help=N_("Filters of each convolution of encoder and discriminator, each one halves height and width; the generator mirrors them."),
    )  # fmt: skip
    code: int = integer(
        8, title=N_("Code"), low=1, high=4096, help=N_("Numbers from which the generator paints a picture. Fewer makes more pictures unusual.")
    )  # fmt: skip
    judged: int = integer(
        32, title=N_("Discriminator"), low=1, high=1024, help=N_("Numbers in which the discriminator sums up a picture before it judges.")
    )  # fmt: skip

    rows_together = CHUNK_PICTURES
    #: The squares of differences between 0 and 1 are small beside what the contest adds.
    defaults: ClassVar = {"activation": "leaky_relu", "epochs": 40, "batch_size": 32, "patience": 10, "rebuild_weight": 50.0}
    presets: ClassVar = {
        "rebuilding": Preset(N_("Rebuilding alone"), N_("Uses the discriminator in training only."), {"scored_by": "rebuilding"}),
    }  # fmt: skip
    quick: ClassVar = {"filters": [4, 8], "code": 4, "judged": 8, "epochs": 5, "batch_size": 16, "learning_rate": 0.01}

    def _made(self) -> Any:
        from detectors.network.pictures import PictureAutoencoderShape, contesting_pictures

        height, width, channels = self.row_shape_
        return contesting_pictures(PictureAutoencoderShape((height, width, channels), self.filters, self.code), self.judged, self._style())

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """The rebuilding error of every pixel, (rows, height, width)."""
        return self._errors(X)
