"""The nearest rows that are not flagged, beside the one that is explained."""

from __future__ import annotations

import numpy as np
import streamlit as st

from detectors.errors import AnomalystError
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.runs.normal_rows import Neighbours
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.language import plain, say, say_message
from pages.shared.views import ExplainedItem, View

#: Neighbours that are shown, and those asked for where rows have cut-offs of their own: some of them may be flagged by theirs.
COUNT, ASKED = 4, 24


@st.cache_data(show_spinner=False, max_entries=200)
def _nearest(run_id: str, data_id: str, row: int, cut_off: float, count: int) -> Neighbours:
    return workbench().nearest_normal(run_id, data_id, row, cut_off, count)


def _neighbours(item: ExplainedItem) -> Neighbours:
    flags = flags_of(item.threshold)
    cut_off = float(flags.cut_off_at(np.array([item.row]))[0])
    found = _nearest(item.run.id, item.data_set.id, item.row, cut_off, ASKED if flags.are_by_row else COUNT)
    return found.at(np.flatnonzero(~flags.mask[found.rows])[:COUNT])


def nearest_normal(item: ExplainedItem, view: View) -> None:
    """Keeps a place for the nearest normal rows, and fills it once everything else is there."""
    place = st.container(key="nearest_normal")
    item.afterwards.append(lambda: _fill(place, item, view))


def _fill(place: st.delta_generator.DeltaGenerator, item: ExplainedItem, view: View) -> None:
    with place:
        if not view.heads_neighbours:
            st.markdown(f"**{say(N_('What do the most similar normal {items} look like?'), items=plain(KINDS[item.run.kind].items))}**")
        try:
            with st.spinner(say(N_("Looking for them …"))):
                found = _neighbours(item)
        except AnomalystError as error:
            st.caption(say_message(error.message))
            return
        if len(found.rows):
            view.beside(item, found)
        else:
            st.caption(say(N_("No {item} is normal at this cut-off."), item=plain(KINDS[item.run.kind].item)))
