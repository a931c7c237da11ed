"""What all charts share: colours, the frame of a figure, names from data made harmless.

Plotly reads a little HTML in every text it draws, so text from data is escaped here.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from detectors.messages import Message, Translate

#: Height in pixels of a chart that stands beside others.
HEIGHT = 260

#: Characters of a name from data that fit beside an axis.
NAME_LENGTH = 28

#: Characters of it that fit where the pointer rests.
HOVER_LENGTH = 120


@dataclass(frozen=True)
class Palette:
    """The colours that carry meaning: normal and flagged; text and grid of the theme.

    What goes from low to high goes from `accent` to `high`: blue to amber, which any eye can tell apart.
    """

    normal: str
    flagged: str
    accent: str
    text: str
    grid: str
    high: str


LIGHT = Palette(normal="#7a8da6", flagged="#c43e1c", accent="#1f5f8b", text="#1d2530", grid="#e4e8ec", high="#d18f00")
DARK = Palette(normal="#7f93ad", flagged="#f4845f", accent="#4d9fd1", text="#e3e8ee", grid="#2a333d", high="#f2c14e")


@dataclass(frozen=True)
class Chart:
    """A figure, the question it answers, the titles of its axes, and the table behind it."""

    figure: go.Figure
    title: Message
    table: pd.DataFrame
    axes: tuple[Message, Message]

    def drawn(self, translate: Translate = str) -> go.Figure:
        """The figure with its axes named in the reader's language; an axis without a name is left as it is."""
        x, y = (html.escape(axis.text(translate)) for axis in self.axes)
        titles = {name: title for name, title in (("xaxis_title", x), ("yaxis_title", y)) if title}
        return self.figure.update_layout(**titles)


def short(name: str, length: int = NAME_LENGTH, *, escaped: bool = True) -> str:
    """A name from data as plotly may draw it: no markup, not too long, never empty."""
    name = " ".join(name.split()) or "·"
    cut = name if len(name) <= length else name[: length - 1] + "…"
    return html.escape(cut) if escaped else cut


def blank_figure(palette: Palette, height: int = HEIGHT) -> go.Figure:
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


def ticks(names: Sequence[str], length: int = NAME_LENGTH) -> dict[str, Any]:
    """Names beside whole positions: as positions of their own, equal names would share a bar, and numbers would count."""
    return {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": [short(name, length) for name in names]}


def hover_names(names: Sequence[str]) -> list[str]:
    return [short(name, HOVER_LENGTH) for name in names]
