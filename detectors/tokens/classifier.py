"""A network that learns from labelled texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.network.text_detector import TextNetwork
from detectors.params import Preset


class Classifier(LabelledDetector, TextNetwork):
    """A network reads each text word by word and learns from the labels how probable an anomaly is.

    The score is that probability, 0 to 1; uncalibrated and balanced, as if anomalies and normal texts were equally frequent.
    """

    title = N_("Text classifier")
    summary = N_("Reads labelled texts word by word and learns what makes one an anomaly.")
    reference = "Hochreiter & Schmidhuber: Long short-term memory, Neural Computation 9(8), 1997, doi:10.1162/neco.1997.9.8.1735"
    when = N_("Hundreds of labelled anomalies or more, and a meaning that depends on the order of the words.")
    when_not = N_(
        "Few labelled anomalies: logistic regression on words learns as much from them, in a second. "
        "Also anomalies of a kind that was not labelled yet."
    )

    only_for_scores = frozenset(LabelledDetector.fields)
    defaults: ClassVar = {"cell": "lstm", "units": 32, "epochs": 10, "dropout": 0.3, "learning_rate": 0.003}
    presets: ClassVar = {
        "transformer": Preset(N_("Transformer"), N_("One small transformer block."), {"cell": "transformer", "units": 64}),
    }
    quick: ClassVar = {
        "cell": "rnn", "embedding": 8, "units": 16, "epochs": 8, "batch_size": 32, "learning_rate": 0.05, "dropout": 0.0,
        "validation_share": 0.0, "early_stopping": False,
    }  # fmt: skip

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        from detectors.network.texts import vocabulary_size
        from detectors.network.training import train

        self._ids = self._earlier._ids if self._earlier else vocabulary_size(X)
        self._begin()
        targets = y[:, None].astype(np.float32)
        self.history_ = train(self._network, self._shown(X, self._ids), targets, self._options(), progress, weights=self._row_weights(y))

    def _build(self) -> None:
        from detectors.network.text_classifier import anomaly_probability, text_classifier

        self._network = text_classifier(self._shape(self._ids))
        self._probability = anomaly_probability(self._network, self._ids)

    def _options(self, loss: Any = "binary_crossentropy") -> Any:
        return super()._options(loss)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._probability(X)

    def _record(self) -> dict[str, Any]:
        return super()._record() | {"ids": self._ids}

    def _take_record(self, record: Mapping[str, Any]) -> None:
        super()._take_record(record)
        self._ids = int(record["ids"])
