"""What can be done with saved detectors where they are listed."""

from __future__ import annotations

from functools import partial

import streamlit as st

from detectors.messages import N_
from detectors.storage.tables import DetectorRecord
from detectors.workbench.shrinking import form_of, is_smaller
from pages.shared import state
from pages.shared.context import run_text
from pages.shared.engine import workbench
from pages.shared.keeping import attempt
from pages.shared.language import plain, say, translate
from pages.shared.saving import show_card
from pages.shared.shelf import Shelf, ticking
from pages.shared.smaller_forms import make_smaller


def origin_text(record: DetectorRecord) -> str:
    """Where a detector came from: a file from elsewhere, or a run here with the version of its threshold."""
    data = record.origin.get("data") or "–"
    if is_smaller(record):
        return plain(N_("smaller form ({form}) · {data}"), form=form_of(record).title.text(translate), data=data)
    if "file" in record.origin:
        return plain(N_("uploaded as {file}; learned from {data}"), file=record.origin["file"], data=data)
    run = workbench().records.run(record.origin.get("run", ""))
    told = N_("{data} · {run} · threshold version {version}")
    return plain(told, data=data, run=run_text(run) if run else plain(N_("a run that is gone")), version=record.origin.get("threshold", 1))


def score_by(detector_id: str) -> None:
    """Opens the Score page with a detector; a retired one shows there what it scored."""
    state.choose_saved(detector_id)
    state.go("score")


def detector_actions(chosen: list[DetectorRecord], shelf: Shelf) -> None:
    """Card, retire and restore, delete for good: for the detectors that are ticked."""
    in_use, retired = [each for each in chosen if each.retired is None], [each for each in chosen if each.retired is not None]
    with st.container(horizontal=True, vertical_alignment="center", key="detector_actions"):
        if st.button(say(N_("Card and download")), key="card_ticked", icon=":material/badge:", disabled=len(chosen) != 1):
            show_card(chosen[0])
        is_one = len(chosen) == 1 and not is_smaller(chosen[0])
        help_text = say(N_("Weights with fewer bits or zeros, or no source for `score.py`: measured before you choose."))
        if st.button(say(N_("Make smaller")), key="shrink_ticked", icon=":material/compress:", disabled=not is_one, help=help_text):
            make_smaller(chosen[0])
        st.button(
            say(N_("Retire")), key="retire_ticked", icon=":material/inventory:", disabled=not in_use, on_click=_retire, args=(in_use, False)
        )
        st.button(
            say(N_("Restore")), key="restore_detectors", icon=":material/unarchive:", disabled=not retired, on_click=_retire,
            args=(retired, True),
        )  # fmt: skip
        if st.button(
            say(N_("Delete for good")), key="purge_detectors", icon=":material/delete_forever:", disabled=not retired or bool(in_use),
            help=say(N_("Retired detectors only.")),
        ):  # fmt: skip
            _confirm(retired)
        ticking(shelf)


def _retire(chosen: list[DetectorRecord], back: bool) -> None:
    for record in chosen:
        attempt(partial(workbench().retire_detector, record.id, back=back))


@st.dialog(plain(N_("Delete for good?")))
def _confirm(chosen: list[DetectorRecord]) -> None:
    names = ", ".join(record.called for record in chosen)
    st.markdown(say(N_("The files of {names} are removed from the disk. What they scored stays. This cannot be undone."), names=names))
    with st.container(horizontal=True):
        if st.button(say(N_("Delete for good")), type="primary", key="purge_detectors_confirmed", icon=":material/delete_forever:"):
            for record in chosen:
                attempt(partial(workbench().delete_detector, record.id))
            st.rerun()
        if st.button(say(N_("Keep")), key="purge_detectors_cancelled"):
            st.rerun()
