"""Adversarial networks for vectors: a generator that makes rows and a discriminator that tells them from real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.messages import N_
from detectors.network.detector import StyledNetwork
from detectors.params import Preset, choice, integer, integers, number

FILE = "usual.json"

#: Spreads below this count as this: a discriminator that thinks the same of all rows says nothing of any.
SMALLEST_SPREAD = 1e-6


class Adversarial(StyledNetwork):
    """A generator learns to make rows that a discriminator takes for real; an encoder learns which code each real row has.

    The discriminator's score is how sure it is that a row, with its code, was made; the rebuilding score is the mean
    squared difference between a row and what the generator makes of its code. Both together are their sum, each in
    spreads from its median over the training rows; what the discriminator takes for more real than most is no less
    unusual for that.
    """

    title = N_("Adversarial networks")
    summary = N_("Lets a generator of rows and a discriminator learn from each other, and asks both about every row.")
    reference = "Zenati et al.: Adversarially learned anomaly detection, ICDM 2018, arXiv:1812.02288"
    when = N_(
        "Some thousand rows known to be usual, where two opinions are wanted: whether a row looks real, and whether it can be made again. "
        "Its generator also makes new rows, see More rows under Preparation."
    )
    when_not = N_(
        "A first look, or where results must not change with the seed: two networks that learn from each other settle elsewhere each time. "
        "Autoencoders rebuild better, and the discriminator alone may know little of what lies far from all rows."
    )

    encoder: tuple[int, ...] = integers(
        (64, 32), title=N_("Encoder layers"), low=1, high=4096,
        help=N_("Neurons of each layer from a row to its code, widest first. The generator mirrors them."),
    )  # fmt: skip
    discriminator: tuple[int, ...] = integers(
        (64, 32), title=N_("Discriminator layers"), low=1, high=4096, help=N_("Neurons of each layer that tells real rows from made ones.")
    )  # fmt: skip
    code: int = integer(
        8, title=N_("Code"), low=1, high=1024, help=N_("Numbers from which the generator makes a row. Fewer makes more rows unusual.")
    )  # fmt: skip
    scored_by: str = choice(
        "both", title=N_("Scored by"),
        choices={"both": N_("Both"), "discriminator": N_("The discriminator"), "rebuilding": N_("How well the generator can rebuild the row")},
        help=N_("The discriminator sees what does not look real, rebuilding what breaks the rules between columns."),
    )  # fmt: skip
    rebuild_weight: float = number(
        10.0, title=N_("Weight of rebuilding"), low=0.0, high=1000.0, advanced=True,
        help=N_("How much rebuilding real rows counts in training, beside deceiving the discriminator."),
    )  # fmt: skip

    only_for_scores = frozenset({"scored_by"})
    defaults: ClassVar = {"activation": "leaky_relu", "epochs": 60, "batch_size": 32, "learning_rate": 0.002, "early_stopping": False}
    presets: ClassVar = {
        "small": Preset(
            N_("Small"), N_("For few columns or few rows: one narrow layer each, and a short code."),
            {"encoder": (16,), "discriminator": (16,), "code": 3},
        ),
        "wide": Preset(
            N_("Wide"), N_("For many columns and rows: wide layers, a long code, larger batches."),
            {"encoder": (256, 64), "discriminator": (128, 64), "code": 16, "batch_size": 256},
        ),
    }  # fmt: skip
    quick: ClassVar = {"encoder": [16], "discriminator": [16], "code": 2, "epochs": 15, "batch_size": 16, "learning_rate": 0.01}

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.layers import layers_table

        return [layer for part in self._contest.parts for layer in layers_table(part)] if self.row_shape_ else None

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.contest import rebuilding_and_contest
        from detectors.network.training import train

        self._begin()
        self.history_ = train(self._network, X, None, self._options(rebuilding_and_contest(self.rebuild_weight)), progress)
        progress.check()
        both = self._both(X)
        low, self._middle, high = np.quantile(both, (0.25, 0.5, 0.75), axis=0)
        self._spread = np.maximum(high - low, SMALLEST_SPREAD)

    def _build(self) -> None:
        import tensorflow as tf

        from detectors.network.contest import ContestShape, contest
        from detectors.network.scoring import in_chunks, rows_together

        shape = ContestShape(self.row_shape_[0], self.encoder, self.discriminator, self.code)
        self._contest = contest(shape, self._style())
        self._network = self._contest.network
        encoder, generator, discriminator = self._contest.parts

        def both(rows: Any) -> Any:
            codes = encoder(rows, training=False)
            # In double precision: a far row's square would overflow.
            difference = tf.cast(generator(codes, training=False), tf.float64) - tf.cast(rows, tf.float64)
            doubts = -tf.cast(discriminator([rows, codes], training=False)[:, 0], tf.float64)
            return tf.stack([doubts, tf.reduce_mean(tf.square(difference), axis=1)], axis=1)

        together = rows_together(self._network, self.row_shape_)
        self._both = in_chunks(both, self.row_shape_, np.float64, together)
        self._reconstruct = in_chunks(
            lambda rows: generator(encoder(rows, training=False), training=False), self.row_shape_, np.float32, together
        )

    def _score(self, X: NDArray[np.float32]) -> Scores:
        both = self._both(X)
        if self.scored_by == "both":
            spreads = (both - self._middle) / self._spread
            return np.maximum(spreads[:, 0], 0.0) + spreads[:, 1]
        return both[:, 0 if self.scored_by == "discriminator" else 1].copy()

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X)

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        (folder / FILE).write_text(json.dumps({"middle": self._middle.tolist(), "spread": self._spread.tolist()}), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        record = json.loads((folder / FILE).read_text(encoding="utf-8"))
        self._middle, self._spread = np.array(record["middle"]), np.array(record["spread"])
