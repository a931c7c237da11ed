"""The one training loop. It takes any Keras network, its inputs and what it should answer.

A loop of its own because `fit` spends most of its time between the steps of a small network: here many steps run
inside one compiled graph, in pieces short enough that Stop is never waited for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress
from detectors.errors import DetectorError
from detectors.messages import N_
from detectors.network.pacing import Pacer
from detectors.network.pools import Pools
from detectors.network.schedule import Schedule
from detectors.network.steps import Rows, Stretch, TrainingOptions, compiled_steps


@dataclass
class History:
    """What a training left behind: one loss per whole epoch; validation losses are None without a validation share."""

    losses: list[float] = field(default_factory=list)
    validation_losses: list[float | None] = field(default_factory=list)
    stopped: bool = False
    """Whether the analyst ended it; the weights are then those of that moment."""


def seed_everything(seed: int) -> None:
    """Makes the starting weights, dropout and noise of the next network depend on `seed` alone. Call before building it."""
    import keras

    keras.utils.set_random_seed(seed % 2**32)


def train(
    network: Any,
    inputs: NDArray[np.float32],
    targets: NDArray[np.float32] | None,
    options: TrainingOptions,
    progress: Progress,
    *,
    weights: NDArray[np.float32] | None = None,
) -> History:
    """Trains `network` in place to answer `targets` when it sees `inputs`, both (rows, …); None means to give back the inputs.

    `weights`, (rows,), say how much each row's loss counts; only their proportions matter.
    Penalties on weights and those that layers add (Kullback-Leibler) are part of both losses, as in Keras.

    Raises:
        DetectorError: the loss is no longer a number.
        Discarded: the analyst stopped the work and wants nothing kept.
    """
    progress.check()
    return _Training(network, inputs, targets, options, progress, weights=weights).run()


class _Training:
    def __init__(
        self,
        network: Any,
        inputs: NDArray[Any],
        targets: NDArray[Any] | None,
        options: TrainingOptions,
        progress: Progress,
        *,
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        self.network, self.options, self.progress = network, options, progress
        self.chance = np.random.default_rng(options.seed % 2**32)
        shuffled = self.chance.permutation(len(inputs))
        held_out = min(int(len(inputs) * options.validation_share), len(inputs) - 1)
        self.validation_rows, self.rows = shuffled[:held_out], shuffled[held_out:]
        arrays = {"seen": inputs, "wanted": targets, "weights": None if weights is None else (weights / weights.mean()).astype(np.float32)}
        self.pools = Pools({name: values for name, values in arrays.items() if values is not None})
        self.schedule = Schedule(options.schedule, options.epochs, options.warm_up)
        self.train_steps, self.validation_steps = compiled_steps(network, options, self.schedule)
        self.training_pacer, self.validation_pacer = Pacer(), Pacer()
        self.history = History()

    def run(self) -> History:
        best = _Best(self.network, self.options.patience)
        while len(self.history.losses) < self.options.epochs and self._epoch():
            self.schedule.epoch_ended(self._watched())
            if best.is_enough(self._watched()):
                break
        if not self.history.stopped:
            best.restore()
        return self.history

    def _watched(self) -> float:
        validation_loss = self.history.validation_losses[-1]
        return self.history.losses[-1] if validation_loss is None else validation_loss

    def _epoch(self) -> bool:
        """Whether there is a next epoch to think of: False once the analyst asked to stop."""
        began = perf_counter()
        loss = self._training_loss(began)
        if loss is None:
            return False
        rows_per_s = len(self.rows) / (perf_counter() - began)
        validation_loss = self._validation_loss()
        self.history.losses.append(loss)
        self.history.validation_losses.append(validation_loss)
        figures = {} if validation_loss is None else {"validation_loss": validation_loss}
        self._report(loss=loss, **figures, rows_per_s=rows_per_s)
        return not self._stop_asked()

    def _training_loss(self, began: float) -> float | None:
        """The mean loss of one pass over the shuffled rows; None if it was cut short."""
        rows, total = 0, 0.0
        for pool in self.pools.shuffled(self.rows, self.chance):
            steps = self._n_steps(pool.order)
            before, after = (len(self.history.losses) + done / len(self.rows) for done in (rows, rows + len(pool.order)))
            for start, stop in self.training_pacer.spans(steps):
                total += self._finite(self.train_steps(pool, Stretch(start, stop, steps, before, after)))
                seen = rows + stop * len(pool.order) // steps
                if seen < len(self.rows):
                    self._report(loss=total / seen, rows_per_s=seen / (perf_counter() - began), step=seen, steps=len(self.rows))
                    if self._stop_asked():
                        return None
            rows += len(pool.order)
        return total / rows

    def _validation_loss(self) -> float | None:
        if not len(self.validation_rows):
            return None
        total = 0.0
        for pool in self.pools.in_order(self.validation_rows):
            steps = self._n_steps(pool.order)
            for start, stop in self.validation_pacer.spans(steps):
                total += self._finite(self.validation_steps(pool, Stretch(start, stop, steps)))
                self.progress.check()
        return total / len(self.validation_rows)

    def _n_steps(self, rows: Rows) -> int:
        return math.ceil(len(rows) / self.options.batch_size)

    def _report(self, **figures: float) -> None:
        self.progress.report("fitting", len(self.history.losses), self.options.epochs, **figures)

    def _stop_asked(self) -> bool:
        self.progress.check()
        self.history.stopped = self.progress.stop_asked()
        return self.history.stopped

    def _finite(self, loss: float) -> float:
        if not math.isfinite(loss):
            raise DetectorError(
                N_(
                    "Training broke off in epoch {epoch}: the loss is no longer a number. "
                    "Choose a learning rate smaller than {learning_rate} or another loss, and check that the columns are scaled."
                ),
                epoch=len(self.history.losses) + 1,
                learning_rate=self.options.learning_rate,
            )
        return loss


class _Best:
    """Remembers the weights of the epoch with the smallest loss."""

    def __init__(self, network: Any, patience: int | None) -> None:
        self.network, self.patience = network, patience
        self.loss = math.inf
        self.weights: list[NDArray[Any]] | None = None
        self.epochs_since = 0

    def is_enough(self, loss: float) -> bool:
        """Takes note of an epoch's loss; whether as many epochs as there is patience for went by without a smaller one."""
        if self.patience is None:
            return False
        self.epochs_since += 1
        if loss < self.loss:
            self.loss, self.weights, self.epochs_since = loss, self.network.get_weights(), 0
        return self.epochs_since >= self.patience

    def restore(self) -> None:
        if self.weights is not None:
            self.network.set_weights(self.weights)
