"""A network that learns from labelled texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.network.detector import NetworkDetector
from detectors.params import Preset, choice, integer, number

FILE = "classifier.json"


class Classifier(LabelledDetector, NetworkDetector):
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

    cell: str = choice(
        "lstm", title=N_("Network"),
        choices={"rnn": N_("Simple recurrent"), "lstm": "LSTM", "gru": "GRU", "transformer": N_("Transformer")},
        help=N_("How it remembers the words before. Recurrent ones read in order, a transformer looks back at all of them."),
    )  # fmt: skip
    embedding: int = integer(
        64, title=N_("Numbers per word"), low=2, high=1024, help=N_("How many numbers each word's meaning is learned as.")
    )  # fmt: skip
    units: int = integer(
        32, title=N_("Units"), low=2, high=1024, help=N_("How much it can remember of the words before.")
    )  # fmt: skip
    epochs: int = integer(
        10, title=N_("Epochs"), low=1, high=1000, help=N_("How often the network sees every training text, at most.")
    )  # fmt: skip
    layers: int = integer(
        1, title=N_("Layers"), low=1, high=8, advanced=True, help=N_("Recurrent layers or transformer blocks on top of each other.")
    )  # fmt: skip
    dropout: float = number(
        0.3, title=N_("Dropout"), low=0.0, high=0.9, advanced=True,
        help=N_("Share of numbers switched off at random in each training step, against learning by heart."),
    )  # fmt: skip
    learning_rate: float = number(
        0.003, title=N_("Learning rate"), low=1e-6, high=1.0, advanced=True,
        help=N_("How far one step moves the weights. Too large and the loss jumps about or is no longer a number."),
    )  # fmt: skip
    patience: int = integer(
        2, title=N_("Patience"), low=1, high=1000, advanced=True, help=N_("Epochs without a smaller loss before training stops early.")
    )  # fmt: skip

    presets: ClassVar = {
        "transformer": Preset(N_("Transformer"), N_("One small transformer block."), {"cell": "transformer", "units": 64}),
    }
    quick: ClassVar = {
        "cell": "rnn", "embedding": 8, "units": 16, "epochs": 8, "batch_size": 32, "learning_rate": 0.05, "dropout": 0.0,
        "validation_share": 0.0, "early_stopping": False,
    }  # fmt: skip

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.texts import text_layers_table

        return text_layers_table(self._network, self.row_shape_[0]) if self.row_shape_ else None

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        from detectors.network.texts import cut_for_training, vocabulary_size
        from detectors.network.training import seed_everything, train

        seed_everything(self.seed)
        self._ids = vocabulary_size(X)
        self._build()
        targets = y[:, None].astype(np.float32)
        self.history_ = train(self._network, cut_for_training(X), targets, self._options(), progress, weights=self._row_weights(y))

    def _build(self) -> None:
        from detectors.network.text_classifier import anomaly_probability, text_classifier
        from detectors.network.words_in_context import TextShape

        self._network = text_classifier(TextShape(self._ids, self.cell, self.embedding, self.units, self.layers, self.dropout))
        self._probability = anomaly_probability(self._network, self._ids)

    def _options(self, loss: Any = "binary_crossentropy") -> Any:
        return super()._options(loss)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._probability(X)

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        (folder / FILE).write_text(json.dumps({"ids": self._ids}), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        self._ids = int(json.loads((folder / FILE).read_text(encoding="utf-8"))["ids"])
        super()._load(folder)
