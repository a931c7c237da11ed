"""How a chart is shown: in the reader's theme, with its alternative text, and the table behind it one click away."""

from __future__ import annotations

import streamlit as st

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


def show_chart(chart: Chart, key: str, height: int | None = None) -> None:
    """Draws a chart with its title, and offers the table behind it."""
    with st.container(key=f"chart_{key}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(f"**{say(chart.title.template, **chart.title.values)}**", width="stretch")
            _table_behind(chart, key)
        figure = chart.drawn(translate)
        if height:
            figure.update_layout(height=height)
        st.plotly_chart(figure, key=f"plot_{key}", config={"displayModeBar": False}, alt=chart.title.text(translate))
