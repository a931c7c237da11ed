"""A text column of a table as numbers: the topics that its texts are about, as texts alone are prepared; and back to words."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.network.term_weights import TermWeights
from detectors.network.topics import TopicVectors
from detectors.preparation.values import MISSING
from detectors.preparation.vocabulary import Vocabulary
from detectors.preparation.words import forms

#: Words that are known of a text column, and words of a text that are looked at.
MOST_WORDS, LENGTH = 5000, 128

#: Words that stand for a text that was expected.
NAMED_WORDS = 3

#: The first ids stand for no word and for unknown words.
FIRST_WORD = 2


@dataclass
class TextColumn:
    """Topics, and what no topic holds, scaled together so that the column counts about as much as one number."""

    kind: ClassVar[str] = "text"
    measured: ClassVar[bool] = True

    column: str
    vocabulary: Vocabulary
    topics: TopicVectors
    center: NDArray[np.float32]
    scale: float

    @classmethod
    def fit(cls, column: str, values: pd.Series, *, topics: int, seed: int) -> Self:
        """Learns words and topics from the training texts.

        Raises:
            DataError: no text holds a word.
        """
        texts = [forms(text) for text in values.astype(object)]
        vocabulary = Vocabulary.learn(texts, most=MOST_WORDS, length=LENGTH)
        ids = vocabulary.to_ids(texts)
        found = TopicVectors.fit(ids, topics=topics, seed=seed)
        vectors = found.transform(ids)
        return cls(column, vocabulary, found, vectors.mean(axis=0), float(vectors[:, -1].std()) or 1.0)

    @property
    def width(self) -> int:
        return self.topics.n_topics + 1

    @property
    def names(self) -> list[str]:
        return [*(f"{self.column}: topic {number + 1}" for number in range(self.topics.n_topics)), f"{self.column}: what no topic holds"]

    def write(self, values: pd.Series, out: NDArray[np.float32]) -> None:
        ids = self.vocabulary.to_ids([forms(text) for text in values.astype(object)])
        out[:] = (self.topics.transform(ids) - self.center) / np.float32(self.scale)

    def restore(self, block: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Words that stand for the topics of each row: a text cannot be made of its topics."""
        shares = (block * self.scale + self.center)[:, :-1]
        weights = shares @ self.topics.directions.T[:, FIRST_WORD:]
        strongest = np.argsort(-weights, axis=1)[:, :NAMED_WORDS]
        words = np.array(self.vocabulary.words, dtype=object)[: weights.shape[1]]
        named = [", ".join(words[row[weights[place, row] > 0]]) for place, row in enumerate(strongest)]
        return np.array([text or MISSING for text in named], dtype=object)

    def to_json(self) -> dict[str, Any]:
        arrays: dict[str, NDArray[Any]] = {
            "rarity": self.topics.weights.rarity, "directions": self.topics.directions, "center": self.center,
        }  # fmt: skip
        packed = {name: _packed(values) for name, values in arrays.items()}
        return {"column": self.column, "vocabulary": self.vocabulary.to_json(), "scale": self.scale, **packed}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        rarity, directions, center = (_unpacked(record[name]) for name in ("rarity", "directions", "center"))
        topics = TopicVectors(TermWeights(rarity), directions)
        return cls(record["column"], Vocabulary.from_json(record["vocabulary"]), topics, center, record["scale"])


def _packed(values: NDArray[Any]) -> dict[str, Any]:
    """An array as JSON holds it to the last bit, in a third of the room that digits take."""
    return {"dtype": str(values.dtype), "shape": list(values.shape), "base64": base64.b64encode(values.tobytes()).decode()}


def _unpacked(record: Mapping[str, Any]) -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(record["base64"]), dtype=record["dtype"]).reshape(record["shape"])
