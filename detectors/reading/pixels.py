"""Turns one picture file, of any size and depth, into an array of 8 bits: grey or red, green and blue.

Pictures come from strangers. Pillow may open only the formats named here, and none with more pixels than would fit.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.reading.archive import LeftOut

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "TIFF")

#: More are a scan of a wall or an attack: 8 000 × 8 000, decoded in colour 256 MB.
MOST_PIXELS = 64_000_000

#: Pixels on the longer side of what is kept. Networks for pictures take 32 to 256.
LONGEST_SIDE = 512

#: The largest number of 16 bits is 257 times the largest of 8.
DEEP = 257

#: The smallest distance between lowest and highest value; float32 has none below it to the last digit.
SMALLEST = 1.2e-38

#: The EXIF tag that says how the camera was held, and what undoes each of its values.
ORIENTATION = 0x0112
UPRIGHT = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE",
    6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip

#: The values after which width and height have changed places.
SIDEWAYS = (5, 6, 7, 8)

#: Pillow answers a damaged file with whatever its decoder stumbled over.
DAMAGE = (
    OSError, SyntaxError, ValueError, TypeError, AttributeError, AssertionError, LookupError, ArithmeticError, EOFError,
    RuntimeError, struct.error,
)  # fmt: skip

_DAMAGED = N_("`{file}` was left out: the picture cannot be read ({reason}).")
_PIXELS = N_("`{file}` was left out: it has more than {most} million pixels. Cut it into parts, or reduce it.")

#: What was changed in a picture beyond its size in bits; each is told with how many it befell.
REDUCED = N_("Larger than 512 pixels on the longer side and reduced to that: {count} of {pictures} pictures.")
SCALED = N_("Scaled from 16 bits to 8: {count} of {pictures} pictures.")
STRETCHED = N_("With values of 32 bits, each stretched from its own lowest to its own highest value: {count} of {pictures} pictures.")
FIRST = N_("With several pictures in one file, of which the first was taken: {count} of {pictures} pictures.")


@dataclass(frozen=True)
class Picture:
    """One picture as it is kept."""

    pixels: NDArray[np.uint8]
    """(height, width, channels): one channel for grey, three for colour."""
    width: int
    height: int
    """Pixels of the file, upright; those of `pixels` are fewer where it was reduced."""
    changes: tuple[str, ...]
    """Templates of what was changed."""


def read_picture(content: bytes) -> Picture:
    """The picture in the file `content`: upright, over white where it is transparent, at most `LONGEST_SIDE` long.

    Raises:
        LeftOut: it is damaged, or has too many pixels.
    """
    with _damage_told(), _open(content) as file:
        size = file.size
        several = getattr(file, "is_animated", False)
        file.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded smaller, and much faster
        file.load()
        image, depth = _in_eight_bits(file)
        orientation = _orientation(file)
        image = _upright(_reduced(image), orientation)
        pixels = np.array(image, dtype=np.uint8)
    width, height = reversed(size) if orientation in SIDEWAYS else size
    changes = ((FIRST,) if several else (), (REDUCED,) if max(size) > LONGEST_SIDE else (), depth)
    return Picture(pixels.reshape(*pixels.shape[:2], -1), width, height, sum(changes, ()))


@contextmanager
def _damage_told() -> Iterator[None]:
    from PIL import Image

    try:
        yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise LeftOut(_PIXELS, most=MOST_PIXELS // 10**6) from error
    except DAMAGE as error:
        reason = "unknown format" if isinstance(error, Image.UnidentifiedImageError) else str(error) or type(error).__name__
        raise LeftOut(_DAMAGED, reason=reason.partition("\n")[0][:200]) from error


@contextmanager
def _open(content: bytes) -> Iterator[Image.Image]:
    """The picture, not decoded yet. Pillow only warns of too many pixels, so the warning is made an error."""
    from PIL import Image

    usual, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as file:
                yield file
    finally:
        Image.MAX_IMAGE_PIXELS = usual


def _in_eight_bits(file: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """The picture as L or RGB, and how its depth was changed to that."""
    from PIL import Image

    if file.mode.startswith("I;16"):
        return Image.fromarray(((np.asarray(file).astype(np.uint32) + DEEP // 2) // DEEP).astype(np.uint8)), (SCALED,)
    if file.mode in ("I", "F"):
        return Image.fromarray(_stretched(np.asarray(file))), (STRETCHED,)
    grey = file.mode in ("1", "L", "LA", "La")
    if file.has_transparency_data:
        return _over_white(file.convert("LA" if grey else "RGBA"), "L" if grey else "RGB"), ()
    return file.convert("L" if grey else "RGB"), ()


def _stretched(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """The lowest finite value becomes 0, the highest 255; what is not finite becomes 0, one value everywhere as well."""
    numbers = values.astype(np.float32)
    finite = np.isfinite(numbers)
    if not finite.any():
        return np.zeros(numbers.shape, np.uint8)
    # Halves, because the distance between the ends of float32 is infinite.
    low, high = float(np.min(numbers[finite])) / 2, float(np.max(numbers[finite])) / 2
    numbers[~finite] = low * 2
    shares = (numbers / 2 - np.float32(low)) / np.float32(max(high - low, SMALLEST))
    return np.round(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def _over_white(image: Image.Image, mode: str) -> Image.Image:
    from PIL import Image

    below = Image.new(mode, image.size, "white")
    below.paste(image.convert(mode), mask=image.getchannel("A"))
    return below


def _reduced(image: Image.Image) -> Image.Image:
    """Boxes first, then Lanczos: as good as Lanczos alone, and far faster on large pictures."""
    from PIL import Image

    longest = max(image.size)
    if longest <= LONGEST_SIDE:
        return image
    width, height = (max(1, round(side * LONGEST_SIDE / longest)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _orientation(file: Image.Image) -> int | None:
    """How the camera was held; Pillow turns TIFF by itself. Broken EXIF says nothing about the picture."""
    try:
        return file.getexif().get(ORIENTATION)
    except DAMAGE:
        return None


def _upright(image: Image.Image, orientation: int | None) -> Image.Image:
    from PIL import Image

    if orientation not in UPRIGHT:
        return image
    return image.transpose(Image.Transpose[UPRIGHT[orientation]])
