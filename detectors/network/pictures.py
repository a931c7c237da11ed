"""Builders of networks on pictures, (rows, height, width, channels): from a few numbers to a Keras network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from detectors.network.contest import Contest, contest_of
from detectors.network.layers import LayerStyle, dense_blocks, normalised
from detectors.network.variational import Variational, variational

#: Width and height of every filter, in pixels.
KERNEL = 3

#: How far brightness usually spreads about its mean, from 0 to 1.
USUAL_SPREAD = 0.25

PictureShape = tuple[int, int, int]
"""Height, width, channels."""


@dataclass(frozen=True)
class PictureAutoencoderShape:
    """Sizes of an autoencoder on pictures of `picture` shape (height, width, channels).

    Each of `filters` halves height and width. `bottleneck` is the number of values a picture is squeezed into;
    0 leaves out that layer, and the smallest map is all that is squeezed.
    """

    picture: PictureShape
    filters: tuple[int, ...]
    bottleneck: int = 0


def convolutional_autoencoder(shape: PictureAutoencoderShape, style: LayerStyle) -> Any:
    """A network that gives back its input, (rows, height, width, channels) from 0 to 1, through strided convolutions.

    Any height and width: pictures are padded with zeros until they can be halved, and cut back at the end.
    """
    from keras import Input, Model

    inputs = Input(shape.picture, name="input")
    hidden = _read(inputs, shape, style)
    if shape.bottleneck:
        hidden = _unfolded(_flat(hidden, shape.bottleneck, "bottleneck"), shape, style)
    return Model(inputs, _painted(hidden, shape, style))


def variational_pictures(shape: PictureAutoencoderShape, kl_weight: float, style: LayerStyle) -> Variational:
    """The same through a cloud of codes of `bottleneck` numbers; `kl_weight` as in `variational_autoencoder`."""
    from keras import Input, Model, layers

    picture, codes = Input(shape.picture, name="input"), Input((shape.bottleneck,), name="code")
    moments = _flat(_read(picture, shape, style), 2 * shape.bottleneck, "moments")
    encoder = Model(picture, layers.Reshape((2, shape.bottleneck), name="mean_and_log_variance")(moments), name="encoder")
    decoder = Model(codes, _painted(_unfolded(codes, shape, style), shape, style), name="decoder")
    return variational(encoder, decoder, kl_weight)


def contesting_pictures(shape: PictureAutoencoderShape, judge: int, style: LayerStyle) -> Contest:
    """An encoder and a generator of pictures and a discriminator that reads a picture into `judge` numbers, beside its code."""
    from keras import Input, Model, layers

    picture, codes = Input(shape.picture, name="input"), Input((shape.bottleneck,), name="code")
    encoder = Model(picture, _flat(_read(picture, shape, style), shape.bottleneck, "code_of_picture"), name="encoder")
    generator = Model(codes, _painted(_unfolded(codes, shape, style), shape, style), name="generator")
    both = layers.Concatenate(name="picture_and_code")([_flat(_read(picture, shape, style), judge, "seen"), codes])
    hidden = dense_blocks(both, (judge,), style, "judged")
    discriminator = Model([picture, codes], layers.Dense(1, name="verdict")(hidden), name="discriminator")
    return contest_of(encoder, generator, discriminator, USUAL_SPREAD)


def _read(hidden: Any, shape: PictureAutoencoderShape, style: LayerStyle) -> Any:
    """A picture's smallest map, after zeros at its right and lower edges until it can be halved."""
    from keras import layers

    _, missing = _halved(*shape.picture[:2], len(shape.filters))
    if any(missing):
        hidden = layers.ZeroPadding2D(((0, missing[0]), (0, missing[1])), name="padding")(hidden)
    for number, filters in enumerate(shape.filters, start=1):
        hidden = convolution(hidden, filters, style, f"encoder_{number}", strides=2)
        if style.dropout:  # whole maps: neighbouring pixels would give away what was dropped (Tompson et al. 2015)
            hidden = layers.SpatialDropout2D(style.dropout, name=f"encoder_{number}_dropout")(hidden)
    return hidden


def _flat(hidden: Any, numbers: int, name: str) -> Any:
    from keras import layers

    return layers.Dense(numbers, name=name)(layers.Flatten(name="pixels")(hidden))


def _unfolded(code: Any, shape: PictureAutoencoderShape, style: LayerStyle) -> Any:
    """The smallest map again, from a code."""
    from keras import layers

    smallest = (*_halved(*shape.picture[:2], len(shape.filters))[0], shape.filters[-1])
    hidden = dense_blocks(code, (math.prod(smallest),), LayerStyle(style.activation, style.normalisation), "unfolded")
    return layers.Reshape(smallest, name="map")(hidden)


