"""A sequence autoencoder: windows are squeezed into a short code and unfolded again."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.network.window_detector import WindowNetwork
from detectors.params import Preset, choice, integer, integers


class Autoencoder(WindowNetwork):
    """A network squeezes each window into a short code and unfolds it again; what it cannot give back is unusual.

    The score of a window is the mean over its steps and columns of (difference ÷ usual difference)², that of a step the
    mean over the windows that hold it.
    """

    title = N_("Autoencoder")
    summary = N_("Squeezes every stretch of the series through a narrow network and measures how badly it comes out again.")
    reference = "Malhotra et al.: LSTM-based encoder-decoder for multi-sensor anomaly detection, ICML workshop 2016, arXiv:1607.00148"
    when = N_("Series with shapes that come again: rhythms, machine cycles, heartbeats; and several columns that move together.")
    when_not = N_("Single steps that stick out for a moment: a forecaster sees those sharper. Also series without any shape of their own.")
    score_name = N_("reconstruction error")

    cell: str = choice(
        "convolution", title=N_("Network"), choices={"convolution": N_("Convolution"), "lstm": N_("LSTM"), "gru": N_("GRU")},
        help=N_("What reads a window and writes it again. Convolutions train many times faster."),
    )  # fmt: skip
    layers: tuple[int, ...] = integers(
        (32, 16), title=N_("Layers"), low=1, high=1024, help=N_("Filters or neurons of each layer on the way in; the way out mirrors them.")
    )  # fmt: skip
    code: int = integer(
        4, title=N_("Code"), low=1, high=4096,
        help=N_("Numbers into which a window is squeezed. Fewer makes more windows unusual; as many as a window holds and nothing is."),
    )  # fmt: skip

    presets: ClassVar = {
        "lstm": Preset(N_("LSTM"), N_("One LSTM of 64 reads the window, one writes it."), {"cell": "lstm", "layers": (64,), "code": 16}),
        "wide": Preset(N_("Wide"), N_("For many columns: more filters and a longer code."), {"layers": (64, 32), "code": 32}),
    }  # fmt: skip
    quick: ClassVar = {"layers": [8, 8], "code": 4, "epochs": 10, "batch_size": 16, "learning_rate": 0.01}

    def _made(self) -> Any:
        from detectors.network.sequences import WindowShape, sequence_autoencoder

        steps, columns = self.row_shape_
        return sequence_autoencoder(WindowShape(steps, columns, self.cell, self.layers, self.dropout, self.normalisation), self.code)

    def _differences(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X) - X

    def _compile(self) -> None:
        import tensorflow as tf

        from detectors.network.scoring import gradients_of, in_chunks, reconstruction

        usual = tf.constant(self._usual)

        def score(rows: Any) -> Any:
            difference = (self._network(rows, training=False) - rows) / usual
            return tf.reduce_mean(tf.square(tf.cast(difference, tf.float64)), axis=[1, 2])

        self._reconstruct = reconstruction(self._network, self.row_shape_)
        self._scores = in_chunks(score, self.row_shape_, np.float64)
        self._slope = in_chunks(gradients_of(score), self.row_shape_, np.float64)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X)
