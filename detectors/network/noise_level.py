"""A network that looks at a row with noise on it and says how strong the noise is.

Livernoche, Jain, Hezaveh & Ravanbakhsh: On diffusion modeling for anomaly detection, ICLR 2024, arXiv:2305.18593.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from detectors.network.layers import LayerStyle, dense_blocks


def noise_level(columns: int, sizes: tuple[int, ...], levels: tuple[float, float], style: LayerStyle) -> tuple[Any, Any]:
    """From rows to the logarithm of the noise on each, (rows, 1); and what trains it, from rows without noise to squared errors.

    Dense layers of `sizes`. The noise's standard deviation is drawn between both `levels`, logarithms, each as likely as any other.
    """
    from keras import Input, Model, layers, ops

    inputs = Input((columns,), name="input")
    # What is far out is squeezed: the answer grows with the logarithm of how far out a row lies, and so does what is seen.
    hidden = dense_blocks(layers.Activation(ops.arcsinh, name="squeezed")(inputs), sizes, style, "hidden")
    estimator = Model(inputs, layers.Dense(1, name="log_noise")(hidden))
    rows = Input((columns,), name="row")
    return estimator, Model(rows, _noisy()(estimator, levels, name="noisy")(rows))


@cache
def _noisy() -> Any:
    import keras
    import tensorflow as tf
    from keras import layers

    class Noisy(layers.Layer):
        """Puts noise on rows, also outside of training, and gives the squared error of what is said of it."""

        def __init__(self, estimator: Any, levels: tuple[float, float], **named: Any) -> None:
            super().__init__(**named)
            self.estimator, self.levels = estimator, levels
            self.chance = keras.random.SeedGenerator()

        def call(self, rows: Any, training: bool = False) -> Any:
            level = keras.random.uniform((tf.shape(rows)[0], 1), *self.levels, seed=self.chance)
            noisy = rows + tf.exp(level) * keras.random.normal(tf.shape(rows), seed=self.chance)
            return tf.square(self.estimator(noisy, training=training) - level)

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], 1)

    return Noisy
