"""A generator and a discriminator of rows, trained against each other, with an encoder that finds the code of a row.

Donahue, Krähenbühl & Darrell: Adversarial feature learning, ICLR 2017, arXiv:1605.09782 (the discriminator judges rows
together with their codes); Zenati et al.: Adversarially learned anomaly detection, ICDM 2018, arXiv:1812.02288 (rows
have to come back from their codes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

import numpy as np

from detectors.network.layers import LayerStyle, dense_blocks

#: What a real row counts as for the discriminator that is taught: one that is never quite sure goes on teaching the generator.
REAL = 0.9

#: The discriminator also learns that real rows with noise on them are not real, the noise's standard deviation between
#: so many usual spreads of the rows' numbers. A generator soon makes rows that look real; nothing would be known of what lies further away.
STREWN = (0.3, 6.0)


@dataclass(frozen=True)
class ContestShape:
    """Sizes of the three networks. The encoder's layers are `sizes`, the generator's their mirror image."""

    columns: int
    sizes: tuple[int, ...]
    judge: tuple[int, ...]
    code: int


@dataclass(frozen=True)
class Contest:
    """The three networks, and the one in which they are trained."""

    encoder: Any
    """From rows to codes, (rows, code)."""
    generator: Any
    """From codes to rows."""
    discriminator: Any
    """From rows with their codes to how real they look, (rows, 1): above 0 more likely real than made."""
    network: Any
    """From rows to what they are rebuilt as, flat, and, last, what the contest adds to the loss of each, (rows, numbers + 1):
    nothing outside of training, so that rebuilding alone says when enough was learned."""

    @property
    def parts(self) -> tuple[Any, Any, Any]:
        return self.encoder, self.generator, self.discriminator


def contest(shape: ContestShape, style: LayerStyle) -> Contest:
    """The networks of `shape`, untrained."""
    from keras import Input, Model, layers, ops

    row, code = Input((shape.columns,), name="row"), Input((shape.code,), name="code")
    encoder = Model(row, layers.Dense(shape.code, name="code_of_row")(dense_blocks(row, shape.sizes, style, "encoder")), name="encoder")
    made = layers.Dense(shape.columns, name="made_row")(dense_blocks(code, shape.sizes[::-1], style, "generator"))
    generator = Model(code, made, name="generator")
    # What is far out is squeezed, or a straight line through the last bend would decide about it.
    both = layers.Activation(ops.arcsinh, name="squeezed")(layers.Concatenate(name="row_and_code")([row, code]))
    judged = layers.Dense(1, name="verdict")(dense_blocks(both, shape.judge, style, "discriminator"))
    discriminator = Model([row, code], judged, name="discriminator")
    return contest_of(encoder, generator, discriminator)


def contest_of(encoder: Any, generator: Any, discriminator: Any, spread: float = 1.0) -> Contest:
    """The contest of any three networks that fit together, on rows of any shape whose numbers usually have so much `spread`."""
    from keras import Input, Model

    inputs = Input(tuple(encoder.input.shape[1:]), name="input")
    rounds = _rounds()(encoder, generator, discriminator, spread, name="rounds")
    return Contest(encoder, generator, discriminator, Model(inputs, rounds(inputs)))


def rebuilding_and_contest(rebuild_weight: float) -> Callable[[Any, Any], Any]:
    """The loss of a contest's network: how badly rows were rebuilt, so many times, and what the contest adds, (rows,)."""
    import tensorflow as tf

    def loss(wanted: Any, output: Any) -> Any:
        rebuilt = output[:, :-1] - tf.reshape(wanted, (-1, output.shape[1] - 1))
        return rebuild_weight * tf.reduce_mean(tf.square(rebuilt), axis=1) + output[:, -1]

    return loss


def untaught(network: Any, inputs: Any, training: bool) -> Any:
    """What `network` answers, without learning anything from how the answer is used."""
    import tensorflow as tf

    weights = [tf.stop_gradient(weight.value) for weight in network.trainable_variables]
    fixed = [weight.value for weight in network.non_trainable_variables]
    answer, _ = network.stateless_call(weights, fixed, inputs, training=training)
    return answer


def _lesson(discriminator: Any, real: list[Any], made: list[Any], strewn: list[Any]) -> Any:
    """What the discriminator is to make small, (rows, 1): each are rows and their codes, from which nobody else learns here."""
    import tensorflow as tf

    verdicts = [discriminator([tf.stop_gradient(each) for each in pair], training=True) for pair in (real, made, strewn)]
    sure = REAL * tf.nn.softplus(-verdicts[0]) + (1 - REAL) * tf.nn.softplus(verdicts[0])
    return sure + tf.nn.softplus(verdicts[1]) + tf.nn.softplus(verdicts[2])


def _deceit(discriminator: Any, real: list[Any], made: list[Any]) -> Any:
    """What encoder and generator are to make small, (rows, 1): that the discriminator tells real rows from made ones."""
    import tensorflow as tf

    return tf.nn.softplus(untaught(discriminator, real, training=True)) + tf.nn.softplus(-untaught(discriminator, made, training=True))


@cache
def _rounds() -> Any:
    import keras
    import tensorflow as tf
    from keras import layers

    class Rounds(layers.Layer):
        """Both sides learn from one loss: a part that only teaches the discriminator, and a part that only teaches the others."""

        def __init__(self, encoder: Any, generator: Any, discriminator: Any, spread: float, **named: Any) -> None:
            super().__init__(**named)
            self.encoder, self.generator, self.discriminator, self.spread = encoder, generator, discriminator, spread
            self.chance = keras.random.SeedGenerator()

        def call(self, rows: Any, training: bool = False) -> Any:
            codes = self.encoder(rows, training=training)
            rebuilt = self.generator(codes, training=training)
            flat = tf.reshape(rebuilt, (-1, prod(rows.shape[1:])))
            if not training:
                return tf.concat([flat, tf.zeros_like(flat[:, :1])], axis=1)
            drawn = keras.random.normal(tf.shape(codes), seed=self.chance)
            real, made = [rows, codes], [self.generator(drawn, training=training), drawn]
            lesson = _lesson(self.discriminator, real, made, self._strewn(rows))
            return tf.concat([flat, lesson + _deceit(self.discriminator, real, made)], axis=1)

        def _strewn(self, rows: Any) -> list[Any]:
            strength = keras.random.uniform((tf.shape(rows)[0], *[1] * (len(rows.shape) - 1)), *np.log(STREWN), seed=self.chance)
            strewn = rows + self.spread * tf.exp(strength) * keras.random.normal(tf.shape(rows), seed=self.chance)
            return [strewn, self.encoder(strewn, training=False)]

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], prod(shape[1:]) + 1)

    return Rounds
