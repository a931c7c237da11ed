"""Figures of pictures: their size, and light, contrast, sharpness and colour of what they show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.data_set import DataSet

#: Of a larger picture so many pixels are looked at, in bands of rows from all over it; of all pictures together so many.
MOST_PIXELS, MOST_TOGETHER = 1_000_000, 150_000_000
BANDS = 8

#: Pixels of pictures that are measured at once.
AT_ONCE = 4_000_000

#: Red, green and blue in what the eye takes for brightness, of 256 (ITU-R BT.601).
RED, GREEN, BLUE = 77, 150, 29

#: What is measured of the pixels.
SEEN = ("is_grey", "brightness", "contrast", "sharpness", "saturated")

GREY, COLOUR = "grey", "colour"

WHITE = 255


def picture_figures(data: DataSet, rows: NDArray[np.intp]) -> pd.DataFrame:
    """A row of figures for each picture of `data` at `rows`, in their order; for fewer of them, evenly drawn, where they are large."""
    pictures = data.pictures(rows)
    pixels = sum(min(picture.shape[0] * picture.shape[1], MOST_PIXELS) for picture in pictures)
    pictures = pictures[:: max(1, -(-pixels // MOST_TOGETHER))]
    found = np.empty((len(pictures), len(SEEN)))
    for group in _groups(pictures):
        found[group] = _together([pictures[place] for place in group])
    heights, widths = np.array([picture.shape[:2] for picture in pictures], dtype=np.float64).reshape(-1, 2).T
    seen = dict(zip(SEEN, found.T, strict=True))
    return pd.DataFrame({
        "size": [f"{width:.0f} × {height:.0f}" for width, height in zip(widths, heights, strict=True)],
        "width": widths, "height": heights, "aspect": (widths / heights).round(4),
        "colour": np.where(seen.pop("is_grey") == 1, GREY, COLOUR), **seen,
    })  # fmt: skip


def _groups(pictures: Sequence[NDArray[np.uint8]]) -> Iterator[list[int]]:
    """Positions of pictures of one shape, as many as are measured at once."""
    of_shape: dict[tuple[int, ...], list[int]] = {}
    for place, picture in enumerate(pictures):
        of_shape.setdefault(picture.shape, []).append(place)
    for shape, places in of_shape.items():
        size = max(1, AT_ONCE // (shape[0] * shape[1] * shape[2]))
        yield from (places[start : start + size] for start in range(0, len(places), size))


def _together(pictures: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """What is to be seen on pictures of one shape, (pictures, `SEEN`)."""
    bands = np.stack([_bands(picture) for picture in pictures])  # (pictures, bands, height, width, channels)
    is_grey = np.ones(len(bands)) if bands.shape[-1] == 1 else (bands == bands[..., :1]).reshape(len(bands), -1).all(axis=1)
    light = _light(bands)
    flat = light.reshape(len(light), -1)
    mean, spread = flat.mean(axis=1, dtype=np.float64), flat.std(axis=1, dtype=np.float64)
    saturated = ((flat == 0) | (flat == WHITE)).mean(axis=1)
    return np.column_stack([is_grey, *(100 / WHITE * each for each in (mean, spread, _edges(light))), 100 * saturated])


def _bands(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All of a picture as one band or, of a large one, bands of its rows, (bands, height, width, channels)."""
    height, width, _ = picture.shape
    rows = MOST_PIXELS // (width * BANDS)
    if height * width <= MOST_PIXELS or height < BANDS * 3:
        return picture[None, :, :: max(1, -(-height * width // MOST_PIXELS))]
    starts = np.linspace(0, height - max(3, rows), BANDS).astype(int)
    return np.stack([picture[start : start + max(3, rows)] for start in starts])


def _light(bands: NDArray[np.uint8]) -> NDArray[np.int16]:
    """How bright each pixel is, 0 to 255, without the axis of channels."""
    if bands.shape[-1] == 1:
        return bands[..., 0].astype(np.int16)
    wide = bands.astype(np.uint16)
    return ((RED * wide[..., 0] + GREEN * wide[..., 1] + BLUE * wide[..., 2]) >> 8).astype(np.int16)


def _edges(light: NDArray[np.int16]) -> NDArray[np.float64]:
    """The spread of what a pixel differs from its four neighbours (Laplacian), of each picture; 0 where it has no inner pixel."""
    if min(light.shape[2:]) < 3:
        return np.zeros(len(light))
    inner = light[..., 1:-1, 1:-1] * np.int16(4)
    around = light[..., :-2, 1:-1] + light[..., 2:, 1:-1] + light[..., 1:-1, :-2] + light[..., 1:-1, 2:]
    return (inner - around).reshape(len(light), -1).std(axis=1, dtype=np.float64)
