"""A network that says how probable it is that a text is an anomaly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.network.texts import by_length
from detectors.network.words_in_context import TextShape, words_in_context


def text_classifier(shape: TextShape) -> Any:
    """A network from ids, (rows, positions), to the probability that a row is an anomaly, (rows, 1)."""
    from keras import Input, Model, layers

    ids = Input((None,), name="words")
    hidden = layers.Embedding(shape.ids, shape.embedding, name="embedding")(ids)
    hidden = words_in_context(hidden, shape)
    hidden = _mean_and_peak()([hidden, ids])
    hidden = layers.Dropout(shape.dropout, name="dropout_of_text")(hidden)
    return Model(ids, layers.Dense(1, activation="sigmoid", name="probability")(hidden))


def anomaly_probability(network: Any, size: int) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """A function from ids, (rows, positions), to the probability of an anomaly, (rows,); every row's own, to the last bit."""
    import tensorflow as tf
    from keras import Model

    # In double precision, so that texts of which the network is quite sure keep their order.
    head = network.layers[-1]
    context = Model(network.input, head.input)

    def probability(rows: Any) -> Any:
        weights, bias = (tf.cast(weight.value, tf.float64) for weight in (head.kernel, head.bias))
        return tf.sigmoid(tf.cast(context(rows, training=False), tf.float64) @ weights + bias)

    scores = by_length(probability, size)
    return lambda X: scores(X)[:, 0]


def _mean_and_peak() -> Any:
    import tensorflow as tf
    from keras import layers

    class MeanAndPeak(layers.Layer):
        """The mean and the largest value of every number over the places that hold a word."""

        def call(self, inputs: Any) -> Any:
            hidden, ids = inputs
            word = tf.cast(ids > 0, tf.float32)[:, :, None]
            mean = tf.reduce_sum(hidden * word, axis=1) / tf.maximum(tf.reduce_sum(word, axis=1), 1.0)
            # Not below -1, where no number of a text is: one without words has a peak as well.
            peak = tf.reduce_max(hidden * word + (word - 1), axis=1)
            return tf.concat([mean, peak], axis=1)

        def compute_output_shape(self, shapes: Any) -> Any:
            return (shapes[0][0], 2 * shapes[0][-1])

    return MeanAndPeak(name="mean_and_peak")
