"""A convolutional classifier for pictures that are labelled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.network.detector import NetworkDetector
from detectors.params import Preset, choice, integer, integers, number, switch


class PictureClassifier(LabelledDetector, NetworkDetector):
    """A convolutional network learns from pictures known to be usual or unusual. The score is its probability of unusual."""

    title = N_("Classifier")
    summary = N_("Learns from labelled pictures what an anomaly looks like, and gives its probability.")
    reference = (
        "LeCun, Bottou, Bengio & Haffner: Gradient-based learning applied to document recognition, "
        "Proceedings of the IEEE 1998, doi:10.1109/5.726791"
    )
    when = N_("Dozens of known anomalies or more, which look like those still to come.")
    when_not = N_("Anomalies of kinds never seen before: it knows only those it was shown. Few labelled anomalies.")

    filters: tuple[int, ...] = integers(
        (32, 64), title=N_("Filters"), low=1, high=1024,
        help=N_("Filters of each convolution. After each one, pooling halves height and width."),
    )  # fmt: skip
    dense: tuple[int, ...] = integers(
        (64,), title=N_("Dense layers"), low=1, high=4096, help=N_("Neurons of each layer between the convolutions and the answer.")
    )  # fmt: skip
    dropout: float = number(
        0.2, title=N_("Dropout"), low=0.0, high=0.9,
        help=N_("Share of the dense neurons switched off at random in each training step, against learning by heart."),
    )  # fmt: skip
    epochs: int = integer(
        20, title=N_("Epochs"), low=1, high=10_000, help=N_("How often the network sees every training picture, at most.")
    )  # fmt: skip
    batch_size: int = integer(
        32, title=N_("Batch size"), low=1, high=65_536, help=N_("Pictures per learning step. Larger is faster, smaller learns finer.")
    )  # fmt: skip
    early_stopping: bool = switch(
        False, title=N_("Stop early"), advanced=True,
        help=N_("Holds pictures back and ends training when the loss on them no longer falls. Only with many labelled anomalies."),
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
        0.0, title=N_("L2 penalty"), low=0.0, high=1.0, advanced=True, help=N_("Price on large weights, against learning by heart.")
    )  # fmt: skip

    presets: ClassVar = {
        "plain_32_64": Preset(
            N_("32-64-dense-64-dropout-0.2-softmax"), N_("Two convolutions with pooling, a dense layer and dropout."),
            {"filters": (32, 64), "dense": (64,), "dropout": 0.2, "normalisation": "none", "activation": "relu"},
        ),
        "deep": Preset(
            N_("Deep"), N_("Four convolutions with batch normalisation. For large pictures and many of them."),
            {"filters": (32, 64, 128, 128), "dense": (64,), "dropout": 0.2, "normalisation": "batch"},
        ),
    }  # fmt: skip
    quick: ClassVar = {"filters": [4, 8], "dense": [8], "epochs": 5, "batch_size": 16, "learning_rate": 0.01}

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        from detectors.network.training import seed_everything, train

        seed_everything(self.seed)
        self._build()
        self.history_ = train(self._network, X, np.eye(2, dtype=np.float32)[y], self._options(), progress, weights=self._row_weights(y))

    def _build(self) -> None:
        import tensorflow as tf

        from detectors.network.layers import LayerStyle
        from detectors.network.pictures import PictureClassifierShape, picture_classifier
        from detectors.network.scoring import CHUNK_PICTURES, in_chunks

        height, width, channels = picture = self.row_shape_
        style = LayerStyle(self.activation, self.normalisation, self.dropout, self.l2)
        network = self._network = picture_classifier(PictureClassifierShape((height, width, channels), self.filters, self.dense), style)
        probability = lambda rows: tf.cast(network(rows, training=False)[:, 1], tf.float64)  # noqa: E731
        self._probability = in_chunks(probability, picture, np.float64, CHUNK_PICTURES)

    def _options(self, loss: Any = "categorical_crossentropy") -> Any:
        options = super()._options(loss)
        # Every labelled picture is learned from, unless some are held back to stop early.
        return options if self.early_stopping else replace(options, validation_share=0.0)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._probability(X)