def _painted(hidden: Any, shape: PictureAutoencoderShape, style: LayerStyle) -> Any:
    """A picture from its smallest map."""
    from keras import layers

    _, missing = _halved(*shape.picture[:2], len(shape.filters))
    for number, filters in enumerate(shape.filters[-2::-1], start=1):
        hidden = layers.UpSampling2D(2, name=f"decoder_{number}_larger")(hidden)
        hidden = convolution(hidden, filters, style, f"decoder_{number}")
    hidden = layers.UpSampling2D(2, name="output_larger")(hidden)
    output = layers.Conv2D(shape.picture[2], KERNEL, padding="same", activation="sigmoid", name="output")(hidden)
    return layers.Cropping2D(((0, missing[0]), (0, missing[1])), name="cropping")(output) if any(missing) else output


def dense_picture_autoencoder(picture: PictureShape, encoder: Sequence[int], style: LayerStyle) -> Any:
    """A network that gives back its input, (rows, height, width, channels) from 0 to 1, through dense layers of its pixels."""
    from keras import Input, Model, layers

    inputs = Input(picture, name="input")
    hidden = layers.Flatten(name="pixels")(inputs)
    hidden = dense_blocks(hidden, encoder, style, "encoder")
    hidden = dense_blocks(hidden, encoder[-2::-1], style, "decoder")
    hidden = layers.Dense(math.prod(picture), activation="sigmoid", name="output")(hidden)
    return Model(inputs, layers.Reshape(picture, name="picture")(hidden))


@dataclass(frozen=True)
class PictureClassifierShape:
    """Sizes of a classifier of pictures: convolutions of `filters`, each followed by pooling, then `dense` layers, then `classes`."""

    picture: PictureShape
    filters: tuple[int, ...]
    dense: tuple[int, ...]
    classes: int = 2


def picture_classifier(shape: PictureClassifierShape, style: LayerStyle) -> Any:
    """A network from pictures, (rows, height, width, channels), to the probability of each class, (rows, classes).

    Dropout of `style` comes after the dense layers only: between convolutions neighbouring pixels give away what was dropped.
    """
    from keras import Input, Model, layers

    inputs = Input(shape.picture, name="input")
    hidden, (height, width, _) = inputs, shape.picture
    for number, filters in enumerate(shape.filters, start=1):
        hidden = convolution(hidden, filters, style, f"convolution_{number}")
        if min(height, width) > 1:
            hidden = layers.MaxPooling2D(2, name=f"pooling_{number}")(hidden)
            height, width = height // 2, width // 2
    hidden = layers.Flatten(name="pixels")(hidden)
    hidden = dense_blocks(hidden, shape.dense, style, "dense")
    return Model(inputs, layers.Dense(shape.classes, activation="softmax", name="output")(hidden))


def pretext_network(channels: int, filters: Sequence[int], classes: int, style: LayerStyle) -> tuple[Any, Any]:
    """Two networks that share their layers, for pictures of any size with `channels`.

    The first gives the probability of each pretext class, (rows, classes), and is trained; the second gives the maps
    of every depth, a list of (rows, height, width, filters), each half as high and wide as the one before.
    """
    from keras import Input, Model, layers

    inputs = Input((None, None, channels), name="input")
    hidden, maps = inputs, []
    for number, count in enumerate(filters, start=1):
        hidden = convolution(hidden, count, style, f"convolution_{number}", strides=2)
        maps.append(hidden)
    pooled = layers.GlobalAveragePooling2D(name="pooling")(hidden)
    output = layers.Dense(classes, activation="softmax", name="output")(pooled)
    return Model(inputs, output), Model(inputs, maps)


def convolution(hidden: Any, filters: int, style: LayerStyle, name: str, *, strides: int = 1) -> Any:
    """A convolution, normalised before its activation."""
    from keras import layers

    # Batch normalisation takes the mean away, and with it whatever a bias would add.
    biased = style.normalisation != "batch"
    hidden = layers.Conv2D(
        filters, KERNEL, strides=strides, padding="same", use_bias=biased, name=name
    )(hidden)  # fmt: skip
    hidden = normalised(hidden, style.normalisation, f"{name}_normalisation")
    return layers.Activation(style.activation, name=f"{name}_{style.activation}")(hidden)


def _halved(height: int, width: int, times: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The smallest size after halving `times` times, and the rows and columns missing until that works out."""
    multiple = 2**times
    smallest = math.ceil(height / multiple), math.ceil(width / multiple)
    return smallest, (smallest[0] * multiple - height, smallest[1] * multiple - width)
