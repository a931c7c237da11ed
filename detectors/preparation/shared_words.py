"""How alike texts are by the words they share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: The first ids stand for no word and for unknown words, which say nothing of what a text is about.
FIRST_WORD = 2


def word_distances(text: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """From 0, the same words, to 1, none in common: `text`, (length,) ids of words, from each of `others`, (texts, length).

    1 less the cosine of the words that each holds, of which those of few of `others` count more.
    """
    known = np.unique(others)
    known = known[known >= FIRST_WORD]
    held = np.zeros((len(others), len(known) + 1), dtype=bool)
    rows, places = np.nonzero(others >= FIRST_WORD)
    held[rows, np.searchsorted(known, others[rows, places])] = True
    counts = held.sum(axis=0)
    rarity = np.square(np.log((1 + len(others)) / (1 + counts)) + 1)
    own = np.unique(text[text >= FIRST_WORD])
    is_known = np.isin(own, known)
    shared = held[:, np.searchsorted(known, own[is_known])] @ rarity[np.searchsorted(known, own[is_known])]
    own_length = rarity[np.searchsorted(known, own[is_known])].sum() + rarity[-1] * (~is_known).sum()
    lengths = held @ rarity * own_length
    return 1 - np.divide(shared, np.sqrt(lengths), out=np.zeros(len(others)), where=lengths > 0)
