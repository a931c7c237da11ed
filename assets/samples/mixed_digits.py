"""Writes handwritten zeros and fours with some other digits among them: ``python mixed_digits.py OUT.zip``.

The pictures are those of the optical digits data that scikit-learn carries, enlarged, dark ink on light paper.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

PICTURES = 400
SEED = 5
USUAL = (0, 4)
SIDE = 32


def mixed_digits(pictures: int = PICTURES, seed: int = SEED) -> Iterator[tuple[str, Image.Image]]:
    """Each picture with its path: zeros and fours in ``normal/``, other digits in ``anomaly/``."""
    from sklearn.datasets import load_digits

    carried = load_digits()
    usual = np.flatnonzero(np.isin(carried.target, USUAL))
    others = np.random.default_rng(seed).permutation(np.setdiff1d(np.arange(len(carried.target)), usual))
    for row in np.sort(np.concatenate([usual, others[: pictures - len(usual)]])):
        folder = "normal" if carried.target[row] in USUAL else "anomaly"
        yield f"{folder}/{row:04d}.png", _enlarged(carried.images[row])


def _enlarged(ink: np.ndarray) -> Image.Image:
    """`ink` is (8, 8), 0 to 16."""
    from PIL import Image

    paper = Image.fromarray((250 - ink * 14.5).astype(np.uint8))
    return paper.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def write(pictures: Iterator[tuple[str, Image.Image]], path: str) -> None:
    """A zip that is the same every time: its members bear no time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, picture in pictures:
            content = io.BytesIO()
            picture.save(content, "PNG" if name.endswith("png") else "JPEG")
            archive.writestr(zipfile.ZipInfo(name), content.getvalue())


if __name__ == "__main__":
    write(mixed_digits(), sys.argv[1])
