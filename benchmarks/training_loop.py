"""How our training loop compares with a bare hand-written Keras loop on ready arrays, for every neural detector found.

The network, arrays and options are those that each detector hands to `detectors.network.training.train`; the bare loop is
one compiled step over shuffled batches, with Keras' own optimizer. Epochs of both take turns, so that whoever else is on
the machine meets both, and the median of the ratios of neighbouring epochs is what is judged: a short disturbance spoils
one pair and not the result. The ratio of computing time, on all cores, stands beside it. The limit is 1.1 times the bare loop.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

from detectors import registry
from detectors.base import Detector, Progress

LIMIT = 1.1

#: Pairs of epochs that are compared, as many as fit into so many seconds, and those before, in which both find their pace.
PAIRS, SECONDS, FEWEST_PAIRS, LEFT_OUT = 25, 25.0, 7, 2

#: More epochs than are ever compared.
EPOCHS = 1000
SEED = 0


class Caught(Exception):
    """What a detector hands to the training loop."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.arguments, self.named = arguments, named


@dataclass(frozen=True)
class Spent:
    """Seconds that went by, and that were computed."""

    wall: float
    computing: float

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.wall - other.wall, self.computing - other.computing)

    @classmethod
    def now(cls) -> Spent:
        return cls(time.perf_counter(), time.process_time())


class Alternating(Progress):
    """Runs an epoch of the bare loop whenever one of ours has ended, and notes what both took."""

    def __init__(self, bare_epoch: Callable[[], None]) -> None:
        self.pairs: list[tuple[Spent, Spent]] = []
        """Ours and the bare one's."""
        self._bare_epoch = bare_epoch
        self._began = self._continued = Spent.now()

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        if "loss" not in figures or "step" in figures:  # not the end of an epoch
            return
        ended = Spent.now()
        self._bare_epoch()
        both_ended = Spent.now()
        self.pairs.append((ended - self._continued, both_ended - ended))
        if len(self.pairs) == LEFT_OUT:
            self._began = both_ended
        self._continued = Spent.now()

    def stop_asked(self) -> bool:
        compared = len(self.pairs) - LEFT_OUT
        return compared >= PAIRS or (compared >= FEWEST_PAIRS and (Spent.now() - self._began).wall > SECONDS)


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


def compared(found: Caught) -> list[tuple[Spent, Spent]]:
    """What neighbouring epochs took, ours and the bare loop's."""
    from detectors.network.training import train

    network, inputs, targets, options, *_ = found.arguments
    progress = Alternating(bare(found))
    train(
        network, inputs, targets, dataclasses.replace(options, epochs=EPOCHS, validation_share=0.0, patience=None), progress, **found.named
    )
    return progress.pairs[LEFT_OUT:]


def bare(found: Caught) -> Callable[[], None]:
    """One epoch of a loop as one would write it by hand."""
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

    chance = np.random.default_rng(SEED)

    def epoch() -> None:
        loss: Any = 0.0
        for rows in np.array_split(chance.permutation(len(inputs)), -(-len(inputs) // options.batch_size)):
            loss = step(inputs[rows], wanted[rows], weights[rows])
        float(loss)  # waits for the last step

    return epoch


def main() -> None:
    """Prints seconds an epoch of both and their ratios; ends with 1 where the median ratio is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="detectors with this in their name")
    asked = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import detectors.network  # noqa: F401 - settings that TensorFlow must find when it starts

    print(f"{'':32}{'seconds an epoch':>20}{'ours ÷ bare':>32}")
    print(f"{'detector':32}{'ours':>10}{'bare':>10}{'median':>10}{'least':>10}{'computing':>12}{'pairs':>8}")
    missed = []
    for (representation, name), detector in sorted(registry.detectors().items()):
        full_name = f"{representation}/{name}"
        found = caught(detector) if asked.only in full_name else None
        if found is not None and shown(full_name, compared(found)) > LIMIT:
            missed.append(full_name)
    if missed:
        raise SystemExit(f"slower than {LIMIT} times a bare loop: {', '.join(missed)}")


def shown(name: str, pairs: list[tuple[Spent, Spent]]) -> float:
    """Prints the line of a detector; gives the median ratio."""
    ours_s, bare_s = (statistics.median(pair[which].wall for pair in pairs) for which in (0, 1))
    ratios = [ours.wall / bare.wall for ours, bare in pairs]
    computing = statistics.median(ours.computing / bare.computing for ours, bare in pairs)
    median = statistics.median(ratios)
    print(f"{name:32}{ours_s:10.3f}{bare_s:10.3f}{median:10.2f}{min(ratios):10.2f}{computing:12.2f}{len(pairs):8}", flush=True)
    return median


if __name__ == "__main__":
    main()
