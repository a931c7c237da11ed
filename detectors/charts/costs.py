"""What cut-offs would cost, where misses and false alarms have a price."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure
from detectors.messages import N_, Message, Translate, shown

#: Powers of ten on an axis from which on numbers between them would crowd it.
MOST_POWERS = 5


@dataclass(frozen=True)
class CostCurve:
    """Cut-offs, (cut-offs,), with what each costs, and how many anomalies it misses and normal rows it flags."""

    cut_offs: NDArray[np.float64]
    costs: NDArray[np.float64]
    missed: NDArray[np.int64]
    false_alarms: NDArray[np.int64]


def costs(
    curve: CostCurve, here: tuple[float, float], least: tuple[float, float], palette: Palette,
    *, score_name: str, logarithmic: bool = False, translate: Translate = str,
) -> Chart:  # fmt: skip
    """Cost against cut-off, with the cut-off in force and the cheapest one, each given with its cost."""
    order = np.argsort(curve.cut_offs)
    table = pd.DataFrame({
        N_("cut-off"): curve.cut_offs[order], N_("cost"): curve.costs[order], N_("missed"): curve.missed[order],
        N_("false alarms"): curve.false_alarms[order],
    })  # fmt: skip
    figure = blank_figure(palette, height=240)
    figure.add_scatter(
        x=table["cut-off"], y=table["cost"], mode="lines", line={"color": palette.normal, "shape": "hv"}, name="",
        customdata=table[["missed", "false alarms"]],
        hovertemplate=translate(N_("cut-off %{x:.4g}: cost %{y:,.4g}, %{customdata[0]:,} missed, %{customdata[1]:,} false alarms"))
        + "<extra></extra>",
    )  # fmt: skip
    named = N_("this cut-off: {cost}")
    if here[1] == least[1]:
        named = N_("this cut-off, the cheapest: {cost}")
    else:
        _mark(figure, least, translate(N_("least: {cost}")).format(cost=shown(least[1])), palette.accent, ("circle", "bottom center"))
    _mark(figure, here, translate(named).format(cost=shown(here[1])), palette.flagged, ("diamond", "top center"))
    if logarithmic and curve.cut_offs.min() > 0:
        figure.update_xaxes(type="log", tickvals=_round_numbers(float(curve.cut_offs.min()), float(curve.cut_offs.max())))
    highest = float(curve.costs.max()) or 1.0
    figure.update_yaxes(range=[-0.22 * highest, 1.18 * highest])
    title = Message(N_("What would misses and false alarms cost together?"))
    return Chart(figure, title, table, (Message("{score}", {"score": score_name}), Message(N_("cost"))))


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten between two positive numbers; of many powers these alone."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 2, 5) if len(powers) <= MOST_POWERS else (1,)
    return [number for power in powers for factor in factors if low <= (number := factor * 10.0**power) <= high]


def _mark(figure: go.Figure, place: tuple[float, float], text: str, colour: str, look: tuple[str, str]) -> None:
    """`look` is the symbol, and where its text stands."""
    figure.add_scatter(
        x=[place[0]], y=[place[1]], mode="markers+text", marker={"color": colour, "size": 11, "symbol": look[0]}, text=[text],
        textposition=look[1], textfont_color=colour, hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip
