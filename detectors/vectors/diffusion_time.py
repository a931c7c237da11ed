"""Diffusion time: how much noise it would have taken to make a usual row into this one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import blocks, drawn
from detectors.base import Carried, Progress, Quiet, Scores
from detectors.geometry.neighbours import Neighbours, own_places
from detectors.messages import N_
from detectors.network.detector import StyledNetwork
from detectors.params import Preset, choice, integer, integers, number

FILE = "noise.npz"

#: An epoch shows few rows so often that it has this many of them, each time with other noise.
ROWS_AN_EPOCH = 4096

#: Rows whose nearest ones say how far apart rows usually lie.
MEASURED_ROWS = 2000

#: Noise lower than this share of the usual distance between rows is none.
FLOOR = 0.01

#: Logarithms beyond are cut off, so that a row however far out has a finite score.
LARGEST_LOG = 300.0


class DiffusionTime(StyledNetwork):
    """Puts noise of all strengths on the training rows; the noise that a new row seems to have on it is its score.

    A network learns to tell the strength of the noise from the noisy row (DTE-C of the paper, with noise that grows
    without bound and its logarithm as the answer). The same can be told from how near the nearest training rows are
    (DTE-NP). Both together are their geometric mean. The score is a standard deviation, in units of the prepared columns.
    """

    title = N_("Diffusion time")
    summary = N_("Learns to tell how much noise was put on a row, and asks how much seems to be on a new one.")
    reference = "Livernoche, Jain, Hezaveh & Ravanbakhsh: On diffusion modeling for anomaly detection, ICLR 2024, arXiv:2305.18593"
    when = N_(
        "Training rows that are known to be usual, few or many: on thirty tables it found more than nearest neighbours, above all where "
        "what is unusual lies close to the usual but in another direction."
    )
    when_not = N_(
        "Groups of anomalies among the training rows: each remembers the others. Its file holds training rows, and it does not say what it "
        "expected instead."
    )
    score_name = N_("noise level")

    told_by: str = choice(
        "both", title=N_("Told by"),
        choices={"both": N_("Both"), "network": N_("The network"), "neighbours": N_("The nearest rows")},
        help=N_("The network knows in which directions rows vary, the nearest rows remember each of them. Both are mostly best."),
    )  # fmt: skip
    layers: tuple[int, ...] = integers(
        (256, 128), title=N_("Layers"), low=1, high=4096, help=N_("Neurons of each layer of the network.")
    )  # fmt: skip
    neighbours: int = integer(
        3, title=N_("Neighbours"), low=1, high=1000, help=N_("Nearest training rows whose mean distance is taken.")
    )  # fmt: skip
    weakest: float = number(
        0.4, title=N_("Weakest noise"), low=0.01, high=10.0, advanced=True,
        help=N_("As a multiple of the usual distance between a training row and the next one. Weaker noise teaches to know rows by heart."),
    )  # fmt: skip
    strongest: float = number(
        6.0, title=N_("Strongest noise"), low=0.1, high=1000.0, advanced=True,
        help=N_("In standard deviations of the prepared columns: about how far out anomalies lie at most."),
    )  # fmt: skip
    most_rows: int = integer(
        20_000, title=N_("Rows learned from"), low=2, high=1_000_000, advanced=True,
        help=N_("Of more training rows a random sample is learned from and kept: scoring takes longer with every row."),
    )  # fmt: skip

    unused: ClassVar = frozenset({"input_noise", "input_masking", "adversarial_step"})  # noise on the inputs is what it learns about
    defaults: ClassVar = {"epochs": 80, "batch_size": 128, "early_stopping": False, "validation_share": 0.0}
    only_for_scores = frozenset({"neighbours", "most_rows", "weakest", "strongest"})
    presets: ClassVar = {
        "contaminated": Preset(
            N_("With anomalies among the rows"), N_("More neighbours, and only noise that is stronger than what lies between rows."),
            {"neighbours": 20, "weakest": 1.0},
        ),
        "thorough": Preset(N_("Thorough"), N_("Four times as long, with a falling learning rate."), {"epochs": 320, "schedule": "cosine"}),
    }  # fmt: skip
    quick: ClassVar = {"layers": [32], "epochs": 3, "learning_rate": 0.005}

    _network: Any = None

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.layers import layers_table

        return layers_table(self._estimator) if self.row_shape_ and self._learns else None

    @property
    def _learns(self) -> bool:
        return self.told_by != "neighbours"

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from detectors.network.losses import losses_themselves
        from detectors.network.training import train

        self._kept = drawn(len(X), self.most_rows, self.seed)
        self._take(X[self._kept], 1.0)
        self._take(self._rows, self._usual_noise(progress))
        if not self._learns:
            progress.report("fitting", 1, 1)
            return
        self._begin()
        rows = np.tile(self._rows, (math.ceil(ROWS_AN_EPOCH / len(self._rows)), 1))
        self.history_ = train(self._network, rows, None, self._options(losses_themselves), progress)

    def _take(self, rows: NDArray[np.float32], usual: float) -> None:
        self._rows, self._usual, self._neighbours = rows, usual, Neighbours(rows)

    def _usual_noise(self, progress: Progress) -> float:
        """The noise that a row would have to have on it to be made of the one that is nearest to it, in the middle of the rows."""
        chosen = drawn(len(self._rows), MEASURED_ROWS, self.seed)
        distances, _ = self._neighbours.nearest(self._rows[chosen], 1, Quiet(progress), own=chosen)
        apart = distances[distances > 0]
        return float(np.median(apart)) / math.sqrt(self._rows.shape[1]) if len(apart) else 1.0

    def _build(self) -> None:
        from detectors.network.noise_level import noise_level
        from detectors.network.scoring import in_chunks, rows_together

        weakest = math.log(self.weakest * self._usual)
        levels = weakest, max(math.log(self.strongest), weakest + 1.0)
        self._estimator, self._network = noise_level(self.row_shape_[0], self.layers, levels, self._style())
        together = rows_together(self._estimator, self.row_shape_)
        self._log_noise = in_chunks(lambda rows: self._estimator(rows, training=False)[:, 0], self.row_shape_, np.float32, together)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._noise_of(X, None, Progress())

    @classmethod
    def scores_as_unseen(cls) -> bool:
        return False  # its network has seen them

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        return self._noise_of(X, own_places(len(X), self._kept), progress)

    def _noise_of(self, X: NDArray[np.float32], own: NDArray[np.intp] | None, progress: Progress) -> Scores:
        logs = []
        if self._learns:
            logs.append(np.concatenate([self._log_noise(X[rows]) for rows in blocks(X)] or [np.empty(0)]).astype(np.float64))
        if self.told_by != "network":
            distances, _ = self._neighbours.nearest(X, self.neighbours, progress, own=own)
            logs.append(np.log(distances.mean(axis=1) / math.sqrt(X.shape[1]) + FLOOR * self._usual))
        scores: Scores = np.exp(np.clip(np.mean(logs, axis=0), -LARGEST_LOG, LARGEST_LOG))
        return scores

    def carried(self) -> Sequence[Carried]:
        return [Carried(N_("rows that new ones are compared with"), len(self._rows))]

    def _save(self, folder: Path) -> None:
        np.savez(folder / FILE, rows=self._rows, usual=self._usual)
        if self._learns:
            super()._save(folder)

    def _load(self, folder: Path) -> None:
        with np.load(folder / FILE, allow_pickle=False) as kept:
            self._take(kept["rows"], float(kept["usual"]))
        if self._learns:
            super()._load(folder)
