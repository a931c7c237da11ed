"""Charts of losses, of one row's columns, and of how good the flags are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from detectors.charts.basics import HEIGHT, Chart, Palette, blank_figure, hover_names, short, ticks
from detectors.messages import N_, Message, Translate, shown

#: Columns that move the score less than this share of what the largest one does are drawn together.
SMALLEST_BAR = 0.01


def losses(records: Sequence[dict[str, float]], palette: Palette, *, translate: Translate = str) -> Chart:
    """Loss and validation loss by epoch, log scale."""
    table = pd.DataFrame(records)
    figure = blank_figure(palette)
    lines = {
        "loss": (N_("loss"), {"color": palette.normal}),
        "validation_loss": (N_("validation loss"), {"color": palette.accent, "dash": "dot"}),
    }
    for column, (name, line) in lines.items():
        if column in table:
            figure.add_scatter(x=table["epoch"], y=table[column], name=translate(name), mode="lines+markers", line=line, marker_size=4)
    figure.update_yaxes(type="log", exponentformat="power", dtick=1)
    legend = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(hovermode="x unified", showlegend=True, legend=legend, margin_t=28)
    return Chart(figure, Message(N_("Is it still learning?")), table, (Message(N_("epoch")), Message(N_("loss (log)"))))


def waterfall(
    columns: Sequence[str],
    values: NDArray[np.float64],
    *,
    base: float,
    score: float,
    palette: Palette,
    most: int = 10,
    translate: Translate = str,
) -> Chart:
    """How each column moved the score from the base to where it is: largest first, the small ones together."""
    order = np.argsort(-np.abs(values))
    table = pd.DataFrame({"column": [columns[i] for i in order], "added to the score": values[order]})
    kept, rest = np.split(order, [min(most, _worth_a_bar(values))])
    together = [Message(N_("{count} others"), {"count": len(rest)}).text(translate)] if len(rest) else []
    names = [translate(N_("base")), *[columns[i] for i in kept], *together, translate(N_("score"))]
    steps = [*values[kept].tolist(), *([float(values[rest].sum())] if len(rest) else [])]
    figure = blank_figure(palette, height=90 + 30 * len(names))
    figure.add_waterfall(
        orientation="h",
        measure=["absolute", *["relative"] * len(steps), "total"],
        y=list(range(len(names))),
        customdata=hover_names(names),
        x=[base, *steps, score],
        text=[shown(base), *[f"{'+' if step >= 0 else '−'}{shown(abs(step))}" for step in steps], shown(score)],
        textposition="outside",
        cliponaxis=False,
        increasing_marker_color=palette.flagged,
        decreasing_marker_color=palette.normal,
        totals_marker_color=palette.accent,
        connector_line_color=palette.grid,
        hovertemplate="%{customdata}: %{x:.6g}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, **ticks(names))
    figure.update_layout(margin_r=24)
    figure.update_xaxes(range=_room(base, steps, score))
    return Chart(figure, Message(N_("What added to the score? (SHAP)")), table, (Message(N_("score")), Message("")))


def column_weights(columns: Sequence[str], weights: NDArray[np.float64], palette: Palette, *, title: Message, most: int = 15) -> Chart:
    """What weighs most over many rows: mean absolute SHAP value of each of `columns`, or of other parts; largest first."""
    order = np.argsort(-weights)
    table = pd.DataFrame({"column": [columns[i] for i in order], "mean |SHAP value|": weights[order]})
    kept = order[:most]
    names = [columns[i] for i in kept]
    figure = blank_figure(palette, height=90 + 26 * len(kept))
    figure.add_bar(
        orientation="h",
        y=list(range(len(names))),
        x=weights[kept],
        customdata=hover_names(names),
        marker_color=palette.flagged,
        hovertemplate="%{customdata}: %{x:.4g}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, **ticks(names))
    return Chart(figure, title, table, (Message(N_("mean |SHAP value|, in units of the score")), Message("")))


def place_of_number(
    column: str,
    edges: NDArray[np.float64],
    counts: Sequence[int],
    *,
    actual: float | None,
    expected: float | None,
    palette: Palette,
    dates: bool = False,
    translate: Translate = str,
) -> Chart:
    """Where this row's value lies among all values of its column; `dates` come in seconds since 1970."""
    at = _moments if dates else np.asarray
    table = pd.DataFrame({"from": at(edges[:-1]), "to": at(edges[1:]), "rows": counts})
    figure = blank_figure(palette, height=HEIGHT - 60)
    figure.add_bar(
        x=at((edges[:-1] + edges[1:]) / 2),
        y=counts,
        width=np.diff(edges) * (1000 if dates else 1),  # plotly counts dates in milliseconds
        marker_color=palette.normal,
        hovertemplate=_rows_hover("%{x}" if dates else "%{x:.4g}", translate),
    )
    for value, color, dash, label in ((expected, palette.accent, "dot", N_("expected")), (actual, palette.flagged, "solid", N_("here"))):
        if value is not None and np.isfinite(value):
            _upright(figure, at(np.array([value]))[0], color, dash, translate(label))
    figure.update_layout(bargap=0)
    return Chart(figure, _place_title(column), table, _place_axes(column))


