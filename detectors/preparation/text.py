"""A text into the ids of its words: one item a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Detector, Progress
from detectors.data_set import DataSet
from detectors.explanations.reasons import NAMED_COLUMNS, SMALLEST_SHARE
from detectors.explanations.smallest_change import Move
from detectors.explanations.ways import Around, Ladder, left_out
from detectors.messages import N_, Message
from detectors.params import integer
from detectors.preparation.contract import Described, Items, Learned, Preparation
from detectors.preparation.described import described_texts
from detectors.preparation.more_rows import rare_share, repeated
from detectors.preparation.shared_words import word_distances
from detectors.preparation.vocabulary import Ids, Vocabulary
from detectors.preparation.words import Word, words

#: Texts cut into words between two looks at the stop flag.
TEXTS_TOGETHER = 2000

#: Words that are named of all those that weigh something over many texts.
MOST_WORDS = 50

#: Words, and sentences, that are left out together at most, when the smallest change of a text is looked for.
WORDS_TOGETHER, SENTENCES_TOGETHER = 8, 3

#: Signs that end a sentence.
SENTENCE_ENDS = frozenset(".!?。！？…")

#: Characters of a word that a reason quotes; links may be any length.
LONGEST_QUOTE = 60


@dataclass(frozen=True)
class WordReason:
    """One word of one text, and how much all its repetitions together added to the score."""

    word: str
    """As it is written in the text."""
    weight: float
    known: bool = True
    """Whether the vocabulary has it."""

    @property
    def message(self) -> Message:
        return Message(N_("the word “{word}”"), {"word": _quoted(self.word)})

    @property
    def cause(self) -> Message:
        """The word as it counts, however it is written here; unknown words are all one cause."""
        if not self.known:
            return Message(N_("words that are in none or one of the texts that were learned from"))
        return WordReason(self.word.lower(), self.weight).message


class TextPreparation(Preparation):
    """What every preparation of texts has in common; this one gives the ids of the words in their order."""

    kind = "text"
    representation = "tokens"
    native = True
    hidden = 0.0
    finishes = True

    vocabulary: int = integer(
        20_000, title=N_("Vocabulary"), low=1, high=1_000_000, help=N_("At most so many words are known, those that most texts hold. All others are one and the same unknown word.")
    )  # fmt: skip
    fewest: int = integer(
        2, title=N_("Texts that hold a word"), low=1, high=10_000, advanced=True,
        help=N_("A word in fewer training texts than this is unknown. Of fewer than 50 texts every word is known."),
    )  # fmt: skip
    length: int = integer(
        128, title=N_("Words per text"), low=1, high=4096, help=N_("What a longer text says after so many words is not seen. Longer takes more time.")
    )  # fmt: skip

    rare_share: float = rare_share()

    for_labels = frozenset({"rare_share"})

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.vocabulary_ = Vocabulary([], self.length)
        self._kept: tuple[DataSet, Ids] | None = None

    @property
    def units(self) -> NDArray[np.intp]:
        return np.arange(self.length)

    def fit(self, data: DataSet, fitted: NDArray[np.bool_], *, seed: int = 0, progress: Progress | None = None) -> Self:
        forms = list(_forms(self.texts(data), progress or Progress()))
        learned = [text for text, is_fitted in zip(forms, fitted, strict=True) if is_fitted]
        self.vocabulary_ = Vocabulary.learn(learned, most=self.vocabulary, fewest=self.fewest, length=self.length)
        self._kept = data, self.vocabulary_.to_ids(forms)
        self._fit(self._kept[1][fitted], seed)
        return self

    def items(self, data: DataSet) -> Items:
        if self._kept is None or self._kept[0] is not data:
            self._kept = data, self.vocabulary_.to_ids(list(_forms(self.texts(data), Progress())))
        return Items(self._kept[1])

    def augmented(self, X: Ids, y: NDArray[np.int8] | None, seed: int) -> Learned:
        return Learned(X, y).and_also(repeated(X, y, self.rare_share, seed))

    def texts(self, data: DataSet, rows: NDArray[np.intp] | None = None) -> list[Any]:
        """The texts of all rows or of `rows`; None where one is missing."""
        column = data.columns("text")[0]
        values = data.frame([column], rows)[column]
        return list(values.astype(object).where(values.notna(), None))

    def spans(self, text: Any) -> list[tuple[int, int]]:
        """For each word of `text` that is seen the characters that it stands for, start and end: position i of the ids is the i-th."""
        return [(word.start, word.end) for word in self._seen(text)]

    def explained(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> NDArray[np.float32]:
        return self.vocabulary_.to_ids(list(_forms(self.texts(data, rows), Progress())))

    def finish(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The words that are shown move together: a hidden one leaves no gap."""
        order = np.argsort(rows == 0, axis=1, kind="stable")
        return np.take_along_axis(rows, order, axis=1)

    def reasons(
        self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64], expected: NDArray[np.float32]
    ) -> Sequence[Sequence[WordReason]]:
        return [self._reasons(text, weights) for text, weights in zip(self.texts(data, rows), values, strict=True)]

    def by_word(
        self, text: Any, values: NDArray[np.float64], written: NDArray[np.float64] | None = None
    ) -> tuple[list[str], NDArray[np.float64]]:
        """The words of `text`, each once and as it is written where it weighs most, and what all its repetitions add to the score.

        `values` are SHAP values, (units,). The words that add most come first. By `written`, (units,), it is decided where a
        word weighs most: two explanations of a text then name its words alike; None: by `values`.
        """
        found = self._seen(text)
        totals = _totals(found, values)
        heaviest = {
            found[place].form: found[place] for place in np.argsort((values if written is None else written)[: len(found)], kind="stable")
        }
        forms = sorted(totals, key=lambda form: -totals[form])
        return [str(text)[heaviest[form].start : heaviest[form].end] for form in forms], np.array([totals[form] for form in forms])

    def ladders(self, data: DataSet, around: Around) -> Sequence[Ladder]:
        """Words, each left out wherever it stands, then sentences; a part is the place of its first word, less than 0 for a sentence."""
        text = self.texts(data, np.array([around.row]))[0]
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(self._seen(text)):
            places[word.form].append(place)
        assert self.hidden is not None
        words = [left_out(found[0], np.array(found), self.hidden) for found in places.values()]
        sentences = [left_out(-1 - found[0], np.array(found), self.hidden) for found in self._sentences(text)]
        # Something is to be left of it: without any word it would be another text.
        together = ((words, WORDS_TOGETHER), (sentences, SENTENCES_TOGETHER))
        return [Ladder(ways, min(most, len(ways) - 1)) for ways, most in together]

    def _sentences(self, text: Any) -> list[list[int]]:
        """The places of the words of each sentence."""
        found: list[list[int]] = [[]]
        seen = self._seen(text)
        for place, word in enumerate(seen):
            found[-1].append(place)
            after = str(text)[word.end : seen[place + 1].start] if place + 1 < len(seen) else ""
            if word.form[:1] in SENTENCE_ENDS or "\n" in after:
                found.append([])
        return [places for places in found if places]

    def told(self, data: DataSet, around: Around, moves: Sequence[Move]) -> Sequence[Message]:
        text = str(self.texts(data, np.array([around.row]))[0])
        seen, told = self._seen(text), []
        for move in moves:
            if move.way.part >= 0:
                word = seen[move.way.part]
                told.append(Message(N_("the word “{word}” were not there"), {"word": _quoted(text[word.start : word.end])}))
            else:
                sentence = text[seen[move.way.places[0]].start : seen[move.way.places[-1]].end]
                told.append(Message(N_("the sentence “{sentence}” were not there"), {"sentence": _quoted(sentence)}))
        return told

    def apart(self, row: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
        """1 less the cosine of their words, of which rare ones count more."""
        return word_distances(row, others)

    def _reasons(self, text: Any, values: NDArray[np.float64]) -> list[WordReason]:
        names, weights = self.by_word(text, values)
        smallest = SMALLEST_SHARE * max(weights.max(initial=0.0), 0.0)
        pairs = zip(names[:NAMED_COLUMNS], weights.tolist(), strict=False)
        return [WordReason(name, weight, self._knows(name)) for name, weight in pairs if weight > smallest]

    def _knows(self, name: str) -> bool:
        """Whether the vocabulary has a word as it is written in a text."""
        return all(self.vocabulary_.knows(word.form) for word in words(name))

    def weigh(self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
        """The words that weigh most over `rows`, `MOST_WORDS` at most; a text that does not hold a word counts as 0."""
        sums: defaultdict[str, float] = defaultdict(float)
        for text, weights in zip(self.texts(data, rows), values, strict=True):
            for form, total in _totals(self._seen(text), weights).items():
                sums[form] += abs(total)
        heaviest = sorted(sums, key=lambda form: (-sums[form], form))[:MOST_WORDS]
        return heaviest, np.array([sums[form] for form in heaviest]) / max(1, len(rows))

    def parts_of(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> NDArray[np.intp]:
        place = {name: position for position, name in enumerate(names)}
        parts = np.full((len(rows), self.length), -1)
        for row, text in enumerate(self.texts(data, rows)):
            found = [place.get(word.form, -1) for word in self._seen(text)]
            parts[row, : len(found)] = found
        return parts

    def held(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> pd.DataFrame:
        """How often each word is there; missing where it is not."""
        parts = self.parts_of(data, rows, names)
        counts = {name: (parts == place).sum(axis=1).astype(np.float64) for place, name in enumerate(names)}
        return pd.DataFrame(counts).replace(0.0, np.nan)

    def for_rules(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> Described:
        return described_texts([[word.form for word in self._seen(text)] for text in self.texts(data, rows)], self.vocabulary_.words)

    def _seen(self, text: Any) -> list[Word]:
        return words(text)[: self.length]

    def _fit(self, ids: Ids, seed: int) -> None:
        """Learns what `finish` needs from the ids of the training texts."""

    def _to_json(self) -> dict[str, Any]:
        return {"vocabulary": self.vocabulary_.to_json()}

    def _from_json(self, record: Mapping[str, Any]) -> None:
        self.vocabulary_ = Vocabulary.from_json(record["vocabulary"])


def _forms(texts: Sequence[Any], progress: Progress) -> Iterator[list[str]]:
    for done, text in enumerate(texts):
        if done % TEXTS_TOGETHER == 0:
            progress.check()
            progress.report("preparing", done, len(texts))
        yield [word.form for word in words(text)]


def _quoted(word: str) -> str:
    return word if len(word) <= LONGEST_QUOTE else word[:LONGEST_QUOTE] + "…"


def _totals(found: Sequence[Word], values: NDArray[np.float64]) -> dict[str, float]:
    """What each word of a text added to the score, all its repetitions together."""
    totals: defaultdict[str, float] = defaultdict(float)
    for word, value in zip(found, values.tolist(), strict=False):
        totals[word.form] += value
    return totals
