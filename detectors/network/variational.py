"""A variational autoencoder: each row becomes a cloud of codes, and codes of all rows together fill a normal distribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

import numpy as np

from detectors.network.layers import LayerStyle, dense_blocks

#: Logarithms of variances beyond these are cut off: a row far out would overflow its own exponential.
SMALLEST_LOG, LARGEST_LOG = -12.0, 12.0


@dataclass(frozen=True)
class Variational:
    """The whole, and its two halves."""

    network: Any
    """From rows to rows. In training, a code is drawn from each row's cloud and the price of the clouds is added to the loss."""
    encoder: Any
    """From rows to the mean and the logarithm of the variance of each number of the code, (rows, 2, code)."""
    decoder: Any
    """From codes to rows."""


def variational_autoencoder(columns: int, sizes: tuple[int, ...], code: int, kl_weight: float, style: LayerStyle) -> Variational:
    """Dense layers of `sizes` down to clouds of `code` numbers, and mirrored back.

    `kl_weight` is what a unit of Kullback-Leibler divergence costs, beside the sum of squared differences of a row.
    """
    from keras import Input, Model, layers

    seen = Input((columns,), name="input")
    moments = layers.Dense(2 * code, name="moments")(dense_blocks(seen, sizes, style, "encoder"))
    encoder = Model(seen, layers.Reshape((2, code), name="mean_and_log_variance")(moments), name="encoder")
    codes = Input((code,), name="code")
    decoder = Model(codes, layers.Dense(columns, name="output")(dense_blocks(codes, sizes[::-1], style, "decoder")), name="decoder")
    return variational(encoder, decoder, kl_weight)


def variational(encoder: Any, decoder: Any, kl_weight: float) -> Variational:
    """The whole of two halves: `encoder` gives means and logarithms of variances, (rows, 2, code), `decoder` takes a code."""
    from keras import Input, Model

    row = tuple(encoder.input.shape[1:])
    inputs = Input(row, name="row")
    drawn = _drawn()(kl_weight / prod(row), name="drawn_code")(encoder(inputs))
    return Variational(Model(inputs, decoder(drawn)), encoder, decoder)


def divergence(moments: Any) -> Any:
    """The Kullback-Leibler divergence of each row's cloud, `moments` as the encoder gives them, from the normal distribution, (rows,)."""
    import tensorflow as tf

    mean, log_variance = _parts(moments)
    return 0.5 * tf.reduce_sum(tf.square(mean) + tf.exp(log_variance) - 1.0 - log_variance, axis=-1)


def errors(parts: Variational, draws: Any, kl_weight: float, *, squared: bool = True) -> Callable[[Any], Any]:
    """A function from rows to their mean squared (or absolute) difference from what they become, (rows,).

    Averaged over the codes at `draws`, (draws, code), in standard deviations from each row's mean, the same for all
    rows. `kl_weight` times the divergence of its cloud, shared among the columns, is added. All are tensors.
    """
    import tensorflow as tf

    size = tf.square if squared else tf.abs

    def error(rows: Any) -> Any:
        moments = parts.encoder(rows, training=False)
        mean, log_variance = _parts(moments)
        spread, total = tf.exp(0.5 * log_variance), 0.0
        for draw in np.asarray(draws, np.float32):
            back = parts.decoder(mean + spread * draw, training=False)
            # In double precision: a far row's square would overflow.
            total += tf.reduce_mean(size(tf.cast(back, tf.float64) - tf.cast(rows, tf.float64)), axis=1)
        price = kl_weight / rows.shape[1] * tf.cast(divergence(tf.cast(moments, tf.float64)), tf.float64) if kl_weight else 0.0
        return total / len(draws) + price

    return error


def _parts(moments: Any) -> tuple[Any, Any]:
    import tensorflow as tf

    return moments[:, 0], tf.clip_by_value(moments[:, 1], SMALLEST_LOG, LARGEST_LOG)


@cache
def _drawn() -> Any:
    import keras
    import tensorflow as tf
    from keras import layers

    class DrawnCode(layers.Layer):
        """A code from each row's cloud in training, its middle otherwise; adds the price of the clouds to the loss."""

        def __init__(self, kl_weight: float, **named: Any) -> None:
            super().__init__(**named)
            self.kl_weight = kl_weight
            self.chance = keras.random.SeedGenerator()

        def call(self, moments: Any, training: bool = False) -> Any:
            mean, log_variance = _parts(moments)
            self.add_loss(self.kl_weight * tf.reduce_mean(divergence(moments)))
            if not training:
                return mean
            return mean + tf.exp(0.5 * log_variance) * keras.random.normal(tf.shape(mean), seed=self.chance)

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[2])

    return DrawnCode
