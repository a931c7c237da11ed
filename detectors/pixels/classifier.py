"""A convolutional classifier for pictures that are labelled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.network.detector import StyledNetwork
from detectors.params import Preset, integers


class PictureClassifier(LabelledDetector, StyledNetwork):
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

    only_for_scores = frozenset(LabelledDetector.fields)
    defaults: ClassVar = {"epochs": 20, "batch_size": 32, "dropout": 0.2, "early_stopping": False}
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
        from detectors.network.training import train

        self._begin()
        self.history_ = train(self._network, X, np.eye(2, dtype=np.float32)[y], self._options(), progress, weights=self._row_weights(y))

    def _build(self) -> None:
        import tensorflow as tf

        from detectors.network.pictures import PictureClassifierShape, picture_classifier
        from detectors.network.scoring import CHUNK_PICTURES, in_chunks

        height, width, channels = picture = self.row_shape_
        network = self._network = picture_classifier(
            PictureClassifierShape((height, width, channels), self.filters, self.dense), self._style()
        )
        probability = lambda rows: tf.cast(network(rows, training=False)[:, 1], tf.float64)  # noqa: E731
        self._probability = in_chunks(probability, picture, np.float64, CHUNK_PICTURES)

    def _options(self, loss: Any = "categorical_crossentropy") -> Any:
        options = super()._options(loss)
        # Every labelled picture is learned from, unless some are held back to stop early.
        return options if self.early_stopping else replace(options, validation_share=0.0)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._probability(X)
