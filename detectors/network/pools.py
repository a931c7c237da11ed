"""The rows that a training draws its batches from: all of them or, of an array larger than memory, one part after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import is_large

#: Bytes of a pool of rows, where not all rows are in memory at once. It is read in a fraction of a second.
POOL_BYTES = 64 << 20

#: Neighbouring rows that come into a pool together, so that a file is read in stretches. A pool is made of a hundred of them
#: and more, from all over the file, and then shuffled row by row.
STRETCH_BYTES = 512 << 10


@dataclass(frozen=True)
class Pool:
    """Rows at hand, as tensors, and the order in which to go through them."""

    arrays: Mapping[str, Any]
    """``seen``; where they are not the same, ``wanted``; where rows count differently, ``weights``: each (rows, …)."""
    order: NDArray[np.int64]


class Pools:
    """Gives the rows of `arrays`, each (rows, …), by their positions, as pools."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays
        self._row_bytes = sum(values[:1].nbytes for values in arrays.values())
        self._all = None if any(is_large(values.shape) for values in arrays.values()) else self._tensors(slice(None))

    def shuffled(self, rows: NDArray[np.int64], chance: np.random.Generator) -> Iterator[Pool]:
        """All of `rows` once, in an order that is another each time."""
        if self._all is not None:
            yield Pool(self._all, chance.permutation(rows))
            return
        stretch = max(1, STRETCH_BYTES // self._row_bytes)
        stretches = np.array_split(np.sort(rows), max(1, round(len(rows) / stretch)))
        for places in _parts(chance.permutation(len(stretches)), POOL_BYTES // STRETCH_BYTES):
            chosen = np.concatenate([stretches[place] for place in np.sort(places)])
            yield Pool(self._tensors(chosen), chance.permutation(len(chosen)))

    def in_order(self, rows: NDArray[np.int64]) -> Iterator[Pool]:
        """All of `rows` once, always in the same order."""
        if self._all is not None:
            yield Pool(self._all, rows)
            return
        for chosen in _parts(np.sort(rows), POOL_BYTES // self._row_bytes):
            yield Pool(self._tensors(chosen), np.arange(len(chosen)))

    def _tensors(self, rows: Any) -> dict[str, Any]:
        import tensorflow as tf

        return {name: tf.constant(values[rows]) for name, values in self._arrays.items()}


def _parts(values: NDArray[Any], most: int) -> list[NDArray[Any]]:
    """`values` in parts of about the same length, at most `most`: a last one of a few rows would upset batch normalisation."""
    return np.array_split(values, math.ceil(len(values) / max(1, most)))
