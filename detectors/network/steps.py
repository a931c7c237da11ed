"""The steps of a training, compiled: many of them run inside one graph, without coming back to Python in between."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.network.augmentation import Augmentation
from detectors.network.objective import batch_loss, training_loss
from detectors.network.pools import Pool
from detectors.network.schedule import Schedule

Rows = NDArray[np.int64]
Steps = Callable[[Pool, "Stretch"], float]


@dataclass(frozen=True)
class Stretch:
    """Steps `start` to before `stop` of the `steps` over a pool of rows."""

    start: int
    stop: int
    steps: int
    before: float = 0.0
    after: float = 0.0
    """The epochs that are done before the pool's first step, and after its last one."""


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
    schedule: str = "constant"
    warm_up: float = 0.0
    """See `Schedule`."""
    l2: float = 0.0
    adversarial_step: float = 0.0
    """See `objective`."""
    augmentation: Augmentation | None = None


def compiled_steps(network: Any, options: TrainingOptions, schedule: Schedule) -> tuple[Steps, Steps]:
    """Functions that run a stretch of the steps over a pool of rows and give the sum of the rows' losses."""
    import tensorflow as tf

    loss_of = batch_loss(network, options.loss, options.l2)
    learned_from = training_loss(network, loss_of, options.adversarial_step)
    learn, vary = _learner(network, options, schedule), _variation(options)

    def batch(arrays: Any, order: Any, step: Any, steps: Any) -> tuple[Any, Any, Any]:
        # Batches of even size: a last batch of a single row would upset batch normalisation.
        rows = tf.shape(order, tf.int64)[0]
        chosen = order[step * rows // steps : (step + 1) * rows // steps]
        taken = {name: tf.gather(values, chosen) for name, values in arrays.items()}
        return taken["seen"], taken.get("wanted"), taken.get("weights")

    def train_steps(arrays: Any, order: Any, place: Any, epochs: Any) -> Any:
        total = tf.constant(0.0)
        for step in tf.range(place[0], place[1]):
            seen, wanted, weight = batch(arrays, order, step, place[2])
            shown, wanted = vary(seen, wanted)
            with tf.GradientTape() as tape:
                loss = learned_from(tape, shown, wanted, weight)
            learn(
                tape.gradient(loss, network.trainable_variables), epochs[0] + (epochs[1] - epochs[0]) * tf.cast(step / place[2], tf.float32)
            )
            total += loss * tf.cast(tf.shape(shown)[0], tf.float32)
        return total

    def validation_steps(arrays: Any, order: Any, place: Any, epochs: Any) -> Any:
        total = tf.constant(0.0)
        for step in tf.range(place[0], place[1]):
            seen, wanted, weight = batch(arrays, order, step, place[2])
            loss = loss_of(seen if wanted is None else wanted, network(seen, training=False), weight)
            total += loss * tf.cast(tf.shape(seen)[0], tf.float32)
        return total

    return _concrete(train_steps), _concrete(validation_steps)


def _variation(options: TrainingOptions) -> Callable[[Any, Any], tuple[Any, Any]]:
    """From what is seen and what is wanted (None: the same) to both, varied where the options say so."""
    import tensorflow as tf

    augmentation = options.augmentation
    if augmentation is None or not augmentation.changes:
        return lambda seen, wanted: (seen, seen if wanted is None else wanted)
    chance = tf.random.Generator.from_seed(options.seed % 2**32)

    def vary(seen: Any, wanted: Any) -> tuple[Any, Any]:
        shown = augmentation.varied(seen, chance)
        if wanted is None:
            wanted = shown if augmentation.answer_varies else seen
        return shown, wanted

    return vary


def _concrete(steps_function: Callable[..., Any]) -> Steps:
    import tensorflow as tf

    compiled = tf.function(steps_function)

    @cache
    def traced(*kinds: tuple[str, tuple[int, ...], Any]) -> Any:
        # Whatever may change from call to call is a tensor of any length: another number would be traced anew. And
        # called through its concrete function, because TensorFlow takes one training after the other for a mistake.
        arrays = {name: tf.TensorSpec((None, *shape), kind) for name, shape, kind in kinds}
        place, epochs = tf.TensorSpec((3,), tf.int64), tf.TensorSpec((2,), tf.float32)
        return compiled.get_concrete_function(arrays, tf.TensorSpec((None,), tf.int64), place, epochs)

    def run(pool: Pool, stretch: Stretch) -> float:
        run_traced = traced(*((name, tuple(values.shape[1:]), values.dtype) for name, values in pool.arrays.items()))
        place = tf.constant([stretch.start, stretch.stop, stretch.steps], tf.int64)
        epochs = tf.constant([stretch.before, stretch.after], tf.float32)
        return float(run_traced(pool.arrays, tf.constant(pool.order, tf.int64), place, epochs))

    return run


def _learner(network: Any, options: TrainingOptions, schedule: Schedule) -> Callable[[Any, Any], None]:
    """A function that learns from gradients, after so many epochs.

    Lets the optimizer work on all weights as one long vector: its rule is the same for each, and a step is a third faster.
    """
    import keras
    import tensorflow as tf

    weights = network.trainable_variables
    sizes = [math.prod(weight.shape) for weight in weights]
    together = keras.Variable(_joined(weights))
    optimizer = keras.optimizers.get({"class_name": options.optimizer, "config": {"learning_rate": options.learning_rate}})
    # A compiled graph may not create variables, and an optimizer makes its own at its first step.
    optimizer.build([together])

    def learn(gradients: Any, at: Any) -> None:
        if schedule.changes:
            optimizer.learning_rate.assign(options.learning_rate * schedule.factor(at))
        optimizer.apply([_joined(gradients)], [together])
        for weight, part in zip(weights, tf.split(together.value, sizes), strict=True):
            weight.assign(tf.reshape(part, weight.shape))

    return learn


def _joined(tensors: Any) -> Any:
    import tensorflow as tf

    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)
