"""Ids of words into vectors: which topics a text is about, and how little of it any topic holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.network.term_weights import UNKNOWN, TermWeights

FILE = "text_vectors.npz"

#: Rows of ids, (rows, positions), 0 where there is no word.
Ids = NDArray[np.float32]

#: Topics that hold less of a text than this (of a length of 1) count as holding so much: a single unknown word lies far out, not
#: infinitely far.
SMALLEST_HELD = 0.1


@dataclass(frozen=True)
class TopicVectors:
    """TF-IDF of a text's words, split into what the topics hold, directions in which the training texts differ most, and the rest.

    A text that the topics hold little of would lie at the origin, in the middle of all others, and look like the most usual
    one to whatever measures distances: isolation forests and autoencoders did worse than chance. So the vector's direction
    says which topics, and its length how much they leave over: rest ÷ held, the tangent of the angle between text and topics.

    Deerwester et al.: Indexing by latent semantic analysis, 1990,
    doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9
    """

    weights: TermWeights
    directions: NDArray[np.float64]
    """(ids, topics), each column of length 1."""

    @classmethod
    def fit(cls, ids: Ids, *, topics: int = 100, seed: int = 0) -> Self:
        """Learns weights and topics from the ids of the training texts, (rows, positions)."""
        from sklearn.decomposition import TruncatedSVD

        weights = TermWeights.fit(ids)
        texts = weights.transform(ids)
        # As many topics as there are texts or words would leave nothing to be unusual in.
        kept = max(1, min(topics, (min(texts.shape) - 1) // 2))
        # Two unknown words are not the same word: no topic holds them, they are all rest.
        texts.data[texts.indices == UNKNOWN] = 0
        with np.errstate(invalid="ignore"):  # of texts that are all alike, no share of how they differ is explained
            directions = TruncatedSVD(kept, random_state=seed % 2**32).fit(texts).components_.T
        return cls(weights, np.ascontiguousarray(directions))

    @property
    def n_topics(self) -> int:
        return self.directions.shape[1]

    def transform(self, ids: Ids) -> NDArray[np.float32]:
        """One vector a text, (rows, topics + 1); the last number is the vector's length without it, 0 for a text without words.

        A text whose ids are partly 0 is the text without those words.
        """
        texts = self.weights.transform(ids)
        shares = texts @ self.directions
        square = (shares**2).sum(axis=1)
        rest = np.sqrt(np.maximum((np.diff(texts.indptr) > 0) - square, 0))
        held = np.maximum(np.sqrt(square), SMALLEST_HELD)
        return np.column_stack([shares * (rest / held**2)[:, None], rest / held]).astype(np.float32)

    def save(self, folder: Path) -> None:
        np.savez_compressed(folder / FILE, rarity=self.weights.rarity, directions=self.directions)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` left in `folder`.

        Raises:
            StorageError: the file is missing or damaged.
        """
        try:
            with np.load(folder / FILE, allow_pickle=False) as arrays:
                rarity, directions = arrays["rarity"], arrays["directions"]
            if directions.ndim != 2 or rarity.shape != directions.shape[:1]:
                raise ValueError("weights and topics of different vocabularies")
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error
        return cls(TermWeights(rarity), directions)
