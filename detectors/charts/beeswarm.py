"""One point for every row and part: how much it added to the score, coloured by what the row holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure, hover_names, ticks
from detectors.charts.stretched import ADDED, StretchedAxis
from detectors.messages import N_, Message, Translate

#: Stretches of the axis within which points give way to one another.
BINS = 80

#: How far points give way at most, in distances between two parts.
WIDEST = 0.38


@dataclass(frozen=True)
class Swarm:
    """Some rows, and what each of their parts holds and adds to the score."""

    rows: NDArray[np.intp]
    """(rows,): positions in the data."""
    values: NDArray[np.float64]
    """(rows, parts): SHAP values."""
    shades: NDArray[np.float64]
    """(rows, parts): from 0, low for its part, to 1, high; NaN where what is held has no order."""
    texts: NDArray[np.object_]
    """(rows, parts): what each row holds, to read; empty where it holds nothing, and is not drawn."""


def beeswarm(names: Sequence[str], swarm: Swarm, palette: Palette, *, translate: Translate = str) -> Chart:
    """SHAP values of rows, one line for each part, from the first of `names` down."""
    table = pd.DataFrame({
        "row": np.tile(swarm.rows + 1, len(names)), "part": np.repeat(list(names), len(swarm.rows)),
        "held": swarm.texts.T.reshape(-1), "SHAP value": swarm.values.T.reshape(-1),
    })  # fmt: skip
    axis = StretchedAxis.of(swarm.values)
    figure = blank_figure(palette, height=90 + 44 * len(names))
    _draw(figure, _points(axis, swarm), palette, translate)
    figure.add_vline(0, line={"color": palette.text, "width": 1}, opacity=0.5)
    figure.update_xaxes(fixedrange=True, **axis.ticks())
    figure.update_yaxes(range=[len(names) - 0.5, -0.5], showgrid=False, fixedrange=True, **ticks(names))
    axes = axis.named(translate(ADDED)), Message("")
    return Chart(figure, Message(N_("Does it add the same in every row?")), table, axes)


def _points(axis: StretchedAxis, swarm: Swarm) -> dict[str, NDArray[Any]]:
    """Everything of each point, (points,): where it lies, its shade, and what is said of it."""
    places = axis.places(swarm.values)
    low, high = float(places.min()), float(places.max())
    bins = np.clip(((places - low) / ((high - low) or 1.0) * BINS).astype(int), 0, BINS - 1)
    offsets = np.stack([_given_way(column) for column in bins.T], axis=1)
    is_there = swarm.texts != ""
    everything = {
        "x": places, "y": np.arange(places.shape[1]) + offsets, "shade": swarm.shades, "value": swarm.values,
        "row": np.broadcast_to(swarm.rows[:, None] + 1, places.shape), "held": swarm.texts,
    }  # fmt: skip
    return {name: found[is_there] for name, found in everything.items()}


def _given_way(bins: NDArray[np.intp]) -> NDArray[np.float64]:
    """How far each point moves up or down so that those in one bin can be seen, (points,): the fuller the bin, the further."""
    most = max(6, int(np.bincount(bins).max()))
    order = np.argsort(bins, kind="stable")
    _, first, counts = np.unique(bins[order], return_index=True, return_counts=True)
    turn = np.empty(len(bins), dtype=np.intp)
    turn[order] = np.arange(len(bins)) - np.repeat(first, counts)
    return WIDEST * np.where(turn % 2, 1, -1) * ((turn + 1) // 2) / (most / 2)


def _draw(figure: go.Figure, points: dict[str, NDArray[Any]], palette: Palette, translate: Translate) -> None:
    has_shade = np.isfinite(points["shade"])
    bar = {
        "title": {"text": translate(N_("what the row holds")), "side": "right"}, "tickvals": [0, 1], "thickness": 8, "outlinewidth": 0,
        "ticktext": [translate(N_("low")), translate(N_("high"))],
    }  # fmt: skip
    scale = {"colorscale": [[0, palette.accent], [1, palette.high]], "cmin": 0, "cmax": 1, "colorbar": bar}
    for chosen, marker in ((~has_shade, {"color": palette.normal}), (has_shade, {"color": points["shade"][has_shade], **scale})):
        if not chosen.any():
            continue
        names = hover_names(points["held"][chosen].tolist())
        figure.add_scattergl(
            x=points["x"][chosen],
            y=points["y"][chosen],
            customdata=[
                [int(row), name, float(value)]
                for row, name, value in zip(points["row"][chosen], names, points["value"][chosen], strict=True)
            ],
            mode="markers",
            marker={"size": 6, "opacity": 0.8, **marker},
            hovertemplate=translate(N_("row")) + " %{customdata[0]}: %{customdata[1]}, %{customdata[2]:.4g}<extra></extra>",
        )
    figure.update_layout(dragmode="pan")  # Streamlit lets points be clicked in this mode alone
