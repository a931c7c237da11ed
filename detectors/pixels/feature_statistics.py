"""Distance of a picture's learned features to those of the training pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.errors import StorageError
from detectors.geometry.left_out import without_itself
from detectors.messages import N_
from detectors.network.seeing_detector import SeeingDetector
from detectors.params import Preset, choice, integer, number

FILE = "distance.npz"

#: Added to every variance of the scaled features, whose variances are 1: keeps those that never change from deciding all.
SMALLEST_VARIANCE = 1e-3

#: Features that vary less than this over the training pictures are of filters that never answer; they keep their scale.
SMALLEST_SPREAD = 1e-6

#: With fewer pictures than this none is left out: each one is needed.
FEWEST_TO_LEAVE_OUT = 20

#: Training pictures kept as possible neighbours at most; of more, so many are drawn.
MOST_NEIGHBOURS = 20_000


class FeatureStatistics(SeeingDetector):
    """A small network learns on the pictures themselves; a picture whose filters answer unlike the others' is unusual.

    The features are mean, variance and entropy of every filter (`network/picture_features.py`), each divided by its
    spread over the training pictures. The score is the Mahalanobis distance to their mean, or the mean distance to
    the nearest training pictures. Pictures that score highest at first are left out when mean and spread are learned.
    """

    title = N_("Feature statistics")
    family = N_("Neural network")
    summary = N_("Learns to see turns and pasted pieces in your pictures, then measures how unlike the others a picture looks.")
    reference = (
        "Li, Sohn, Yoon & Pfister: CutPaste, CVPR 2021, arXiv:2104.04015; "
        "Golan & El-Yaniv: Deep anomaly detection using geometric transformations, NeurIPS 2018, arXiv:1805.10917; "
        "Lee, Lee, Lee & Shin: A simple unified framework for detecting out-of-distribution samples, NeurIPS 2018, arXiv:1807.03888"
    )
    when = N_(
        "A first look at any pictures, from a hundred on: texture, flaws and other things than usual. Copes with anomalies among them."
    )
    when_not = N_("Where you need to see the place of the flaw in the picture: the autoencoder shows it.")
    score_name = N_("distance to usual features")

    distance: str = choice(
        "mahalanobis", title=N_("Distance"), choices={"mahalanobis": N_("To the mean (Mahalanobis)"), "neighbours": N_("To the nearest pictures")},
        help=N_("To the mean suits pictures of one kind, to the nearest pictures suits several kinds."),
    )  # fmt: skip
    neighbours: int = integer(
        10, title=N_("Neighbours"), low=1, high=1000,
        help=N_("Nearest training pictures whose distance counts. More than the anomalies that look alike, or they hide each other."),
    )  # fmt: skip
    left_out: float = number(
        0.05, title=N_("Share left out"), low=0.0, high=0.5, advanced=True,
        help=N_("Share of the training pictures, the most unusual ones, that mean and spread are not learned from. For the distance to the mean."),
    )  # fmt: skip

    presets: ClassVar = {
        "flaws": Preset(
            N_("Flaws in a surface"), N_("Learns from pasted pieces only."), {"pretext": "cut_paste", "distance": "mahalanobis"}
        ),
        "several_kinds": Preset(
            N_("Several kinds of usual pictures"), N_("Learns from turns and measures to the nearest pictures."),
            {"pretext": "rotation", "distance": "neighbours"},
        ),
    }  # fmt: skip
    quick: ClassVar = {"filters": [8, 8], "epochs": 2, "batch_size": 32, "learning_rate": 0.01}

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        self._learn_to_see(X, progress)
        features = self._features.transform(X).astype(np.float64)
        if self.distance == "mahalanobis":
            self._held, usual = _without_the_farthest(features, self.left_out)
        else:
            self._held, usual = _drawn(features, self.seed)
        self._use(usual)

    def _use(self, usual: _Usual) -> None:
        from detectors.network.scoring import CHUNK_PICTURES, in_chunks

        self._usual = usual
        distances = _to_mean if self.distance == "mahalanobis" else _to_nearest
        self._distances = in_chunks(distances(usual, self.neighbours), usual.centre.shape, np.float64, CHUNK_PICTURES)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._one_score(self._distances(self._features.transform(X)))

    def _one_score(self, distances: NDArray[np.float64]) -> Scores:
        """The score of a picture that is none of the training pictures, from what `_distances` gives, (rows, distances)."""
        count = min(self.neighbours, distances.shape[1])
        # One by one: a sum along an axis adds up in another order when the number of rows is another.
        return sum((distances[:, number] for number in range(1, count)), start=distances[:, 0]) / count

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        distances = self._distances(self._features.transform(X))
        if self.distance == "mahalanobis":
            left = self._one_score(without_itself(distances, float(self._usual.weight)))
        else:
            # The nearest of the training pictures is the picture itself.
            left = self._one_score(distances[:, 1:] if distances.shape[1] > 1 else distances)
        progress.report("scoring", len(X), len(X))
        return np.where(self._held, left, self._one_score(distances))

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        np.savez_compressed(folder / FILE, **vars(self._usual))

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        try:
            with np.load(folder / FILE, allow_pickle=False) as arrays:
                usual = _Usual(**{name: arrays[name] for name in _Usual.__dataclass_fields__})
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
        self._use(usual)


# ── distances ──


@dataclass(frozen=True)
class _Usual:
    """What usual features are, for either distance: arrays only, as they are saved.

    `centre` and `spread`, (features,), bring features to one scale. `matrix` is (features, features) and makes the
    squared length of a scaled picture its squared Mahalanobis distance; or (pictures, features), the scaled training
    pictures. `weight`, (), is the share that one picture has in the covariance.
    """

    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    matrix: NDArray[np.float64]
    weight: NDArray[np.float64]


def _without_the_farthest(features: NDArray[np.float64], share: float) -> tuple[NDArray[np.bool_], _Usual]:
    """Mahalanobis distance learned twice, the second time without the `share` of rows that were the farthest."""
    everyone = np.ones(len(features), bool)
    usual = _mahalanobis(features)
    away = np.square((features - usual.centre) / usual.spread @ usual.matrix).sum(axis=1)
    kept = everyone if len(features) < FEWEST_TO_LEAVE_OUT else np.argsort(np.argsort(away)) < len(features) * (1 - share)
    return kept, _mahalanobis(features[kept])


def _mahalanobis(features: NDArray[np.float64]) -> _Usual:
    """Mean and covariance, drawn towards a sphere as far as there are too few rows for it (Ledoit & Wolf, 2004)."""
    from sklearn.covariance import ledoit_wolf

    centre, spread = _scale(features)
    covariance, shrinkage = ledoit_wolf((features - centre) / spread, assume_centered=True)
    covariance[np.diag_indices_from(covariance)] += SMALLEST_VARIANCE
    inverse = np.linalg.inv(np.linalg.cholesky(covariance))
    return _Usual(centre, spread, inverse.T.copy(), np.asarray((1 - shrinkage) / len(features)))


def _drawn(features: NDArray[np.float64], seed: int) -> tuple[NDArray[np.bool_], _Usual]:
    """The scaled training pictures themselves, at most `MOST_NEIGHBOURS` of them."""
    kept = np.zeros(len(features), bool)
    kept[np.random.default_rng(seed % 2**32).permutation(len(features))[:MOST_NEIGHBOURS]] = True
    centre, spread = _scale(features)
    return kept, _Usual(centre, spread, (features[kept] - centre) / spread, np.asarray(1 / kept.sum()))


def _scale(features: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    spread = features.std(axis=0)
    return features.mean(axis=0), np.where(spread > SMALLEST_SPREAD, spread, 1.0)


def _to_mean(usual: _Usual, _: int) -> Callable[[Any], Any]:
    """A function from features to their Mahalanobis distance, (rows, 1). Tensors."""
    import tensorflow as tf

    def distances(rows: Any) -> Any:
        scaled = (tf.cast(rows, tf.float64) - usual.centre) / usual.spread
        return tf.sqrt(tf.reduce_sum(tf.square(scaled @ usual.matrix), axis=1, keepdims=True))

    return distances


def _to_nearest(usual: _Usual, count: int) -> Callable[[Any], Any]:
    """A function from features to their distances from the `count` + 1 nearest training pictures, (rows, …), nearest first. Tensors."""
    import tensorflow as tf

    lengths = np.square(usual.matrix).sum(axis=1)
    pictures = usual.matrix.T.copy()

    def distances(rows: Any) -> Any:
        scaled = (tf.cast(rows, tf.float64) - usual.centre) / usual.spread
        squared = tf.reduce_sum(tf.square(scaled), axis=1, keepdims=True) + lengths - 2 * scaled @ pictures
        nearest, _ = tf.math.top_k(-squared, k=min(count + 1, len(lengths)))
        return tf.sqrt(tf.maximum(-nearest, 0))

    return distances
