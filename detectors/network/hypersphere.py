"""Deep SVDD: a network that learns to put all rows near one point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.network.layers import LayerStyle

#: A coordinate of the centre is at least this far from 0: where all weights are 0, everything would lie in the centre.
NEAREST_TO_ZERO = 0.1


@dataclass(frozen=True)
class Hypersphere:
    """Where rows are put, and how that is learned."""

    mapping: Any
    """From rows to points, (rows, dimensions)."""
    sphere: Any
    """The layer that knows the centre: from points to what each of them adds to the loss, (rows, 1)."""
    network: Any
    """Both: from rows to their losses, which a training makes small."""

    def begin(self, points: NDArray[np.float32]) -> None:
        """Fixes the centre, and the first radius, by where rows are put before anything was learned, (rows, dimensions)."""
        centre = points.mean(axis=0)
        away = np.where(centre < 0, -NEAREST_TO_ZERO, NEAREST_TO_ZERO)
        centre = np.where(np.abs(centre) < NEAREST_TO_ZERO, away, centre).astype(np.float32)
        self.sphere.centre.assign(centre)
        squares = np.square(points - centre).mean(axis=1)
        self.sphere.log_square.assign(np.log(max(float(np.quantile(squares, 1 - (self.sphere.outside or 0.0))), 1e-6)))

    def squares(self, rows: Any) -> Any:
        """The mean squared distance of each row's point from the centre, over the dimensions, (rows,). A tensor."""
        import tensorflow as tf

        # In double precision: a far row's square would overflow, and close scores would tie.
        points = tf.cast(self.mapping(rows, training=False), tf.float64)
        return tf.reduce_mean(tf.square(points - tf.cast(self.sphere.centre.value, tf.float64)), axis=1)


def hypersphere(columns: int, sizes: tuple[int, ...], outside: float | None, style: LayerStyle) -> Hypersphere:
    """Dense layers of `sizes`, the last one linear, none with a bias: with one, every row could be put into the centre.

    `outside` is the share of rows that may lie beyond the border at a price; None draws all rows towards the centre.
    """
    from keras import Input, Model, layers

    inputs = Input((columns,), name="input")
    hidden = inputs
    for number, units in enumerate(sizes, start=1):
        hidden = layers.Dense(units, use_bias=False, name=f"layer_{number}")(hidden)
        if number < len(sizes):
            hidden = layers.Activation(style.activation, name=f"layer_{number}_{style.activation}")(hidden)
            if style.dropout:
                hidden = layers.Dropout(style.dropout, name=f"layer_{number}_dropout")(hidden)
    mapping, sphere = Model(inputs, hidden), _sphere()(outside, name="sphere")
    return Hypersphere(mapping, sphere, Model(inputs, sphere(hidden)))


@cache
def _sphere() -> Any:
    import tensorflow as tf
    from keras import layers

    class Sphere(layers.Layer):
        """What each point, (rows, dimensions), adds to the loss, (rows, 1); its centre is not learned, its radius may be."""

        def __init__(self, outside: float | None, **named: Any) -> None:
            super().__init__(**named)
            self.outside = outside

        def build(self, shape: Any) -> None:
            self.centre = self.add_weight(shape=(shape[-1],), trainable=False, name="centre")
            # The logarithm of the squared radius: steps of an optimizer then change it by shares of itself.
            self.log_square = self.add_weight(shape=(), initializer="zeros", trainable=self.outside is not None, name="log_square")

        def call(self, points: Any) -> Any:
            squares = tf.reduce_mean(tf.square(points - self.centre), axis=-1, keepdims=True)
            if self.outside is None:
                return squares
            radius = tf.exp(self.log_square)
            return radius + tf.nn.relu(squares - radius) / self.outside

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], 1)

    return Sphere
