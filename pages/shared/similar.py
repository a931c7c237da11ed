"""Rows like the one that is looked at."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.records import DataSetRecord
from pages.shared import results
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.language import plain, say
from pages.shared.views.base import RunOfItems, View

#: Similar rows that are shown.
MOST_SIMILAR = 12


def find_similar(view: View, data_set: DataSetRecord, by: RunOfItems, row: int) -> None:
    """Rows like `row` in what makes it unusual, flagged or not; looked for once somebody asks."""
    items = plain(KINDS[by.run.kind].items)
    shown = st.expander(say(N_("Find similar {items}"), items=items), icon=":material/search:", key="similar", on_change="rerun")
    if not shown.open:
        return
    with shown:
        with st.spinner(say(N_("Looking for similar {items} …"), items=items)):
            flags = flags_of(by.threshold)
            rows = _similar(by.run.id, data_set.id, row, flags.count)
        if not len(rows):
            st.caption(say(N_("No other row is like this one in what makes it unusual.")))
            return
        flagged = int(flags.mask[rows].sum())
        told = N_("{count} {items} like it in what makes this one unusual, the most similar first; {flagged} of them are flagged.")
        st.caption(say(told, count=len(rows), items=items, flagged=flagged))
        view.listed(data_set, by, rows, {plain(N_("this run")): results.rank_of(by.run.id)[rows]}, "similar")


@st.cache_data(show_spinner=False, max_entries=100)
def _similar(run_id: str, data_id: str, row: int, flagged: int) -> NDArray[np.intp]:
    return workbench().similar_rows(run_id, data_id, row, flagged, MOST_SIMILAR)
