"""How what a row holds in one part moves its score: one point a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure, hover_names, short, ticks
from detectors.charts.stretched import ADDED, StretchedAxis
from detectors.messages import N_, Message, Translate

#: Categories that have a strip of their own; the rarer ones share the last.
MOST_STRIPS = 12

#: Numbers above 0 are drawn on a logarithmic axis where the largest is so many times the median.
WIDE = 30

#: How wide a strip is, in distances between two.
STRIP = 0.32


@dataclass(frozen=True)
class Points:
    """Rows whose SHAP value of one part is drawn over what they hold there."""

    rows: NDArray[np.intp]
    """(points,): positions in the data."""
    values: NDArray[np.float64]
    """(points,): SHAP values."""
    flagged: NDArray[np.bool_]
    """(points,)"""
    texts: NDArray[np.object_]
    """(points,): what each holds, to read."""

    def at(self, chosen: NDArray[np.bool_]) -> Points:
        return Points(self.rows[chosen], self.values[chosen], self.flagged[chosen], self.texts[chosen])

    @property
    def table(self) -> pd.DataFrame:
        return pd.DataFrame({"row": self.rows + 1, "held": self.texts, "SHAP value": self.values, "flagged": self.flagged})


def dependence_on_number(
    name: str, numbers: NDArray[np.float64], points: Points, palette: Palette, *, dates: bool = False, unit: Message | None = None,
    translate: Translate = str,
) -> Chart:  # fmt: skip
    """SHAP values over `numbers`, (points,), in the data's units; `dates` come in seconds since 1970. What is missing is left out."""
    known = np.isfinite(numbers)
    x = numbers[known].round().astype("datetime64[s]") if dates else numbers[known]
    axis = StretchedAxis.of(points.values)
    figure = _drawn(x, points.at(known), axis, palette, translate)
    if not dates and len(x) and x.min() > 0 and x.max() > WIDE * np.median(x):
        figure.update_xaxes(type="log")
    return _chart(unit or _named(name), figure, points, (name, axis.named(translate(ADDED))))


def dependence_on_category(name: str, points: Points, palette: Palette, *, translate: Translate = str) -> Chart:
    """SHAP values in one strip for each different text, the most frequent first."""
    counts = pd.Series(points.texts).value_counts()
    strips = [str(value) for value in counts.index[:MOST_STRIPS]]
    rest = translate(N_("others"))
    place = {value: position for position, value in enumerate(strips)}
    strip = np.array([place.get(text, len(strips)) for text in points.texts])
    names = strips + [rest] * bool(len(counts) > len(strips))
    spread = np.random.default_rng(0).uniform(-STRIP, STRIP, len(strip))
    axis = StretchedAxis.of(points.values)
    figure = _drawn(strip + spread, points, axis, palette, translate)
    figure.update_xaxes(range=[-0.5, len(names) - 0.5], showgrid=False, **ticks(names, 18))
    return _chart(_named(name), figure, points, (name, axis.named(translate(ADDED))))


def _drawn(x: NDArray[Any], points: Points, axis: StretchedAxis, palette: Palette, translate: Translate) -> go.Figure:
    figure = blank_figure(palette, height=420)
    looks = (
        (~points.flagged, N_("not flagged"), {"color": palette.normal, "symbol": "circle", "size": 5}),
        (points.flagged, N_("flagged"), {"color": palette.flagged, "symbol": "diamond", "size": 7}),
    )
    texts = hover_names(points.texts.tolist())
    for these, name, marker in looks:
        chosen = np.flatnonzero(these)
        figure.add_scattergl(
            x=x[chosen],
            y=axis.places(points.values[chosen]),
            customdata=[[int(points.rows[i]) + 1, texts[i], float(points.values[i])] for i in chosen],
            mode="markers",
            name=f"{translate(name)} ({len(chosen)})",
            marker={**marker, "opacity": 0.75},
            hovertemplate=translate(N_("row")) + " %{customdata[0]}: %{customdata[1]}, %{customdata[2]:.4g}<extra></extra>",
        )
    figure.add_hline(0, line={"color": palette.text, "width": 1}, opacity=0.5)
    figure.update_yaxes(fixedrange=True, **axis.ticks())
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"}
    figure.update_xaxes(fixedrange=True)
    # Streamlit lets points be clicked in the mode "pan" alone.
    return figure.update_layout(showlegend=True, legend=legend, margin_t=34, dragmode="pan")


def _named(name: str) -> Message:
    return Message("{column}", {"column": short(name, escaped=False)})


def _chart(x: Message, figure: go.Figure, points: Points, titles: tuple[str, Message]) -> Chart:
    """The chart of a part and with a second axis that have these `titles`."""
    return Chart(figure, Message(N_("How does {column} move the score?"), {"column": titles[0]}), points.table, (x, titles[1]))
