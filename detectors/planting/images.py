"""Anomalies planted in pictures: in their own pixels, before they are prepared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_, Message
from detectors.planting.contract import AnomalyKind, Ground, Plant, Planted, PlantedData

KIND = "images"

#: Anomalies of each kind.
PLACES = 60

#: Sides of a picture over the width of a scratch, and how long a scratch is at least and at most, as shares of a side.
SCRATCH_WIDTH, SCRATCH_LENGTH = 64, (0.3, 0.6)

#: The side of a foreign patch, as a share of the picture's shorter side.
PATCH = 0.25

#: Patches tried, of which the one that differs most from what it covers is taken: background on background is no anomaly.
TRIED = 5

#: The radius of a blur, as a share of the picture's shorter side.
BLUR = 1 / 40

#: The share by which channels are made stronger or weaker.
COLOUR = 0.25

Picture = NDArray[np.uint8]

_ONE_PICTURE = N_("There is only one picture, and no other one to take a patch from.")


def _changed(ground: Ground, chance: np.random.Generator, change: Callable[[Picture, np.random.Generator], NDArray]) -> Planted:
    allowed = np.flatnonzero(ground.allowed)
    rows = np.sort(chance.choice(allowed, min(ground.places, len(allowed)), replace=False))
    pictures = [np.clip(change(picture, chance), 0, 255).astype(np.uint8) for picture in ground.data.pictures(rows)]
    values = ground.data.frame(list(ground.data.roles), rows).reset_index(drop=True)
    return Planted.in_rows(PlantedData(ground.data.folder, ground.data.roles, values=values, images=pictures), ground)


def _scratched(picture: Picture, chance: np.random.Generator) -> NDArray:
    """A thin straight line across the middle, black or white, whichever differs more from what it crosses."""
    height, width = picture.shape[:2]
    side = min(height, width)
    y, x = np.mgrid[0:height, 0:width]
    middle = np.array([height, width]) * chance.uniform(0.3, 0.7, 2)
    angle, half = chance.uniform(0, np.pi), side * chance.uniform(*SCRATCH_LENGTH) / 2
    along = (y - middle[0]) * np.sin(angle) + (x - middle[1]) * np.cos(angle)
    across = (y - middle[0]) * np.cos(angle) - (x - middle[1]) * np.sin(angle)
    line = (np.abs(along) <= half) & (np.abs(across) <= max(0.5, side / SCRATCH_WIDTH / 2))
    crossed = picture[line].mean() if line.any() else 255
    return np.where(line[:, :, None], 255 if crossed < 128 else 0, picture)


def _foreign(ground: Ground, chance: np.random.Generator) -> Planted | Message:
    learned = np.flatnonzero(ground.learned)
    if len(learned) < 2:
        return Message(_ONE_PICTURE)

    def patched(picture: Picture, chance: np.random.Generator) -> NDArray:
        tried = [_patched(picture, ground.data.pictures([int(chance.choice(learned))])[0], chance) for _ in range(TRIED)]
        return max(tried, key=lambda made: float(np.abs(made.astype(np.float32) - picture).mean()))

    return _changed(ground, chance, patched)


def _patched(picture: Picture, other: Picture, chance: np.random.Generator) -> Picture:
    side = max(2, int(PATCH * min(*picture.shape[:2], *other.shape[:2])))
    top, left = _corner(other, side, chance)
    patch = np.rot90(other[top : top + side, left : left + side], int(chance.integers(1, 4)))
    made = picture.copy()
    top, left = _corner(picture, side, chance)
    made[top : top + side, left : left + side] = patch if patch.shape[2] == picture.shape[2] else patch.mean(axis=2, keepdims=True)
    return made


def _corner(picture: Picture, side: int, chance: np.random.Generator) -> tuple[int, int]:
    return int(chance.integers(picture.shape[0] - side + 1)), int(chance.integers(picture.shape[1] - side + 1))


def _blurred(picture: Picture, chance: np.random.Generator) -> NDArray:
    from PIL import Image, ImageFilter

    radius = max(1.0, BLUR * min(picture.shape[:2]))
    blur = ImageFilter.GaussianBlur(radius)
    channels = [np.asarray(Image.fromarray(np.ascontiguousarray(picture[:, :, place])).filter(blur)) for place in range(picture.shape[2])]
    return np.stack(channels, axis=2)


def _shifted(picture: Picture, chance: np.random.Generator) -> NDArray:
    """One channel stronger and another one weaker; a picture without colours lighter or darker."""
    if picture.shape[2] == 1 or (picture == picture[:, :, :1]).all():
        return picture * (1 + COLOUR * (1 if picture.mean() < 128 else -1))
    factors = chance.permutation([1 + COLOUR, 1.0, 1 - COLOUR])
    return picture * factors


ANOMALIES: dict[AnomalyKind, Plant] = {
    AnomalyKind(
        "scratch", N_("Scratch"), N_("A thin black or white line, about half as long as the picture is wide."),
    ): lambda ground, chance: _changed(ground, chance, _scratched),
    AnomalyKind(
        "patch", N_("Foreign patch"), N_("A square from another picture, turned, with a side a quarter as long as the picture's."),
    ): _foreign,
    AnomalyKind(
        "blur", N_("Blur"), N_("The whole picture out of focus, by a radius of a fortieth of its side."),
    ): lambda ground, chance: _changed(ground, chance, _blurred),
    AnomalyKind(
        "colour", N_("Colour shift"), N_("One colour a quarter stronger and another one weaker; a grey picture lighter or darker."),
    ): lambda ground, chance: _changed(ground, chance, _shifted),
}  # fmt: skip
