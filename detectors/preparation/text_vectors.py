"""A text into a vector: its topics, and how little of it they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.data_set import DataSet
from detectors.messages import N_
from detectors.network.topics import TopicVectors
from detectors.params import integer
from detectors.preparation.contract import Items
from detectors.preparation.text import TextPreparation
from detectors.preparation.vocabulary import Ids


class TextVectors(TextPreparation):
    """Texts as vectors, for detectors that know nothing of words. Explanations still show and hide words."""

    representation = "vectors"
    native = False

    topics: int = integer(
        100, title=N_("Topics"), low=1, high=1000,
        help=N_("Directions in which the training texts differ most. The more there are, the less is left over that no topic holds."),
    )  # fmt: skip

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.vectors_: TopicVectors | None = None

    @property
    def names(self) -> list[str]:
        assert self.vectors_ is not None
        return [*(f"topic {number + 1}" for number in range(self.vectors_.n_topics)), "what no topic holds"]

    def items(self, data: DataSet) -> Items:
        return Items(self.finish(super().items(data).X))

    def finish(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self.vectors_ is not None
        return self.vectors_.transform(rows)

    def _fit(self, ids: Ids, seed: int) -> None:
        self.vectors_ = TopicVectors.fit(ids, topics=self.topics, seed=seed)

    def _save(self, folder: Path) -> None:
        assert self.vectors_ is not None
        self.vectors_.save(folder)

    def _load(self, folder: Path) -> None:
        self.vectors_ = TopicVectors.load(folder)
