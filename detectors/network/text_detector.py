"""What neural detectors on texts have in common: how they read, which ids they know."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.network.detector import NetworkDetector
from detectors.params import choice, integer


class TextNetwork(NetworkDetector):
    """A network that reads texts word by word."""

    cell: str = choice(
        "gru", title=N_("Network"),
        choices={"rnn": N_("Simple recurrent"), "lstm": "LSTM", "gru": "GRU", "transformer": N_("Transformer")},
        help=N_("How it remembers the words before. Recurrent ones read in order, a transformer looks back at all of them."),
    )  # fmt: skip
    embedding: int = integer(
        64, title=N_("Numbers per word"), low=2, high=1024, help=N_("How many numbers each word's meaning is learned as.")
    )  # fmt: skip
    units: int = integer(
        64, title=N_("Units"), low=2, high=1024, help=N_("How much it can remember of the words before.")
    )  # fmt: skip
    layers: int = integer(
        1, title=N_("Layers"), low=1, high=8, advanced=True, help=N_("Recurrent layers or transformer blocks on top of each other.")
    )  # fmt: skip

    defaults: ClassVar = {"patience": 2}

    def layers_table(self) -> list[dict[str, Any]] | None:
        from detectors.network.texts import text_layers_table

        return text_layers_table(self._network, self.row_shape_[0]) if self.row_shape_ else None

    def _shape(self, ids: int) -> Any:
        """The sizes of its network, which knows so many ids."""
        from detectors.network.words_in_context import TextShape

        return TextShape(ids, self.cell, self.embedding, self.units, self.layers, self.dropout)

    def _shown(self, X: NDArray[np.float32], ids: int) -> NDArray[np.float32]:
        """What the network sees of the texts `X`, (rows, positions), while it learns; one of an earlier run knows only so many ids."""
        from detectors.network.term_weights import known_ids
        from detectors.network.texts import cut_for_training

        return known_ids(cut_for_training(X), ids).astype(np.float32)
