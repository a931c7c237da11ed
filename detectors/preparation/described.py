"""Windows and texts in numbers that people know, for rules that imitate a detector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.geometry.window_description import PARTS, description_of
from detectors.preparation.contract import Described
from detectors.trees import Cut

#: What describes a window and people have a word for.
TOLD = ("mean", "spread", "lowest", "highest", "slope", "mean change", "largest change")

#: Words that rules about texts may ask for: the most widespread ones.
MOST_WORDS = 300


def described_windows(windows: NDArray[np.float32], steps: NDArray[np.float32], columns: Sequence[str]) -> Described:
    """Windows, (rows, window, columns), by what each column does in them, and `steps`, (rows, columns): what is there at the row itself."""
    parts = description_of(windows).reshape(len(windows), len(PARTS), len(columns))
    told = [PARTS.index(part) for part in TOLD]
    names = [*columns, *(f"{part} of {column}" for part in TOLD for column in columns)]
    X = np.concatenate([steps, parts[:, told].reshape(len(windows), -1)], axis=1)
    return Described(X, lambda number, value: Cut(names[number], float(value)))


def described_texts(texts: Sequence[Sequence[str]], known: Sequence[str]) -> Described:
    """Texts, as lists of words, by how long they are, how much of them is not among the `known` words, and which words they hold."""
    counts = Counter(word for text in texts for word in set(text))
    words = [word for _, word in sorted((-count, word) for word, count in counts.items())[:MOST_WORDS]]
    place, vocabulary = {word: number for number, word in enumerate(words, start=2)}, frozenset(known)
    X = np.zeros((len(texts), len(words) + 2), dtype=np.float32)
    for row, text in enumerate(texts):
        X[row, 0] = len(text)
        X[row, 1] = 100 * sum(word not in vocabulary for word in text) / max(1, len(text))
        X[row, [place[word] for word in set(text) if word in place]] = 1

    def in_words(number: int, value: float) -> Cut:
        if number < 2:
            return Cut(("number of words", "percent of words that are unknown")[number], float(value))
        return Cut(words[number - 2], value=True, is_word=True)

    return Described(X, in_words)
