"""How our training loop compares with a bare hand-written Keras loop on ready arrays, for every neural detector found.

The network, arrays and options are those that each detector hands to `detectors.network.training.train`; the bare loop is
one compiled step over shuffled batches, with Keras' own optimizer. Rounds of both alternate in one process; the fastest
epochs are compared, those that nobody else on the machine disturbed. The limit is 1.1 times the bare loop.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from detectors import registry
from detectors.base import Detector, Progress

LIMIT = 1.1
EPOCHS, LEFT_OUT = 7, 2
ROUNDS = 3
SEED = 0


class Caught(Exception):
    """What a detector hands to the training loop."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.arguments, self.named = arguments, named


class Epochs(Progress):
    """Notes when epochs end."""

    def __init__(self) -> None:
        self.ended: list[float] = []

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        if "loss" in figures and "step" not in figures:
            self.ended.append(time.perf_counter())


def arrays(representation: str) -> np.ndarray:
    """Arrays of a usual size for each representation."""
    chance = np.random.default_rng(SEED)
    if representation == "tokens":
        lengths = chance.integers(10, 33, 2000)
        return np.where(np.arange(32) < lengths[:, None], chance.zipf(1.4, (2000, 32)).clip(1, 3000) + 1, 0).astype(np.float32)
    shapes = {"vectors": (20_000, 30), "windows": (3000, 32, 5), "pixels": (400, 32, 32, 1)}
    return chance.random(shapes[representation], dtype=np.float32)


def caught(detector: type[Detector]) -> Caught | None:
    """What `detector` would train, with its default parameters; None where it trains no network."""

    def catch(*arguments: Any, **named: Any) -> None:
        raise Caught(*arguments, **named)

    X = arrays(detector.representation())
    y = np.arange(len(X)) % 10 == 0 if detector.supervised else None
    with mock.patch("detectors.network.training.train", catch):
        try:
            detector(seed=SEED).fit(X, y=y)
        except Caught as found:
            return found
    return None


def ours(found: Caught) -> list[float]:
    """Seconds of each epoch."""
    from detectors.network.training import train

    network, inputs, targets, options, *_ = found.arguments
    progress = Epochs()
    options = dataclasses.replace(options, epochs=EPOCHS, validation_share=0.0, patience=None)
    train(network, inputs, targets, options, progress, **found.named)
    return np.diff(progress.ended)[LEFT_OUT - 1 :].tolist()


def bare(found: Caught) -> list[float]:
    """Seconds of each epoch."""
    import keras
    import tensorflow as tf

    network, inputs, targets, options, *_ = found.arguments
    wanted = inputs if targets is None else targets
    weights = found.named.get("weights")
    weights = np.ones(len(inputs), np.float32) if weights is None else np.asarray(weights, np.float32)
    loss_of = keras.losses.get(options.loss)
    optimizer = keras.optimizers.get({"class_name": options.optimizer, "config": {"learning_rate": options.learning_rate}})
    optimizer.build(network.trainable_variables)

    @tf.function(reduce_retracing=True)
    def step(x: Any, y: Any, weight: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = loss_of(y, network(x, training=True))
            if losses.shape.rank:  # else it is a mean already
                losses = tf.reduce_mean(tf.reshape(losses, (tf.shape(x)[0], -1)), axis=1) * weight
            loss = tf.add_n([tf.reduce_mean(losses), *network.losses])
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)
        return loss

    chance, seconds = np.random.default_rng(SEED), []
    for _ in range(EPOCHS):
        began = time.perf_counter()
        for rows in np.array_split(chance.permutation(len(inputs)), -(-len(inputs) // options.batch_size)):
            step(inputs[rows], wanted[rows], weights[rows])
        seconds.append(time.perf_counter() - began)
    return seconds[LEFT_OUT:]


def main() -> None:
    """Prints seconds an epoch of both and their ratio; ends with 1 where a ratio is above the limit."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import detectors.network  # noqa: F401 - settings that TensorFlow must find when it starts

    print(f"{'detector':32}{'ours s':>10}{'bare s':>10}{'ratio':>8}")
    missed = []
    for (representation, name), detector in sorted(registry.detectors().items()):
        found = caught(detector)
        if found is None:
            continue
        ratio = compared(f"{representation}/{name}", found)
        missed += [f"{representation}/{name}"] if ratio > LIMIT else []
    if missed:
        raise SystemExit(f"slower than {LIMIT} times a bare loop: {', '.join(missed)}")


def compared(name: str, found: Caught) -> float:
    measured: dict[Callable[[Caught], list[float]], list[float]] = {ours: [], bare: []}
    for loop in (ours, bare) * ROUNDS:
        measured[loop] += loop(found)
    our_s, bare_s = (min(measured[loop]) for loop in (ours, bare))
    print(f"{name:32}{our_s:10.3f}{bare_s:10.3f}{our_s / bare_s:8.2f}", flush=True)
    return our_s / bare_s


if __name__ == "__main__":
    main()
