"""Keeps a network's weights. Only numbers are stored: the network itself is rebuilt from the detector's parameters."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from detectors.errors import DetectorError, StorageError
from detectors.messages import N_

FILE = "weights.weights.h5"

#: Beside it, where weights are kept as whole numbers: what they are to be multiplied with (`smaller_weights`).
SCALES = "weights.scales.h5"

#: Layers in layers: no network of ours is deeper.
DEEPEST = 30

#: Random layers count their draws in such a variable, which is not kept.
COUNTER = "seed_generator_state"

_DAMAGED = N_("The weights of the network in `{file}` are missing or damaged. Train the detector again.")
_OTHER = N_("The weights in `{file}` are those of another network than `detector.json` describes: {there} there, {here} here.")


def save_weights(network: Any, folder: Path) -> None:
    """Writes the weights of `network` into `folder`."""
    network.save_weights(folder / FILE)
    (folder / SCALES).unlink(missing_ok=True)


def load_weights(network: Any, folder: Path) -> None:
    """Puts the weights that `save_weights` left in `folder` into `network`, which has the same layers.

    Raises:
        StorageError: the file is missing, damaged, or belongs to a network of another shape.
    """
    from detectors.network.smaller_weights import in_single_precision

    try:
        with in_single_precision(folder) as path:
            network.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise StorageError(_DAMAGED, file=FILE) from error


def check_fits(network: Callable[[], Any], folder: Path) -> None:
    """Compares the sizes of the weights in `folder` with those of what `network` builds, before any of them is allocated.

    Raises:
        StorageError: they are missing, damaged or those of another network.
    """
    import keras

    there = sorted(stored_shapes(folder / FILE))
    with keras.StatelessScope(initialize_variables=False):  # variables have a shape and no value
        here = sorted(tuple(weight.shape) for weight in network().variables if COUNTER not in weight.path)
    if there != here:
        first = next(pair for pair in zip_longest(there, here, fillvalue=()) if pair[0] != pair[1])
        raise StorageError(_OTHER, file=FILE, there=_size(first[0]), here=_size(first[1]))


def stored_shapes(path: Path) -> list[tuple[int, ...]]:
    """The shapes of the arrays in the weights file `path`. Only what its headers say is read.

    Raises:
        StorageError: it is damaged, or has anything but plain numbers that lie in the file itself.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return _shapes(file, path.stat().st_size, 0)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, OverflowError) as error:
        raise StorageError(_DAMAGED, file=path.name) from error


def _shapes(group: Any, most_bytes: int, depth: int) -> list[tuple[int, ...]]:
    import h5py

    if depth > DEEPEST:
        raise ValueError("a group in itself")
    found: list[tuple[int, ...]] = []
    for name in group:
        if type(group.get(name, getlink=True)) is not h5py.HardLink:
            raise ValueError(f"{name} lies elsewhere")
        inner = group[name]
        if isinstance(inner, h5py.Group):
            found += _shapes(inner, most_bytes, depth + 1)
        elif isinstance(inner, h5py.Dataset) and _is_plain(inner, most_bytes):
            found.append(tuple(inner.shape))
        else:
            raise ValueError(f"{name} is no array")
    return found


def _is_plain(array: Any, most_bytes: int) -> bool:
    """Whether it is numbers, one after the other in the file itself, as many as it says."""
    is_here = not (array.is_virtual or array.external or array.chunks or array.compression)
    return is_here and array.dtype.kind in "fiu" and array.nbytes <= most_bytes and array.id.get_storage_size() == array.nbytes


def take_over(earlier: Any, network: Any) -> None:
    """Gives `network` the weights of the network `earlier`.

    Raises:
        DetectorError: their layers have other sizes.
    """
    sizes = [[tuple(weight.shape) for weight in each.weights] for each in (earlier, network)]
    if sizes[0] != sizes[1]:
        there, here = next(pair for pair in zip_longest(*sizes, fillvalue=()) if pair[0] != pair[1])
        raise DetectorError(
            N_("The earlier run has another network: weights of {there} there are {here} here. Prepare the same columns, or learn anew."),
            there=_size(there), here=_size(here),
        )  # fmt: skip
    network.set_weights(earlier.get_weights())


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "–"
