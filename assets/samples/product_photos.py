"""Makes photographs of turned metal flanges on a conveyor: ``python product_photos.py OUT.zip``.

Every part lies a little differently, under a lamp that moves, in a picture of its own size. One in ten has a flaw: a
scratch, a chip at the rim, a stain, or a hole that was never drilled.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

SEED = 3
GOOD = 540
#: How many parts have each flaw; 10 % together.
FLAWED = {"scratch": 16, "chip": 14, "stain": 15, "missing_hole": 15}

#: Pictures are drawn so many times larger and then reduced: smooth edges.
FINER = 2
BOLTS = 6
#: Radii as shares of the outer one.
HUB, BORE, BOLT_CIRCLE, BOLT = 0.52, 0.27, 0.76, 0.085


@dataclass(frozen=True)
class Part:
    """How one part lies in its picture; lengths in drawn pixels, angles in radians."""

    width: int
    height: int
    x: float
    y: float
    radius: float
    turn: float
    lamp: float
    bright: float
    warmth: float


def product_photos(seed: int = SEED) -> Iterator[tuple[str, Image.Image]]:
    """Each picture with its path, in ``good/`` or ``flawed/``."""
    chance = np.random.default_rng(seed)
    flaws = chance.permutation([*[""] * GOOD, *(flaw for flaw, parts in FLAWED.items() for _ in range(parts))])
    for number, flaw in enumerate(flaws, start=1):
        ending = "png" if chance.random() < 0.2 else "jpg"
        yield f"{'flawed' if flaw else 'good'}/part_{number:04d}.{ending}", _photograph(str(flaw), chance)


def _photograph(flaw: str, chance: np.random.Generator) -> Image.Image:
    from PIL import Image

    width = int(chance.integers(68, 93))
    height = width + int(chance.integers(-4, 5))
    part = Part(
        width * FINER, height * FINER, FINER * (width / 2 + chance.normal(0, 1)), FINER * (height / 2 + chance.normal(0, 1)),
        FINER * min(width, height) * chance.uniform(0.41, 0.44), chance.normal(0, 0.06), chance.normal(-2.2, 0.2),
        chance.uniform(0.92, 1.06), chance.normal(0, 0.01),
    )  # fmt: skip
    missing = int(chance.integers(BOLTS)) if flaw == "missing_hole" else None
    picture = _belt(part, chance)
    surface, covered = _metal(part, missing, chance)
    if flaw in FLAWS:
        surface, covered = FLAWS[flaw](part, surface, covered, chance)
    picture = picture * (1 - 0.55 * _shadow(part, covered))[..., None]
    picture = np.where(covered[..., None], surface, picture)
    drawn = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    small = np.asarray(drawn.resize((width, height), Image.Resampling.LANCZOS), dtype=np.float64)
    return Image.fromarray(np.clip(small + chance.normal(0, 1.6, small.shape), 0, 255).astype(np.uint8))


def _grid(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Distance from the middle, in outer radii, and direction of every pixel, (height, width) each."""
    y, x = np.mgrid[: part.height, : part.width].astype(np.float32)
    return np.hypot(x - part.x, y - part.y) / part.radius, np.arctan2(y - part.y, x - part.x)


def _belt(part: Part, chance: np.random.Generator) -> np.ndarray:
    """A dark conveyor with a weave, lit from one side, (height, width, 3)."""
    y, x = np.mgrid[: part.height, : part.width].astype(np.float32)
    weave = 0.012 * np.sin(2 * np.pi * x / (2.3 * FINER)) * np.sin(2 * np.pi * y / (2.3 * FINER))
    fall = 0.05 * (np.cos(part.lamp) * (x / part.width - 0.5) + np.sin(part.lamp) * (y / part.height - 0.5))
    grey = part.bright * (0.27 + fall) + weave + _blurred(0.08 * chance.standard_normal(x.shape, np.float32), FINER)
    return np.clip(grey, 0, 1)[..., None] * np.array([0.88, 1.0, 1.08])


