"""A chart of two explanations of one row beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.charts.basics import Chart, Palette, blank_figure, hover_names, ticks
from detectors.messages import N_, Message

#: Height in pixels of the two bars of one part.
PAIR_HEIGHT = 34


def two_opinions(names: Sequence[str], shap: NDArray[np.float64], lime: NDArray[np.float64], palette: Palette, *, most: int = 8) -> Chart:
    """What each of `names` added to the score by SHAP and by LIME, (names,); those first that are large to either of them."""
    order = np.argsort(-np.maximum(np.abs(shap), np.abs(lime)), kind="stable")
    table = pd.DataFrame({"part": [names[place] for place in order], "SHAP": shap[order], "LIME": lime[order]})
    kept = order[:most]
    shown = [names[place] for place in kept]
    figure = blank_figure(palette, height=80 + PAIR_HEIGHT * len(kept))
    for values, name, colour, pattern in ((shap, "SHAP", palette.flagged, ""), (lime, "LIME", palette.accent, "/")):
        figure.add_bar(
            orientation="h", y=list(range(len(shown))), x=values[kept], name=name, marker_color=colour, marker_pattern_shape=pattern,
            customdata=hover_names(shown), hovertemplate=f"%{{customdata}}, {name}: %{{x:+.4g}}<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, **ticks(shown))
    legend = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom", "traceorder": "normal"}
    figure.update_layout(barmode="group", bargap=0.3, showlegend=True, legend=legend, margin_t=28)
    return Chart(
        figure, Message(N_("What adds to the score, by SHAP and by LIME?")), table, (Message(N_("added to the score")), Message(""))
    )