def place_of_category(
    column: str, values: Sequence[str], counts: Sequence[int], *, actual: str, expected: str, palette: Palette, translate: Translate = str
) -> Chart:
    """How common this row's category is in its column."""
    table = pd.DataFrame({"value": values, "rows": counts})
    figure = blank_figure(palette, height=HEIGHT - 60)
    figure.add_bar(
        x=list(range(len(values))),
        y=counts,
        customdata=hover_names(values),
        marker_color=[palette.flagged if value == actual else palette.normal for value in values],
        text=[_category_mark(value, actual, expected, translate) for value in values],
        textposition="outside",
        cliponaxis=False,
        hovertemplate=_rows_hover("%{customdata}", translate),
    )
    figure.update_traces(constraintext="none", textfont_size=11)
    figure.update_xaxes(tickfont_size=11, **ticks(values, 14))
    return Chart(figure, _place_title(column), table, _place_axes(column))


def roc(
    false_alarms: NDArray[np.float64],
    recall: NDArray[np.float64],
    here: tuple[float, float],
    palette: Palette,
    *,
    translate: Translate = str,
) -> Chart:
    """Recall against false-alarm rate over all cut-offs, with the one in force."""
    table = pd.DataFrame({"false alarm rate": false_alarms, "recall": recall})
    figure = _curve(false_alarms, recall, here, palette, translate)
    _add_chance(figure, (0, 1), palette, translate)
    title = Message(N_("What does catching more cost in false alarms? (ROC)"))
    return Chart(figure, title, table, (Message(N_("false alarm rate")), Message(N_("recall"))))


def precision_recall(
    recall: NDArray[np.float64],
    precision: NDArray[np.float64],
    here: tuple[float, float],
    chance: float,
    palette: Palette,
    *,
    translate: Translate = str,
) -> Chart:
    """Precision against recall over all cut-offs, with the one in force and what chance would give."""
    table = pd.DataFrame({"recall": recall, "precision": precision})
    figure = _curve(recall, precision, here, palette, translate)
    _add_chance(figure, (chance, chance), palette, translate)
    title = Message(N_("How many of the flags are right as more is caught?"))
    return Chart(figure, title, table, (Message(N_("recall")), Message(N_("precision"))))


def _curve(x: NDArray[np.float64], y: NDArray[np.float64], here: tuple[float, float], palette: Palette, translate: Translate) -> go.Figure:
    figure = blank_figure(palette)
    point = "%{x:.3f}, %{y:.3f}<extra></extra>"
    figure.add_scatter(x=x, y=y, mode="lines", line_color=palette.normal, name="", hovertemplate=point)
    marker = {"color": palette.flagged, "size": 11, "symbol": "diamond"}
    name = translate(N_("this threshold"))
    figure.add_scatter(x=[here[0]], y=[here[1]], mode="markers", marker=marker, name=name, hovertemplate=point)
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(range=[-0.02, 1.05])
    return figure


def _add_chance(figure: go.Figure, y: tuple[float, float], palette: Palette, translate: Translate) -> None:
    line = {"color": palette.text, "dash": "dash"}
    figure.add_scatter(x=[0, 1], y=y, mode="lines", line=line, opacity=0.45, name=translate(N_("chance")), hoverinfo="skip")


def _rows_hover(value: str, translate: Translate) -> str:
    return Message(N_("{value}: {rows} rows"), {"value": value, "rows": "%{y}"}).text(translate) + "<extra></extra>"


def _moments(seconds: NDArray[np.float64]) -> NDArray[np.datetime64]:
    return seconds.round().astype("datetime64[s]")


def _place_title(column: str) -> Message:
    return Message(N_("Where does this row's {column} lie?"), {"column": column})


def _place_axes(column: str) -> tuple[Message, Message]:
    return Message("{column}", {"column": short(column, escaped=False)}), Message(N_("rows"))


def _category_mark(value: str, actual: str, expected: str, translate: Translate) -> str:
    return ", ".join([translate(N_("here"))] * (value == actual) + [translate(N_("expected"))] * (value == expected))


def _upright(figure: go.Figure, at: Any, color: str, dash: str, label: str) -> None:
    # Not by plotly's `add_vline`, which takes the mean of its ends and so knows no dates.
    figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line={"color": color, "dash": dash, "width": 2})
    figure.add_annotation(x=at, y=1, yref="paper", text=label, font_color=color, showarrow=False, xanchor="left", yanchor="top")


def _worth_a_bar(values: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(np.abs(values) >= SMALLEST_BAR * np.abs(values).max(initial=0)))


def _room(base: float, steps: Sequence[float], score: float) -> list[float]:
    """An axis range with room for the numbers written beside the bars."""
    reached = np.concatenate([[0.0, base, score], base + np.cumsum(steps)])
    low, high = float(reached.min()), float(reached.max())
    room = 0.24 * (high - low or 1.0)
    return [low - (room if low < 0 else 0), high + room]
