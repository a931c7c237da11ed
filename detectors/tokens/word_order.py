"""How little each word is explained by the one before it."""

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
from detectors.params import number

#: Times that every word counts as seen beside those that it was.
ADDED = 0.5

#: Words never seen after another keep at least this share of their chance.
SMALLEST_LEFT = 0.02


class WordOrder(LearnedArrays):
    """Counts which word follows which; a text whose words do not follow from one another as usual is unusual.

    The score is the mean of log p(word) - log p(word | the word before), which is negative where the word before helps,
    shrunk towards the usual one by a few words' worth. p(word | before) is counted with absolute discounting: what is
    taken from every pair that was seen goes to the words as such. A training text is left out of its own counts.
    """

    title = N_("Word order")
    family = N_("Statistics")
    summary = N_("Counts which word follows which, and measures how little of a text's words follows from the one before.")
    reference = (
        "Ney, Essen & Kneser: On structuring probabilistic dependences in stochastic language modelling, 1994, doi:10.1006/csla.1994.1001; "
        "Church & Hanks: Word association norms, mutual information, and lexicography, Computational Linguistics 16(1), 1990"
    )
    when = N_(
        "Texts of one kind, some hundred or more, best known to be usual: other habits of speech, other topics, garbled text. Learns in a moment."
    )
    when_not = N_("Anomalies that repeat one another, such as copies of one advertisement: what they say is then well known.")
    score_name = N_("surprise at the order")
    arrays: ClassVar = ("times_", "before_", "kinds_after_", "pairs_", "pair_times_", "usual_")
    times_: NDArray[np.int64]
    """How often each id is there, (ids,); 0 for unknown words, of which hardly two are the same."""
    before_: NDArray[np.int64]
    """How often each id comes before a word, (ids,)."""
    kinds_after_: NDArray[np.int64]
    """How many different words come after it, (ids,)."""
    pairs_: NDArray[np.int64]
    """The pairs of known words that were seen: id before × ids + id, growing."""
    pair_times_: NDArray[np.int64]
    """How often each was."""
    usual_: NDArray[np.float64]
    """The mean score of a word, (1,)."""

    discount: float = number(
        1.0, title=N_("Discount"), low=0.0, high=1.0, advanced=True,
        help=N_("So much of every pair's count is taken for pairs that were not seen. 1 does not trust a pair that came up once."),
    )  # fmt: skip
    shrinkage: float = number(
        10.0, title=N_("Shrinkage, in words"), low=0.0, high=1000.0, advanced=True,
        help=N_("Texts are scored as if they had so many more words of usual surprise. Larger holds short texts closer to the middle."),
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        size = max(UNKNOWN, int(X.max(initial=0))) + 1
        words = RunningWords.of(X, size)
        known = words.word != UNKNOWN
        self.times_ = np.bincount(words.word[known], minlength=size)
        self.before_ = np.bincount(words.before, minlength=size)
        self.pairs_, self.pair_times_ = np.unique(self._pair(words)[known & (words.before != UNKNOWN)], return_counts=True)
        # Every unknown word is one of its own.
        self.kinds_after_ = np.bincount(self.pairs_ // size, minlength=size) + np.bincount(words.before[~known], minlength=size)
        unexplained, _ = self._of_words(words, itself=True)
        usual = np.array([unexplained.mean() if len(unexplained) else 0.0])
        return self.times_, self.before_, self.kinds_after_, self.pairs_, self.pair_times_, usual

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._of_texts(RunningWords.of(X, len(self.times_)), itself=False)

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        return self._of_texts(RunningWords.of(X, len(self.times_)), itself=True)

    def _of_texts(self, words: RunningWords, *, itself: bool) -> Scores:
        unexplained, _ = self._of_words(words, itself=itself)
        return (words.sums(unexplained) + self.shrinkage * float(self.usual_[0])) / np.maximum(words.lengths + self.shrinkage, 1e-9)

    def _of_words(self, words: RunningWords, *, itself: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For each word log p(word) - log p(word | before), and -log p(word | before), (words,); with `itself`, the text is one of those counted."""
        pair, before = self._counts(words, itself=itself)
        times = self.times_[words.word] - (words.in_own_text(words.word) if itself else 0)
        chance = (np.maximum(times, 0) + ADDED) / (self.times_.sum() + 1)
        helps = (words.before != UNKNOWN) & (before > 0)
        of = np.maximum(before, 1)
        left = np.clip(self.discount * self.kinds_after_[words.before] / of, SMALLEST_LEFT, 1)
        given = np.where(helps, np.maximum(pair - self.discount, 0) / of + left * chance, chance)
        return np.log(chance) - np.log(given), -np.log(given)

    def _counts(self, words: RunningWords, *, itself: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How often each word came after the one before it, and how often that one came before any, (words,)."""
        pairs = self._pair(words)
        pair, before = _times(self.pairs_, self.pair_times_, pairs), self.before_[words.before]
        if itself:
            pair = np.where(pair > 0, pair - words.in_own_text(pairs), 0)
            before = before - words.in_own_text(words.before)
        return pair, before

    def _pair(self, words: RunningWords) -> NDArray[np.int64]:
        return words.before * len(self.times_) + words.word

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        words = RunningWords.of(X, len(self.times_))
        return words.spread_out(self._of_words(words, itself=False)[1], X.shape[1])


def _times(keys: NDArray[np.int64], times: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each of the `asked` keys was counted: `times` of the growing `keys`, 0 where it is none of them."""
    if not len(keys):
        return np.zeros(len(asked), np.int64)
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[at] == asked, times[at], 0)
