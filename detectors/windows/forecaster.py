"""A forecaster: the steps before say what should come, and what comes is compared with that."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.messages import N_
from detectors.network.forecasting import ForecastingNetwork
from detectors.params import Preset, choice, integers


class Forecaster(ForecastingNetwork):
    """A network learns to foretell the last steps of a window from those before; what it did not foresee is unusual."""

    title = N_("Forecaster")
    summary = N_("Foretells each step from those before and measures how far off it was.")
    reference = "Malhotra, Vig, Shroff & Agarwal: Long short term memory networks for anomaly detection in time series, ESANN 2015"
    when = N_("Series whose past says what comes next: rhythms, loads, sensors. It names the very step at which something happened.")
    when_not = N_(
        "Series that wander without rule, such as prices, unless differences are looked at; long anomalies, which after a few steps "
        "have become the past that it foretells from."
    )

    cell: str = choice(
        "gru", title=N_("Network"),
        choices={"rnn": N_("Recurrent (simple)"), "lstm": N_("LSTM"), "gru": N_("GRU"), "convolution": N_("Convolution")},
        help=N_("What reads the steps before. LSTM and GRU remember longest, convolutions train fastest."),
    )  # fmt: skip
    layers: tuple[int, ...] = integers(
        (32,), title=N_("Layers"), low=1, high=1024, help=N_("Neurons or filters of each layer, the first one reads the series.")
    )  # fmt: skip
    presets: ClassVar = {
        "lstm": Preset(N_("LSTM 64-64"), N_("Two layers of 64, for long and winding series."), {"cell": "lstm", "layers": (64, 64)}),
        "convolution": Preset(N_("Convolution"), N_("Four layers that look back twice as far each; fast."), {"cell": "convolution", "layers": (32, 32, 32, 32)}),
        "next": Preset(N_("Next step alone"), N_("Foretells one step at a time, for spikes."), {"horizon": 1}),
    }  # fmt: skip
    quick: ClassVar = {"layers": [8], "epochs": 4, "batch_size": 16, "learning_rate": 0.01}

    def _shape(self, steps: int, columns: int) -> Any:
        from detectors.network.sequences import WindowShape

        return WindowShape(steps, columns, self.cell, self.layers, self.dropout, self.normalisation)
