"""Rows of tokens, ids of words in their order and 0 where there is no word, as networks on texts take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.network.layers import layers_table
from detectors.network.scoring import in_chunks
from detectors.network.term_weights import UNKNOWN, known_ids

#: Positions of the shortest texts that are scored together; each further group has texts of twice as many.
SHORTEST_GROUP = 16

#: Texts longer than all but this share of the training texts are cut there while a network learns: time goes by
#: positions, and nearly all of them would be empty.
LONG_SHARE = 0.02


def vocabulary_size(X: NDArray[np.float32]) -> int:
    """How many ids the rows, (rows, positions), know of, with 0 and the one for unknown words."""
    return max(UNKNOWN, int(X.max(initial=0))) + 1


def text_lengths(X: NDArray[np.float32]) -> NDArray[np.intp]:
    """The position after the last word of each row, (rows,)."""
    positions = X.shape[1]
    return np.where((X > 0).any(axis=1), positions - np.argmax(X[:, ::-1] > 0, axis=1), 0)


def cut_for_training(X: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows without the positions that nearly all of them leave empty."""
    longest = int(np.quantile(text_lengths(X), 1 - LONG_SHARE, method="higher"))
    return np.ascontiguousarray(X[:, : max(longest, 1)])


def by_length(function: Callable[[Any], Any], size: int) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """`function` of ids, compiled for a few lengths; each row goes, alone or beside others, with the shortest that holds it.

    `function` takes (rows, positions) and gives (rows, positions), or one number a row, (rows, 1), in float64; the
    places after the last are 0. A short text would otherwise take as long as the longest one. An id of `size` or above
    counts as unknown.
    """
    compiled: dict[int, Any] = {}

    def run(X: NDArray[np.float32]) -> NDArray[np.float64]:
        ids, lengths = known_ids(X, size).astype(np.float32), _group_lengths(X)
        answers = np.zeros(X.shape)
        for length in np.unique(lengths).tolist():
            rows = lengths == length
            if length not in compiled:
                compiled[length] = in_chunks(function, (length,), np.float64)
            found = compiled[length](np.ascontiguousarray(ids[rows, :length]))
            answers[rows, : found.shape[1]] = found
        return answers

    return run


def _group_lengths(X: NDArray[np.float32]) -> NDArray[np.intp]:
    """For each row how many positions it is given: `SHORTEST_GROUP`, twice or four times as many …, or all."""
    doublings = np.ceil(np.log2(np.maximum(text_lengths(X), 1) / SHORTEST_GROUP))
    return np.minimum(SHORTEST_GROUP * 2 ** np.maximum(doublings, 0).astype(int), X.shape[1])


def text_layers_table(network: Any, positions: int) -> list[dict[str, Any]]:
    """As `layers_table`: the layers of a network that takes texts of any length, shown for texts of `positions` words."""
    return [{**layer, "shape": layer["shape"].replace("None", str(positions))} for layer in layers_table(network)]
