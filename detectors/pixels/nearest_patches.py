"""Nearest patches: every place of a picture is compared with places of the training pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Carried, Progress, Scores
from detectors.errors import StorageError
from detectors.geometry.coreset import spread_out
from detectors.messages import N_
from detectors.network.seeing_detector import SeeingDetector
from detectors.params import Preset, choice, integer

FILE = "patches.npz"

#: So many places are looked at for each one kept.
CANDIDATES = 10

#: The nearest places among which the worst one's nearest is weighed; as in the paper.
AROUND_WORST = 9

#: Larger exponents than this make no difference to a weight.
LARGEST_EXPONENT = 50.0

#: Features that vary less than this over all places are of filters that never answer; they keep their scale.
SMALLEST_SPREAD = 1e-6

#: Pictures looked at together, so that memory stays small.
PICTURES_TOGETHER = 64


class NearestPatches(SeeingDetector):
    """A small network learns to see on the pictures themselves; a picture with a place unlike all places known is unusual.

    A place is described by what the filters of the deeper maps say there and around it, each divided by its spread. Some
    thousand places of training pictures are kept, each as unlike the others as can be. The distance of a place is that to
    the nearest one kept. The score is that of the worst place, a little less where many kept places are
    as near, the mean over all places, or the mean of both, each divided by its median over the training pictures.
    A training picture is compared with places of other pictures alone.
    """

    title = N_("Nearest patches")
    family = N_("Neighbours")
    summary = N_("Compares every place of a picture with the places of the training pictures, in features learned from them.")
    reference = (
        "Roth et al.: Towards total recall in industrial anomaly detection (PatchCore), CVPR 2022, arXiv:2106.08265; "
        "features as in Li, Sohn, Yoon & Pfister: CutPaste, CVPR 2021, arXiv:2104.04015"
    )
    when = N_("Surfaces and parts with small flaws, learned from pictures known to be good: it shows the place of the flaw.")
    when_not = N_(
        "Anomalies among the training pictures, for their places are kept as well; pictures that are unusual only as a whole. "
        "The paper's features come from millions of other pictures; these are learned from yours alone, and see less."
    )
    score_name = N_("distance to the nearest patch")

    score_of: str = choice(
        "both", title=N_("Score"),
        choices={"mean": N_("Mean over the picture"), "worst_place": N_("Worst place"), "both": N_("Both")},
        help=N_("The worst place finds small flaws, the mean finds pictures that are different as a whole."),
    )  # fmt: skip
    kept: int = integer(
        1000, title=N_("Places kept"), low=2, high=100_000, help=N_("More tell finer, and take longer to score and more room.")
    )  # fmt: skip
    keeps: str = choice(
        "spread_out", title=N_("Which are kept"), choices={"spread_out": N_("Unlike each other"), "random": N_("Drawn at random")},
        help=N_("Places unlike each other cover all there is, also what anomalies among the training pictures show; drawn ones what is usual."),
    )  # fmt: skip

    presets: ClassVar = {
        "flaws": Preset(N_("Small flaws"), N_("Learns from pasted pieces, and counts the worst place alone."), {"pretext": "cut_paste", "score_of": "worst_place"}),
        "fine": Preset(N_("Fine"), N_("Keeps five times as many places."), {"kept": 5000}),
    }  # fmt: skip
    quick: ClassVar = {"filters": [8, 8], "epochs": 2, "batch_size": 32, "learning_rate": 0.01, "kept": 100}

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        self._learn_to_see(X, progress)
        places, of = self._candidates(X, progress)
        spread = places.std(axis=0)
        scale = np.where(spread > SMALLEST_SPREAD, spread, 1.0).astype(np.float32)
        if self.keeps == "random":
            kept = drawn(len(places), self.kept, self.seed)
        else:
            kept = spread_out(places / scale, self.kept, self.seed, progress)
        self._use(places[kept] / scale, scale)
        self._learn_what_is_typical(X, of[kept], progress)

    def _candidates(self, X: NDArray[np.float32], progress: Progress) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Places of the training pictures, as many of each, (places, features), and the picture that each is of, (places,)."""
        self._see()
        chance = np.random.default_rng(self.seed % 2**32)
        each = math.ceil(CANDIDATES * self.kept / len(X))
        found = []
        for start in range(0, len(X), PICTURES_TOGETHER):
            progress.check()
            for places in self._places(X[start : start + PICTURES_TOGETHER]):
                flat = places.reshape(-1, places.shape[-1])
                found.append(flat[chance.permutation(len(flat))[:each]])
        return np.concatenate(found), np.repeat(np.arange(len(X)), [len(places) for places in found])

    def _see(self) -> None:
        from detectors.network.picture_places import picture_places

        self._places = picture_places(self._features.maps(), self.row_shape_)

    def _use(self, kept: NDArray[np.float32], scale: NDArray[np.float32]) -> None:
        """`kept` places, (kept, features), in units of `scale`, (features,)."""
        self._kept, self._scale = np.ascontiguousarray(kept), scale
        self._lengths = np.square(self._kept).sum(axis=1)

    def _learn_what_is_typical(self, X: NDArray[np.float32], of: NDArray[np.intp], progress: Progress) -> None:
        """Scores the training pictures, each compared with places kept of other pictures, and takes their medians."""
        found = []
        for start in range(0, len(X), PICTURES_TOGETHER):
            progress.check()
            for picture, places in enumerate(self._places(X[start : start + PICTURES_TOGETHER]), start=start):
                # Where all kept places are of one picture, it has no others.
                own = of == picture if (of != picture).any() else np.zeros(len(of), dtype=bool)
                found.append(self._worst_and_mean(self._squares(places, own)))
            progress.report("scoring", min(start + PICTURES_TOGETHER, len(X)), len(X))
        self._training = np.array(found)
        medians = np.median(self._training, axis=0)
        self._typical = np.where(medians > 0, medians, 1.0)

    def _squares(self, places: NDArray[np.float32], own: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Squared distances of a picture's `places`, (height, width, features), from those kept, (places, kept); from its `own` none."""
        # Always a whole picture at once: a product of matrices of another shape would round differently.
        flat = (places / self._scale).reshape(-1, len(self._scale))
        squares = np.square(flat).sum(axis=1, keepdims=True) + self._lengths - 2 * flat @ self._kept.T
        squares = np.maximum(squares, 0.0)
        if own is not None:
            squares[:, own] = np.inf
        return squares

    def _worst_and_mean(self, squares: NDArray[np.float32]) -> tuple[float, float]:
        """Of a picture the distance of its worst place, weighted, and the mean over its places."""
        nearest = np.sqrt(squares.min(axis=1), dtype=np.float64)
        worst = int(nearest.argmax())
        around = np.sort(squares[worst])[:AROUND_WORST]
        others = np.sqrt(around[np.isfinite(around)], dtype=np.float64)
        # One less the share of the nearest in the exponentials of all: near 1 unless the others are hardly farther.
        weight = 1 - 1 / np.exp(np.minimum(others - others[0], LARGEST_EXPONENT)).sum() if len(others) > 1 else 1.0
        return float(weight * nearest[worst]), float(nearest.mean())

    def _of_both(self, both: NDArray[np.float64]) -> Scores:
        """Scores, (rows,), from the worst place and the mean of each picture, (rows, 2)."""
        if self.score_of == "both":
            return (both[:, 0] / self._typical[0] + both[:, 1] / self._typical[1]) / 2
        return both[:, 0 if self.score_of == "worst_place" else 1].copy()

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        return self._of_both(self._training)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._of_both(np.array([self._worst_and_mean(squares) for squares in self._all_squares(X)]).reshape(-1, 2))

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """The distance of the place that each pixel is in, (rows, height, width)."""
        return np.array([self._spread_over(np.sqrt(squares.min(axis=1))) for squares in self._all_squares(X)]).reshape(X.shape[:3])

    def _all_squares(self, X: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """The squared distances of one picture after the other, as `_squares` gives them."""
        for start in range(0, len(X), PICTURES_TOGETHER):
            yield from map(self._squares, self._places(X[start : start + PICTURES_TOGETHER]))

    def _spread_over(self, distances: NDArray[np.float32]) -> NDArray[np.float64]:
        """Distances of a picture's places, flat, as a map of its pixels."""
        height, width = self.row_shape_[:2]
        rows, columns = self._places_high_and_wide()
        of_row, of_column = np.arange(height) * rows // height, np.arange(width) * columns // width
        return distances.reshape(rows, columns)[of_row[:, None], of_column].astype(np.float64)

    def _places_high_and_wide(self) -> tuple[int, int]:
        height, width = self.row_shape_[:2]
        halvings = max(1, len(self.filters) - 1)
        return math.ceil(height / 2**halvings), math.ceil(width / 2**halvings)

    def carried(self) -> Sequence[Carried]:
        return [Carried(N_("parts of pictures as a network describes them"), len(self._kept), whole=False)]

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        np.savez_compressed(folder / FILE, kept=self._kept, scale=self._scale, typical=self._typical)

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        try:
            with np.load(folder / FILE, allow_pickle=False) as arrays:
                self._use(arrays["kept"], arrays["scale"])
                self._typical = arrays["typical"]
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
        self._see()
