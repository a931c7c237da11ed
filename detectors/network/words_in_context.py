"""Layers that read a text word by word: what every word means after those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from detectors.network.attention import transformer_blocks


@dataclass(frozen=True)
class TextShape:
    """Sizes of a network on tokens. `ids` counts all ids, with 0 and the one for unknown words."""

    ids: int
    cell: str
    """``rnn``, ``lstm``, ``gru`` or ``transformer``: what carries a word's meaning to the words after it."""
    embedding: int
    units: int
    layers: int = 1
    dropout: float = 0.0


def words_in_context(hidden: Any, shape: TextShape) -> Any:
    """Each place with what was said before it, (rows, positions, units): nothing is known of the words that come after."""
    from keras import layers

    hidden = layers.Dropout(shape.dropout, name="dropout_of_words")(hidden)
    if shape.cell == "transformer":
        hidden = layers.Dense(shape.units, name="widening")(hidden)
        hidden = transformer_blocks(hidden, shape.layers, dropout=shape.dropout, only_before=True)
    else:
        cell = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}[shape.cell]
        for number in range(1, shape.layers + 1):
            hidden = cell(shape.units, return_sequences=True, name=f"{shape.cell}_{number}")(hidden)
    return layers.Dropout(shape.dropout, name="dropout_of_context")(hidden)
