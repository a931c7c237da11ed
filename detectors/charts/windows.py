"""Charts of one window of a series: which columns and steps raised the score, and what was expected there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from detectors.charts.basics import Chart, Palette, blank_figure, hover_names, short, ticks
from detectors.messages import N_, Message, Translate

#: Height in pixels of one column's row in a map, and of its lane in a stretch.
ROW_HEIGHT, LANE_HEIGHT = 26, 110

#: How windows that are beside another are told apart.
DASHES = ("solid", "dash", "dot", "dashdot")


def map_over_time(columns: Sequence[str], times: Sequence[Any], values: NDArray[np.float64], palette: Palette, *, axis: Message) -> Chart:
    """How much each column, at each part of a window, added to the score: `values`, (columns, parts); `times`, (parts,)."""
    table = pd.DataFrame(values.T, columns=list(columns)).assign(time=list(times)).set_index("time").reset_index()
    figure = blank_figure(palette, height=110 + ROW_HEIGHT * max(3, len(columns)))
    largest = float(np.abs(values).max(initial=0)) or 1.0
    figure.add_heatmap(
        z=values, x=list(times), y=list(range(len(columns))), zmin=-largest, zmax=largest,
        colorscale=[[0, palette.accent], [0.5, "rgba(128,128,128,0.08)"], [1, palette.flagged]],
        customdata=np.repeat(np.array(hover_names(columns), dtype=object)[:, None], len(times), axis=1),
        hovertemplate="%{customdata}, %{x}: %{z:+.4g}<extra></extra>",
        colorbar={"title": {"text": "SHAP", "side": "top"}, "thickness": 10, "len": 0.9}, xgap=1, ygap=1,
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False, **ticks(columns))
    return Chart(figure, Message(N_("Which columns, and when, added to the score? (SHAP)")), table, (axis, Message("")))


def stretch(
    columns: Sequence[str],
    times: Sequence[Any],
    actual: NDArray[np.float64],
    expected: NDArray[np.float64] | None,
    palette: Palette,
    *,
    here: int,
    axis: Message,
    translate: Translate = str,
) -> Chart:
    """What was there and what was expected, (steps, columns), one lane a column; `here` is the step that is explained."""
    table = pd.DataFrame({"time": list(times)})
    frame = make_subplots(rows=len(columns), cols=1, shared_xaxes=True, vertical_spacing=0.04)
    figure = frame.update_layout(blank_figure(palette, height=60 + LANE_HEIGHT * len(columns)).layout)
    for lane, column in enumerate(columns, start=1):
        table[column] = actual[:, lane - 1]
        drawn = [(actual, N_("actual"), {"color": palette.normal, "width": 2})]
        if expected is not None:
            table[f"{column} expected"] = expected[:, lane - 1]
            drawn.append((expected, N_("expected"), {"color": palette.accent, "dash": "dot"}))
        for values, name, line in drawn:
            figure.add_scatter(
                x=list(times), y=values[:, lane - 1], name=translate(name), line=line, mode="lines", row=lane, col=1,
                legendgroup=name, showlegend=lane == 1, hovertemplate="%{y:.4g}",
            )  # fmt: skip
        figure.add_scatter(
            x=[times[here]], y=[actual[here, lane - 1]], mode="markers", marker={"color": palette.flagged, "size": 9, "symbol": "diamond"},
            name=translate(N_("this row")), showlegend=lane == 1, legendgroup="here", hoverinfo="skip", row=lane, col=1,
        )  # fmt: skip
        figure.update_yaxes(title_text=short(column), title_font_size=11, row=lane, col=1, nticks=4, gridcolor=palette.grid, zeroline=False)
    figure.update_xaxes(gridcolor=palette.grid, zeroline=False)
    figure.update_xaxes(title_text=axis.text(translate), row=len(columns), col=1)
    legend = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"}
    figure.update_layout(hovermode="x unified", showlegend=True, legend=legend, margin_t=28)
    return Chart(figure, Message(N_("What was there, and what was expected?")), table, (Message(""), Message("")))


def beside(
    columns: Sequence[str], window: NDArray[np.float64], others: NDArray[np.float64], names: Sequence[str], palette: Palette, *, here: int,
    translate: Translate = str,
) -> Chart:  # fmt: skip
    """A `window`, (steps, columns), and others like it, (windows, steps, columns), one lane a column, by steps from the step `here`."""
    steps = np.arange(len(window)) - here
    table = pd.DataFrame({"step": steps})
    frame = make_subplots(rows=len(columns), cols=1, shared_xaxes=True, vertical_spacing=0.04)
    figure = frame.update_layout(blank_figure(palette, height=60 + LANE_HEIGHT * len(columns)).layout)
    for lane, column in enumerate(columns, start=1):
        for name, other, dash in zip(names, others, DASHES, strict=False):
            table[f"{column}, {name}"] = other[:, lane - 1]
            figure.add_scatter(
                x=steps, y=other[:, lane - 1], name=short(name), mode="lines", line={"color": palette.normal, "width": 1.3, "dash": dash},
                row=lane, col=1, legendgroup=name, showlegend=lane == 1, hovertemplate="%{y:.4g}",
            )  # fmt: skip
        table[column] = window[:, lane - 1]
        figure.add_scatter(
            x=steps, y=window[:, lane - 1], name=translate(N_("this window")), mode="lines", line={"color": palette.flagged, "width": 2.2},
            row=lane, col=1, legendgroup="this", showlegend=lane == 1, hovertemplate="%{y:.4g}",
        )  # fmt: skip
        figure.update_yaxes(title_text=short(column), title_font_size=11, row=lane, col=1, nticks=4, gridcolor=palette.grid, zeroline=False)
    figure.update_xaxes(gridcolor=palette.grid, zeroline=False)
    figure.update_xaxes(title_text=translate(N_("steps from this row")), row=len(columns), col=1)
    legend = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"}
    figure.update_layout(hovermode="x unified", showlegend=True, legend=legend, margin_t=28)
    return Chart(figure, Message(N_("How does it run beside the most similar normal windows?")), table, (Message(""), Message("")))
