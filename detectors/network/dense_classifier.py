"""A network of dense layers that says how probable it is that a row is normal, or an anomaly of each kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.network.layers import LayerStyle, dense_blocks
from detectors.network.scoring import in_chunks, rows_together


def dense_classifier(columns: int, sizes: Sequence[int], n_outcomes: int, style: LayerStyle) -> Any:
    """From rows, (rows, columns), to one probability, that of an anomaly, or with more than two outcomes to one of each."""
    from keras import Input, Model, layers

    inputs = Input((columns,), name="input")
    hidden = dense_blocks(inputs, sizes, style, "hidden")
    if n_outcomes == 2:
        return Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(hidden))
    return Model(inputs, layers.Dense(n_outcomes, activation="softmax", name="probabilities")(hidden))


def outcome_probabilities(network: Any, columns: int) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """A function from rows to the probability of each outcome, (rows, outcomes); every row's own, to the last bit."""
    import tensorflow as tf
    from keras import Model

    # In double precision, so that rows of which the network is quite sure keep their order.
    head = network.layers[-1]
    below = Model(network.input, head.input)

    def probabilities(rows: Any) -> Any:
        weights, bias = (tf.cast(weight.value, tf.float64) for weight in (head.kernel, head.bias))
        answers = tf.cast(below(rows, training=False), tf.float64) @ weights + bias
        if answers.shape[-1] > 1:
            return tf.nn.softmax(answers)
        return tf.concat([tf.sigmoid(-answers), tf.sigmoid(answers)], axis=1)

    return in_chunks(probabilities, (columns,), np.float64, rows_together(network, (columns,)))
