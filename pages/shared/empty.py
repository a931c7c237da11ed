"""Empty states: one sentence on what is missing, and the button that goes there."""

from __future__ import annotations

import streamlit as st

from detectors.messages import N_
from detectors.storage.bin import Chosen
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import state
from pages.shared.context import state_text
from pages.shared.engine import workbench
from pages.shared.keeping import restore, shown_refusal
from pages.shared.language import say, say_message


def offer(sentence: str, button: str, page: str) -> None:
    """Says what is missing and offers the page where it is made; ends the page."""
    with st.container(border=True, key="empty_state"):
        st.markdown(sentence)
        if st.button(button, type="primary", key=f"offer_{page}"):
            state.go(page)
    st.stop()


def need_data() -> DataSetRecord:
    """The chosen data set; without one the page says so and ends."""
    data_set = state.data_set()
    if data_set is None:
        if tell_missing_data():
            st.stop()
        offer(say(N_("There is no data yet. Upload a file or try a sample first.")), say(N_("Open your data")), "data")
    assert data_set is not None
    return data_set


def tell_missing_data() -> bool:
    """Says of a data set that was chosen and is gone whether it can be had back; whether there was one to speak of."""
    chosen = state.selection().data
    if chosen is None:
        return False
    _tell_missing(
        Chosen(data=(chosen,)),
        say(N_("This data set is in the bin.")),
        say(N_("There is no data set at this address. It was deleted for good, or the address is not whole.")),
    )
    return True


def need_run() -> tuple[DataSetRecord, RunRecord]:
    """The chosen data set and a finished run of it; without them the page says what is missing and ends."""
    data_set, run = need_data(), state.run()
    missing = state.selection().run if run is None else None
    if missing is not None:
        _tell_missing(
            Chosen(runs=(missing,)),
            say(N_("This run is in the bin.")),
            say(N_("There is no run at this address. It was deleted for good, or the address is not whole.")),
        )
        st.stop()
    if run is None:
        offer(say(N_("No detector has been trained on this data yet, or none is chosen.")), say(N_("Choose and train a detector")), "train")
    elif run.state != "done":
        sentence = say(N_("This run has no scores: it is {state}."), state=state_text(run.state))
        if run.message:
            sentence += " " + say_message(run.message)
        offer(sentence, say(N_("Go to Train")), "train")
    assert run is not None
    return data_set, run


def need_threshold() -> tuple[DataSetRecord, RunRecord, ThresholdRecord]:
    """A finished run with its data set and its threshold; without them the page says what is missing and ends."""
    data_set, run = need_run()
    threshold = state.threshold()
    if threshold is None:
        offer(say(N_("This run was deleted for good a moment ago.")), say(N_("Go to Train")), "train")
    assert threshold is not None
    return data_set, run, threshold


def _tell_missing(chosen: Chosen, in_bin: str, gone: str) -> None:
    shown_refusal()
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="missing"):
        is_in_bin = workbench().library.is_in_bin(chosen)
        st.markdown(in_bin if is_in_bin else gone, width="stretch")
        if is_in_bin:
            st.button(say(N_("Restore it")), key="restore", icon=":material/restore_from_trash:", on_click=restore, args=(chosen,))
        st.button(say(N_("Go to the Library")), key="missing_to_library", type="tertiary", on_click=lambda: state.go("library"))
