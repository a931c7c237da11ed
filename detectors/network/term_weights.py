"""Texts as weighted counts of their words, from ids alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

#: The id of every word that is not known. 0 is no word.
UNKNOWN = 1


def known_ids(ids: NDArray[np.floating[Any]], size: int) -> NDArray[np.int32]:
    """`ids`, (rows, positions), as whole numbers; one of `size` or above was not there in training and is unknown."""
    whole = np.maximum(ids, 0).astype(np.int32)
    return np.where(whole < size, whole, UNKNOWN).astype(np.int32)


@dataclass(frozen=True)
class TermWeights:
    """TF-IDF: a word counts by the logarithm of how often it is in the text, times how few texts have it.

    Salton & Buckley: Term-weighting approaches in automatic text retrieval, 1988, doi:10.1016/0306-4573(88)90021-0
    """

    rarity: NDArray[np.float64]
    """For each id, (ids,): 1 + log((1 + texts) ÷ (1 + texts that have it)), as in scikit-learn. Unknown words count as
    if each was in a single text: many texts have one, but hardly two have the same."""

    @classmethod
    def fit(cls, ids: NDArray[np.floating[Any]]) -> Self:
        """Learns from `ids`, (rows, positions), 0 where there is no word, how few texts have each word."""
        size = max(UNKNOWN, int(ids.max(initial=0))) + 1
        texts_with = np.asarray((_counts(known_ids(ids, size), size) > 0).sum(axis=0)).ravel()
        texts_with[UNKNOWN] = 1
        return cls(1 + np.log((1 + len(ids)) / (1 + texts_with)))

    def transform(self, ids: NDArray[np.floating[Any]]) -> Any:
        """A sparse matrix, (rows, ids), each row of length 1; that of a text without words is 0. Zeros in `ids` may be anywhere."""
        size = len(self.rarity)
        weights = _counts(known_ids(ids, size), size)
        weights.data = 1 + np.log(weights.data)
        weights.data *= self.rarity[weights.indices]
        lengths = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
        weights.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(weights.indptr))
        return weights


def _counts(ids: NDArray[np.int32], size: int) -> Any:
    """How often each id is in each row: a sparse matrix, (rows, `size`)."""
    from scipy.sparse import coo_array

    rows, places = np.nonzero(ids)
    # scikit-learn takes no wider indices.
    counts = coo_array((np.ones(len(rows)), (rows.astype(np.int32), ids[rows, places])), shape=(len(ids), size)).tocsr()
    counts.sum_duplicates()
    return counts
