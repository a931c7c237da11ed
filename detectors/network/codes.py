"""What a network has learned to see in a row: what comes out of its narrowest layer."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.network.scoring import in_chunks, rows_together

#: A picture needs two numbers at least.
FEWEST_NUMBERS = 2


def codes(network: Any, row_shape: tuple[int, ...], rows: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """What `rows`, (rows, …), become in the narrowest hidden layer, (rows, numbers); None where no layer is narrower than a row."""
    from keras import Model

    layer = _narrowest(network, prod(row_shape))
    if layer is None:
        return None
    inner = Model(network.input, layer.output)
    seen = in_chunks(lambda chunk: inner(chunk, training=False), row_shape, np.float32, rows_together(network, row_shape))
    return seen(rows).reshape(len(rows), -1)


def _narrowest(network: Any, most: int) -> Any | None:
    """The hidden layer with the fewest numbers, of several the last: what is normalised and activated comes after what is not."""
    sizes = [(prod(layer.output.shape[1:]), -place) for place, layer in enumerate(network.layers) if _is_hidden(network, layer)]
    fitting = [size for size in sizes if FEWEST_NUMBERS <= size[0] < most]
    return network.layers[-min(fitting)[1]] if fitting else None


def _is_hidden(network: Any, layer: Any) -> bool:
    inside = layer is not network.layers[0] and layer is not network.layers[-1]
    return inside and not isinstance(layer.output, list | tuple) and None not in layer.output.shape[1:]