def _metal(part: Part, missing: int | None, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The part alone, (height, width, 3), and where there is metal, (height, width)."""
    away, direction = _grid(part)
    # A turned face mirrors the lamp as two opposite wedges of light.
    wedges = np.cos(direction - part.lamp) ** 2
    grooves = np.interp(away, np.linspace(0, 1.2, 160), _blurred(chance.normal(0, 0.12, (1, 160)), 1)[0])
    grey = 0.54 + 0.22 * wedges**2 + 0.5 * grooves * (0.4 + 0.6 * wedges)
    grey = np.where(away < HUB, grey + 0.07, grey)
    for edge, side in ((1.0, 1.0), (HUB, 1.0), (BORE, -1.0)):
        grey += 0.3 * side * np.exp(-(((away - edge + 0.02) / 0.022) ** 2)) * np.cos(direction - part.lamp)
    near, aside = _from_hole(part, away, direction, missing)
    grey -= 0.28 * np.exp(-(((near - BOLT - 0.012) / 0.02) ** 2)) * np.cos(aside - part.lamp)
    grey = part.bright * grey + _blurred(0.1 * chance.standard_normal(grey.shape, np.float32), 0.7 * FINER)
    covered = (away < 1) & (away > BORE) & (near > BOLT)
    return grey[..., None] * np.array([1 + part.warmth, 1.0, 1.03 - part.warmth]), covered


def _from_hole(part: Part, away: np.ndarray, direction: np.ndarray, missing: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Distance and direction of every pixel from the middle of the nearest hole for a bolt, as in `_grid`."""
    apart = 2 * np.pi / BOLTS
    bolt = np.round((direction - part.turn) / apart)
    angle = part.turn + apart * bolt
    right, down = away * np.cos(direction) - BOLT_CIRCLE * np.cos(angle), away * np.sin(direction) - BOLT_CIRCLE * np.sin(angle)
    return np.where(bolt % BOLTS == missing, np.inf, np.hypot(right, down)), np.arctan2(down, right)


def _shadow(part: Part, covered: np.ndarray) -> np.ndarray:
    """Away from the lamp, soft, (height, width), 0 to 1."""
    shift = (round(-0.07 * part.radius * np.sin(part.lamp)), round(-0.07 * part.radius * np.cos(part.lamp)))
    return _blurred(np.roll(covered.astype(float), shift, axis=(0, 1)), 0.05 * part.radius)


def _scratch(part: Part, surface: np.ndarray, covered: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A bent line, bright on one side and dark on the other."""
    from PIL import Image, ImageDraw

    start, along = chance.uniform(0, 2 * np.pi), chance.uniform(0.8, 1.7)
    angles = start + np.linspace(0, along, 12)
    radii = np.linspace(chance.uniform(0.4, 0.6), chance.uniform(0.75, 0.95), 12) + chance.normal(0, 0.008, 12)
    marked = surface.copy()
    for offset, light in ((0.0, 0.32), (0.9 * FINER, -0.26)):
        line = Image.new("L", (part.width, part.height))
        right, down = part.x + part.radius * radii * np.cos(angles) + offset, part.y + part.radius * radii * np.sin(angles) + offset
        points = list(zip(right.tolist(), down.tolist(), strict=True))
        ImageDraw.Draw(line).line(points, fill=255, width=FINER)
        marked += light * np.asarray(line)[..., None] / 255
    return marked, covered


def _chip(part: Part, surface: np.ndarray, covered: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A jagged bite out of the rim, its broken edge dull."""
    away, direction = _grid(part)
    angle, size = chance.uniform(-np.pi, np.pi), chance.uniform(0.14, 0.24)
    right, down = away * np.cos(direction) - np.cos(angle), away * np.sin(direction) - np.sin(angle)
    around = np.arctan2(down, right)
    jagged = size * (1 + 0.18 * np.sin(5 * around + angle) + 0.12 * np.sin(11 * around))
    broken = np.hypot(right, down) < jagged * 1.25
    return np.where(broken[..., None], surface * 0.55, surface), covered & (np.hypot(right, down) > jagged)


def _stain(part: Part, surface: np.ndarray, covered: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rust or oil: a brown cloud with a ragged edge."""
    away, direction = _grid(part)
    angle, place, size = chance.uniform(-np.pi, np.pi), chance.uniform(0.45, 0.8), chance.uniform(0.13, 0.24)
    right, down = away * np.cos(direction) - place * np.cos(angle), away * np.sin(direction) - place * np.sin(angle)
    cloud = _blurred(chance.normal(0, 1, away.shape), 2.2 * FINER) * 2.2 * FINER
    depth = 1 / (1 + np.exp((np.hypot(right, down) / size - 1 + 0.25 * cloud) * 9))
    brown = np.array([0.62, 0.42, 0.26]) if chance.random() < 0.6 else np.array([0.34, 0.34, 0.38])
    return surface * (1 - 0.8 * depth[..., None] * (1 - brown)), covered


FLAWS: dict[str, Callable[[Part, np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]]
FLAWS = {"scratch": _scratch, "chip": _chip, "stain": _stain}


def _blurred(values: np.ndarray, reach: float) -> np.ndarray:
    """Smoothed along both axes by a bell of `reach` pixels, the picture thought to go on round its edges."""
    down, right = np.fft.fftfreq(values.shape[0])[:, None], np.fft.rfftfreq(values.shape[1])
    bell = np.exp(-2 * (np.pi * reach) ** 2 * (down**2 + right**2))
    return np.fft.irfft2(np.fft.rfft2(values) * bell, values.shape)


def write(pictures: Iterator[tuple[str, Image.Image]], path: str) -> None:
    """A zip that is the same every time: its members bear no time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, picture in pictures:
            content = io.BytesIO()
            picture.save(content, **({"format": "PNG"} if name.endswith("png") else {"format": "JPEG", "quality": 88}))
            archive.writestr(zipfile.ZipInfo(name), content.getvalue())


if __name__ == "__main__":
    write(product_photos(), sys.argv[1])
