"""Charts of what a detector would catch of planted anomalies, and of how sure its flags are."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure
from detectors.messages import N_, Message, Translate

#: Pixels that one kind takes, and characters of its sentence on one line above its bar.
KIND_HEIGHT, SENTENCE = 84, 76

#: Where, within what one kind takes, its bar lies, and how thick it is; above it stands what was planted.
BAR_AT, BAR_WIDTH = 0.32, 0.24

#: Shares of unplanted items that differ by less than this are told as one.
ONE_SHARE = 0.005


@dataclass(frozen=True)
class PlantedBar:
    """One kind of planted anomaly: shares from 0 to 1."""

    title: str
    sentence: str
    flagged: float
    low: float
    high: float
    unplanted: float
    planted: int


def planted(bars: Sequence[PlantedBar], palette: Palette, *, title: Message, translate: Translate = str) -> Chart:
    """One bar a kind: the share that is flagged, with its interval, and as a line the share of unplanted items that is."""
    figure = blank_figure(palette, height=74 + KIND_HEIGHT * len(bars))
    _draw(figure, bars, palette)
    for place, bar in enumerate(bars):
        _describe(figure, place, bar, palette)
    low, high = min(bar.unplanted for bar in bars), max(bar.unplanted for bar in bars)
    share = f"{low:.1%}" if high - low < ONE_SHARE else f"{low:.1%} – {high:.1%}"
    figure.add_annotation(
        x=1, xref="paper", y=1, yref="paper", xanchor="right", yanchor="bottom", showarrow=False, font_color=palette.normal,
        text=translate(N_("┃ nothing planted: {share}")).format(share=share),
    )  # fmt: skip
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(range=[len(bars) - 0.45, -0.5], showticklabels=False, showgrid=False)
    figure.update_layout(margin={"l": 16, "r": 52, "t": 22, "b": 8})
    return Chart(figure, title, _table(bars), (Message(N_("share flagged at this cut-off")), Message("")))


def _table(bars: Sequence[PlantedBar]) -> pd.DataFrame:
    return pd.DataFrame({
        N_("kind"): [bar.title for bar in bars], N_("flagged"): [bar.flagged for bar in bars], N_("from"): [bar.low for bar in bars],
        N_("to"): [bar.high for bar in bars], N_("unplanted flagged"): [bar.unplanted for bar in bars],
        N_("planted"): [bar.planted for bar in bars],
    })  # fmt: skip


def _draw(figure: go.Figure, bars: Sequence[PlantedBar], palette: Palette) -> None:
    figure.add_bar(
        orientation="h", y=[place + BAR_AT for place in range(len(bars))], x=[bar.flagged for bar in bars], width=BAR_WIDTH,
        marker_color=palette.flagged,
        error_x={
            "array": [bar.high - bar.flagged for bar in bars], "arrayminus": [bar.flagged - bar.low for bar in bars], "color": palette.text,
            "thickness": 1, "width": 3,
        },
        customdata=[[bar.title, bar.planted, bar.low, bar.high] for bar in bars],
        hovertemplate="%{customdata[0]}: %{x:.1%} / %{customdata[1]} (%{customdata[2]:.0%} – %{customdata[3]:.0%})<extra></extra>",
    )  # fmt: skip


def _describe(figure: go.Figure, place: int, bar: PlantedBar, palette: Palette) -> None:
    """What was planted, above its bar; how much of it is flagged, behind; how much of nothing is, as a line across."""
    reach = BAR_WIDTH / 2 + 0.06
    line = {"color": palette.normal, "width": 3}
    figure.add_shape(type="line", x0=bar.unplanted, x1=bar.unplanted, y0=place + BAR_AT - reach, y1=place + BAR_AT + reach, line=line)
    sentence = "<br>".join(textwrap.wrap(bar.sentence, SENTENCE))
    figure.add_annotation(
        x=0, xref="paper", y=place + BAR_AT - BAR_WIDTH / 2, text=f"<b>{bar.title}</b><br>{sentence}", showarrow=False, align="left",
        xanchor="left", yanchor="bottom", yshift=2, font_size=12,
    )  # fmt: skip
    figure.add_annotation(
        x=1.005, xref="paper", y=place + BAR_AT, text=f"{bar.flagged:.0%}", showarrow=False, xanchor="left",
        font={"size": 14, "color": palette.text},
    )  # fmt: skip


def agreement_of_refits(
    counts: NDArray[np.intp], solid_from: int, palette: Palette, *, title: Message, translate: Translate = str
) -> Chart:
    """How many flagged items are flagged in 0, 1, 2 … of the refits, (refits + 1,); from `solid_from` on they are solid."""
    refits = np.arange(len(counts))
    is_solid = refits >= solid_from
    names = [translate(N_("solid")) if solid else translate(N_("borderline")) for solid in is_solid]
    table = pd.DataFrame({N_("flagged in so many refits"): refits, N_("flagged items"): counts, N_("flag"): names})
    figure = blank_figure(palette, height=230)
    for solid, colour, pattern in ((True, palette.flagged, ""), (False, palette.flagged, "/")):
        chosen = is_solid == solid
        figure.add_bar(
            x=refits[chosen], y=counts[chosen], name=translate(N_("solid") if solid else N_("borderline")),
            marker={"color": colour if solid else "rgba(0,0,0,0)", "line": {"color": colour, "width": 1},
                    "pattern": {"shape": pattern, "fgcolor": colour}},
            hovertemplate="%{x}: %{y:,}<extra></extra>",
        )  # fmt: skip
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(showlegend=True, legend=legend, margin_t=28, bargap=0.15, barmode="overlay")
    figure.update_xaxes(range=[-0.6, len(counts) - 0.4])
    return Chart(figure, title, table, (Message(N_("refits that flag it")), Message(N_("flagged"))))
