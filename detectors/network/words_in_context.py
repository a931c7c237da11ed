"""Layers that read a text word by word: what every word means after those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Width of the hidden layer in a transformer's block, in widths of the block, as in Vaswani et al. 2017.
WIDENING = 2

#: Size of the waves that tell places apart, beside embeddings that start at some hundredths.
WAVE_SIZE = 0.1


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
        hidden = _with_places()(hidden)
        for number in range(1, shape.layers + 1):
            hidden = _transformer_block(hidden, shape, f"transformer_{number}")
        hidden = layers.LayerNormalization(name="normalisation")(hidden)
    else:
        cell = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}[shape.cell]
        for number in range(1, shape.layers + 1):
            hidden = cell(shape.units, return_sequences=True, name=f"{shape.cell}_{number}")(hidden)
    return layers.Dropout(shape.dropout, name="dropout_of_context")(hidden)


def _transformer_block(hidden: Any, shape: TextShape, name: str) -> Any:
    """Attention to the places before, and a dense layer, each added to what comes in after normalisation (pre-norm)."""
    from keras import layers

    heads = max(1, shape.units // 32)
    seen = layers.LayerNormalization(name=f"{name}_normalisation_1")(hidden)
    attention = layers.MultiHeadAttention(heads, shape.units // heads, dropout=shape.dropout, name=f"{name}_attention")
    hidden = layers.Add(name=f"{name}_sum_1")([hidden, attention(seen, seen, use_causal_mask=True)])
    seen = layers.LayerNormalization(name=f"{name}_normalisation_2")(hidden)
    seen = layers.Dense(WIDENING * shape.units, activation="gelu", name=f"{name}_wide")(seen)
    seen = layers.Dense(shape.units, name=f"{name}_narrow")(seen)
    return layers.Add(name=f"{name}_sum_2")([hidden, seen])


def _with_places() -> Any:
    import tensorflow as tf
    from keras import layers

    class WithPlaces(layers.Layer):
        """Adds waves of many lengths, which tell the places apart (Vaswani et al.: Attention is all you need, 2017)."""

        def call(self, hidden: Any) -> Any:
            width = hidden.shape[-1]
            place = tf.range(tf.shape(hidden)[1], dtype=tf.float32)[:, None]
            speed = 10_000.0 ** (-2 * tf.range((width + 1) // 2, dtype=tf.float32) / width)[None, :]
            waves = tf.concat([tf.sin(place * speed), tf.cos(place * speed)], axis=1)[:, :width]
            return hidden + WAVE_SIZE * waves

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return WithPlaces(name="places")
