"""AER: an autoencoder that gives back the middle of a window, and foretells what follows and tells back what came before."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.network.window_codes import CodedWindows
from detectors.params import Preset, integer, number


class Aer(CodedWindows):
    """A network sees the middle of a window through a short code; it gives it back, and guesses the first and last steps from it.

    The error of a step is the mean over its columns of (difference ÷ usual difference there)². Guessed steps count
    together as `regression_share` of a window's score, those given back as the rest. A step is scored by the mean over the
    windows that hold it, so by what was guessed of it from both sides and by how it was given back.
    """

    title = N_("AER: predicts and reconstructs")
    summary = N_("Gives every stretch back through a narrow network and guesses what lies before and after it, all at once.")
    reference = "Wong, Liu, Berti-Equille & Veeramachaneni: AER: Auto-encoder with regression, IEEE Big Data 2022, arXiv:2212.13558"
    when = N_("Series where you do not know whether single steps or whole stretches are unusual: it looks for both.")
    when_not = N_("Very short windows, whose middle says little; series without any shape of their own.")
    score_name = N_("reconstruction and prediction error")

    guessed: int = integer(
        0, title=N_("Guessed steps"), low=0, high=512,
        help=N_("Steps at each end that it does not see, at most a quarter of the window; 0 takes a sixteenth of it."),
    )  # fmt: skip
    regression_share: float = number(
        0.5, title=N_("Share of guessing"), low=0.0, high=1.0,
        help=N_("How much guessed steps count beside those given back, in training and in the score."),
    )  # fmt: skip

    only_for_scores = frozenset({"regression_share"})
    presets: ClassVar = {
        "lstm": Preset(
            N_("As in the paper"), N_("An LSTM of 30 reads the window, one writes it; a single step is guessed at each end."),
            {"cell": "lstm", "layers": (30,), "code": 60, "guessed": 1},
        ),
    }  # fmt: skip
    quick: ClassVar = {"layers": [8, 8], "epochs": 10, "batch_size": 16, "learning_rate": 0.01}

    def _ends(self) -> int:
        """Steps guessed at each end of a window."""
        steps = self.row_shape_[0]
        return max(1, min(self.guessed or steps // 16, steps // 4)) if steps > 2 else 0

    def _shares(self) -> NDArray[np.float32]:
        """How much each step counts, (steps, 1); their mean is 1."""
        steps, ends = self.row_shape_[0], self._ends()
        if not ends:
            return np.ones((steps, 1), dtype=np.float32)
        shares = np.full((steps, 1), (1 - self.regression_share) * steps / (steps - 2 * ends), dtype=np.float32)
        shares[:ends] = shares[steps - ends :] = self.regression_share * steps / (2 * ends)
        return shares

    def _made(self) -> Any:
        from detectors.network.sequences import sequence_autoencoder

        return sequence_autoencoder(self._shape(), self.code, unseen=self._ends())

    def _options(self, loss: Any = None) -> Any:
        import tensorflow as tf

        shares = tf.constant(self._shares())
        return super()._options(loss or (lambda wanted, answer: tf.reduce_mean(shares * tf.square(answer - wanted), axis=2)))

    def _differences(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        # A column for each step and column: what was guessed is usually further off than what was given back.
        return super()._differences(X).reshape(len(X), 1, -1)

    def _compile(self) -> None:
        import tensorflow as tf

        from detectors.network.scoring import gradients_of, in_chunks, reconstruction

        usual, shares = tf.constant(self._usual.reshape(-1, self.row_shape_[1])), tf.constant(self._shares()[:, 0], tf.float64)

        def errors(rows: Any) -> Any:
            difference = (self._network(rows, training=False) - rows) / usual
            return shares * tf.reduce_mean(tf.square(tf.cast(difference, tf.float64)), axis=2)

        def score(rows: Any) -> Any:
            return tf.reduce_mean(errors(rows), axis=1)

        self._reconstruct = reconstruction(self._network, self.row_shape_)
        self._errors = in_chunks(errors, self.row_shape_, np.float64)
        self._scores = in_chunks(score, self.row_shape_, np.float64)
        self._slope = in_chunks(gradients_of(score), self.row_shape_, np.float64)

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """The error of each step, times what it counts, (rows, steps); their mean is the score."""
        return self._errors(X)
