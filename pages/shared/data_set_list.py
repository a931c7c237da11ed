"""The data sets there are, newest first, each a click away."""

from __future__ import annotations

import streamlit as st

from detectors.messages import N_
from pages.shared import state
from pages.shared.engine import workbench
from pages.shared.keeping import entry_menu
from pages.shared.language import clock, escape, say

#: Data sets shown; all of them are in the Library.
SHOWN = 8

#: Characters of its note that are shown with each.
LONGEST_NOTE = 80


def data_set_list(title: str) -> None:
    """Lists the newest data sets under `title`; nothing where there are none."""
    records = workbench().records.data_sets()[:SHOWN]
    if not records:
        return
    st.subheader(title, anchor=False)
    for record in records:
        with st.container(horizontal=True, vertical_alignment="center", key=f"data_{record.id}"):
            told = say(N_("**{name}** — {rows} rows · {columns} columns"), name=record.name, rows=record.rows, columns=record.columns)
            note = f" :gray[· {escape(record.note[:LONGEST_NOTE])}]" if record.note else ""
            st.markdown(told + note, width="stretch")
            st.caption(escape(clock(record.created)), width="content")
            if st.button(
                say(N_("Open")), key=f"open_data_{record.id}", type="tertiary", icon=":material/chevron_right:", icon_position="right"
            ):
                state.go("data", data=record.id)
            entry_menu(record)
