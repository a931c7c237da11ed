"""How the ranks of rows changed between two trainings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure
from detectors.messages import N_, Message, Translate
from detectors.rank_changes import RankChanges, shown_rows

HEIGHT = 340

#: Points that a browser draws in a moment, and that can still be told apart.
MOST_POINTS = 2000


@dataclass(frozen=True)
class RankWords:
    """What two rankings of the same rows are called, and the rows that are marked and those that are not."""

    title: str
    """A question that names how many are `{marked}`."""
    first: str
    last: str
    marked: str
    others: str


DROPPED = RankWords(
    N_("Which ranks changed when {marked} rows were dropped?"), N_("rank after the first training"), N_("rank after the second"),
    N_("dropped"), N_("learned from again"),
)  # fmt: skip
VERDICTS = RankWords(
    N_("Which ranks changed by {marked} verdicts?"), N_("rank before the verdicts"), N_("rank after them"), N_("judged"), N_("not judged")
)


def changed_ranks(
    changes: RankChanges, marked: NDArray[np.bool_], palette: Palette, *, words: RankWords = DROPPED, translate: Translate = str
) -> Chart:
    """Each row's rank in the first scoring and in the second, both on a log scale: the most unusual are at the lower left.

    `marked`, (rows,), are the rows that tell the two apart. Above the dashed line a row fell, below it rose.
    """
    rows = shown_rows(changes, MOST_POINTS)
    out = marked[rows]
    figure = blank_figure(palette, HEIGHT)
    figure.add_scatter(
        x=[1, len(marked)], y=[1, len(marked)], mode="lines", line={"color": palette.text, "dash": "dash", "width": 1},
        hoverinfo="skip", name=translate(N_("unchanged")),
    )  # fmt: skip
    hover = translate(N_("row {row}: {first} → {last}")).format(row="%{customdata:,}", first="%{x:,}", last="%{y:,}")
    looks = ((~out, words.others, palette.normal, "circle", 4), (out, words.marked, palette.flagged, "diamond", 6))
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
    table = pd.DataFrame({"row": rows + 1, "rank at first": changes.first[rows], "rank in the end": changes.last[rows], words.marked: out})
    title = Message(words.title, {"marked": int(marked.sum())})
    return Chart(figure, title, table, (Message(words.first), Message(words.last)))
