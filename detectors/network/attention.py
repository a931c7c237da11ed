"""Attention: layers in which every place of a sequence looks at the others (Vaswani et al.: Attention is all you need, 2017)."""

from __future__ import annotations

from functools import cache
from typing import Any

#: Width of the hidden layer in a transformer's block, in widths of the block, as in Vaswani et al. 2017.
WIDENING = 2

#: Size of the waves that tell places apart, beside embeddings that start at some hundredths.
WAVE_SIZE = 0.1

#: Width of one head of attention.
HEAD = 32


def transformer_blocks(hidden: Any, blocks: int, *, dropout: float, only_before: bool) -> Any:
    """Places, (rows, places, units), that have looked at one another `blocks` times, or only at those before them."""
    from keras import layers

    hidden = _with_places()(name="places")(hidden)
    for number in range(1, blocks + 1):
        hidden = _block(hidden, f"transformer_{number}", dropout, only_before)
    return layers.LayerNormalization(name="normalisation")(hidden)


def _block(hidden: Any, name: str, dropout: float, only_before: bool) -> Any:
    """Attention and a dense layer, each added to what comes in after normalisation (pre-norm)."""
    from keras import layers

    units = hidden.shape[-1]
    heads = max(1, units // HEAD)
    seen = layers.LayerNormalization(name=f"{name}_normalisation_1")(hidden)
    attention = layers.MultiHeadAttention(heads, units // heads, dropout=dropout, name=f"{name}_attention")
    hidden = layers.Add(name=f"{name}_sum_1")([hidden, attention(seen, seen, use_causal_mask=only_before)])
    seen = layers.LayerNormalization(name=f"{name}_normalisation_2")(hidden)
    seen = layers.Dense(WIDENING * units, activation="gelu", name=f"{name}_wide")(seen)
    seen = layers.Dense(units, name=f"{name}_narrow")(seen)
    return layers.Add(name=f"{name}_sum_2")([hidden, seen])


@cache
def _with_places() -> Any:
    import tensorflow as tf
    from keras import layers

    class WithPlaces(layers.Layer):
        """Adds waves of many lengths, which tell the places apart."""

        def call(self, hidden: Any) -> Any:
            width = hidden.shape[-1]
            place = tf.range(tf.shape(hidden)[1], dtype=tf.float32)[:, None]
            speed = 10_000.0 ** (-2 * tf.range((width + 1) // 2, dtype=tf.float32) / width)[None, :]
            waves = tf.concat([tf.sin(place * speed), tf.cos(place * speed)], axis=1)[:, :width]
            return hidden + WAVE_SIZE * waves

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return WithPlaces
