"""Keeps a network's weights. Only numbers are stored: the network itself is rebuilt from the detector's parameters."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

from detectors.errors import DetectorError, StorageError
from detectors.messages import N_

FILE = "weights.weights.h5"


def save_weights(network: Any, folder: Path) -> None:
    """Writes the weights of `network` into `folder`."""
    network.save_weights(folder / FILE)


def load_weights(network: Any, folder: Path) -> None:
    """Puts the weights that `save_weights` left in `folder` into `network`, which has the same layers.

    Raises:
        StorageError: the file is missing, damaged, or belongs to a network of another shape.
    """
    try:
        network.load_weights(folder / FILE)
    except (OSError, ValueError, KeyError) as error:
        raise StorageError(
            N_("The weights of the network in `{file}` are missing or damaged. Train the detector again."), file=FILE
        ) from error


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
