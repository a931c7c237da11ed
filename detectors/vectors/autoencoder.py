"""A dense autoencoder for tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import made_of
from detectors.base import Detector, Progress, Scores
from detectors.messages import N_
from detectors.params import Preset, choice, integer, integers, number, switch

LIMITS_FILE = "limits.json"

#: The smallest value of each column, and how far its values reach above it.
Limits = tuple[NDArray[np.float32], NDArray[np.float32]]


class Autoencoder(Detector):
    """A network squeezes each row through a narrow layer and unfolds it again; what it cannot give back is unusual.

    The score is the mean squared (or absolute) difference between a row and its reconstruction, over the columns.
    """

    title = N_("Autoencoder")
    family = N_("Neural network")
    summary = N_("Squeezes every row through a narrow network and measures how badly it comes out again.")
    reference = (
        "Hawkins, He, Williams & Baxter: Outlier detection using replicator neural networks, DaWaK 2002, doi:10.1007/3-540-46145-0_17"
    )
    when = N_("Many rows whose columns depend on each other, also in curved ways: sensors, transactions, measurements.")
    when_not = N_(
        "Few rows (below about a thousand isolation forest is the safer choice), columns that have nothing to do with each other, "
        "or so many anomalies in the training rows that the network learns them as well."
    )
    score_name = N_("reconstruction error")
    step_name = N_("epoch {done} of {total}")

    encoder: tuple[int, ...] = integers(
        (64, 32), title=N_("Encoder layers"), low=1, high=4096,
        help=N_("Neurons of each layer on the way in, widest first. The last one is the bottleneck: smaller makes more rows unusual."),
    )  # fmt: skip
    epochs: int = integer(
        50, title=N_("Epochs"), low=1, high=10_000, help=N_("How often the network sees every training row, at most.")
    )  # fmt: skip
    batch_size: int = integer(
        64, title=N_("Batch size"), low=1, high=65_536, help=N_("Rows per learning step. Larger is faster, smaller learns finer.")
    )  # fmt: skip
    learning_rate: float = number(
        0.001, title=N_("Learning rate"), low=1e-6, high=1.0,
        help=N_("How far one step moves the weights. Too large and the loss jumps about or is no longer a number."),
    )  # fmt: skip
    loss: str = choice(
        "mse", title=N_("Loss"),
        choices={"mse": N_("Mean squared error"), "mae": N_("Mean absolute error"), "binary_crossentropy": N_("Binary cross-entropy")},
        help=N_("What training makes small. Binary cross-entropy scales the columns to 0–1 by itself and suits yes/no columns."),
    )  # fmt: skip
    early_stopping: bool = switch(
        True, title=N_("Stop early"), help=N_("Ends training when the validation loss no longer falls, and keeps the best weights.")
    )  # fmt: skip
    decoder: tuple[int, ...] = integers(
        (), title=N_("Decoder layers"), low=1, high=4096, advanced=True,
        help=N_("Neurons of each layer on the way out. Empty mirrors the encoder."),
    )  # fmt: skip
    activation: str = choice(
        "relu", title=N_("Activation"), advanced=True,
        choices={name: name for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "linear")},
        help=N_("The bend in every hidden neuron. With linear the network can do no more than principal components."),
    )  # fmt: skip
    normalisation: str = choice(
        "batch", title=N_("Normalisation"), advanced=True,
        choices={"none": N_("None"), "batch": N_("Batch"), "layer": N_("Layer")},
        help=N_("Keeps the values between layers in one range, so that training goes faster and steadier."),
    )  # fmt: skip
    dropout: float = number(
        0.0, title=N_("Dropout"), low=0.0, high=0.9, advanced=True,
        help=N_("Share of hidden neurons switched off at random in each training step, against learning by heart."),
    )  # fmt: skip
    l2: float = number(
        0.0, title=N_("L2 penalty"), low=0.0, high=1.0, advanced=True,
        help=N_("Price on large weights, against learning by heart."),
    )  # fmt: skip
    input_noise: float = number(
        0.0, title=N_("Input noise"), low=0.0, high=10.0, advanced=True,
        help=N_("Standard deviation of the noise added to the inputs in training, in units of the prepared columns."),
    )  # fmt: skip
    error: str = choice(
        "mean_squared", title=N_("Score"), advanced=True,
        choices={"mean_squared": N_("Mean squared error"), "mean_absolute": N_("Mean absolute error")},
        help=N_("How the differences of a row's columns become its score. Squared stresses one column that is far off."),
    )  # fmt: skip
    optimizer: str = choice(
        "adam", title=N_("Optimizer"), choices={"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"}, advanced=True,
        help=N_("The rule by which the weights learn from the loss."),
    )  # fmt: skip
    validation_share: float = number(
        0.1, title=N_("Validation share"), low=0.0, high=0.5, advanced=True,
        help=N_("Share of the training rows held back to watch the loss on rows the network does not learn from."),
    )  # fmt: skip
    patience: int = integer(
        5, title=N_("Patience"), low=1, high=1000, advanced=True,
        help=N_("Epochs without a smaller loss before training stops early."),
    )  # fmt: skip

    presets: ClassVar = {
        "small": Preset(N_("Small"), N_("For few columns or few rows: two narrow layers."), {"encoder": (16, 4)}),
        "wide": Preset(N_("Wide"), N_("For many columns and rows: wide layers, larger batches."), {"encoder": (256, 64), "batch_size": 256}),
        "deep_512": Preset(
            N_("512-256-128-64-32 with dropout 0.5"), N_("Five layers, 50 epochs in batches of 256. For hundreds of columns."),
            {"encoder": (512, 256, 128, 64, 32), "normalisation": "none", "dropout": 0.5, "epochs": 50, "batch_size": 256},
        ),
    }  # fmt: skip
    quick: ClassVar = {"encoder": [8, 2], "epochs": 20, "batch_size": 16, "learning_rate": 0.01}

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.layers import layers_table

        return layers_table(self._network) if self.row_shape_ else None

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.training import seed_everything, train

        limits = _limits(X) if self.loss == "binary_crossentropy" else None
        seed_everything(self.seed)
        core = self._build(X.shape[1], limits)
        targets = None if limits is None else _to_unit(X, *limits)
        self.history_ = train(core, X, targets, self._options(), progress)

    def _build(self, columns: int, limits: Limits | None) -> Any:
        """Sets up the network in the units of the data and its compiled functions; returns the part of it that is trained."""
        from detectors.network.layers import AutoencoderShape, LayerStyle, dense_autoencoder, in_units
        from detectors.network.scoring import reconstruction, reconstruction_error

        output = "linear" if limits is None else "sigmoid"
        shape = AutoencoderShape(columns, self.encoder, self.decoder, self.input_noise, output)
        core = dense_autoencoder(shape, LayerStyle(self.activation, self.normalisation, self.dropout, self.l2))
        self._limits = limits
        self._network = core if limits is None else in_units(core, *limits)
        self._reconstruct = reconstruction(self._network, (columns,))
        self._error = reconstruction_error(self._network, (columns,), squared=self.error == "mean_squared")
        return core

    def _options(self) -> Any:
        from detectors.network.training import TrainingOptions

        return TrainingOptions(
            optimizer=self.optimizer, learning_rate=self.learning_rate, loss=self.loss, batch_size=self.batch_size,
            epochs=self.epochs, validation_share=self.validation_share,
            patience=self.patience if self.early_stopping else None, seed=self.seed,
        )  # fmt: skip

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._error(X)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X)

    def _save(self, folder: Path) -> None:
        from detectors.network.weights import save_weights

        save_weights(self._network, folder)
        if self._limits is not None:
            low, span = self._limits
            (folder / LIMITS_FILE).write_text(json.dumps({"low": low.tolist(), "span": span.tolist()}), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        from detectors.network.weights import load_weights

        limits = None
        if self.loss == "binary_crossentropy":
            record = json.loads((folder / LIMITS_FILE).read_text(encoding="utf-8"))
            limits = np.asarray(record["low"], np.float32), np.asarray(record["span"], np.float32)
        self._build(self.row_shape_[0], limits)
        load_weights(self._network, folder)


def _limits(X: NDArray[np.float32]) -> Limits:
    low = X.min(axis=0)
    return low, X.max(axis=0) - low


def _to_unit(X: NDArray[np.float32], low: NDArray[np.float32], span: NDArray[np.float32]) -> NDArray[np.float32]:
    # A constant column becomes 0, and comes back as its constant.
    return made_of(X, lambda rows: (rows - low) / np.where(span > 0, span, 1))
