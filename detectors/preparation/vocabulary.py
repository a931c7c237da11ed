"""Words into ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DataError
from detectors.messages import N_
from detectors.network.term_weights import UNKNOWN

#: What is shown for a word that the vocabulary does not have.
UNKNOWN_FORM = "<unknown>"

#: In fewer texts than this, most words that matter are in a single one: all of them are kept.
FEW_TEXTS = 50

Ids = NDArray[np.float32]


@dataclass(frozen=True)
class Vocabulary:
    """The known words, most widespread first. Ids: 0 no word, 1 any unknown word, 2 and above the words of `words`."""

    words: list[str]
    length: int = 128
    """Positions of a text; what a longer one says after them is not seen."""
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ids", {word: place for place, word in enumerate(self.words, start=UNKNOWN + 1)})

    @classmethod
    def learn(cls, texts: Sequence[Sequence[str]], *, most: int = 20_000, fewest: int = 2, length: int = 128) -> Self:
        """The `most` words that are in the most of `texts` (word lists), each in at least `fewest` of them.

        Raises:
            DataError: no text holds a word.
        """
        texts_with = Counter(word for text in texts for word in set(text))
        if not texts_with:
            raise DataError(N_("None of the {texts} texts holds a word. Choose another text column."), texts=len(texts))
        needed = 1 if len(texts) < FEW_TEXTS or max(texts_with.values()) < fewest else fewest
        # By name where the numbers are equal: the order in which a set gives its words changes from process to process.
        ranked = sorted((-count, word) for word, count in texts_with.items() if count >= needed)
        return cls([word for _, word in ranked[:most]], length)

    def knows(self, word: str) -> bool:
        """Whether the word has an id of its own."""
        return word in self._ids

    def to_ids(self, texts: Sequence[Sequence[str]]) -> Ids:
        """The words of each text as ids, (rows, `length`), 0 after the last one."""
        ids = np.zeros((len(texts), self.length), dtype=np.float32)
        for row, text in enumerate(texts):
            found = [self._ids.get(word, UNKNOWN) for word in text[: self.length]]
            ids[row, : len(found)] = found
        return ids

    def to_words(self, ids: NDArray[np.floating[Any]]) -> list[str]:
        """The words of one text's ids, (positions,), without the places that hold none."""
        return [self.words[int(i) - UNKNOWN - 1] if i > UNKNOWN else UNKNOWN_FORM for i in ids if i > 0]

    @property
    def size(self) -> int:
        """How many ids there are, with those for no word and for unknown words."""
        return len(self.words) + UNKNOWN + 1

    def to_json(self) -> dict[str, Any]:
        return {"words": self.words, "length": self.length}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        return cls(list(record["words"]), int(record["length"]))
