"""What networks on pictures have in common that paint what they saw again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.network.detector import StyledNetwork
from detectors.params import choice, integer

TYPICAL_FILE = "typical.json"


class PaintedPictures(StyledNetwork):
    """A network that gives its picture back, (rows, height, width, channels). A subclass writes `_made`.

    The error of a pixel is the mean squared difference over its channels. The score is the mean of these errors over
    the picture, the largest mean over a square region of it, or the mean of both, each divided by its median over the
    training pictures.
    """

    score_name = N_("reconstruction error")

    score_of: str = choice(
        "both", title=N_("Score"),
        choices={"mean": N_("Mean over the picture"), "worst_region": N_("Worst region"), "both": N_("Both")},
        help=N_("The worst region finds small flaws, the mean finds pictures that are different as a whole."),
    )  # fmt: skip
    region: int = integer(
        8, title=N_("Region"), low=1, high=512,
        help=N_("Height and width in pixels of the region whose error counts as the worst. About the size of the smallest flaw to find."),
    )  # fmt: skip
    loss: str = choice(
        "mse", title=N_("Loss"), advanced=True,
        choices={"mse": N_("Mean squared error"), "mae": N_("Mean absolute error"), "binary_crossentropy": N_("Binary cross-entropy")},
        help=N_("What training makes small. Binary cross-entropy suits pictures that are nearly black and white."),
    )  # fmt: skip

    only_for_scores = frozenset({"score_of", "region", "loss"})
    defaults: ClassVar = {"epochs": 40, "batch_size": 32, "patience": 10}

    def gradients(self) -> Any:
        return self._gradients

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.training import train

        self._begin()
        self.history_ = train(self._network, X, None, self._options(self.loss), progress)
        progress.check()
        medians = np.median(self._parts(X), axis=0)
        self._set_typical([float(median) if median > 0 else 1.0 for median in medians])

    def _build(self) -> None:
        from detectors.network.scoring import CHUNK_PICTURES, in_chunks, pixel_error, region_errors

        self._network = network = self._made()
        picture, region = self.row_shape_, min(self.region, *self.row_shape_[:2])
        self._reconstruct = in_chunks(lambda rows: network(rows, training=False), picture, np.float32, CHUNK_PICTURES)
        self._pixel_errors = in_chunks(lambda rows: pixel_error(network, rows), picture, np.float64, CHUNK_PICTURES)
        self._parts = in_chunks(lambda rows: region_errors(network, rows, region), picture, np.float64, CHUNK_PICTURES)

    def _made(self) -> Any:
        """The network, untrained."""
        raise NotImplementedError

    def _set_typical(self, typical: list[float]) -> None:
        """`typical` mean and worst region of a training picture: what each counts in the score follows from them."""
        from detectors.network.scoring import CHUNK_PICTURES, gradients_of, in_chunks, region_errors

        self._typical = typical
        shares = {"mean": [1.0, 0.0], "worst_region": [0.0, 1.0], "both": [0.5 / typical[0], 0.5 / typical[1]]}
        counts = self._counts = np.asarray(shares[self.score_of])
        network, picture = self._network, tuple(self._network.input.shape[1:])
        region = min(self.region, *picture[:2])

        def score(rows: Any) -> Any:
            errors = region_errors(network, rows, region)
            return counts[0] * errors[:, 0] + counts[1] * errors[:, 1]

        self._gradients = in_chunks(gradients_of(score), picture, np.float64, CHUNK_PICTURES)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        errors = self._parts(X)
        return self._counts[0] * errors[:, 0] + self._counts[1] * errors[:, 1]

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._reconstruct(X)

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """The error of every pixel, (rows, height, width)."""
        return self._pixel_errors(X)

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        (folder / TYPICAL_FILE).write_text(json.dumps(self._typical), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        try:
            mean, worst = json.loads((folder / TYPICAL_FILE).read_text(encoding="utf-8"))
            self._set_typical([float(mean), float(worst)])
        except (OSError, ValueError, TypeError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=TYPICAL_FILE) from error
