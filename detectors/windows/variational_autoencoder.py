"""A variational autoencoder on windows."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.messages import N_
from detectors.network.window_codes import CodedWindows
from detectors.params import Preset, number


class VariationalAutoencoder(CodedWindows):
    """Each window becomes a small cloud of codes rather than one code, and is unfolded again from the middle of its cloud.

    The clouds of all windows together are held to a normal distribution, so that codes between those of usual windows
    belong to usual windows too.
    """

    title = N_("Variational autoencoder")
    summary = N_("Turns every stretch of the series into a small cloud of codes and measures how badly it comes out again.")
    reference = (
        "Kingma & Welling: Auto-encoding variational Bayes, ICLR 2014, arXiv:1312.6114; Park, Hoshi & Kemp: A multimodal anomaly "
        "detector using an LSTM-based variational autoencoder, RA-L 2018, arXiv:1711.00614"
    )
    when = N_(
        "Noisy series with shapes that come again: what is not worth its price it smooths away, and it copes with a code that is too long."
    )
    when_not = N_(
        "Series with many different shapes, which it blurs: the autoencoder keeps them apart. Single steps that stick out for a moment."
    )

    kl_weight: float = number(
        0.1, title=N_("Price of the clouds"), low=0.0, high=100.0,
        help=N_("What it costs that a window's cloud of codes differs from all others (Kullback-Leibler divergence). More makes blurred reconstructions and more windows unusual."),
    )  # fmt: skip

    only_for_scores = frozenset({"kl_weight"})
    defaults: ClassVar = {"code": 8}
    presets: ClassVar = {
        "lstm": Preset(N_("LSTM"), N_("One LSTM of 64 reads the window, one writes it."), {"cell": "lstm", "layers": (64,), "code": 16}),
        "wide": Preset(N_("Wide"), N_("For many columns: more filters and a longer code."), {"layers": (64, 32), "code": 64}),
    }  # fmt: skip
    quick: ClassVar = {"layers": [8, 8], "code": 4, "epochs": 10, "batch_size": 16, "learning_rate": 0.01}

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.layers import layers_table

        return [*layers_table(self._parts.encoder), *layers_table(self._parts.decoder)] if self.row_shape_ else None

    def _made(self) -> Any:
        from detectors.network.sequences import variational_sequence

        self._parts = variational_sequence(self._shape(), self.code, self.kl_weight)
        return self._parts.network
