"""A forecaster: the steps before say what should come, and what comes is compared with that."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.network.window_detector import WindowNetwork
from detectors.params import Preset, choice, integer, integers

#: The root has no slope at 0, from where explanations start: it is taken this far beside it.
NEAR_ZERO = 1e-6


class Forecaster(WindowNetwork):
    """A network learns to foretell the last steps of a window from those before; what it did not foresee is unusual.

    The score of a step is its prediction error: the root of the mean over the columns of (difference ÷ usual
    difference)², so 1 is an error as large as most.
    """

    title = N_("Forecaster")
    summary = N_("Foretells each step from those before and measures how far off it was.")
    reference = "Malhotra, Vig, Shroff & Agarwal: Long short term memory networks for anomaly detection in time series, ESANN 2015"
    when = N_("Series whose past says what comes next: rhythms, loads, sensors. It names the very step at which something happened.")
    when_not = N_(
        "Series that wander without rule, such as prices, unless differences are looked at; long anomalies, which after a few steps "
        "have become the past that it foretells from."
    )
    score_name = N_("prediction error")

    cell: str = choice(
        "gru", title=N_("Network"),
        choices={"rnn": N_("Recurrent (simple)"), "lstm": N_("LSTM"), "gru": N_("GRU"), "convolution": N_("Convolution")},
        help=N_("What reads the steps before. LSTM and GRU remember longest, convolutions train fastest."),
    )  # fmt: skip
    layers: tuple[int, ...] = integers(
        (32,), title=N_("Layers"), low=1, high=1024, help=N_("Neurons or filters of each layer, the first one reads the series.")
    )  # fmt: skip
    horizon: int = integer(
        0, title=N_("Horizon"), low=0, high=512,
        help=N_("Steps foretold at once, at most half of the window; 0 takes an eighth of it. More makes it harder to follow an anomaly as if it were usual."),
    )  # fmt: skip

    presets: ClassVar = {
        "lstm": Preset(N_("LSTM 64-64"), N_("Two layers of 64, for long and winding series."), {"cell": "lstm", "layers": (64, 64)}),
        "convolution": Preset(N_("Convolution"), N_("Four layers that look back twice as far each; fast."), {"cell": "convolution", "layers": (32, 32, 32, 32)}),
        "next": Preset(N_("Next step alone"), N_("Foretells one step at a time, for spikes."), {"horizon": 1}),
    }  # fmt: skip
    quick: ClassVar = {"layers": [8], "epochs": 4, "batch_size": 16, "learning_rate": 0.01}

    def spoken_steps(self, steps: int) -> tuple[int, int]:
        return steps - self._horizon(steps), steps

    def _horizon(self, steps: int) -> int:
        return max(1, min(self.horizon or steps // 8, steps // 2))

    def _made(self) -> Any:
        from detectors.network.sequences import WindowShape, forecaster

        steps, columns = self.row_shape_
        horizon = self._horizon(steps)
        return forecaster(WindowShape(steps - horizon, columns, self.cell, self.layers, self.dropout, self.normalisation), horizon)

    def _examples(self, X: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        split = X.shape[1] - self._horizon(X.shape[1])
        return np.ascontiguousarray(X[:, :split]), np.ascontiguousarray(X[:, split:])

    def _differences(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        difference: NDArray[np.float32] = self._forecast(X) - X[:, -self._horizon(X.shape[1]) :]
        return difference

    def _compile(self) -> None:
        import tensorflow as tf

        from detectors.network.scoring import gradients_of, in_chunks

        split = self.row_shape_[0] - self._horizon(self.row_shape_[0])
        usual = tf.constant(self._usual)

        def errors(rows: Any) -> Any:
            difference = (self._network(rows[:, :split], training=False) - rows[:, split:]) / usual
            squares = tf.reduce_mean(tf.square(tf.cast(difference, tf.float64)), axis=2)
            return tf.sqrt(squares + NEAR_ZERO**2) - NEAR_ZERO

        def score(rows: Any) -> Any:
            return tf.reduce_mean(errors(rows), axis=1)

        self._forecast = in_chunks(lambda rows: self._network(rows[:, :split], training=False), self.row_shape_, np.float32)
        self._errors = in_chunks(errors, self.row_shape_, np.float64)
        self._scores = in_chunks(score, self.row_shape_, np.float64)
        self._slope = in_chunks(gradients_of(score), self.row_shape_, np.float64)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """The window with its last steps as they were foretold."""
        foretold = self._forecast(X)
        return np.concatenate([X[:, : X.shape[1] - foretold.shape[1]], foretold], axis=1)

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """The error of each foretold step, (rows, steps); 0 for the steps before."""
        errors = self._errors(X)
        return np.concatenate([np.zeros((len(X), X.shape[1] - errors.shape[1])), errors], axis=1)
