"""Deep SVDD: a learned ball around the usual rows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Progress, Scores
from detectors.messages import N_
from detectors.network.detector import NetworkDetector
from detectors.params import Preset, choice, integers, number

#: Rows that the centre is taken from, at most.
CENTRE_ROWS = 100_000


class DeepSVDD(NetworkDetector):
    """A network without biases learns to put all rows near one fixed point; rows that it puts far away are unusual.

    The score is the mean squared distance from that point, over the dimensions.
    """

    title = N_("Deep SVDD")
    summary = N_("Learns to put all usual rows near one point and measures how far away a row is put.")
    reference = "Ruff et al.: Deep one-class classification, ICML 2018, proceedings.mlr.press/v80/ruff18a.html"
    when = N_(
        "Rows known to be usual and alike: one cloud of any shape. It says nothing of what was expected instead, and needs nothing to be "
        "rebuilt, so columns that are pure noise disturb it less than an autoencoder."
    )
    when_not = N_(
        "Usual rows of several very different sorts, for all are drawn to one point; and where every tenth matters: nearest neighbours and "
        "diffusion time found more on most tables."
    )
    score_name = N_("distance from the centre")

    layers: tuple[int, ...] = integers(
        (128, 64), title=N_("Layers"), low=1, high=4096, help=N_("Neurons of each layer; the last one has the dimensions in which distances are measured.")
    )  # fmt: skip
    border: str = choice(
        "none", title=N_("Border"), choices={"none": N_("None: all rows are drawn to the centre"), "soft": N_("Soft: some may lie outside")},
        help=N_("With a soft border only rows beyond it are drawn in, and its radius is learned: for training rows among which are anomalies."),
    )  # fmt: skip
    outside: float = number(
        0.1, title=N_("Share outside"), low=0.001, high=0.999, help=N_("Share of the training rows that may lie beyond a soft border, about.")
    )  # fmt: skip
    activation: str = choice(
        "leaky_relu", title=N_("Activation"), advanced=True,
        choices={name: name for name in ("relu", "leaky_relu", "elu", "gelu", "silu")},
        help=N_("The bend in every hidden neuron. Bounded ones are not offered: with them everything could be put into the centre."),
    )  # fmt: skip

    defaults: ClassVar = {"learning_rate": 0.0003}
    presets: ClassVar = {
        "contaminated": Preset(
            N_("With anomalies among the rows"), N_("A soft border that leaves a tenth of the rows outside."), {"border": "soft", "outside": 0.1}
        ),
        "wide": Preset(N_("Wide"), N_("For many columns and rows: wide layers, larger batches."), {"layers": (256, 64), "batch_size": 256}),
    }  # fmt: skip
    quick: ClassVar = {"layers": [16, 8], "epochs": 10, "batch_size": 32, "learning_rate": 0.003}

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.layers import layers_table

        return layers_table(self._ball.mapping) if self.row_shape_ else None

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.losses import losses_themselves
        from detectors.network.training import train

        self._begin()
        if self._earlier is None:  # else the centre is the earlier one's, around which everything was learned
            self._ball.begin(self._points(X[drawn(len(X), CENTRE_ROWS, self.seed)]))
        self.history_ = train(self._network, X, None, self._options(losses_themselves), progress)

    def _build(self) -> None:
        from detectors.network.hypersphere import hypersphere
        from detectors.network.layers import LayerStyle
        from detectors.network.scoring import in_chunks, rows_together

        style = LayerStyle(self.activation, dropout=self.dropout)
        self._ball = hypersphere(self.row_shape_[0], self.layers, self.outside if self.border == "soft" else None, style)
        self._network = self._ball.network
        together = rows_together(self._network, self.row_shape_)
        self._points = in_chunks(lambda rows: self._ball.mapping(rows, training=False), self.row_shape_, np.float32, together)
        self._squares = in_chunks(self._ball.squares, self.row_shape_, np.float64, together)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._squares(X)
