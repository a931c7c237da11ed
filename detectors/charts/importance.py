"""What weighs most, by two measures side by side, and in several groups of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure, hover_names, short, ticks
from detectors.messages import N_, Message, Translate

#: Parts that are drawn.
MOST_PARTS = 12


def two_importances(
    names: Sequence[str], by_explanation: NDArray[np.float64], by_shuffling: NDArray[np.float64], further: Mapping[str, NDArray[np.float64]],
    palette: Palette, *, second: str, translate: Translate = str,
) -> Chart:  # fmt: skip
    """Two measures of the same parts, (parts,), each as a share of its sum, those first that one of them calls heaviest.

    `further` columns, (parts,), stand in the table alone; `second` names what the second measure was found by.
    """
    measures = {"mean |SHAP value|": by_explanation, "mean change when shuffled": by_shuffling}
    shares = [_shares(measure) for measure in measures.values()]
    order = np.argsort(-np.maximum(*shares), kind="stable")
    table = pd.DataFrame({"column": [names[i] for i in order]} | {name: found[order] for name, found in {**measures, **further}.items()})
    kept = order[:MOST_PARTS]
    drawn = [names[i] for i in kept]
    figure = blank_figure(palette, height=110 + 40 * len(kept))
    looks = ((N_("explanations: over flagged ones"), palette.flagged, ""), (second, palette.accent, "/"))
    for share, (name, colour, pattern) in zip(shares, looks, strict=True):
        figure.add_bar(
            orientation="h",
            y=list(range(len(kept))),
            x=share[kept],
            name=translate(name),
            customdata=hover_names(drawn),
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": palette.grid, "fgopacity": 0.5, "size": 6},
            },
            hovertemplate="%{customdata}: %{x:.1%}<extra></extra>",
        )
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(barmode="group", showlegend=True, legend=legend, margin_t=34)
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", showgrid=False, **ticks(drawn))
    title = Message(N_("Do both ways name the same?"))
    return Chart(figure, title, table, (Message(N_("share of all weight")), Message("")))


def weights_by_group(
    names: Sequence[str], groups: Sequence[str], counts: Sequence[int], weights: NDArray[np.float64], palette: Palette, *, by: str
) -> Chart:
    """What weighs most in each of several groups of rows: `weights`, (groups, parts), as shares of each group's sum."""
    shares = np.stack([_shares(group) for group in weights])
    order = np.argsort(-shares.max(axis=0), kind="stable")[:MOST_PARTS]
    drawn = [names[i] for i in order]
    table = pd.DataFrame({"group": list(groups), "rows": list(counts)} | {names[i]: shares[:, i] for i in np.argsort(-shares.max(axis=0))})
    figure = blank_figure(palette, height=130 + 32 * len(order))
    figure.add_heatmap(
        z=shares[:, order].T,
        x=list(range(len(groups))),
        y=list(range(len(order))),
        zmin=0,
        colorscale=[[0, palette.grid], [1, palette.accent]],
        showscale=False,
        xgap=2,
        ygap=2,
        texttemplate="%{z:.0%}",
        customdata=[[f"{part} · {group}" for group in hover_names(groups)] for part in hover_names(drawn)],
        hovertemplate="%{customdata}: %{z:.1%}<extra></extra>",
    )
    labels = [f"{short(group, 16, escaped=False)} ({count})" for group, count in zip(groups, counts, strict=True)]
    figure.update_xaxes(showgrid=False, **ticks(labels, 26))
    figure.update_yaxes(autorange="reversed", showgrid=False, **ticks(drawn))
    return Chart(figure, Message(N_("What weighs most in each {column}?"), {"column": by}), table, (_axis(by), Message("")))


def _axis(name: str) -> Message:
    return Message("{column}", {"column": short(name, escaped=False)})


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    total = values.sum()
    return values / total if total > 0 else np.zeros_like(values)
