"""Charts of several runs beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure, hover_names, short
from detectors.messages import N_, Message, Translate

#: Above so many rows of a matrix its cells hold no numbers: they would not fit.
NUMBERS_FIT = 10

#: Points of a picture that many others lie under.
POINT, NORMAL_POINT = 7, 5


@dataclass(frozen=True)
class Axis:
    """One of two scores held against each other."""

    name: str
    """What the run is called."""
    scores: NDArray[np.float64]
    """(points,)"""
    cut_off: float


def matrix(names: Sequence[str], values: NDArray[np.float64], palette: Palette, *, title: str, lowest: float = 0.0) -> Chart:
    """How far each two runs agree, `values` (runs, runs) from `lowest` to 1."""
    table = pd.DataFrame({"": list(names)} | {name: values[:, column] for column, name in enumerate(names)})
    figure = blank_figure(palette, height=120 + 42 * len(names))
    places = list(range(len(names)))
    figure.add_heatmap(
        z=values,
        x=places,
        y=places,
        zmin=lowest,
        zmax=1,
        colorscale=[[0, palette.grid], [1, palette.accent]],
        showscale=False,
        xgap=2,
        ygap=2,
        texttemplate="%{z:.2f}" if len(names) <= NUMBERS_FIT else None,
        customdata=[[f"{one} × {other}" for other in hover_names(names)] for one in hover_names(names)],
        hovertemplate="%{customdata}: %{z:.3f}<extra></extra>",
    )
    labels = {"tickmode": "array", "tickvals": places, "ticktext": [short(name, 22) for name in names], "showgrid": False}
    figure.update_xaxes(**labels, tickangle=-25 if len(names) > 3 else 0)
    figure.update_yaxes(**labels, autorange="reversed")
    return Chart(figure, Message(title), table, (Message(""), Message("")))


def score_against_score(
    x: Axis, y: Axis, rows: NDArray[np.intp], anomalies: NDArray[np.bool_] | None, palette: Palette, *, translate: Translate = str
) -> Chart:
    """Two runs' scores of the same `rows`, (points,), with both cut-offs; known `anomalies`, (points,), are diamonds."""
    flags = (x.scores > x.cut_off).astype(int) + 2 * (y.scores > y.cut_off)
    known = np.zeros(len(rows), dtype=bool) if anomalies is None else anomalies
    table = pd.DataFrame({"row": rows + 1, x.name: x.scores, f"{y.name} ": y.scores, "flagged by": flags})
    figure = blank_figure(palette, height=430)
    looks = (
        (flags == 0, N_("neither flags"), palette.normal, 0.45, NORMAL_POINT),
        (flags == 1, N_("only {x}"), palette.accent, 0.9, POINT),
        (flags == 2, N_("only {y}"), palette.text, 0.7, POINT),
        (flags == 3, N_("both flag"), palette.flagged, 0.9, POINT),
    )
    for chosen, name, colour, opacity, size in looks:
        title = Message(name, {"x": short(x.name, 24), "y": short(y.name, 24)}).text(translate) + f" ({int(chosen.sum())})"
        for shape, these in (("circle", chosen & ~known), ("diamond", chosen & known)):
            figure.add_scattergl(
                x=x.scores[these],
                y=y.scores[these],
                customdata=rows[these] + 1,
                mode="markers",
                name=title,
                legendgroup=name,
                showlegend=shape == "circle",
                marker={"color": colour, "opacity": opacity, "size": size, "symbol": shape},
                hovertemplate=translate(N_("row")) + " %{customdata}: %{x:.4g}, %{y:.4g}<extra></extra>",
            )
    for value, draw in ((x.cut_off, figure.add_vline), (y.cut_off, figure.add_hline)):
        draw(value, line={"color": palette.flagged, "dash": "dot", "width": 1})
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"}
    figure.update_layout(showlegend=True, legend=legend, margin_t=34, dragmode="lasso")
    for axis, found in ((figure.update_xaxes, x), (figure.update_yaxes, y)):
        if _is_skewed(found.scores):
            axis(type="log", exponentformat="power", dtick=1)
    axes = Message("{name}", {"name": x.name}), Message("{name}", {"name": y.name})
    return Chart(figure, Message(N_("Which rows do the two see differently?")), table, axes)


def _is_skewed(scores: NDArray[np.float64]) -> bool:
    """Whether scores spread over so many sizes that only a logarithmic axis shows them all."""
    if len(scores) == 0 or scores.min() <= 0:
        return False
    return bool(scores.max() > 30 * np.median(scores))
