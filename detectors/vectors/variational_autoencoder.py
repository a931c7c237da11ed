"""A variational autoencoder for vectors."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.messages import N_
from detectors.network.detector import StyledNetwork
from detectors.params import Preset, choice, integer, integers, number, switch


class VariationalAutoencoder(StyledNetwork):
    """Each row becomes a small cloud of codes rather than one code, and is unfolded again from there.

    The score is the mean squared (or absolute) difference between a row and its reconstruction, over the columns: from
    the middle of its cloud or averaged over fixed draws from it; on demand with the price of the cloud, as in the
    training loss.
    """

    title = N_("Variational autoencoder")
    summary = N_("Turns every row into a small cloud of codes and measures how badly it comes out again.")
    reference = "Kingma & Welling: Auto-encoding variational Bayes, ICLR 2014, arXiv:1312.6114"
    when = N_(
        "Rows known to be usual whose columns depend on each other: where an autoencoder begins to know its rows by heart, the noise in its "
        "code keeps it from doing so, and how long the code is matters little."
    )
    when_not = N_(
        "Groups of rows that have little in common, or columns that have nothing to do with each other: then nearest neighbours and diffusion "
        "time see more. Many anomalies among the training rows are learned as well."
    )
    score_name = N_("reconstruction error")

    encoder: tuple[int, ...] = integers(
        (64, 32), title=N_("Encoder layers"), low=1, high=4096,
        help=N_("Neurons of each layer on the way to the code, widest first. The way back mirrors them."),
    )  # fmt: skip
    code: int = integer(
        8, title=N_("Code"), low=1, high=1024,
        help=N_("Numbers of the code. Those that are not worth their price become noise, so it may be generous."),
    )  # fmt: skip
    kl_weight: float = number(
        0.01, title=N_("Price of the clouds"), low=0.0, high=100.0,
        help=N_("What it costs that a row's cloud of codes differs from all others (Kullback-Leibler divergence). More makes blurred reconstructions and more rows unusual."),
    )  # fmt: skip
    draws: int = integer(
        0, title=N_("Draws"), low=0, high=100, advanced=True,
        help=N_("Codes drawn from each row's cloud to score it, always the same ones; 0 takes the middle of the cloud alone."),
    )  # fmt: skip
    price_in_score: bool = switch(
        False, title=N_("Price in the score"), advanced=True, help=N_("Adds the price of a row's cloud to its score: rows whose code lies far out score higher.")
    )  # fmt: skip
    error: str = choice(
        "mean_squared", title=N_("Score"), advanced=True,
        choices={"mean_squared": N_("Mean squared error"), "mean_absolute": N_("Mean absolute error")},
        help=N_("How the differences of a row's columns become its score. Squared stresses one column that is far off."),
    )  # fmt: skip

    only_for_scores = frozenset({"draws", "price_in_score", "error"})
    defaults: ClassVar = {"epochs": 100, "patience": 10}
    presets: ClassVar = {
        "small": Preset(N_("Small"), N_("For few columns or few rows: one narrow layer and a short code."), {"encoder": (16,), "code": 3}),
        "wide": Preset(N_("Wide"), N_("For many columns and rows: wide layers, a long code, larger batches."), {"encoder": (256, 64), "code": 16, "batch_size": 256}),
        "likelihood": Preset(
            N_("As likely as in the paper"), N_("Dear clouds, and a score with their price, averaged over ten draws."),
            {"kl_weight": 1.0, "draws": 10, "price_in_score": True},
        ),
    }  # fmt: skip
    quick: ClassVar = {"encoder": [8], "code": 2, "epochs": 20, "batch_size": 16, "learning_rate": 0.01}

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.layers import layers_table

        return [*layers_table(self._parts.encoder), *layers_table(self._parts.decoder)] if self.row_shape_ else None

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.training import train

        self._begin()
        self.history_ = train(self._network, X, None, self._options(), progress)

    def _build(self) -> None:
        from detectors.network.scoring import in_chunks, reconstruction, rows_together
        from detectors.network.variational import errors, variational_autoencoder

        self._parts = variational_autoencoder(self.row_shape_[0], self.encoder, self.code, self.kl_weight, self._style())
        self._network = self._parts.network
        together = rows_together(self._network, self.row_shape_)
        price = self.kl_weight if self.price_in_score else 0.0
        error = errors(self._parts, self._fixed_draws(), price, squared=self.error == "mean_squared")
        self._error = in_chunks(error, self.row_shape_, np.float64, together)
        self._reconstruct = reconstruction(self._network, self.row_shape_)

    def _fixed_draws(self) -> NDArray[np.float32]:
        """Where codes are drawn, in standard deviations from the middle of each cloud, (draws, code)."""
        if not self.draws:
            return np.zeros((1, self.code), dtype=np.float32)
        return np.random.default_rng(self.seed % 2**32).standard_normal((self.draws, self.code)).astype(np.float32)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._error(X)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X)
