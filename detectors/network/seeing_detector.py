"""What detectors have in common that look at pictures with a network which has learned to see from these pictures alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress
from detectors.messages import N_
from detectors.params import choice, integer, integers, number


class SeeingDetector(Detector):
    """A detector that learns from what `self._features`, a network trained on turned and pasted pictures, says of each picture."""

    step_name = N_("epoch {done} of {total}")

    pretext: str = choice(
        "both", title=N_("Pretext"),
        choices={"rotation": N_("Turned pictures"), "cut_paste": N_("Cut and pasted pieces"), "both": N_("Both")},
        help=N_("What the network learns to see. Turns suit things with an upright, pasted pieces suit surfaces with flaws."),
    )  # fmt: skip
    epochs: int = integer(
        8, title=N_("Epochs"), low=1, high=10_000, searched=False,
        help=N_("How often the network sees every training picture in every change."),
    )  # fmt: skip
    filters: tuple[int, ...] = integers(
        (32, 64, 128), title=N_("Filters"), low=1, high=1024,
        help=N_("Filters of each convolution; each one halves height and width."),
    )  # fmt: skip
    batch_size: int = integer(
        64, title=N_("Batch size"), low=1, high=65_536, advanced=True,
        help=N_("Pictures per learning step. Larger is faster, smaller learns finer."),
    )  # fmt: skip
    learning_rate: float = number(
        0.001, title=N_("Learning rate"), low=1e-6, high=1.0, advanced=True,
        help=N_("How far one step moves the weights. Too large and the loss jumps about or is no longer a number."),
    )  # fmt: skip

    def layers_table(self) -> list[dict[str, Any]] | None:
        return self._features.layers_table() if self.row_shape_ else None

    def _learn_to_see(self, X: NDArray[np.float32], progress: Progress) -> None:
        """Trains the network on the pictures `X`, (rows, height, width, channels)."""
        from detectors.network.picture_features import PictureFeatureOptions, PictureFeatures

        options = PictureFeatureOptions(self.pretext, self.filters, self.epochs, self.batch_size, self.learning_rate)
        self._features = PictureFeatures(options).fit(X, self.seed, progress)
        progress.check()

    def _save(self, folder: Path) -> None:
        self._features.save(folder)

    def _load(self, folder: Path) -> None:
        from detectors.network.picture_features import PictureFeatures

        self._features = PictureFeatures.load(folder)
