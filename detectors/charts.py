"""Figures from arrays. Each chart has a title that states its question, named axes with units, and its table.

Text from data is made harmless here: plotly reads a little HTML in every text it draws.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from detectors.messages import N_, Message, Translate, shown

#: Height in pixels of a chart that stands beside others.
HEIGHT = 260

#: Columns that move the score less than this share of what the largest one does are drawn together.
SMALLEST_BAR = 0.01

#: Characters of a name from data that fit beside an axis.
NAME_LENGTH = 28


@dataclass(frozen=True)
class Palette:
    """The colours that carry meaning: normal and flagged; text and grid of the theme."""

    normal: str
    flagged: str
    accent: str
    text: str
    grid: str


LIGHT = Palette(normal="#7a8da6", flagged="#c43e1c", accent="#1f5f8b", text="#1d2530", grid="#e4e8ec")
DARK = Palette(normal="#7f93ad", flagged="#f4845f", accent="#4d9fd1", text="#e3e8ee", grid="#2a333d")


@dataclass(frozen=True)
class Chart:
    """A figure, the question it answers, the titles of its axes, and the table behind it."""

    figure: go.Figure
    title: Message
    table: pd.DataFrame
    axes: tuple[Message, Message]

    def drawn(self, translate: Translate = str) -> go.Figure:
        """The figure with its axes named in the reader's language."""
        x, y = (html.escape(axis.text(translate)) for axis in self.axes)
        return self.figure.update_layout(xaxis_title=x, yaxis_title=y)


def losses(records: Sequence[dict[str, float]], palette: Palette) -> Chart:
    """Loss and validation loss by epoch, log scale."""
    table = pd.DataFrame(records)
    figure = _figure(palette)
    figure.add_scatter(x=table["epoch"], y=table["loss"], name="loss", mode="lines+markers", line_color=palette.normal, marker_size=4)
    if "validation_loss" in table:
        line = {"color": palette.accent, "dash": "dot"}
        figure.add_scatter(
            x=table["epoch"], y=table["validation_loss"], name="validation loss", mode="lines+markers", line=line, marker_size=4
        )
    figure.update_yaxes(type="log", exponentformat="power", dtick=1)
    legend = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(hovermode="x unified", showlegend=True, legend=legend, margin_t=28)
    return Chart(figure, Message(N_("Is it still learning?")), table, (Message(N_("epoch")), Message(N_("loss (log)"))))


def waterfall(columns: Sequence[str], values: NDArray[np.float64], *, base: float, score: float, palette: Palette, most: int = 10) -> Chart:
    """How each column moved the score from the base to where it is: largest first, the small ones together."""
    order = np.argsort(-np.abs(values))
    worth_a_bar = int(np.count_nonzero(np.abs(values) >= SMALLEST_BAR * np.abs(values).max(initial=0)))
    kept, rest = np.split(order, [min(most, worth_a_bar)])
    names = [short(columns[i]) for i in kept]
    steps = [float(values[i]) for i in kept]
    table = pd.DataFrame({"column": [columns[i] for i in order], "added to the score": values[order]})
    if len(rest):
        names.append(Message(N_("{count} others"), {"count": len(rest)}).text())
        steps.append(float(values[rest].sum()))
    figure = _figure(palette, height=90 + 30 * (len(names) + 2))
    figure.add_waterfall(
        orientation="h",
        measure=["absolute", *["relative"] * len(steps), "total"],
        y=["base", *names, "score"],
        x=[base, *steps, score],
        text=[shown(base), *[f"{'+' if step >= 0 else '−'}{shown(abs(step))}" for step in steps], shown(score)],
        textposition="outside",
        cliponaxis=False,
        increasing_marker_color=palette.flagged,
        decreasing_marker_color=palette.normal,
        totals_marker_color=palette.accent,
        connector_line_color=palette.grid,
        hovertemplate="%{y}: %{x:.6g}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True)
    figure.update_layout(margin_r=24)
    figure.update_xaxes(range=_room(base, steps, score))
    return Chart(figure, Message(N_("What added to the score? (SHAP)")), table, (Message(N_("score")), Message("")))


def column_weights(columns: Sequence[str], weights: NDArray[np.float64], rows: int, palette: Palette, most: int = 15) -> Chart:
    """The columns that weigh most over many rows: mean absolute SHAP value, largest first."""
    order = np.argsort(-weights)
    table = pd.DataFrame({"column": [columns[i] for i in order], "mean |SHAP value|": weights[order]})
    kept = order[:most]
    figure = _figure(palette, height=90 + 26 * len(kept))
    figure.add_bar(
        orientation="h",
        y=[short(columns[i]) for i in kept],
        x=weights[kept],
        marker_color=palette.flagged,
        hovertemplate="%{y}: %{x:.4g}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True)
    title = Message(N_("Which columns weigh most over {rows} flagged rows?"), {"rows": rows})
    return Chart(figure, title, table, (Message(N_("mean |SHAP value|, in units of the score")), Message("")))


def place_of_number(
    column: str, edges: NDArray[np.float64], counts: Sequence[int], *, actual: float | None, expected: float | None, palette: Palette
) -> Chart:
    """Where this row's value lies among all values of its column."""
    middles = (edges[:-1] + edges[1:]) / 2
    table = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "rows": counts})
    figure = _figure(palette, height=HEIGHT - 60)
    figure.add_bar(
        x=middles, y=counts, width=np.diff(edges), marker_color=palette.normal, hovertemplate="%{x:.4g}: %{y} rows<extra></extra>"
    )
    _upright(figure, expected, palette.accent, "dot", Message(N_("expected")))
    _upright(figure, actual, palette.flagged, "solid", Message(N_("here")))
    figure.update_layout(bargap=0)
    return Chart(figure, _place_title(column), table, (Message("{column}", {"column": short(column, escaped=False)}), Message(N_("rows"))))


