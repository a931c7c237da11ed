"""The trust check as a curve: how much of the excess is undone as more parts are put back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure
from detectors.messages import N_, Message, Translate

#: The axis ends here, in shares: a part put back alone can raise a score many times over.
LOWEST, HIGHEST = -0.5, 1.1


def trust_curve(
    counts: NDArray[np.intp], heaviest: NDArray[np.float64], by_chance: NDArray[np.float64], palette: Palette, *, axis: Message,
    translate: Translate = str,
) -> Chart:  # fmt: skip
    """Shares of the excess that are undone with `counts` parts put back, (points,).

    `heaviest` and `by_chance`, (3, points), are the lower quarter, the median and the upper quarter of the rows; `axis` says
    what is put back.
    """
    table = pd.DataFrame({"put back": counts})
    figure = blank_figure(palette, height=340)
    looks = (
        (N_("by chance"), by_chance, {"color": palette.normal, "dash": "dash", "width": 2}, "circle-open"),
        (N_("heaviest first"), heaviest, {"color": palette.flagged, "width": 3}, "circle"),
    )
    for name, quarters, line, symbol in looks:
        for place, quarter in zip(quarters, ("lower quarter", "median", "upper quarter"), strict=True):
            table[f"{name}, {quarter}"] = place
        _band(figure, counts, quarters, str(line["color"]))
        figure.add_scatter(
            x=counts, y=quarters[1], mode="lines+markers", name=translate(name), line=line, marker={"symbol": symbol, "size": 7},
            hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        )  # fmt: skip
    low = max(LOWEST, min(-0.02, float(heaviest.min()), float(by_chance.min())))
    figure.update_yaxes(tickformat=".0%", range=[low, HIGHEST])
    figure.update_xaxes(tickmode="array", tickvals=counts)
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "reversed"}
    figure.update_layout(showlegend=True, legend=legend, margin_t=34, hovermode="x")
    axes = axis, Message(N_("share of the excess that is undone"))
    return Chart(figure, Message(N_("Does the score fall without what is said to weigh most?")), table, axes)


def _band(figure: go.Figure, x: NDArray[np.intp], quarters: NDArray[np.float64], colour: str) -> None:
    """The middle half of the rows."""
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]), y=np.concatenate([quarters[2], quarters[0][::-1]]), mode="lines", line={"width": 0},
        fill="toself", fillcolor=colour, opacity=0.15, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
