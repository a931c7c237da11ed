"""Rows that were chosen in a chart, each one click from its explanation."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import results, state
from pages.shared.language import plain, say
from pages.shared.views import RunOfItems, view_of

#: Rows listed at most.
LISTED = 50


def selected_rows(selected: NDArray[np.intp], data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord, key: str) -> None:
    """The rows whose points were clicked, counted from 1: the only one by a button, several in a list."""
    if not len(selected):
        return
    rows = selected - 1
    kind = KINDS[run.kind]
    places = results.rank_of(run.id)[rows]
    order = np.argsort(places)[:LISTED]
    if len(rows) == 1:
        label = say(N_("Explain {item} {row}"), item=plain(kind.item), row=int(selected[0]))
        st.button(label, key=f"open_{key}", icon=":material/arrow_forward:", on_click=state.open_row, kwargs={"row": int(rows[0])})
    elif len(rows) > LISTED:
        st.caption(say(N_("The {shown} most unusual of {rows}"), shown=LISTED, rows=len(rows)))
    view_of(run.kind).listed(data_set, RunOfItems(run, threshold), rows[order], {plain(N_("this run")): places[order]}, key)
