"""Adversarial networks for windows: a generator that makes windows and a discriminator that tells them from real ones."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.network.adversarial_detector import AdversarialNetworks
from detectors.network.window_codes import WindowCodes
from detectors.params import Preset, integer


class Adversarial(WindowCodes, AdversarialNetworks):
    """A generator learns to make windows that a discriminator takes for real; an encoder learns which code each real one has."""

    title = N_("Adversarial networks")
    summary = N_("Lets a generator of stretches and a discriminator learn from each other, and asks both about every stretch.")
    reference = (
        "Geiger, Liu, Alnegheimish, Cuesta-Infante & Veeramachaneni: TadGAN, IEEE Big Data 2020, arXiv:2009.07769; trained as in "
        "Zenati et al.: Adversarially learned anomaly detection, ICDM 2018, arXiv:1812.02288"
    )
    when = N_("Training series known to be usual, with thousands of windows: it learns what a stretch looks like as a whole.")
    when_not = N_(
        "Few windows, or when it has to be quick: an autoencoder rebuilds as well and learns more steadily. Single steps that stick out; "
        "anomalies among what is learned from, which the generator learns to make."
    )
    score_name = N_("doubt and rebuilding error")

    judged: int = integer(
        16, title=N_("Discriminator"), low=1, high=1024, help=N_("Numbers in which the discriminator sums up a window before it judges.")
    )  # fmt: skip

    presets: ClassVar = {
        "rebuilding": Preset(N_("Rebuilding alone"), N_("Uses the discriminator in training only."), {"scored_by": "rebuilding"}),
    }  # fmt: skip
    quick: ClassVar = {"layers": [8, 8], "judged": 8, "epochs": 10, "batch_size": 16, "learning_rate": 0.01}

    def _made(self) -> Any:
        from detectors.network.sequences import contesting_sequences

        return contesting_sequences(self._shape(), self.code, self.judged)

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """The score with the error of each step in place of their mean, (rows, steps)."""
        errors = self._errors(X)
        scores: NDArray[np.float64] = self._joined(np.broadcast_to(self._both(X)[:, :1], errors.shape), errors, np.maximum)
        return scores
