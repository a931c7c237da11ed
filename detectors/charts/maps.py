"""A map of rows in a plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure
from detectors.flags import CutOff
from detectors.maps import Map
from detectors.messages import N_, Message, Translate

#: Sizes in pixels of a row that is flagged and of one that is not.
FLAGGED, NORMAL = 8, 5


def map_of_rows(
    found: Map, scores: NDArray[np.float64], labels: NDArray[np.int8] | None, cut_off: CutOff, palette: Palette, *,
    by: str, translate: Translate = str,
) -> Chart:  # fmt: skip
    """Rows in a plane, `scores` and `labels`, (points,), theirs: coloured `by` score, flag or label; flagged rows are larger."""
    flagged = scores > cut_off
    table = pd.DataFrame({"row": found.rows + 1, "x": found.places[:, 0], "y": found.places[:, 1], "score": scores})
    figure = blank_figure(palette, height=560)
    parts: dict[str, list[tuple[str, NDArray[np.bool_], Any]]] = {
        "flag": [(N_("not flagged"), ~flagged, palette.normal), (N_("flagged"), flagged, palette.flagged)],
        "label": _by_label(labels, palette),
        "score": [("", np.ones(len(scores), dtype=bool), _surprise(scores))],
    }
    for name, these, colour in parts[by]:
        marker = {"color": colour, "size": np.where(flagged, FLAGGED, NORMAL)[these], "opacity": 0.8}
        if by == "score":
            marker |= {"colorscale": [[0, palette.normal], [0.9, palette.accent], [1, palette.flagged]], "showscale": False}
        figure.add_scattergl(
            x=found.places[these, 0],
            y=found.places[these, 1],
            customdata=np.stack([found.rows[these] + 1, scores[these]], axis=1),
            mode="markers",
            name=translate(name) + f" ({int(these.sum())})",
            marker=marker,
            hovertemplate=translate(N_("row")) + " %{customdata[0]}: %{customdata[1]:.4g}<extra></extra>",
        )
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"}
    figure.update_layout(showlegend=by != "score", legend=legend, margin_t=34, dragmode="lasso")
    return Chart(figure, Message(N_("Which rows lie together, and which ones apart?")), table, _axes(found))


def _by_label(labels: NDArray[np.int8] | None, palette: Palette) -> list[tuple[str, NDArray[np.bool_], Any]]:
    if labels is None:
        return []
    kinds = (N_("no label"), -1, palette.grid), (N_("normal"), 0, palette.normal), (N_("anomaly"), 1, palette.flagged)
    return [(name, labels == value, colour) for name, value, colour in kinds if (labels == value).any()]


def _surprise(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of scores that are lower, 0 to 1: one far row would take all colour from the others."""
    return np.argsort(np.argsort(scores, kind="stable"), kind="stable") / max(1, len(scores) - 1)


def _axes(found: Map) -> tuple[Message, Message]:
    if not found.shares.any():
        return Message(""), Message("")
    named = N_("principal component {number}: {percent} % of all variance")
    first, second = (Message(named, {"number": n + 1, "percent": round(100 * float(share), 1)}) for n, share in enumerate(found.shares))
    return first, second
