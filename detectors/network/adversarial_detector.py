"""What adversarial networks have in common: how they learn from each other, what is asked of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.network.detector import StyledNetwork
from detectors.params import choice, number

FILE = "usual.json"

#: Spreads below this count as this: a discriminator that thinks the same of all rows says nothing of any.
SMALLEST_SPREAD = 1e-6


class AdversarialNetworks(StyledNetwork):
    """An encoder, a generator and a discriminator on rows of any shape. A subclass writes `_made`.

    The discriminator's score is how sure it is that a row, with its code, was made; the rebuilding score is the mean
    squared difference between a row and what the generator makes of its code. Both together are their sum, each in
    quartile distances from its median over the training rows; what the discriminator takes for more real than most is
    no less unusual for that.
    """

    scored_by: str = choice(
        "both", title=N_("Scored by"),
        choices={"both": N_("Both"), "discriminator": N_("The discriminator"), "rebuilding": N_("How well the generator can rebuild it")},
        help=N_("The discriminator sees what does not look real, rebuilding what does not come back from its code."),
    )  # fmt: skip
    rebuild_weight: float = number(
        1.0, title=N_("Weight of rebuilding"), low=0.0, high=1000.0, advanced=True,
        help=N_("How much rebuilding counts in training, beside deceiving the discriminator."),
    )  # fmt: skip

    only_for_scores = frozenset({"scored_by", "rebuild_weight"})

    #: Rows that the networks see at once when they score.
    rows_together = 256

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.layers import layers_table

        return [layer for part in self._contest.parts for layer in layers_table(part)] if self.row_shape_ else None

    def gradients(self) -> Any:
        return self._slope

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.contest import rebuilding_and_contest
        from detectors.network.training import train

        self._begin()
        self.history_ = train(self._network, X, None, self._options(rebuilding_and_contest(self.rebuild_weight)), progress)
        progress.check()
        low, middle, high = np.quantile(self._both(X), (0.25, 0.5, 0.75), axis=0)
        self._count_in(middle, np.maximum(high - low, SMALLEST_SPREAD))

    def _made(self) -> Any:
        """The three networks and their contest, untrained."""
        raise NotImplementedError

    def _build(self) -> None:
        from detectors.network.scoring import in_chunks

        self._contest = self._made()
        self._network = self._contest.network
        together = self.rows_together
        self._both = in_chunks(self._both_of, self.row_shape_, np.float64, together)
        self._errors = in_chunks(self._errors_of, self.row_shape_, np.float64, together)
        self._reconstruct = in_chunks(self._rebuilt, self.row_shape_, np.float32, together)

    def _rebuilt(self, rows: Any) -> Any:
        encoder, generator, _ = self._contest.parts
        return generator(encoder(rows, training=False), training=False)

    def _errors_of(self, rows: Any) -> Any:
        """The mean squared difference of each step or pixel from what was rebuilt. Tensors."""
        import tensorflow as tf

        # In double precision: a far row's square would overflow.
        difference = tf.cast(self._rebuilt(rows), tf.float64) - tf.cast(rows, tf.float64)
        return tf.reduce_mean(tf.square(difference), axis=-1)

    def _both_of(self, rows: Any) -> Any:
        """The discriminator's doubt and the rebuilding error, (rows, 2). Tensors."""
        import tensorflow as tf

        encoder, _, discriminator = self._contest.parts
        doubts = -tf.cast(discriminator([rows, encoder(rows, training=False)], training=False)[:, 0], tf.float64)
        errors = self._errors_of(rows)
        return tf.stack([doubts, tf.reduce_mean(errors, axis=list(range(1, len(errors.shape))))], axis=1)

    def _count_in(self, middle: NDArray[np.float64], spread: NDArray[np.float64]) -> None:
        """Scores are counted in `spread` from `middle`, both (2,), of the doubts and the errors of training rows."""
        import tensorflow as tf

        from detectors.network.scoring import gradients_of, in_chunks

        self._middle, self._spread = middle, spread

        def score(rows: Any) -> Any:
            both = self._both_of(rows)
            return self._joined(both[:, 0], both[:, 1], tf.maximum)

        self._scores = in_chunks(score, self.row_shape_, np.float64, self.rows_together)
        self._slope = in_chunks(gradients_of(score), self.row_shape_, np.float64, self.rows_together)

    def _joined(self, doubts: Any, errors: Any, larger: Any) -> Any:
        """One score of doubts and errors, which are arrays or tensors; `larger` gives the larger of each pair of theirs."""
        if self.scored_by == "discriminator":
            return doubts
        if self.scored_by == "rebuilding":
            return errors
        return larger((doubts - self._middle[0]) / self._spread[0], 0.0) + (errors - self._middle[1]) / self._spread[1]

    def _score(self, X: NDArray[np.float32]) -> Scores:
        scores: Scores = self._scores(X)
        return scores

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X)

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        (folder / FILE).write_text(json.dumps({"middle": self._middle.tolist(), "spread": self._spread.tolist()}), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        try:
            record = json.loads((folder / FILE).read_text(encoding="utf-8"))
            self._count_in(np.array(record["middle"]), np.array(record["spread"]))
        except (OSError, ValueError, KeyError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
