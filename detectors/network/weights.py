"""Keeps a network's weights. Only numbers are stored: the network itself is rebuilt from the detector's parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detectors.errors import StorageError
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
