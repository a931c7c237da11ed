"""Watch: folders whose new files are scored by a saved detector, and the warnings that come of them."""

from __future__ import annotations

import streamlit as st

from detectors.messages import N_
from detectors.storage.tables import WatchRecord
from pages.shared import state
from pages.shared.author import author_menu
from pages.shared.engine import workbench
from pages.shared.keeping import shown_refusal
from pages.shared.language import say, say_message
from pages.shared.look import page_head
from pages.shared.problems import shown_problems
from pages.shared.saving import upload_card
from pages.shared.watch_form import new_watch, watch_form
from pages.shared.watch_list import watch_list
from pages.shared.watch_panel import watch_panel


def need_detector() -> None:
    """Without a saved detector that is in use the page says how one comes about, and ends."""
    if workbench().saved_detectors(retired=False):
        return
    with st.container(border=True, key="empty_state"):
        told = N_("A folder is watched by a saved detector, and none is saved yet. Train one, keep its threshold, and save it below the list of the Threshold page.")  # fmt: skip
        st.markdown(say(told))
        if st.button(say(N_("Go to Threshold")), type="primary", key="offer_threshold"):
            state.go("threshold")
    upload_card()
    st.stop()


def first_watch() -> None:
    """What a watch does, and the form for the first one."""
    with st.container(border=True, key="empty_state"):
        st.markdown(f"**{say(N_('No folder is watched yet'))}**")
        steps = (
            (":material/folder_open:", N_("Put files into a folder of the machine where this dashboard runs, by hand or by a program.")),
            (
                ":material/fact_check:",
                N_("Each new file becomes a data set with scores, flags and explanations: once, also after a crash."),
            ),
            (":material/notifications:", N_("Where a rule says so, a webhook or an e-mail tells somebody, with a link to the flags.")),
        )
        for column, (icon, text) in zip(st.columns(3), steps, strict=True):
            column.markdown(f"{icon} {say(text)}")
    watch_form(None, framed=True)
    _who()


def watched(watches: list[WatchRecord]) -> None:
    """The list of watches, where there are several, and the one that is looked at."""
    by_id = {watch.id: watch for watch in watches}
    wanted = state.watch()
    if wanted is not None and wanted not in by_id:
        st.info(say(N_("There is no watch at this address. It was deleted, or the address is not whole.")), icon=":material/info:")
    chosen = by_id.get(wanted or "", watches[0])
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        _who()
        st.button(say(N_("Watch another folder")), key="new_watch", icon=":material/add:", on_click=state.ask_for, args=("new_watch",))
    if len(watches) > 1:
        watch_list(watches, chosen.id)
    watch_panel(chosen)


def _who() -> None:
    """Under which name watches are begun and warnings acknowledged, where the bar above does not say so already."""
    if state.data_set() is None:
        author_menu()


page_head(N_("Watch"), N_("Let a saved detector score every new file of a folder, and be told when there is something to look at."))
if noted := state.take_note():
    st.toast(say_message(noted), icon=":material/visibility:")
with shown_problems():
    shown_refusal()
    found = workbench().watches()
    if found:
        watched(found)
        if state.take_asked_for("new_watch"):
            new_watch()
    else:
        need_detector()
        first_watch()
