"""A network of dense layers that learns from labelled rows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.network.detector import NetworkDetector
from detectors.params import Preset, choice, integer, integers, number, switch


class MultilayerClassifier(LabelledDetector, NetworkDetector):
    """Dense layers learn from labels how probable an anomaly is: one answer for two classes, one for each kind where there are several."""

    title = N_("Multilayer classifier")
    summary = N_("A neural network learns from labelled rows what makes one an anomaly, and of which kind.")
    reference = "Rumelhart, Hinton & Williams: Learning representations by back-propagating errors, Nature 323, 1986, doi:10.1038/323533a0"
    when = N_("Hundreds of labelled anomalies or more, and columns that tell only together, in curved ways.")
    when_not = N_(
        "Few labelled anomalies: gradient-boosted trees or logistic regression learn more from them. "
        "Also anomalies of a kind that was not labelled yet."
    )
    tells_kinds = True

    layers: tuple[int, ...] = integers(
        (64, 64), title=N_("Layers"), low=1, high=4096, help=N_("Neurons of each layer between the columns and the answer.")
    )  # fmt: skip
    epochs: int = integer(
        30, title=N_("Epochs"), low=1, high=10_000, help=N_("How often the network sees every training row, at most.")
    )  # fmt: skip
    early_stopping: bool = switch(
        False, title=N_("Stop early"), advanced=True,
        help=N_("Holds rows back and ends training when the loss on them no longer falls. Only with many labelled anomalies."),
    )  # fmt: skip
    dropout: float = number(
        0.1, title=N_("Dropout"), low=0.0, high=0.9,
        help=N_("Share of hidden neurons switched off at random in each training step, against learning by heart."),
    )  # fmt: skip
    activation: str = choice(
        "relu", title=N_("Activation"), advanced=True,
        choices={name: name for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "linear")},
        help=N_("The bend in every hidden neuron."),
    )  # fmt: skip
    normalisation: str = choice(
        "none", title=N_("Normalisation"), advanced=True,
        choices={"none": N_("None"), "batch": N_("Batch"), "layer": N_("Layer")},
        help=N_("Keeps the values between layers in one range, so that training goes faster and steadier."),
    )  # fmt: skip
    l2: float = number(
        1e-4, title=N_("L2 penalty"), low=0.0, high=1.0, advanced=True, help=N_("Price on large weights, against learning by heart.")
    )  # fmt: skip

    presets: ClassVar = {
        "plain_32_16": Preset(N_("32-16-1"), N_("Two narrow layers: for few columns or few labelled anomalies."), {"layers": (32, 16)}),
        "plain_64_64": Preset(N_("64-64-1"), N_("Two wider layers: for more columns and more labelled anomalies."), {"layers": (64, 64)}),
    }
    quick: ClassVar = {"layers": [8], "epochs": 8, "batch_size": 16, "learning_rate": 0.03}

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        from detectors.network.training import seed_everything, train

        seed_everything(self.seed)
        self._build()
        targets = y[:, None].astype(np.float32) if self.n_outcomes == 2 else np.eye(self.n_outcomes, dtype=np.float32)[y]
        self.history_ = train(self._network, X, targets, self._options(), progress, weights=self._row_weights(y))

    def _build(self) -> None:
        from detectors.network.dense_classifier import dense_classifier, outcome_probabilities
        from detectors.network.layers import LayerStyle

        (columns,) = self.row_shape_
        style = LayerStyle(self.activation, self.normalisation, self.dropout, self.l2)
        self._network = dense_classifier(columns, self.layers, self.n_outcomes, style)
        self._outcomes = outcome_probabilities(self._network, columns)

    def _options(self, loss: Any = None) -> Any:
        from dataclasses import replace

        options = super()._options(loss or ("binary_crossentropy" if self.n_outcomes == 2 else "categorical_crossentropy"))
        # Every labelled row is learned from, unless some are held back to stop early.
        return options if self.early_stopping else replace(options, validation_share=0.0)

    def _probabilities(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        return self._outcomes(X)
