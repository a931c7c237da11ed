"""A small Transformer that foretells: patches of the steps before look at each other, and say what should come."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.messages import N_
from detectors.network.forecasting import ForecastingNetwork
from detectors.params import Preset, integer


class TransformerForecaster(ForecastingNetwork):
    """A Transformer reads the steps before in patches and learns to foretell the last steps of a window."""

    title = N_("Transformer forecaster")
    summary = N_("Lets pieces of the past look at each other to foretell each step, and measures how far off it was.")
    reference = (
        "Vaswani et al.: Attention is all you need, NeurIPS 2017, arXiv:1706.03762; "
        "Nie, Nguyen, Sinthong & Kalagnanam: A time series is worth 64 words, ICLR 2023, arXiv:2211.14730"
    )
    when = N_("Long windows in which what comes next depends on what was long before: several rhythms at once, many columns.")
    when_not = N_(
        "Short series or windows: the forecaster learns more from less. Series that wander without rule; long anomalies, which "
        "after a few steps have become the past that it foretells from."
    )

    units: int = integer(32, title=N_("Units"), low=4, high=1024, help=N_("How many numbers each patch is described by."))
    blocks: int = integer(2, title=N_("Blocks"), low=1, high=12, help=N_("How often the patches look at each other."))
    patch: int = integer(
        8, title=N_("Patch"), low=1, high=512, help=N_("Steps read together as one piece. Smaller sees finer and takes longer.")
    )  # fmt: skip

    #: A block has its own normalisation.
    unused: ClassVar = frozenset({"activation", "normalisation"})
    presets: ClassVar = {
        "steps": Preset(N_("Every step on its own"), N_("Patches of a single step, for short windows."), {"patch": 1}),
        "large": Preset(N_("Large"), N_("Four blocks of 128, for very many windows of many columns."), {"units": 128, "blocks": 4, "dropout": 0.1}),
    }  # fmt: skip
    quick: ClassVar = {"units": 8, "blocks": 1, "patch": 4, "epochs": 6, "batch_size": 16, "learning_rate": 0.01}

    def _shape(self, steps: int, columns: int) -> Any:
        from detectors.network.sequences import WindowShape

        return WindowShape(steps, columns, "transformer", (self.units,) * self.blocks, self.dropout, patch=self.patch)
