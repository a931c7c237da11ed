"""Builders of networks that read windows, (rows, steps, columns)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from detectors.network.layers import normalised


@dataclass(frozen=True)
class WindowShape:
    """A window and the layers that read it, `units` wide each."""

    steps: int
    columns: int
    cell: str
    units: tuple[int, ...]
    dropout: float = 0.0
    normalisation: str = "none"


def forecaster(shape: WindowShape, horizon: int) -> Any:
    """From `shape.steps` steps to the `horizon` steps that follow, (rows, horizon, columns)."""
    from keras import Input, Model, layers

    inputs = Input((shape.steps, shape.columns), name="history")
    hidden = _causal(inputs, shape) if shape.cell == "convolution" else _recurrent(inputs, shape)
    # What it gives is added to the last step seen: a series mostly goes on as it was.
    change = layers.Dense(horizon * shape.columns, name="change")(hidden)
    change = layers.Reshape((horizon, shape.columns), name="change_by_step")(change)
    last = layers.Cropping1D((shape.steps - 1, 0), name="last_step")(inputs)
    return Model(inputs, layers.Add(name="forecast")([change, layers.UpSampling1D(horizon, name="last_repeated")(last)]))


def sequence_autoencoder(shape: WindowShape, code: int) -> Any:
    """Gives back its window through a code of so many numbers."""
    from keras import Input, Model

    inputs = Input((shape.steps, shape.columns), name="window")
    build = _convolutional_autoencoder if shape.cell == "convolution" else _recurrent_autoencoder
    return Model(inputs, build(inputs, shape, code))


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


def _convolutional_autoencoder(inputs: Any, shape: WindowShape, code: int) -> Any:
    from keras import layers

    halvings = len(shape.units)
    padded = -shape.steps % 2**halvings
    hidden = layers.ZeroPadding1D((padded, 0), name="padded")(inputs)
    for number, units in enumerate(shape.units, start=1):
        hidden = _convolution(hidden, layers.Conv1D(units, 5, strides=2, padding="same", name=f"encoder_{number}"), shape)
        if shape.dropout:
            hidden = layers.Dropout(shape.dropout, name=f"dropout_{number}")(hidden)
    steps = (shape.steps + padded) // 2**halvings
    hidden = layers.Dense(code, name="code")(layers.Flatten(name="flat")(hidden))
    hidden = layers.Dense(steps * shape.units[-1], activation="relu", name="unfolded")(hidden)
    hidden = layers.Reshape((steps, shape.units[-1]), name="unfolded_by_step")(hidden)
    for number, units in enumerate((*shape.units[-2::-1], shape.units[0]), start=1):
        hidden = layers.UpSampling1D(2, name=f"doubled_{number}")(hidden)
        hidden = _convolution(hidden, layers.Conv1D(units, 5, padding="same", name=f"decoder_{number}"), shape)
    hidden = layers.Conv1D(shape.columns, 1, name="output_padded")(hidden)
    return layers.Cropping1D((padded, 0), name="output")(hidden)


def _recurrent_autoencoder(inputs: Any, shape: WindowShape, code: int) -> Any:
    """The encoder-decoder of Malhotra et al. 2016; the decoder sees the code at every step."""
    from keras import layers

    hidden = layers.Dense(code, name="code")(_recurrent(inputs, shape))
    hidden = layers.RepeatVector(shape.steps, name="code_at_every_step")(hidden)
    cells = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
    for number, units in enumerate(shape.units[::-1], start=1):
        hidden = cells[shape.cell](units, return_sequences=True, name=f"decoder_{number}")(hidden)
        hidden = normalised(hidden, shape.normalisation, f"decoder_{number}_normalisation")
    return layers.Dense(shape.columns, name="output")(hidden)
