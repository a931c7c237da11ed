"""Pictures into pixels: one item a picture, all of one size and one colour, from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Detector, Progress
from detectors.data_set import DataSet
from detectors.errors import DataError, ParameterError, StorageError
from detectors.explanations.smallest_change import Move
from detectors.explanations.ways import Around, Ladder, straight, unit_ways
from detectors.messages import N_, Message
from detectors.params import choice, integer, number
from detectors.preparation.contract import CHANGED_PARTS, CHANGED_TOGETHER, FILE, Items, Learned, Made, Preparation, Reason
from detectors.preparation.more_rows import rare_share, repeated

if TYPE_CHECKING:
    from PIL.Image import Image

#: Height and width where nothing is said: what the pictures have, rounded to a multiple of `STEP`, between these.
SMALLEST_CHOSEN, LARGEST_CHOSEN, STEP = 16, 64, 8

#: The least height and width that can be asked for; 0 asks for none.
SMALLEST, LARGEST = 16, 512

#: Regions along a picture's side at most, and pixels along a region's side at least.
MOST_REGIONS, LEAST_PIXELS = 8, 4

#: Places named as reasons, and the share of the strongest region's value below which a region is none.
NAMED_PLACES, SMALLEST_SHARE = 3, 0.01

#: Names of the thirds of a picture, from the top left to the bottom right, and what is said of each.
PLACES = (
    N_("top left"), N_("top"), N_("top right"), N_("left"), N_("middle"), N_("right"), N_("bottom left"), N_("bottom"), N_("bottom right"),
)  # fmt: skip
SENTENCES = (
    N_("region at the top left is unlike what was expected"),
    N_("region at the top is unlike what was expected"),
    N_("region at the top right is unlike what was expected"),
    N_("region at the left is unlike what was expected"),
    N_("region in the middle is unlike what was expected"),
    N_("region at the right is unlike what was expected"),
    N_("region at the bottom left is unlike what was expected"),
    N_("region at the bottom is unlike what was expected"),
    N_("region at the bottom right is unlike what was expected"),
)
CHANGED = (
    N_("the top left looked as expected"), N_("the top looked as expected"), N_("the top right looked as expected"),
    N_("the left looked as expected"), N_("the middle looked as expected"), N_("the right looked as expected"),
    N_("the bottom left looked as expected"), N_("the bottom looked as expected"), N_("the bottom right looked as expected"),
)  # fmt: skip
CHANGED_REGION = (
    N_("the marked region at the top left looked as expected"), N_("the marked region at the top looked as expected"),
    N_("the marked region at the top right looked as expected"), N_("the marked region at the left looked as expected"),
    N_("the marked region in the middle looked as expected"), N_("the marked region at the right looked as expected"),
    N_("the marked region at the bottom left looked as expected"), N_("the marked region at the bottom looked as expected"),
    N_("the marked region at the bottom right looked as expected"),
)  # fmt: skip

#: (height, width, 1 or 3 channels), whole numbers from 0 to 255.
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class PlaceReason:
    """A part of a picture, one of `PLACES`, and how much its strongest regions added to the score."""

    place: int
    weight: float

    @property
    def message(self) -> Message:
        return Message(SENTENCES[self.place])

    @property
    def cause(self) -> Message:
        """The place."""
        return Message(PLACES[self.place])


class Pictures(Items):
    """Prepared pictures, (rows, height, width, channels), kept in a byte a number until they are asked for."""

    def __init__(self, pictures: NDArray[np.uint8], preparation: ImagesPreparation) -> None:
        self.pictures, self.preparation = pictures, preparation

    def __len__(self) -> int:
        return len(self.pictures)

    def at(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        return self.preparation.finish(_to_unit(self.pictures[positions]))


#: Regions that are changed together at most, when the smallest change of a picture is looked for.
CHANGED_REGIONS = 6


class ImagesPreparation(Preparation):
    """What every preparation of pictures has in common; this one gives their pixels."""

    kind = "images"
    representation = "pixels"
    native = True

    size: int = integer(
        0, title=N_("Size"), low=0, high=LARGEST,
        help=N_("Height and width in pixels, at least 16. 0 takes that of the pictures, rounded to a multiple of 8 and between 16 and 64."),
    )  # fmt: skip
    fit_to: str = choice(
        "pad", title=N_("Pictures that are not square"),
        choices={"pad": N_("Whole, with a border"), "crop": N_("Their middle"), "stretch": N_("Whole, stretched")},
        help=N_("How they become squares. A border has the mean colour of the picture's edge; the middle is larger, and the ends are lost."),
    )  # fmt: skip
    colour: str = choice(
        "as_uploaded", title=N_("Colour"), choices={"as_uploaded": N_("As uploaded"), "grey": N_("Grey"), "colour": N_("Colour")},
        help=N_("As uploaded is grey where every picture to learn from is grey, and colour otherwise."),
    )  # fmt: skip
    copies: int = integer(
        0, title=N_("Varied copies"), low=0, high=20,
        help=N_("Of each picture to learn from, so many copies are learned from as well, each varied by chance. For few pictures."),
    )  # fmt: skip
    flip: str = choice(
        "none", title=N_("Copies: mirrored"), advanced=True,
        choices={"none": N_("Never"), "horizontal": N_("Left and right"), "both": N_("Left and right, top and bottom")},
        help=N_("Half of the copies are mirrored. Only where a mirrored picture would be usual as well."),
    )  # fmt: skip
    rotation: float = number(
        5.0, title=N_("Copies: turned"), low=0.0, high=180.0, advanced=True,
        help=N_("Degrees by which a copy is turned at most, either way."),
    )  # fmt: skip
    brightness: float = number(
        0.1, title=N_("Copies: brightness"), low=0.0, high=1.0, advanced=True,
        help=N_("Share by which a copy is made lighter or darker at most."),
    )  # fmt: skip
    noise: float = number(
        0.02, title=N_("Copies: noise"), low=0.0, high=1.0, advanced=True,
        help=N_("Standard deviation of the noise added to each pixel of a copy; black is 0, white 1."),
    )  # fmt: skip

    rare_share: float = rare_share()

    for_labels = frozenset({"rare_share"})

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        if 0 < self.size < SMALLEST:
            raise ParameterError(
                N_("`size` must be at least {low}, or 0 for a size that fits the pictures. It is `{value}`."), low=SMALLEST, value=self.size
            )
        self.size_ = self.size
        self.channels_ = 3
        self._kept: tuple[DataSet, NDArray[np.uint8]] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a prepared picture."""
        return self.size_, self.size_, self.channels_

    @property
    def grid(self) -> int:
        """Regions along each side of a picture, which explanations show or hide."""
        return max(1, min(MOST_REGIONS, self.size_ // LEAST_PIXELS))

    @property
    def units(self) -> NDArray[np.intp]:
        side = np.arange(self.size_) * self.grid // self.size_
        regions = side[:, None] * self.grid + side
        return np.repeat(regions[:, :, None], self.channels_, axis=2)

    def fit(self, data: DataSet, fitted: NDArray[np.bool_], *, seed: int = 0, progress: Progress | None = None) -> Self:
        return self.learn(data.pictures(np.flatnonzero(fitted)))

    def learn(self, pictures: Sequence[Picture]) -> Self:
        """Chooses size and colour after `pictures`.

        Raises:
            DataError: there is none.
        """
        if not len(pictures):
            raise DataError(N_("There is no picture to learn from. Learn from more rows."))
        self.size_ = self.size or usual_side(pictures)
        grey = all(is_grey(picture) for picture in pictures) if self.colour == "as_uploaded" else self.colour == "grey"
        self.channels_ = 1 if grey else 3
        self._kept = None
        return self

    def items(self, data: DataSet) -> Pictures:
        if self._kept is None or self._kept[0] is not data:
            self._kept = data, self._prepared(data.pictures())
        return Pictures(self._kept[1], self)

    def prepared(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """Any pictures in the one size and colour, (pictures, height, width, channels) from 0 to 1."""
        return _to_unit(self._prepared(pictures))

    def augmented(self, X: NDArray[np.float32], y: NDArray[np.int8] | None, seed: int) -> Learned:
        of = np.arange(len(X))
        copies = [Made.copies(self.varied(X, seed, copy), of) for copy in range(self.copies)]
        return Learned(X, y).and_also([*copies, *repeated(X, y, self.rare_share, seed)])

    def varied(self, X: NDArray[np.float32], seed: int, copy: int = 0) -> NDArray[np.float32]:
        """Prepared pictures, (rows, height, width, channels), each varied by chance within the limits; another `copy`, another chance."""
        chance = np.random.default_rng([seed % 2**32, copy])
        varied = _mirrored(X, self.flip, chance)
        if self.rotation:
            varied = _turned(varied, np.radians(chance.uniform(-self.rotation, self.rotation, len(X))))
        varied *= (1 + chance.uniform(-self.brightness, self.brightness, (len(X), 1, 1, 1))).astype(np.float32)
        if self.noise:
            varied += np.float32(self.noise) * chance.standard_normal(X.shape, dtype=np.float32)
        return np.clip(varied, 0, 1, out=varied)

    def preview(self, data: DataSet, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        """``prepared`` pictures and, where copies are wanted, one ``varied`` copy of each."""
        prepared = self.learn(data.pictures(rows)).prepared(data.pictures(rows))
        return {"prepared": prepared, **({"varied": self.varied(prepared, 0)} if self.copies else {})}

    # ── explaining ──

    def explained(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> NDArray[np.float32]:
        return self.pictures(data, rows)

    def pictures(self, data: DataSet, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """The prepared pictures at `rows`, (rows, height, width, channels) from 0 to 1."""
        if self._kept is not None and self._kept[0] is data:
            return _to_unit(self._kept[1][rows])
        return self.prepared(data.pictures(rows))

    def map_of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """SHAP `values`, (rows, units), where they lie in the picture: (rows, `grid`, `grid`), from the top left."""
        return values.reshape(len(values), self.grid, self.grid)

    def reasons(
        self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64], expected: NDArray[np.float32]
    ) -> Sequence[Sequence[Reason]]:
        return [self._reasons(row) for row in values]

    def weigh(self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
        return self.places, np.abs(self.by_place(values)).mean(axis=0)

    def parts_of(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> NDArray[np.intp]:
        places = np.unique(self._places(), return_inverse=True)[1]
        return np.broadcast_to(places, (len(rows), len(places)))

    def held(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> pd.DataFrame:
        """How bright each place is, in percent."""
        places = self.parts_of(data, rows[:1], names)[0][self.units].reshape(-1)
        pixels = 100 * self.pictures(data, rows).reshape(len(rows), -1)
        return pd.DataFrame({name: pixels[:, places == place].mean(axis=1) for place, name in enumerate(names)})

    def ladders(self, data: DataSet, around: Around) -> Sequence[Ladder]:
        """Regions; then the places that hold them, whose numbers come after those of the regions."""
        actual, towards, of_pixel = around.actual.reshape(-1), around.towards.reshape(-1), self._places()[self.units].reshape(-1)
        places = [straight(self.grid**2 + int(place), np.flatnonzero(of_pixel == place), actual, towards) for place in np.unique(of_pixel)]
        return [Ladder(unit_ways(around, self.units, CHANGED_PARTS), CHANGED_REGIONS), Ladder(places, CHANGED_TOGETHER)]

    def told(self, data: DataSet, around: Around, moves: Sequence[Move]) -> Sequence[Message]:
        """Each place once, whether all of it changes or a region in it."""
        regions, of_region = self.grid**2, self._places()
        places = [move.way.part - regions if move.way.part >= regions else int(of_region[move.way.part]) for move in moves]
        whole = any(move.way.part >= regions for move in moves)
        named = dict.fromkeys((CHANGED if whole else CHANGED_REGION)[place] for place in places)
        return [Message(template) for template in named]

    @property
    def places(self) -> list[str]:
        """The names of the places that hold a region, templates."""
        return [PLACES[place] for place in np.unique(self._places())]

    def by_place(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """SHAP `values`, (rows, units), summed over the regions of each of `places`: (rows, places)."""
        places = self._places()
        return np.stack([values[:, places == place].sum(axis=1) for place in np.unique(places)], axis=1)

    def _reasons(self, values: NDArray[np.float64]) -> list[Reason]:
        """Regions that raised the score, those of one place together, from the values of one row, (units,)."""
        raised = np.where(values > SMALLEST_SHARE * max(values.max(), 0), values, 0)
        sums = np.bincount(self._places(), weights=raised, minlength=len(PLACES))
        strongest = np.argsort(-sums, kind="stable")[:NAMED_PLACES]
        return [PlaceReason(int(place), float(sums[place])) for place in strongest if sums[place] > SMALLEST_SHARE * sums.max()]

    def _places(self) -> NDArray[np.intp]:
        """For every region the position of its place in `PLACES`, (units,)."""
        thirds = (2 * np.arange(self.grid) + 1) * 3 // (2 * self.grid)
        return (thirds[:, None] * 3 + thirds).reshape(-1)

    def _prepared(self, pictures: Sequence[Picture]) -> NDArray[np.uint8]:
        prepared = np.empty((len(pictures), *self.shape), dtype=np.uint8)
        for row, picture in enumerate(pictures):
            prepared[row] = picture if picture.shape == self.shape else resized(picture, self.shape, self.fit_to)
        return prepared

    def _to_json(self) -> dict[str, Any]:
        return {"size": self.size_, "channels": self.channels_}

    def _from_json(self, record: Mapping[str, Any]) -> None:
        self.size_, self.channels_ = int(record["size"]), int(record["channels"])
        if not SMALLEST <= self.size_ <= LARGEST or self.channels_ not in (1, 3):
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE)


# ── one picture ──


def usual_side(pictures: Sequence[Picture]) -> int:
    """The median height or width, rounded to a multiple of `STEP`, neither very small nor very large."""
    side = np.median([picture.shape[:2] for picture in pictures])
    return int(np.clip(round(side / STEP) * STEP, SMALLEST_CHOSEN, LARGEST_CHOSEN))


def is_grey(picture: Picture) -> bool:
    """Whether a picture has no colour: one channel, or three that are the same."""
    return picture.shape[2] == 1 or bool((picture == picture[:, :, :1]).all())


def resized(picture: Picture, shape: tuple[int, int, int], fit_to: str) -> Picture:
    """A picture in `shape`, (height, width, 1 or 3 channels): stretched, its middle (``crop``), or with a border (``pad``)."""
    from PIL import Image

    size, _, channels = shape
    height, width = picture.shape[:2]
    image = Image.fromarray(picture if picture.shape[2] == 3 else picture[:, :, 0])
    side = min(height, width)
    left, top = ((width - side) / 2, (height - side) / 2) if fit_to == "crop" else (0, 0)
    seen = (left, top, left + side, top + side) if fit_to == "crop" else (0, 0, width, height)
    scale = size / max(height, width)
    to = (max(1, round(width * scale)), max(1, round(height * scale))) if fit_to == "pad" else (size, size)
    # Every pixel counts alike when a picture shrinks; when it grows, pixels run into one another.
    shrinks = seen[2] - seen[0] >= to[0] and seen[3] - seen[1] >= to[1]
    image = image.resize(to, Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR, box=seen)
    return _bordered(_in_colour(image, channels), size)


def _in_colour(image: Image, channels: int) -> Picture:
    mode = "L" if channels == 1 else "RGB"
    return np.asarray(image if image.mode == mode else image.convert(mode)).reshape(image.height, image.width, channels)


def _bordered(picture: Picture, size: int) -> Picture:
    """In the middle of a square of the mean colour of its edge."""
    height, width, channels = picture.shape
    if height == width == size:
        return picture
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    square = np.empty((size, size, channels), dtype=np.uint8)
    square[:] = edge.mean(axis=0).round().astype(np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    square[top : top + height, left : left + width] = picture
    return square


def _to_unit(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.divide(pictures, np.float32(255), dtype=np.float32)


# ── many pictures, varied ──


def _mirrored(X: NDArray[np.float32], flip: str, chance: np.random.Generator) -> NDArray[np.float32]:
    """A copy in which each picture is mirrored or not, as `chance` has it."""
    varied = X.copy()
    for axis in {"none": (), "horizontal": (2,), "both": (2, 1)}[flip]:
        mirrored = chance.random(len(X)) < 0.5
        varied[mirrored] = np.flip(varied[mirrored], axis)
    return varied


def _turned(X: NDArray[np.float32], angles: NDArray[np.float64]) -> NDArray[np.float32]:
    """Each picture turned about its middle by its angle in radians, (rows,); what comes in from outside repeats the edge."""
    from scipy.ndimage import map_coordinates

    size = X.shape[1]
    places = np.stack(np.meshgrid(*[np.arange(size) - (size - 1) / 2] * 2, indexing="ij")).reshape(2, -1)
    turned = np.empty_like(X)
    for row, angle in enumerate(angles):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        came_from = turn @ places + (size - 1) / 2
        for channel in range(X.shape[3]):
            found = map_coordinates(X[row, :, :, channel], came_from, order=1, mode="nearest")
            turned[row, :, :, channel] = found.reshape(size, size)
    return turned
