"""What networks on windows have in common that squeeze a window into a code and unfold it again."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.network.detector import StyledNetwork
from detectors.network.window_detector import WindowNetwork
from detectors.params import choice, integer, integers


class WindowCodes(StyledNetwork):
    """Sizes of a network that squeezes windows into codes."""

    #: Recurrent cells have bends of their own.
    unused: ClassVar = frozenset({"activation"})

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

    def _shape(self) -> Any:
        from detectors.network.sequences import WindowShape

        steps, columns = self.row_shape_
        return WindowShape(steps, columns, self.cell, self.layers, self.dropout, self.normalisation)


class CodedWindows(WindowCodes, WindowNetwork):
    """A network that gives its window back from a code of so many numbers. A subclass writes `_made`.

    The score of a window is the mean over its steps and columns of (difference ÷ usual difference)², that of a step the
    mean over the windows that hold it.
    """

    score_name = N_("reconstruction error")

    def _differences(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X) - X

    def _rebuilt(self, rows: Any) -> Any:
        """What the network gives back for windows. Tensors."""
        return self._network(rows, training=False)

    def _compile(self) -> None:
        import tensorflow as tf

        from detectors.network.scoring import gradients_of, in_chunks, rows_together

        usual = tf.constant(self._usual)

        def score(rows: Any) -> Any:
            difference = (self._rebuilt(rows) - rows) / usual
            return tf.reduce_mean(tf.square(tf.cast(difference, tf.float64)), axis=[1, 2])

        self._reconstruct = in_chunks(self._rebuilt, self.row_shape_, np.float32, rows_together(self._network, self.row_shape_))
        self._scores = in_chunks(score, self.row_shape_, np.float64)
        self._slope = in_chunks(gradients_of(score), self.row_shape_, np.float64)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X)
