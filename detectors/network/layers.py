"""Builders: from a few numbers to a Keras network. The saved file holds those numbers, so a network is rebuilt, never unpacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Share of the old value in a batch normalisation's running mean. Keras keeps 0.99, which a table of a few
#: batches never gets to forget: scores would then rest on the starting values.
RUNNING_MEAN_KEPT = 0.9


@dataclass(frozen=True)
class LayerStyle:
    """What every hidden layer has in common."""

    activation: str = "relu"
    normalisation: str = "none"
    dropout: float = 0.0


@dataclass(frozen=True)
class AutoencoderShape:
    """Sizes of a dense autoencoder. The last of `encoder` is the narrowest; an empty `decoder` mirrors the encoder."""

    columns: int
    encoder: tuple[int, ...]
    decoder: tuple[int, ...] = ()
    output_activation: str = "linear"


def dense_autoencoder(shape: AutoencoderShape, style: LayerStyle) -> Any:
    """A network that gives back its input, (rows, columns), through layers that leave it too little room to learn by heart."""
    from keras import Input, Model, layers

    inputs = Input((shape.columns,), name="input")
    hidden = inputs
    for name, sizes in (("encoder", shape.encoder), ("decoder", shape.decoder or shape.encoder[-2::-1])):
        hidden = dense_blocks(hidden, sizes, style, name)
    output = layers.Dense(shape.columns, activation=shape.output_activation, name="output")(hidden)
    return Model(inputs, output)


def dense_blocks(hidden: Any, sizes: Sequence[int], style: LayerStyle, name: str) -> Any:
    """Dense layers of `sizes` one after the other, each normalised before its activation and thinned out after it."""
    from keras import layers

    for number, units in enumerate(sizes, start=1):
        place = f"{name}_{number}"
        # Batch normalisation takes the mean away, and with it whatever a bias would add.
        biased = style.normalisation != "batch"
        hidden = layers.Dense(units, use_bias=biased, name=place)(hidden)
        hidden = normalised(hidden, style.normalisation, f"{place}_normalisation")
        hidden = layers.Activation(style.activation, name=f"{place}_{style.activation}")(hidden)
        if style.dropout:
            hidden = layers.Dropout(style.dropout, name=f"{place}_dropout")(hidden)
    return hidden


def normalised(hidden: Any, normalisation: str, name: str) -> Any:
    """`hidden` kept in one range by ``batch`` or ``layer`` normalisation; as it is with ``none``."""
    from keras import layers

    if normalisation == "batch":
        return layers.BatchNormalization(momentum=RUNNING_MEAN_KEPT, name=name)(hidden)
    if normalisation == "layer":
        return layers.LayerNormalization(name=name)(hidden)
    return hidden


def in_units(network: Any, low: NDArray[np.float32], span: NDArray[np.float32]) -> Any:
    """`network` with outputs from 0 to 1 brought back to the units of the data: `low` + `span` × output, per column."""
    from keras import Model, layers

    return Model(network.input, layers.Rescaling(span, low, name="in_units")(network.output))


def layers_table(network: Any) -> list[dict[str, Any]]:
    """The layers of `network` from input to output as ``{layer, shape, parameters}``; shapes without the rows."""
    return [
        {
            "layer": layer.name,
            "shape": " × ".join(str(size) for size in layer.output.shape[1:]),
            "parameters": int(layer.count_params()),
        }
        for layer in network.layers
    ]  # fmt: skip
