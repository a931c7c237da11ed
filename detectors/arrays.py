"""Arrays of rows that may be larger than memory: on the heap while they are small, else in a file that leaves with them.

What works through such an array does so in blocks of rows; `X[rows]` of many rows, or arithmetic on all of it, would put
it on the heap after all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from math import prod

import numpy as np
from numpy.typing import NDArray

#: An array that takes more bytes than this lies in a file. A few copies of one that takes less fit into any machine.
IN_MEMORY_BYTES = 512 << 20

#: Numbers worked on together: they fit into a processor's caches many times over what it costs to begin a block.
BLOCK_NUMBERS = 1 << 21


def is_large(shape: tuple[int, ...]) -> bool:
    """Whether an array of float32 in this shape lies in a file."""
    return 4 * prod(shape) > IN_MEMORY_BYTES


def drawn(rows: int, most: int, seed: int) -> NDArray[np.intp]:
    """The positions of at most `most` of so many `rows`, drawn at random, growing; all of them where they are no more."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed % 2**32).choice(rows, most, replace=False))


def room_for(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Zeros, (rows, …): an array or, where it is large, the memory map of a file that has no name and ends with its last user.

    The file lies where temporary files of this process lie.
    """
    if not is_large(shape):
        return np.zeros(shape, dtype=np.float32)
    with tempfile.TemporaryFile(prefix="anomalyst-") as file:
        file.truncate(4 * prod(shape))
        return np.asarray(np.memmap(file, dtype=np.float32, mode="r+", shape=shape))


def blocks(X: NDArray[np.generic]) -> Iterator[slice]:
    """Slices that cover the rows of `X`, (rows, …), one after the other."""
    together = max(1, BLOCK_NUMBERS // max(1, prod(X.shape[1:])))
    for start in range(0, len(X), together):
        yield slice(start, min(start + together, len(X)))


def made_of(X: NDArray[np.float32], function: Callable[[NDArray[np.float32]], NDArray[np.floating]]) -> NDArray[np.float32]:
    """What `function` makes of blocks of rows, in the shape of `X`."""
    made = room_for(X.shape)
    for rows in blocks(X):
        made[rows] = function(X[rows])
    return made


def taken(X: NDArray[np.float32], positions: NDArray[np.intp]) -> NDArray[np.float32]:
    """The rows of `X` at `positions`; `X` itself where these are all of them in order."""
    if len(positions) == len(X) and np.array_equal(positions, np.arange(len(X))):
        return X
    if not is_large((len(positions), *X.shape[1:])):
        return X[positions]
    rows = room_for((len(positions), *X.shape[1:]))
    for block in blocks(rows):
        rows[block] = X[positions[block]]
    return rows
