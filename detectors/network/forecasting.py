"""What forecasters on windows have in common: the last steps of a window are foretold from those before."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.network.window_detector import WindowNetwork
from detectors.params import integer

#: The root has no slope at 0, from where explanations start: it is taken this far beside it.
NEAR_ZERO = 1e-6


class ForecastingNetwork(WindowNetwork):
    """A network whose answer is what comes next. A subclass writes `_shape`.

    The score of a step is its prediction error: the root of the mean over the columns of (difference ÷ usual
    difference)², so 1 is an error as large as most. That of a window is their mean over the steps foretold.
    """

    score_name = N_("prediction error")

    horizon: int = integer(
        0, title=N_("Horizon"), low=0, high=512,
        help=N_("Steps foretold at once, at most half of the window; 0 takes an eighth of it. More makes it harder to follow an anomaly as if it were usual."),
    )  # fmt: skip

    def spoken_steps(self, steps: int) -> tuple[int, int]:
        return steps - self._horizon(steps), steps

    def _horizon(self, steps: int) -> int:
        return max(1, min(self.horizon or steps // 8, steps // 2))

    def _shape(self, steps: int, columns: int) -> Any:
        """The sizes of a network that foretells from so many `steps`."""
        raise NotImplementedError

    def _made(self) -> Any:
        from detectors.network.sequences import forecaster

        steps, columns = self.row_shape_
        horizon = self._horizon(steps)
        return forecaster(self._shape(steps - horizon, columns), horizon)

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
