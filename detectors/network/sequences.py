"""Builders of networks that read windows, (rows, steps, columns)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from detectors.network.contest import Contest, contest_of
from detectors.network.layers import normalised
from detectors.network.variational import Variational, variational


@dataclass(frozen=True)
class WindowShape:
    """A window and the layers that read it, `units` wide each."""

    steps: int
    columns: int
    cell: str
    units: tuple[int, ...]
    dropout: float = 0.0
    normalisation: str = "none"
    patch: int = 1
    """For a transformer: steps that it reads as one place."""


def forecaster(shape: WindowShape, horizon: int) -> Any:
    """From `shape.steps` steps to the `horizon` steps that follow, (rows, horizon, columns)."""
    from keras import Input, Model, layers

    inputs = Input((shape.steps, shape.columns), name="history")
    read = {"convolution": _causal, "transformer": _attentive}.get(shape.cell, _recurrent)
    hidden = read(inputs, shape)
    # What it gives is added to the last step seen: a series mostly goes on as it was.
    change = layers.Dense(horizon * shape.columns, name="change")(hidden)
    change = layers.Reshape((horizon, shape.columns), name="change_by_step")(change)
    last = layers.Cropping1D((shape.steps - 1, 0), name="last_step")(inputs)
    return Model(inputs, layers.Add(name="forecast")([change, layers.UpSampling1D(horizon, name="last_repeated")(last)]))


def sequence_autoencoder(shape: WindowShape, code: int, *, unseen: int = 0) -> Any:
    """Gives back its window through a code of so many numbers; the `unseen` first and last steps it has to guess."""
    from keras import Input, Model, layers

    inputs = Input((shape.steps, shape.columns), name="window")
    seen = layers.Cropping1D(unseen, name="seen")(inputs) if unseen else inputs
    return Model(inputs, decoded(encoded(seen, shape, code), shape))


def variational_sequence(shape: WindowShape, code: int, kl_weight: float) -> Variational:
    """Gives back its window through a cloud of codes of so many numbers; `kl_weight` as in `variational_autoencoder`."""
    from keras import Input, Model, layers

    window, codes = Input((shape.steps, shape.columns), name="window"), Input((code,), name="code")
    moments = layers.Reshape((2, code), name="mean_and_log_variance")(encoded(window, shape, 2 * code, name="moments"))
    return variational(Model(window, moments, name="encoder"), Model(codes, decoded(codes, shape), name="decoder"), kl_weight)


def contesting_sequences(shape: WindowShape, code: int, judge: int) -> Contest:
    """An encoder and a generator of windows and a discriminator that reads a window into `judge` numbers, beside its code."""
    from keras import Input, Model, layers

    window, codes = Input((shape.steps, shape.columns), name="window"), Input((code,), name="code")
    encoder = Model(window, encoded(window, shape, code, name="code_of_window"), name="encoder")
    generator = Model(codes, decoded(codes, shape), name="generator")
    both = layers.Concatenate(name="window_and_code")([encoded(window, shape, judge, name="seen"), codes])
    hidden = layers.Dense(judge, activation="leaky_relu", name="judged")(both)
    discriminator = Model([window, codes], layers.Dense(1, name="verdict")(hidden), name="discriminator")
    return contest_of(encoder, generator, discriminator)


def encoded(window: Any, shape: WindowShape, numbers: int, *, name: str = "code") -> Any:
    """A window, or a part of it, read into so many `numbers`, (rows, numbers)."""
    from keras import layers

    hidden = _halved(window, shape) if shape.cell == "convolution" else _recurrent(window, shape)
    return layers.Dense(numbers, name=name)(hidden)


def decoded(code: Any, shape: WindowShape) -> Any:
    """A whole window of `shape` from a `code`, (rows, numbers)."""
    return (_doubled if shape.cell == "convolution" else _unrolled)(code, shape)


def _recurrent(hidden: Any, shape: WindowShape) -> Any:
    from keras import layers

    cells = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
    for number, units in enumerate(shape.units, start=1):
        goes_on = number < len(shape.units)
        hidden = cells[shape.cell](units, return_sequences=goes_on, name=f"{shape.cell}_{number}")(hidden)
        hidden = normalised(hidden, shape.normalisation, f"{shape.cell}_{number}_normalisation")
        if shape.dropout:
            hidden = layers.Dropout(shape.dropout, name=f"dropout_{number}")(hidden)
    return hidden


def _causal(hidden: Any, shape: WindowShape) -> Any:
    """Convolutions that each look twice as far back as the one before (Bai, Kolter & Koltun 2018)."""
    from keras import layers

    for number, units in enumerate(shape.units, start=1):
        reach = 2 ** (number - 1)
        hidden = _convolution(hidden, layers.Conv1D(units, 3, padding="causal", dilation_rate=reach, name=f"convolution_{number}"), shape)
        if shape.dropout:
            hidden = layers.Dropout(shape.dropout, name=f"dropout_{number}")(hidden)
    kept = min(shape.steps, 2 ** (len(shape.units) + 1))
    hidden = layers.Cropping1D((shape.steps - kept, 0), name="latest_steps")(hidden)
    return layers.Flatten(name="flat")(hidden)


def _convolution(hidden: Any, convolution: Any, shape: WindowShape) -> Any:
    """`convolution`, normalised before its activation."""
    from keras import layers

    hidden = normalised(convolution(hidden), shape.normalisation, f"{convolution.name}_normalisation")
    return layers.Activation("relu", name=f"{convolution.name}_relu")(hidden)


def _attentive(hidden: Any, shape: WindowShape) -> Any:
    """Patches of steps that look at each other (Nie, Nguyen, Sinthong & Kalagnanam: PatchTST, 2023); what is too much at the beginning is left out."""
    from keras import layers

    from detectors.network.attention import transformer_blocks

    patch = min(shape.patch, shape.steps)
    places = shape.steps // patch
    hidden = layers.Cropping1D((shape.steps - places * patch, 0), name="whole_patches")(hidden)
    hidden = layers.Reshape((places, patch * shape.columns), name="patches")(hidden)
    hidden = layers.Dense(shape.units[0], name="patches_read")(hidden)
    hidden = transformer_blocks(hidden, len(shape.units), dropout=shape.dropout, only_before=False)
    return layers.Flatten(name="flat")(hidden)


def _halved(hidden: Any, shape: WindowShape) -> Any:
    """Convolutions that each halve the steps, after zeros in front until that works out; flat."""
    from keras import layers

    padded = -hidden.shape[1] % 2 ** len(shape.units)
    hidden = layers.ZeroPadding1D((padded, 0), name="padded")(hidden)
    for number, units in enumerate(shape.units, start=1):
        hidden = _convolution(hidden, layers.Conv1D(units, 5, strides=2, padding="same", name=f"encoder_{number}"), shape)
        if shape.dropout:
            hidden = layers.Dropout(shape.dropout, name=f"dropout_{number}")(hidden)
    return layers.Flatten(name="flat")(hidden)


def _doubled(code: Any, shape: WindowShape) -> Any:
    """Convolutions that each double the steps, and the window without the steps too many in front."""
    from keras import layers

    halvings = len(shape.units)
    steps = math.ceil(shape.steps / 2**halvings)
    hidden = layers.Dense(steps * shape.units[-1], activation="relu", name="unfolded")(code)
    hidden = layers.Reshape((steps, shape.units[-1]), name="unfolded_by_step")(hidden)
    for number, units in enumerate((*shape.units[-2::-1], shape.units[0]), start=1):
        hidden = layers.UpSampling1D(2, name=f"doubled_{number}")(hidden)
        hidden = _convolution(hidden, layers.Conv1D(units, 5, padding="same", name=f"decoder_{number}"), shape)
    hidden = layers.Conv1D(shape.columns, 1, name="output_padded")(hidden)
    return layers.Cropping1D((steps * 2**halvings - shape.steps, 0), name="output")(hidden)


def _unrolled(code: Any, shape: WindowShape) -> Any:
    """The decoder of Malhotra et al. 2016; it sees the code at every step."""
    from keras import layers

    hidden = layers.RepeatVector(shape.steps, name="code_at_every_step")(code)
    cells = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
    for number, units in enumerate(shape.units[::-1], start=1):
        hidden = cells[shape.cell](units, return_sequences=True, name=f"decoder_{number}")(hidden)
        hidden = normalised(hidden, shape.normalisation, f"decoder_{number}_normalisation")
    return layers.Dense(shape.columns, name="output")(hidden)
