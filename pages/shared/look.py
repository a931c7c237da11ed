"""How a chart is shown: in the reader's theme, with its alternative text, and the table behind it one click away."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors.charts import DARK, LIGHT, Chart, Palette
from detectors.messages import N_
from pages.shared.language import plain, say, translate


def palette() -> Palette:
    """The colours of the theme in use."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def page_head(title: str, line: str) -> None:
    """The page's name and, in one line, what it is for."""
    with st.container(gap="xxsmall", key="page_head"):
        st.header(say(title), anchor=False)
        st.caption(say(line))


def _table_behind(chart: Chart, key: str) -> None:
    """The numbers of a chart, sent to the browser once somebody opens them: many closed tables would slow every rerun."""
    hint = say(N_("The table behind this chart"))
    popover = st.popover("", icon=":material/table_view:", help=hint, type="tertiary", key=f"table_{key}", on_change="rerun")
    if popover.open:
        numbers = chart.table.rename(columns=translate)
        popover.dataframe(numbers, hide_index=True, alt=plain(N_("The numbers of the chart")))


def show_chart(chart: Chart, key: str, height: int | None = None, *, selects: bool = False) -> NDArray[np.intp]:
    """Draws a chart with its title, and offers the table behind it.

    With `selects` points can be clicked or encircled: the numbers that are their `customdata`, (points,), growing.
    """
    with st.container(key=f"chart_{key}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(f"**{say(chart.title.template, **chart.title.values)}**", width="stretch")
            _table_behind(chart, key)
        figure = chart.drawn(translate)
        if height:
            figure.update_layout(height=height)
        drawn = {"key": f"plot_{key}", "config": {"displayModeBar": False}, "alt": chart.title.text(translate)}
        if not selects:
            st.plotly_chart(figure, **drawn)
            return np.empty(0, dtype=np.intp)
        event = st.plotly_chart(figure, **drawn, on_select="rerun", selection_mode=("points", "box", "lasso"))
        return np.unique([_number(point["customdata"]) for point in event["selection"]["points"]]).astype(np.intp)


def _number(customdata: Any) -> int:
    return int(customdata[0] if isinstance(customdata, list) else customdata)
