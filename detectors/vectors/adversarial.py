"""Adversarial networks for vectors: a generator that makes rows and a discriminator that tells them from real ones."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.messages import N_
from detectors.network.adversarial_detector import AdversarialNetworks
from detectors.params import Preset, integer, integers


class Adversarial(AdversarialNetworks):
    """A generator learns to make rows that a discriminator takes for real; an encoder learns which code each real row has.

    The discriminator's score is how sure it is that a row, with its code, was made; the rebuilding score is the mean
    squared difference between a row and what the generator makes of its code. Both together are their sum, each in
    spreads from its median over the training rows; what the discriminator takes for more real than most is no less
    unusual for that.
    """

    title = N_("Adversarial networks")
    summary = N_("Lets a generator of rows and a discriminator learn from each other, and asks both about every row.")
    reference = "Zenati et al.: Adversarially learned anomaly detection, ICDM 2018, arXiv:1812.02288"
    when = N_(
        "Some thousand rows known to be usual, where two opinions are wanted: whether a row looks real, and whether it can be made again. "
        "Its generator also makes new rows, see More rows under Preparation."
    )
    when_not = N_(
        "A first look, or where results must not change with the seed: two networks that learn from each other settle elsewhere each time. "
        "Autoencoders rebuild better, and the discriminator alone may know little of what lies far from all rows."
    )

    encoder: tuple[int, ...] = integers(
        (64, 32), title=N_("Encoder layers"), low=1, high=4096,
        help=N_("Neurons of each layer from a row to its code, widest first. The generator mirrors them."),
    )  # fmt: skip
    discriminator: tuple[int, ...] = integers(
        (64, 32), title=N_("Discriminator layers"), low=1, high=4096, help=N_("Neurons of each layer that tells real rows from made ones.")
    )  # fmt: skip
    code: int = integer(
        8, title=N_("Code"), low=1, high=1024, help=N_("Numbers from which the generator makes a row. Fewer makes more rows unusual.")
    )  # fmt: skip
    defaults: ClassVar = {
        "activation": "leaky_relu", "epochs": 60, "batch_size": 32, "learning_rate": 0.002, "early_stopping": False, "rebuild_weight": 10.0,
    }  # fmt: skip
    presets: ClassVar = {
        "small": Preset(
            N_("Small"), N_("For few columns or few rows: one narrow layer each, and a short code."),
            {"encoder": (16,), "discriminator": (16,), "code": 3},
        ),
        "wide": Preset(
            N_("Wide"), N_("For many columns and rows: wide layers, a long code, larger batches."),
            {"encoder": (256, 64), "discriminator": (128, 64), "code": 16, "batch_size": 256},
        ),
    }  # fmt: skip
    quick: ClassVar = {"encoder": [16], "discriminator": [16], "code": 2, "epochs": 15, "batch_size": 16, "learning_rate": 0.01}

    def gradients(self) -> Any:
        return None  # rows are explained column by column

    def _made(self) -> Any:
        from detectors.network.contest import ContestShape, contest
        from detectors.network.scoring import rows_together

        made = contest(ContestShape(self.row_shape_[0], self.encoder, self.discriminator, self.code), self._style())
        self.rows_together = rows_together(made.network, self.row_shape_)
        return made

    def _score(self, X: NDArray[np.float32]) -> Scores:
        if self.scored_by != "both":
            return super()._score(X)
        spreads = (self._both(X) - self._middle) / self._spread
        return np.maximum(spreads[:, 0], 0.0) + spreads[:, 1]