def place_of_category(column: str, values: Sequence[str], counts: Sequence[int], *, actual: str, expected: str, palette: Palette) -> Chart:
    """How common this row's category is in its column."""
    table = pd.DataFrame({"value": values, "rows": counts})
    colors = [palette.flagged if value == actual else palette.normal for value in values]
    figure = _figure(palette, height=HEIGHT - 60)
    texts = [_category_mark(value, actual, expected) for value in values]
    figure.add_bar(
        x=[short(value, 14) for value in values], y=counts, marker_color=colors, text=texts, textposition="outside", cliponaxis=False
    )
    figure.update_traces(constraintext="none", textfont_size=11)
    figure.update_xaxes(type="category", tickfont_size=11)
    return Chart(figure, _place_title(column), table, (Message("{column}", {"column": short(column, escaped=False)}), Message(N_("rows"))))


def roc(false_alarms: NDArray[np.float64], recall: NDArray[np.float64], here: tuple[float, float], palette: Palette) -> Chart:
    """Recall against false-alarm rate over all cut-offs, with the one in force."""
    table = pd.DataFrame({"false alarm rate": false_alarms, "recall": recall})
    figure = _curve(false_alarms, recall, here, palette)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=_chance_line(palette), opacity=0.45, name="chance", hoverinfo="skip")
    title = Message(N_("What does catching more cost in false alarms? (ROC)"))
    return Chart(figure, title, table, (Message(N_("false alarm rate")), Message(N_("recall"))))


def precision_recall(
    recall: NDArray[np.float64], precision: NDArray[np.float64], here: tuple[float, float], chance: float, palette: Palette
) -> Chart:
    """Precision against recall over all cut-offs, with the one in force and what chance would give."""
    table = pd.DataFrame({"recall": recall, "precision": precision})
    figure = _curve(recall, precision, here, palette)
    line = _chance_line(palette)
    figure.add_scatter(x=[0, 1], y=[chance, chance], mode="lines", line=line, opacity=0.45, name="chance", hoverinfo="skip")
    title = Message(N_("How many of the flags are right as more is caught?"))
    return Chart(figure, title, table, (Message(N_("recall")), Message(N_("precision"))))


def short(name: str, length: int = NAME_LENGTH, *, escaped: bool = True) -> str:
    """A name from data as plotly may draw it: no markup, not too long, never empty."""
    name = " ".join(name.split()) or "·"
    cut = name if len(name) <= length else name[: length - 1] + "…"
    return html.escape(cut) if escaped else cut


def _figure(palette: Palette, height: int = HEIGHT) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        font_color=palette.text,
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(gridcolor=palette.grid, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=palette.grid, zeroline=False, automargin=True)
    return figure


def _curve(x: NDArray[np.float64], y: NDArray[np.float64], here: tuple[float, float], palette: Palette) -> go.Figure:
    figure = _figure(palette)
    figure.add_scatter(x=x, y=y, mode="lines", line_color=palette.normal, name="", hovertemplate="%{x:.3f}, %{y:.3f}<extra></extra>")
    marker = {"color": palette.flagged, "size": 11, "symbol": "diamond"}
    figure.add_scatter(
        x=[here[0]], y=[here[1]], mode="markers", marker=marker, name="this threshold", hovertemplate="%{x:.3f}, %{y:.3f}<extra></extra>"
    )
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(range=[-0.02, 1.05])
    return figure


def _chance_line(palette: Palette) -> dict[str, str]:
    return {"color": palette.text, "dash": "dash"}


def _place_title(column: str) -> Message:
    return Message(N_("Where does this row's {column} lie?"), {"column": column})


def _category_mark(value: str, actual: str, expected: str) -> str:
    marks = [Message(N_("here")).text()] * (value == actual) + [Message(N_("expected")).text()] * (value == expected)
    return ", ".join(marks)


def _upright(figure: go.Figure, at: float | None, color: str, dash: str, label: Message) -> None:
    if at is not None and np.isfinite(at):
        figure.add_vline(x=at, line={"color": color, "dash": dash, "width": 2}, annotation={"text": label.text(), "font": {"color": color}})


def _room(base: float, steps: Sequence[float], score: float) -> list[float]:
    """An axis range with room for the numbers written beside the bars."""
    reached = np.concatenate([[0.0, base, score], base + np.cumsum(steps)])
    low, high = float(reached.min()), float(reached.max())
    room = 0.24 * (high - low or 1.0)
    return [low - (room if low < 0 else 0), high + room]
