"""A dense autoencoder for tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import made_of
from detectors.base import Progress, Scores
from detectors.messages import N_
from detectors.network.detector import StyledNetwork
from detectors.params import Preset, choice, integers

LIMITS_FILE = "limits.json"

#: The smallest value of each column, and how far its values reach above it.
Limits = tuple[NDArray[np.float32], NDArray[np.float32]]


class Autoencoder(StyledNetwork):
    """A network squeezes each row through a narrow layer and unfolds it again; what it cannot give back is unusual.

    The score is the mean squared (or absolute) difference between a row and its reconstruction, over the columns.
    """

    title = N_("Autoencoder")
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

    encoder: tuple[int, ...] = integers(
        (64, 32), title=N_("Encoder layers"), low=1, high=4096,
        help=N_("Neurons of each layer on the way in, widest first. The last one is the bottleneck: smaller makes more rows unusual."),
    )  # fmt: skip
    loss: str = choice(
        "mse", title=N_("Loss"),
        choices={"mse": N_("Mean squared error"), "mae": N_("Mean absolute error"), "binary_crossentropy": N_("Binary cross-entropy")},
        help=N_("What training makes small. Binary cross-entropy scales the columns to 0–1 by itself and suits yes/no columns."),
    )  # fmt: skip
    decoder: tuple[int, ...] = integers(
        (), title=N_("Decoder layers"), low=1, high=4096, advanced=True,
        help=N_("Neurons of each layer on the way out. Empty mirrors the encoder."),
    )  # fmt: skip
    error: str = choice(
        "mean_squared", title=N_("Score"), advanced=True,
        choices={"mean_squared": N_("Mean squared error"), "mean_absolute": N_("Mean absolute error")},
        help=N_("How the differences of a row's columns become its score. Squared stresses one column that is far off."),
    )  # fmt: skip

    only_for_scores = frozenset({"error"})
    defaults: ClassVar = {"epochs": 50, "normalisation": "batch"}
    presets: ClassVar = {
        "small": Preset(N_("Small"), N_("For few columns or few rows: two narrow layers."), {"encoder": (16, 4)}),
        "wide": Preset(N_("Wide"), N_("For many columns and rows: wide layers, larger batches."), {"encoder": (256, 64), "batch_size": 256}),
        "deep_512": Preset(
            N_("512-256-128-64-32 with dropout 0.5"), N_("Five layers, 50 epochs in batches of 256. For hundreds of columns."),
            {"encoder": (512, 256, 128, 64, 32), "normalisation": "none", "dropout": 0.5, "epochs": 50, "batch_size": 256},
        ),
    }  # fmt: skip
    quick: ClassVar = {"encoder": [8, 2], "epochs": 20, "batch_size": 16, "learning_rate": 0.01}

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.training import train

        self._limits = _limits(X, self._earlier and self._earlier._limits) if self.loss == "binary_crossentropy" else None
        self._begin()
        targets = None if self._limits is None else _to_unit(X, *self._limits)
        self.history_ = train(self._core, X, targets, self._options(self.loss), progress)

    def _build(self) -> None:
        """The network in the units of the data, its compiled functions, and `_core`, the part of it that is trained."""
        from detectors.network.layers import AutoencoderShape, dense_autoencoder, in_units
        from detectors.network.scoring import reconstruction, reconstruction_error

        output = "linear" if self._limits is None else "sigmoid"
        shape = AutoencoderShape(self.row_shape_[0], self.encoder, self.decoder, output)
        self._core = dense_autoencoder(shape, self._style())
        self._network = self._core if self._limits is None else in_units(self._core, *self._limits)
        self._reconstruct = reconstruction(self._network, self.row_shape_)
        self._error = reconstruction_error(self._network, self.row_shape_, squared=self.error == "mean_squared")

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._error(X)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X)

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        if self._limits is not None:
            low, span = self._limits
            (folder / LIMITS_FILE).write_text(json.dumps({"low": low.tolist(), "span": span.tolist()}), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        self._limits = None
        if self.loss == "binary_crossentropy":
            record = json.loads((folder / LIMITS_FILE).read_text(encoding="utf-8"))
            self._limits = np.asarray(record["low"], np.float32), np.asarray(record["span"], np.float32)
        super()._load(folder)


def _limits(X: NDArray[np.float32], earlier: Limits | None) -> Limits:
    low, high = X.min(axis=0), X.max(axis=0)
    if earlier is not None:  # as they were, as far as they reach: the network has learned in these units
        low, high = np.minimum(low, earlier[0]), np.maximum(high, earlier[0] + earlier[1])
    return low, high - low


def _to_unit(X: NDArray[np.float32], low: NDArray[np.float32], span: NDArray[np.float32]) -> NDArray[np.float32]:
    # A constant column becomes 0, and comes back as its constant.
    return made_of(X, lambda rows: (rows - low) / np.where(span > 0, span, 1))
