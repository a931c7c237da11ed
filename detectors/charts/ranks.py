"""How the ranks of rows changed between two trainings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure
from detectors.messages import N_, Message, Translate
from detectors.rank_changes import RankChanges, shown_rows

HEIGHT = 340

#: Points that a browser draws in a moment, and that can still be told apart.
MOST_POINTS = 2000


def changed_ranks(changes: RankChanges, dropped: NDArray[np.bool_], palette: Palette, *, translate: Translate = str) -> Chart:
    """Each row's rank after the first training and after the second, both on a log scale: the most unusual are at the lower left.

    `dropped`, (rows,), are the rows that the second one did not learn from. Above the dashed line a row fell, below it rose.
    """
    rows = shown_rows(changes, MOST_POINTS)
    out = dropped[rows]
    figure = blank_figure(palette, HEIGHT)
    figure.add_scatter(
        x=[1, len(dropped)], y=[1, len(dropped)], mode="lines", line={"color": palette.text, "dash": "dash", "width": 1},
        hoverinfo="skip", name=translate(N_("unchanged")),
    )  # fmt: skip
    hover = translate(N_("row {row}: {first} → {last}")).format(row="%{customdata:,}", first="%{x:,}", last="%{y:,}")
    looks = ((~out, N_("learned from again"), palette.normal, "circle", 4), (out, N_("dropped"), palette.flagged, "diamond", 6))
    for chosen, name, color, symbol, size in looks:
        figure.add_scatter(
            x=changes.first[rows[chosen]], y=changes.last[rows[chosen]], mode="markers", name=translate(name), customdata=rows[chosen] + 1,
            marker={"color": color, "symbol": symbol, "size": size, "opacity": 0.6},
            hovertemplate=hover + "<extra></extra>",
        )  # fmt: skip
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(type="log", dtick=1, tickformat=",d")
    legend = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(showlegend=True, legend=legend, margin_t=28)
    table = pd.DataFrame({"row": rows + 1, "rank at first": changes.first[rows], "rank in the end": changes.last[rows], "dropped": out})
    title = Message(N_("Which ranks changed when {dropped} rows were dropped?"), {"dropped": int(dropped.sum())})
    return Chart(figure, title, table, (Message(N_("rank after the first training")), Message(N_("rank after the second"))))
