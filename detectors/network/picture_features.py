"""Numbers that tell pictures apart, from a small convolutional network that learns on the uploaded pictures themselves.

The network is given a pretext, a question whose answer is known without any label: by how much was this picture
turned, or has a piece of it been cut out and pasted elsewhere? What it sees in its maps on the way to the answer is
then summed up for every picture.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress
from detectors.errors import StorageError
from detectors.messages import N_

FILE, WEIGHTS_FILE = "picture_features.json", "picture_features.npz"

PRETEXTS = ("rotation", "cut_paste", "both")

#: Pictures made for the pretext hold at most this many numbers together (512 MB); of more pictures some are drawn.
MOST_NUMBERS = 2**27

#: Share of a picture's area that a pasted piece covers, and its height ÷ width, from least to most (CutPaste, section 2.1).
PIECE_AREA, PIECE_SIDES = (0.02, 0.15), (0.3, 3.3)

#: Height and width of a pasted scar as shares of the picture's.
SCAR_LENGTH, SCAR_WIDTH = (0.3, 0.8), (0.03, 0.1)

#: Brightness and contrast of a pasted piece change by at most this share.
PIECE_JITTER = 0.1

_DAMAGED = N_("`{file}` is missing or damaged. Train the detector again.")

STATISTICS = ("mean", "variance", "entropy")

Change = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]


@dataclass(frozen=True)
class PictureFeatureOptions:
    """How the network learns. `pretext` is one of `PRETEXTS`; each of `filters` is a depth, half as high and wide as the one before."""

    pretext: str = "both"
    filters: tuple[int, ...] = (32, 64, 128)
    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 0.001


class PictureFeatures:
    """Learns from pictures, (rows, height, width, channels) from 0 to 1, and gives mean, variance and entropy of every filter.

    Mean and variance are those of a filter's map over its places. Entropy says how evenly the map is spread: 1 when
    the filter answers everywhere alike, 0 when at a single place only.

    Sources: rotation, Gidaris, Singh & Komodakis, arXiv:1803.07728; cut-and-paste, Li, Sohn, Yoon & Pfister,
    CutPaste, arXiv:2104.04015.
    """

    def __init__(self, options: PictureFeatureOptions | None = None) -> None:
        self.options = options or PictureFeatureOptions()
        self._weights: list[NDArray[Any]] | None = None

    @property
    def names(self) -> list[str]:
        """One name per feature: ``depth 2 filter 7 entropy``."""
        return [
            f"depth {depth} filter {number} {statistic}"
            for depth, filters in enumerate(self.options.filters, start=1)
            for statistic in STATISTICS
            for number in range(1, filters + 1)
        ]

    def fit(self, X: NDArray[np.float32], seed: int, progress: Progress) -> Self:
        """Learns from `X`, (rows, height, width, channels) from 0 to 1; `progress` hears of every epoch."""
        from detectors.network.training import TrainingOptions, seed_everything, train

        seed_everything(seed)
        self._weights = None
        self._build(X.shape[1:])
        inputs, targets = pretext_pictures(X, self.options.pretext, seed)
        # No validation: what counts is not how well the pretext is answered, and a third of the pictures may be needed for it.
        options = TrainingOptions(
            loss="categorical_crossentropy", learning_rate=self.options.learning_rate, batch_size=self.options.batch_size,
            epochs=self.options.epochs, validation_share=0.0, patience=None, seed=seed,
        )  # fmt: skip
        self.history_ = train(self._network, inputs, targets, options, progress)
        return self

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """The features of `X`, (rows, len(names)); a picture's are its own, whatever pictures are beside it."""
        self._ready()
        return self._statistics(X)

    def maps(self) -> Any:
        """The network from pictures, (rows, height, width, channels), to the maps of every depth; see `pretext_network`."""
        self._ready()
        return self._maps

    def layers_table(self) -> list[dict[str, Any]]:
        """The layers of the network as ``{layer, shape, parameters}``."""
        from detectors.network.layers import layers_table

        self._ready()
        return layers_table(self._network)

    def save(self, folder: Path) -> None:
        """Writes options and weights into `folder`."""
        record = {"options": asdict(self.options), "picture": list(self._picture)}
        (folder / FILE).write_text(json.dumps(record), encoding="utf-8")
        weights = self._weights if self._weights is not None else self._network.get_weights()
        np.savez(folder / WEIGHTS_FILE, allow_pickle=False, **{str(number): values for number, values in enumerate(weights)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The features that `save` wrote into `folder`; the network is built when it is first used.

        Raises:
            StorageError: a file is missing or damaged.
        """
        file = FILE
        try:
            record = json.loads((folder / FILE).read_text(encoding="utf-8"))
            features = cls(PictureFeatureOptions(**{**record["options"], "filters": tuple(record["options"]["filters"])}))
            features._picture = tuple(record["picture"])
            file = WEIGHTS_FILE
            with np.load(folder / WEIGHTS_FILE, allow_pickle=False) as arrays:
                features._weights = [arrays[str(number)] for number in range(len(arrays))]
        except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise StorageError(_DAMAGED, file=file) from error
        return features

    def _ready(self) -> None:
        """Builds the network that was loaded. Not before: whoever opens a run to look at it needs no TensorFlow."""
        if self._weights is None:
            return
        self._build(self._picture)
        try:
            self._network.set_weights(self._weights)
        except ValueError as error:
            raise StorageError(_DAMAGED, file=WEIGHTS_FILE) from error
        self._weights = None

    def _build(self, picture: tuple[int, ...]) -> None:
        from detectors.network.layers import LayerStyle
        from detectors.network.pictures import pretext_network
        from detectors.network.scoring import CHUNK_PICTURES, in_chunks

        classes = len(_changes(self.options.pretext))
        self._picture = picture
        self._network, self._maps = pretext_network(picture[-1], self.options.filters, classes, LayerStyle(normalisation="batch"))
        self._statistics = in_chunks(lambda rows: _statistics(self._maps(rows, training=False)), picture, np.float32, CHUNK_PICTURES)


def _statistics(maps: Any) -> Any:
    """Mean, variance and entropy of every map, (rows, features), from a list of (rows, height, width, filters)."""
    import tensorflow as tf

    parts = []
    for values in maps if isinstance(maps, list) else [maps]:
        mean, variance = tf.nn.moments(values, axes=[1, 2])
        total = tf.reduce_sum(values, axis=[1, 2], keepdims=True)
        share = tf.math.divide_no_nan(values, total)
        entropy = -tf.reduce_sum(tf.math.xlogy(share, share), axis=[1, 2])
        places = tf.cast(tf.maximum(tf.shape(values)[1] * tf.shape(values)[2], 2), tf.float32)
        parts += [mean, variance, entropy / tf.math.log(places)]
    return tf.concat(parts, axis=1)


# ── the pretext ──


def pretext_pictures(X: NDArray[np.float32], pretext: str, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Every picture in every change of the pretext, (rows × changes, side, side, channels), and which change it is, (…, changes).

    Pictures that are not square are cut to a square at a random place, because a turned one would show by its shape.
    """
    chance = np.random.default_rng(seed % 2**32)
    changes = _changes(pretext)
    side = min(X.shape[1:3])
    most = max(2, MOST_NUMBERS // (side * side * X.shape[3] * len(changes)))
    drawn = X if len(X) <= most else X[chance.permutation(len(X))[:most]]
    squares = [_square(picture, side, chance) for picture in drawn]
    changed = np.stack([change(square, chance) for change in changes for square in squares])
    return changed.astype(np.float32), np.repeat(np.eye(len(changes), dtype=np.float32), len(squares), axis=0)


def _changes(pretext: str) -> list[Change]:
    """What is done to the pictures, each a class of its own; the first leaves them as they are."""
    turns: list[Change] = [lambda picture, _, times=times: np.rot90(picture, times) for times in (1, 2, 3)]  # type: ignore[misc]
    pieces: list[Change] = [paste_piece, paste_scar]
    return [lambda picture, _: picture, *(turns if pretext != "cut_paste" else []), *(pieces if pretext != "rotation" else [])]


def paste_piece(picture: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """A copy of `picture` with a rectangle of itself, a little lighter or darker, pasted at another place."""
    side = len(picture)
    area, ratio = chance.uniform(*PIECE_AREA) * side**2, np.exp(chance.uniform(*np.log(PIECE_SIDES)))
    return _pasted(picture, round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio)), chance)


def paste_scar(picture: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """A copy of `picture` with a long thin piece of itself, upright or lying, pasted at another place."""
    long, thin = (round(chance.uniform(*share) * len(picture)) for share in (SCAR_LENGTH, SCAR_WIDTH))
    return _pasted(picture, *((long, thin) if chance.random() < 0.5 else (thin, long)), chance)


def _pasted(picture: NDArray[np.float32], height: int, width: int, chance: np.random.Generator) -> NDArray[np.float32]:
    side = len(picture)
    height, width = (min(max(size, 1), side - 1) for size in (height, width))
    top, left, to_top, to_left = (int(chance.integers(side - size + 1)) for size in (height, width, height, width))
    piece = picture[top : top + height, left : left + width]
    if chance.random() < 0.5:
        piece = piece[:, ::-1]
    contrast, brightness = 1 + chance.uniform(-PIECE_JITTER, PIECE_JITTER), chance.uniform(-PIECE_JITTER, PIECE_JITTER)
    copy = picture.copy()
    copy[to_top : to_top + height, to_left : to_left + width] = np.clip(piece * contrast + brightness, 0, 1)
    return copy


def _square(picture: NDArray[np.float32], side: int, chance: np.random.Generator) -> NDArray[np.float32]:
    top, left = (int(chance.integers(size - side + 1)) for size in picture.shape[:2])
    return picture[top : top + side, left : left + side]
