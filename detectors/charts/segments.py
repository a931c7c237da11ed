"""How much of each segment is flagged."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from detectors.charts.basics import Chart, Palette, blank_figure, hover_names, ticks
from detectors.messages import N_, Message, Translate
from detectors.segments import SegmentRate

#: Segments that fit below one another.
MOST_DRAWN = 15

#: Pixels that one takes.
LINE = 22


def flag_rates(found: Sequence[SegmentRate], overall: float, palette: Palette, *, title: Message, translate: Translate = str) -> Chart:
    """The share of each segment that is flagged, with its interval, and as a line the share of all rows; the largest segments."""
    drawn = found[:MOST_DRAWN]
    places = list(range(len(drawn)))
    names = [rate.name or translate(N_("(no value)")) for rate in drawn]
    figure = blank_figure(palette, height=70 + LINE * len(drawn))
    figure.add_vline(x=overall, line={"color": palette.normal, "width": 2, "dash": "dot"})
    figure.add_scatter(
        x=[rate.rate for rate in drawn], y=places, mode="markers", marker={"color": palette.flagged, "size": 8, "symbol": "diamond"},
        error_x={
            "array": [rate.interval.high - rate.rate for rate in drawn], "arrayminus": [rate.rate - rate.interval.low for rate in drawn],
            "color": palette.flagged, "thickness": 1.5, "width": 3,
        },
        customdata=[[name, rate.flagged, rate.rows] for name, rate in zip(hover_names(names), drawn, strict=True)],
        hovertemplate="%{customdata[0]}: %{customdata[1]:,} / %{customdata[2]:,} (%{x:.1%})<extra></extra>", cliponaxis=False,
    )  # fmt: skip
    figure.add_annotation(
        x=overall, y=1, yref="paper", yanchor="bottom", xanchor="left", showarrow=False, font_color=palette.normal,
        text=translate(N_("┊ all rows: {share}")).format(share=f"{overall:.1%}"),
    )  # fmt: skip
    figure.update_xaxes(tickformat=".0%" if max(rate.interval.high for rate in drawn) > 0.1 else ".1%", rangemode="tozero")
    figure.update_yaxes(range=[len(drawn) - 0.4, -0.6], showgrid=False, **ticks(names))
    figure.update_layout(margin={"l": 8, "r": 16, "t": 22, "b": 8})
    table = pd.DataFrame({
        N_("segment"): [rate.name for rate in found], N_("rows"): [rate.rows for rate in found], N_("flagged"): [rate.flagged for rate in found],
        N_("share"): [rate.rate for rate in found], N_("from"): [rate.interval.low for rate in found],
        N_("to"): [rate.interval.high for rate in found],
    })  # fmt: skip
    return Chart(figure, title, table, (Message(N_("share flagged")), Message("")))
