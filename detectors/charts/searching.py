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
    """What each trial reached, (trials,), not a number where nothing; those given up, by what a part of the rows said, as crosses.

    The line is the best so far; the dotted one what the first trial reached, the defaults.
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
            annotation_position="bottom right",
        )  # fmt: skip
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(showlegend=True, legend=legend, margin_t=28)
    figure.update_yaxes(range=_reach(reached))
    figure.update_xaxes(range=[0.5, max(len(reached), 5) + 0.5], tickformat="d", dtick=1 if len(reached) <= 30 else None)
    states = np.where(to_the_end, translate(N_("learned from all rows")), np.where(np.isfinite(reached), translate(N_("given up")), "–"))
    table = pd.DataFrame({N_("trial"): numbers, N_("reached"): reached, N_("state"): states})
    return Chart(figure, Message(N_("Which trial reached most?")), table, (Message(N_("trial")), Message(objective)))


def _draw_trials(
    figure: go.Figure, reached: NDArray[np.float64], to_the_end: NDArray[np.bool_], palette: Palette, translate: Translate
) -> None:
    looks = (
        (to_the_end, N_("learned from all rows"), "circle", palette.accent),
        (~to_the_end, N_("given up"), "x-thin-open", palette.normal),
    )
    numbers = np.arange(1, len(reached) + 1)
    for chosen, name, symbol, colour in looks:
        figure.add_scatter(
            x=numbers[chosen], y=reached[chosen], mode="markers", name=translate(name),
            marker={"symbol": symbol, "size": 9, "color": colour, "line": {"width": 2, "color": colour}},
            hovertemplate=translate(N_("trial {trial}: {value}")).format(trial="%{x}", value="%{y:.4f}") + "<extra></extra>",
        )  # fmt: skip


def _reach(reached: NDArray[np.float64]) -> list[float] | None:
    """An axis that shows how far the trials are apart, with some room; None where none reached anything."""
    known = reached[np.isfinite(reached)]
    if not len(known):
        return None
    room = 0.1 * max(0.1, float(np.ptp(known)))
    return [float(known.min()) - room, float(known.max()) + room]
