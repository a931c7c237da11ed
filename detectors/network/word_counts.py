"""Words of texts one after the other, and how often each is in its own text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.network.term_weights import known_ids


@dataclass(frozen=True)
class RunningWords:
    """All words of some texts, text after text."""

    texts: int
    text: NDArray[np.intp]
    """For each word the text that it is in, (words,), growing."""
    place: NDArray[np.intp]
    """Its position, (words,)."""
    word: NDArray[np.int64]
    """Its id, (words,)."""
    before: NDArray[np.int64]
    """The id of the word before it, 0 before the first, (words,)."""

    @classmethod
    def of(cls, ids: NDArray[np.floating[Any]], size: int) -> Self:
        """`ids`, (texts, positions), 0 where there is no word; those of `size` or above are unknown."""
        text, place = np.nonzero(ids > 0)
        word = known_ids(ids, size)[text, place].astype(np.int64)
        before = np.concatenate([np.zeros(1, np.int64), word])[: len(word)]
        before[np.diff(text, prepend=-1) > 0] = 0
        return cls(len(ids), text, place, word, before)

    def in_own_text(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """How often the key of each word, (words,), is a key in the same text."""
        if not len(keys):
            return np.zeros(0, np.int64)
        order = np.lexsort((keys, self.text))
        text, key = self.text[order], keys[order]
        group = np.cumsum((np.diff(text, prepend=-1) != 0) | (np.diff(key, prepend=-1) != 0)) - 1
        counts = np.empty(len(keys), np.int64)
        counts[order] = np.bincount(group)[group]
        return counts

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values of the words, (words,), added up text by text, (texts,)."""
        return np.asarray(np.bincount(self.text, weights=values, minlength=self.texts), dtype=np.float64)

    @property
    def lengths(self) -> NDArray[np.intp]:
        """How many words each text has, (texts,)."""
        return np.bincount(self.text, minlength=self.texts)

    def spread_out(self, values: NDArray[np.float64], positions: int) -> NDArray[np.float64]:
        """The values of the words where they stand, (texts, `positions`); 0 where there is no word."""
        spread = np.zeros((self.texts, positions))
        spread[self.text, self.place] = values
        return spread
