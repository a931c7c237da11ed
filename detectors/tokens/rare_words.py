"""How rare the words of a text are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.messages import N_
from detectors.network.term_weights import UNKNOWN
from detectors.network.word_counts import RunningWords
from detectors.params import choice, number

#: Of a text's words the rarest such share counts where its rarest words are asked for.
RAREST_SHARE = 0.5


class RareWords(LearnedArrays):
    """Counts in how many training texts each word is; a text of words that few others have is unusual.

    The surprise at a word is minus the logarithm of the share of texts that have it. A training text is left out of its
    own counts. Means are shrunk towards the usual one, so that a text of two rare words is not at once the most unusual.
    """

    title = N_("Rare words")
    family = N_("Statistics")
    summary = N_("Counts in how many texts each word is, and measures how rare a text's words are.")
    reference = (
        "Spärck Jones: A statistical interpretation of term specificity and its application in retrieval, 1972, doi:10.1108/eb026526"
    )
    when = N_("Texts of one kind, among which those about something else, or in other words, are looked for. Learns in a moment.")
    when_not = N_("Usual words in an unusual order (word order), or said more often than usual.")
    score_name = N_("surprise")
    arrays: ClassVar = ("texts_", "texts_with_", "usual_")
    texts_: NDArray[np.int64]
    """How many texts were learned from, (1,)."""
    texts_with_: NDArray[np.int64]
    """For each id how many of them have it, (ids,); 0 for unknown words, of which hardly two are the same."""
    usual_: NDArray[np.float64]
    """The mean surprise at a word that counts, (1,)."""

    measure: str = choice(
        "rarest", title=N_("What counts"),
        choices={"rarest": N_("The rarer half of the words"), "mean": N_("All words, on average"), "total": N_("All words, added up")},
        help=N_("The rarer half finds a few odd words. Added up, a long text has more to be surprised at than a short one."),
    )  # fmt: skip
    shrinkage: float = number(
        10.0, title=N_("Shrinkage, in words"), low=0.0, high=1000.0, advanced=True,
        help=N_("Texts are scored as if they had so many more words of usual surprise. Larger holds short texts closer to the middle."),
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        size = max(UNKNOWN, int(X.max(initial=0))) + 1
        words = RunningWords.of(X, size)
        once = np.unique(words.text * size + words.word)
        texts_with = np.bincount(once % size, minlength=size)
        texts_with[UNKNOWN] = 0
        surprise = _surprise(np.maximum(texts_with[words.word] - 1, 0), len(X) - 1)
        means = self._mean(words, surprise, 0.0, 0.0)[words.lengths > 0]
        return np.array([len(X)]), texts_with, np.array([means.mean() if len(means) else 0.0])

    def _score(self, X: NDArray[np.float32]) -> Scores:
        words = RunningWords.of(X, len(self.texts_with_))
        return self._of_texts(words, _surprise(self.texts_with_[words.word], int(self.texts_[0])))

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        words = RunningWords.of(X, len(self.texts_with_))
        return self._of_texts(words, _surprise(np.maximum(self.texts_with_[words.word] - 1, 0), int(self.texts_[0]) - 1))

    def _of_texts(self, words: RunningWords, surprise: NDArray[np.float64]) -> Scores:
        if self.measure == "total":
            return words.sums(surprise)
        return self._mean(words, surprise, float(self.usual_[0]), self.shrinkage)

    def _mean(self, words: RunningWords, surprise: NDArray[np.float64], usual: float, shrinkage: float) -> NDArray[np.float64]:
        """The mean over the words that count, those that are added included, (texts,); 0 for a text without any."""
        counting = words.lengths.astype(np.float64)
        if self.measure == "rarest":
            counting = np.ceil(counting * RAREST_SHARE)
            order = np.lexsort((-surprise, words.text))
            first = np.concatenate([np.zeros(1, np.intp), np.cumsum(words.lengths)])[words.text]
            surprise = np.where(np.arange(len(order)) - first < counting[words.text], surprise[order], 0)
        return (words.sums(surprise) + shrinkage * usual) / np.maximum(counting + shrinkage, 1e-9)

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        words = RunningWords.of(X, len(self.texts_with_))
        return words.spread_out(_surprise(self.texts_with_[words.word], int(self.texts_[0])), X.shape[1])


def _surprise(texts_with: NDArray[np.int64], texts: int) -> NDArray[np.float64]:
    """Minus the logarithm of the share of `texts` that have a word, half a text added so that it is never infinite."""
    return np.asarray(np.log(texts + 1) - np.log(texts_with + 0.5), dtype=np.float64)
