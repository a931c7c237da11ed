"""Fewer bytes for a network's weights: half precision, or whole numbers with a scale for each channel; and the smallest of them set to 0.

Only what is kept is smaller: it is brought back to single precision when it is loaded, so that the network computes as it always does. Keras 3.15's own
``quantize("int8")`` was measured and is not used: it knows dense layers and embeddings alone, quantises inputs as well, took three
times as long on a processor, and gives a network of other weights than the builder's, which could no longer be checked against it.

Whole numbers: symmetric, -127 to 127, a scale for each channel (Krishnamoorthi 2018, arXiv:1806.08342; Jacob et al. 2018,
arXiv:1712.05877). Pruning by size: Han et al. 2015, arXiv:1506.02626, and Zhu & Gupta 2017, arXiv:1710.01878, who let the network learn on
meanwhile; here nothing is learned anew, so less can be left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.network.weights import FILE, SCALES

#: Whole numbers go from minus this to this.
LARGEST_WHOLE = 127


def shrink_weights(folder: Path, precision: str, pruned: float) -> None:
    """Keeps the weights in `folder` in `precision` (float32, float16 or int8), the share `pruned` of the smallest of every matrix being 0.

    Biases and what normalises stay as they are: they are few. So does a matrix whose numbers half precision cannot hold.
    """
    import h5py

    with tempfile.TemporaryDirectory(dir=folder) as name:
        smaller, scales = Path(name) / FILE, Path(name) / SCALES
        with h5py.File(folder / FILE, "r") as source, h5py.File(smaller, "w") as target, h5py.File(scales, "w") as factors:
            for place, stored in _arrays(source):
                values = stored[...]
                if values.ndim < 2 or values.dtype != np.float32:
                    target.create_dataset(place, data=values)
                    continue
                values = without_smallest(values, pruned)
                if precision == "int8":
                    values, scale = whole_numbers(values)
                    factors.create_dataset(place, data=scale)
                elif precision == "float16" and np.abs(values).max(initial=0) <= np.finfo(np.float16).max:
                    values = values.astype(np.float16)
                target.create_dataset(place, data=values)
        smaller.replace(folder / FILE)
        if precision == "int8":
            scales.replace(folder / SCALES)


def without_smallest(values: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """`values` with the smallest `share` of them, by their size, set to 0."""
    count = int(share * values.size)
    if not count:
        return values
    kept = values.ravel().copy()
    kept[np.argpartition(np.abs(kept), count - 1)[:count]] = 0
    return kept.reshape(values.shape)


def whole_numbers(values: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """`values`, (…, channels), as whole numbers and the scales they are to be multiplied with, one for each channel.

    Of a matrix the channels are its columns or its rows, whichever keeps it better: of word vectors each word has a scale.
    """
    lasts = tuple(range(values.ndim - 1))
    found = [_scaled(values, axes) for axes in ([lasts, (1,)] if values.ndim == 2 else [lasts])]
    return min(found, key=lambda each: float(np.square(each[0] * each[1] - values).sum()))


def _scaled(values: NDArray[np.float32], axes: tuple[int, ...]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scales = (np.abs(values).max(axis=axes, keepdims=True) / LARGEST_WHOLE).astype(np.float32)
    scales[scales == 0] = 1
    return np.clip(np.rint(values / scales), -LARGEST_WHOLE, LARGEST_WHOLE).astype(np.int8), scales


@contextmanager
def in_single_precision(folder: Path) -> Iterator[Path]:
    """The weights file of `folder` as a network loads it: itself, or one in which whole numbers were multiplied with their scales.

    Raises:
        ValueError: whole numbers and scales do not go together.
    """
    import h5py

    with h5py.File(folder / FILE, "r") as source:
        whole = {place for place, values in _arrays(source) if values.dtype == np.int8}
        if not whole and not (folder / SCALES).exists():
            yield folder / FILE
            return
        with tempfile.TemporaryDirectory(prefix="anomalyst-") as name, h5py.File(folder / SCALES, "r") as factors:
            if whole != {place for place, _ in _arrays(factors)}:
                raise ValueError("whole numbers without scales, or scales without them")
            with h5py.File(Path(name) / FILE, "w") as target:
                for place, values in _arrays(source):
                    target.create_dataset(place, data=_multiplied(values, factors[place]) if place in whole else values[...])
            yield Path(name) / FILE


def _arrays(file: Any) -> list[tuple[str, Any]]:
    """Every array of an HDF5 file with its place in it, none of them read."""
    import h5py

    found: list[tuple[str, Any]] = []
    file.visititems(lambda place, each: found.append((place, each)) if isinstance(each, h5py.Dataset) else None)
    return found


def _multiplied(values: Any, scales: Any) -> NDArray[np.float32]:
    """`values` times `scales`, which have one number for each of their channels."""
    fits = scales.ndim == values.ndim and all(there in (1, here) for there, here in zip(scales.shape, values.shape, strict=True))
    if not fits or scales.dtype != np.float32:
        raise ValueError("scales of other channels")
    return values[...].astype(np.float32) * scales[...]
