"""Where new values lie and where those lay that were learned from; what a saved detector found batch after batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from detectors.charts.basics import Chart, Palette, blank_figure, hover_names, ticks
from detectors.drift import Drift
from detectors.messages import N_, Message, Translate

#: Pixels of the picture of a column, and of batches over time.
COLUMN_HEIGHT, BATCHES_HEIGHT = 240, 320

#: Characters that fit below all batches together.
MOST_NAME = 140


def drift_bars(drift: Drift, palette: Palette, *, title: Message, translate: Translate = str) -> Chart:
    """The share of the rows at each bar: of those learned from, and of the new ones."""
    places = list(range(len(drift.labels)))
    figure = blank_figure(palette, COLUMN_HEIGHT)
    for shares, name, colour in ((drift.learned, N_("training rows"), palette.normal), (drift.found, N_("new rows"), palette.accent)):
        figure.add_bar(
            x=places, y=shares, name=translate(name), marker_color=colour, customdata=hover_names(drift.labels),
            hovertemplate="%{customdata}: %{y:.1%}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(barmode="group", bargap=0.25, showlegend=True, legend=legend, margin_t=28)
    figure.update_xaxes(showgrid=False, **ticks(drift.labels, 14))
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    table = pd.DataFrame({N_("value"): drift.labels, N_("training rows"): drift.learned, N_("new rows"): drift.found})
    return Chart(figure, title, table, (Message(""), Message(N_("share of the rows"))))


@dataclass(frozen=True)
class Batch:
    """One data set that a saved detector scored."""

    name: str
    when: str
    rows: int
    flagged: int
    drift: float | None
    """The largest distance of a column."""
    drifted: str
    """The column that it is of."""
    judged: int
    """Flagged rows that were judged anomaly or normal."""
    precision: float | None
    """The share of anomalies among them."""


def batches(found: Sequence[Batch], expected: float, palette: Palette, *, translate: Translate = str) -> Chart:
    """The flag rate, the largest drift and the precision of the verdicts of each batch, in their order; `expected` flags are dotted."""
    figure = blank_figure(palette, BATCHES_HEIGHT)
    places, names = list(range(len(found))), [each.name for each in found]
    lines = (
        (N_("flagged"), [each.flagged / max(1, each.rows) for each in found], palette.flagged, "circle", "y"),
        (N_("largest drift"), [each.drift for each in found], palette.accent, "square", "y2"),
        (N_("right flags, by your verdicts"), [each.precision for each in found], palette.high, "diamond", "y2"),
    )
    for name, values, colour, symbol, axis in lines:
        if any(value is not None for value in values):
            figure.add_scatter(
                x=places, y=values, yaxis=axis, mode="lines+markers", name=translate(name), line={"color": colour, "width": 2},
                marker={"symbol": symbol, "size": 8}, customdata=hover_names(names), cliponaxis=False,
                hovertemplate="%{customdata}: %{y:.1%}<extra>%{fullData.name}</extra>",
            )  # fmt: skip
    figure.add_hline(y=expected, line={"color": palette.flagged, "dash": "dot", "width": 1})
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    lower = {"domain": [0, 0.42], "range": [0, 1.02], "tickformat": ".0%", "gridcolor": palette.grid, "automargin": True, "anchor": "x"}
    figure.update_layout(showlegend=True, legend=legend, margin_t=28, yaxis2={**lower, "zeroline": False})
    width = MOST_NAME // max(1, len(found))
    figure.update_xaxes(range=[-0.5, max(len(found), 3) - 0.5], showgrid=False, anchor="y2", **ticks(names, max(6, width)))
    figure.update_layout(yaxis={"domain": [0.55, 1], "tickformat": ".1%", "rangemode": "tozero"})
    table = pd.DataFrame({
        N_("data set"): [each.name for each in found], N_("scored"): [each.when for each in found], N_("rows"): [each.rows for each in found],
        N_("flagged"): [each.flagged for each in found], N_("share"): [each.flagged / max(1, each.rows) for each in found],
        N_("largest drift"): [each.drift for each in found], N_("in the column"): [each.drifted for each in found],
        N_("flags judged"): [each.judged for each in found], N_("right flags"): [each.precision for each in found],
    })  # fmt: skip
    return Chart(figure, Message(N_("What it found, batch after batch")), table, (Message(""), Message(N_("share flagged"))))
