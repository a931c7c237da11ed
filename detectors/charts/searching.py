"""What the trials of a search reached."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure
from detectors.messages import N_, Message, Translate

HEIGHT = 240


def trials(
    reached: NDArray[np.float64], to_the_end: NDArray[np.bool_], palette: Palette, *, objective: str, translate: Translate = str
) -> Chart:
    """What each trial reached, (trials,), not a number where nothing; the line is the best so far, the dotted one the defaults.

    Those that were not learned `to_the_end` are crosses at the bottom: what a part of the rows reached is of another size.
    """
    numbers = np.arange(1, len(reached) + 1)
    best = np.fmax.accumulate(np.where(to_the_end, reached, np.nan))
    figure = blank_figure(palette, HEIGHT)
    figure.add_scatter(
        x=numbers, y=best, mode="lines", line={"color": palette.accent, "shape": "hv", "width": 2}, name=translate(N_("best so far")),
        hoverinfo="skip",
    )  # fmt: skip
    _draw_trials(figure, reached, to_the_end, palette, translate)
    if len(reached) and np.isfinite(reached[0]) and to_the_end[0]:
        figure.add_hline(
            y=float(reached[0]), line={"color": palette.text, "dash": "dot", "width": 1}, annotation_text=translate(N_("defaults")),
            annotation_position="top right",
        )  # fmt: skip
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(showlegend=True, legend=legend, margin_t=28)
    figure.update_yaxes(range=_reach(reached[to_the_end]))
    figure.update_xaxes(range=[0.5, max(len(reached), 5) + 0.5], tickformat="d", dtick=1 if len(reached) <= 30 else None)
    states = np.where(to_the_end, translate(N_("learned from all rows")), np.where(np.isfinite(reached), translate(N_("given up")), "–"))
    table = pd.DataFrame({N_("trial"): numbers, N_("reached"): reached, N_("state"): states})
    return Chart(figure, Message(N_("Which trial reached most?")), table, (Message(N_("trial")), Message(objective)))


def _draw_trials(
    figure: go.Figure, reached: NDArray[np.float64], to_the_end: NDArray[np.bool_], palette: Palette, translate: Translate
) -> None:
    bottom = _reach(reached[to_the_end])[0]
    looks = (
        (to_the_end, reached, N_("learned from all rows"), "circle", palette.accent, N_("trial {trial}: {value}")),
        (np.isfinite(reached) & ~to_the_end, np.full(len(reached), bottom), N_("given up"), "x-thin-open", palette.normal,
         N_("trial {trial}: given up at {value}")),
    )  # fmt: skip
    numbers = np.arange(1, len(reached) + 1)
    for chosen, height, name, symbol, colour, hover in looks:
        figure.add_scatter(
            x=numbers[chosen], y=height[chosen], mode="markers", name=translate(name), customdata=reached[chosen], cliponaxis=False,
            marker={"symbol": symbol, "size": 9, "color": colour, "line": {"width": 2, "color": colour}},
            hovertemplate=translate(hover).format(trial="%{x}", value="%{customdata:.4f}") + "<extra></extra>",
        )  # fmt: skip


def _reach(reached: NDArray[np.float64]) -> tuple[float, float]:
    """An axis that shows how far the trials are apart, with some room."""
    low, high = (float(reached.min()), float(reached.max())) if len(reached) else (0.0, 1.0)
    room = 0.15 * max(0.05, high - low)
    return low - room, high + room
