"""The steps of a training, compiled: many of them run inside one graph, without coming back to Python in between."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.network.pools import Pool

Rows = NDArray[np.int64]
Steps = Callable[[Pool, int, int, int], float]


@dataclass(frozen=True)
class TrainingOptions:
    """How to train. `patience` None trains all epochs; else so many epochs without gain end it, at the best weights."""

    optimizer: str = "adam"
    learning_rate: float = 0.001
    loss: str | Callable[[Any, Any], Any] = "mse"
    """A name that Keras knows, or a function from what is wanted and what came out to losses."""
    batch_size: int = 256
    epochs: int = 50
    validation_share: float = 0.1
    patience: int | None = 5
    seed: int = 0


def compiled_steps(network: Any, options: TrainingOptions) -> tuple[Steps, Steps]:
    """Functions that run steps `start` to `stop` of `steps` over a pool of rows and give the sum of the rows' losses."""
    import tensorflow as tf

    loss_of, learn = _loss(network, options.loss), _learner(network, options)

    def batch(arrays: Any, order: Any, step: Any, steps: Any) -> tuple[Any, Any, Any]:
        # Batches of even size: a last batch of a single row would upset batch normalisation.
        rows = tf.shape(order, tf.int64)[0]
        chosen = order[step * rows // steps : (step + 1) * rows // steps]
        taken = {name: tf.gather(values, chosen) for name, values in arrays.items()}
        return taken["seen"], taken.get("wanted", taken["seen"]), taken.get("weights")

    def train_steps(arrays: Any, order: Any, start: Any, stop: Any, steps: Any) -> Any:
        total = tf.constant(0.0)
        for step in tf.range(start, stop):
            shown, answer, weight = batch(arrays, order, step, steps)
            with tf.GradientTape() as tape:
                loss = loss_of(answer, network(shown, training=True), weight)
            learn(tape.gradient(loss, network.trainable_variables))
            total += loss * tf.cast(tf.shape(shown)[0], tf.float32)
        return total

    def validation_steps(arrays: Any, order: Any, start: Any, stop: Any, steps: Any) -> Any:
        total = tf.constant(0.0)
        for step in tf.range(start, stop):
            shown, answer, weight = batch(arrays, order, step, steps)
            total += loss_of(answer, network(shown, training=False), weight) * tf.cast(tf.shape(shown)[0], tf.float32)
        return total

    return _concrete(train_steps), _concrete(validation_steps)


def _concrete(steps_function: Callable[..., Any]) -> Steps:
    import tensorflow as tf

    compiled = tf.function(steps_function)

    @cache
    def traced(*kinds: tuple[str, tuple[int, ...], Any]) -> Any:
        # Whatever may change from call to call is a tensor of any length: another number would be traced anew. And
        # called through its concrete function, because TensorFlow takes one training after the other for a mistake.
        arrays = {name: tf.TensorSpec((None, *shape), kind) for name, shape, kind in kinds}
        return compiled.get_concrete_function(arrays, tf.TensorSpec((None,), tf.int64), *[tf.TensorSpec((), tf.int64)] * 3)

    def run(pool: Pool, *numbers: int) -> float:
        run_traced = traced(*((name, tuple(values.shape[1:]), values.dtype) for name, values in pool.arrays.items()))
        return float(run_traced(pool.arrays, *(tf.constant(n, tf.int64) for n in (pool.order, *numbers))))

    return run


def _loss(network: Any, name: str | Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    import keras
    import tensorflow as tf

    function = keras.losses.get(name)

    def loss(wanted: Any, output: Any, weight: Any) -> Any:
        losses = function(wanted, output)
        if weight is not None:
            losses = weight * tf.reduce_mean(tf.reshape(losses, (tf.shape(losses)[0], -1)), axis=1)
        return tf.add_n([tf.reduce_mean(losses), *network.losses])

    return loss


def _learner(network: Any, options: TrainingOptions) -> Callable[[Any], None]:
    """Lets the optimizer work on all weights as one long vector: its rule is the same for each, and a step is a third faster."""
    import keras
    import tensorflow as tf

    weights = network.trainable_variables
    sizes = [math.prod(weight.shape) for weight in weights]
    together = keras.Variable(_joined(weights))
    optimizer = keras.optimizers.get({"class_name": options.optimizer, "config": {"learning_rate": options.learning_rate}})
    # A compiled graph may not create variables, and an optimizer makes its own at its first step.
    optimizer.build([together])

    def learn(gradients: Any) -> None:
        optimizer.apply([_joined(gradients)], [together])
        for weight, part in zip(weights, tf.split(together.value, sizes), strict=True):
            weight.assign(tf.reshape(part, weight.shape))

    return learn


def _joined(tensors: Any) -> Any:
    import tensorflow as tf

    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)
