"""A sequence autoencoder: windows are squeezed into a short code and unfolded again."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.messages import N_
from detectors.network.window_codes import CodedWindows
from detectors.params import Preset


class Autoencoder(CodedWindows):
    """A network squeezes each window into a short code and unfolds it again; what it cannot give back is unusual."""

    title = N_("Autoencoder")
    summary = N_("Squeezes every stretch of the series through a narrow network and measures how badly it comes out again.")
    reference = "Malhotra et al.: LSTM-based encoder-decoder for multi-sensor anomaly detection, ICML workshop 2016, arXiv:1607.00148"
    when = N_("Series with shapes that come again: rhythms, machine cycles, heartbeats; and several columns that move together.")
    when_not = N_("Single steps that stick out for a moment: a forecaster sees those sharper. Also series without any shape of their own.")

    presets: ClassVar = {
        "lstm": Preset(N_("LSTM"), N_("One LSTM of 64 reads the window, one writes it."), {"cell": "lstm", "layers": (64,), "code": 16}),
        "wide": Preset(N_("Wide"), N_("For many columns: more filters and a longer code."), {"layers": (64, 32), "code": 32}),
    }  # fmt: skip
    quick: ClassVar = {"layers": [8, 8], "code": 4, "epochs": 10, "batch_size": 16, "learning_rate": 0.01}

    def _made(self) -> Any:
        from detectors.network.sequences import sequence_autoencoder

        return sequence_autoencoder(self._shape(), self.code)
