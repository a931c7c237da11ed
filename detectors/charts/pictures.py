"""Pictures to be shown: enlarged, beside each other, with a map laid over them. Arrays of whole numbers from 0 to 255."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.charts.basics import Palette

#: The side in pixels that a picture has at least when it is shown alone.
SHOWN_SIDE = 288

#: Values above this quantile of a map are as red as can be: one extreme pixel must not make all others pale.
STRONGEST = 0.995


def as_bytes(picture: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A picture from 0 to 1, (height, width, 1 or 3), as (height, width, 3) whole numbers."""
    whole = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    return whole if whole.shape[2] == 3 else np.repeat(whole, 3, axis=2)


def enlarged(picture: NDArray[np.uint8], side: int = SHOWN_SIDE) -> NDArray[np.uint8]:
    """A small picture with each pixel repeated, so that nothing is blurred that was not."""
    times = max(1, round(side / max(picture.shape[:2])))
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def heat(values: NDArray[np.float64], palette: Palette, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """A map, (rows, columns), in `shape` pixels: the flagged colour where it is high, the accent where it is below zero."""
    share, _ = _shares(_spread(values, shape))
    ground = np.full((*shape, 3), 255 if _is_light(palette) else 24, dtype=np.float64)
    return _mixed(ground, share, palette)


def overlaid(picture: NDArray[np.uint8], values: NDArray[np.float64], palette: Palette, opacity: float) -> NDArray[np.uint8]:
    """A picture, (height, width, 3), in grey with a map laid over it: `opacity` from 0 (the picture alone) to 1."""
    share, _ = _shares(_spread(values, picture.shape[:2]))
    grey = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    ground = (1 - opacity / 2) * picture + opacity / 2 * grey
    return _mixed(ground, share * opacity, palette)


def difference(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Where two pictures from 0 to 1 differ, (height, width, 3): black where they are equal, white where they differ most."""
    apart = np.abs(first.astype(np.float64) - second).mean(axis=2, keepdims=True)
    return as_bytes(np.repeat(apart / (apart.max() or 1.0), 3, axis=2))


def framed(picture: NDArray[np.uint8], marked: NDArray[np.bool_], palette: Palette) -> NDArray[np.uint8]:
    """A picture, (height, width, 3), with a line around what is `marked`, (height, width): on its inner edge."""
    inside = np.pad(marked, 1)
    inner = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    shown = picture.copy()
    shown[marked & ~inner] = _rgb(palette.flagged).round().astype(np.uint8)
    return shown


def _shares(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    largest = float(np.quantile(np.abs(values), STRONGEST)) or float(np.abs(values).max()) or 1.0
    return np.clip(values / largest, -1, 1), largest


def _mixed(ground: NDArray[np.float64], share: NDArray[np.float64], palette: Palette) -> NDArray[np.uint8]:
    flagged, accent = _rgb(palette.flagged), _rgb(palette.accent)
    colour = np.where(share[:, :, None] >= 0, flagged, accent)
    weight = np.abs(share)[:, :, None]
    return ((1 - weight) * ground + weight * colour).round().astype(np.uint8)


def _spread(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """A coarse map over all pixels, without edges between its regions."""
    along = [np.clip((np.arange(size) + 0.5) * cells / size - 0.5, 0, cells - 1) for size, cells in zip(shape, values.shape, strict=True)]
    down = np.array([np.interp(along[0], np.arange(values.shape[0]), column) for column in values.T]).T
    return np.array([np.interp(along[1], np.arange(values.shape[1]), row) for row in down])


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)], dtype=np.float64)


def _is_light(palette: Palette) -> bool:
    return bool(_rgb(palette.text).mean() < 128)
