"""Which saved detector looks at which data, on the Score page."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from detectors.errors import StorageError
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.records import DataSetRecord
from detectors.storage.tables import DetectorRecord
from pages.shared import state
from pages.shared.context import told_apart
from pages.shared.engine import report, workbench
from pages.shared.importing import uploader
from pages.shared.keeping import shown_refusal
from pages.shared.language import clock, escape, plain, say
from pages.shared.saving import show_card, upload_card

#: Data sets offered; all of them are in the Library.
OFFERED = 50


def need_detector() -> list[DetectorRecord]:
    """The detectors that may score, and the one at this address though it be retired; without any the page says how one comes about, and ends."""
    wanted = state.saved_detector()
    found = [record for record in workbench().saved_detectors() if record.retired is None or record.id == wanted]
    if not found:
        with st.container(border=True, key="empty_state"):
            st.markdown(
                say(N_("No detector is saved yet. Train one, keep its threshold, and save it below the list of the Threshold page."))
            )
            if st.button(say(N_("Go to Threshold")), type="primary", key="offer_threshold"):
                state.go("threshold")
        upload_card()
        st.stop()
    return found


def choose(detectors: list[DetectorRecord]) -> tuple[DetectorRecord, DataSetRecord | None]:
    """The detector and the data set; both stay chosen on the way to other pages and back, and are in the URL."""
    current = state.data_set()
    by_id = {record.id: record for record in detectors}
    wanted = state.saved_detector()
    if wanted is not None and wanted not in by_id:
        st.info(say(N_("The detector at this address is no longer there: it was deleted. Another one is shown.")), icon=":material/info:")
    left, right = st.columns(2)
    with left:
        names = told_apart({record.id: _named(record) for record in detectors})
        first = list(by_id).index(wanted if wanted in by_id else proposed(detectors, current))
        picked = st.selectbox(
            say(N_("Detector")), list(by_id), first, format_func=names.__getitem__, key=f"detector_{wanted}_{len(by_id)}_{first}"
        )
        if picked != state.selection().detector:
            state.choose_saved(picked)
    with right:
        return by_id[picked], _choose_data(current)


def proposed(detectors: list[DetectorRecord], data_set: DataSetRecord | None) -> str:
    """Who looks at a data set where nobody was chosen: who scored it last, else the newest one that finds its columns there."""
    if data_set is None:
        return detectors[0].id
    scored_by = [str(run.request.get("scored_by")) for run in workbench().records.runs(data_set.id) if run.task == "score"]
    ids = [record.id for record in detectors]
    return next((one for one in [*scored_by, *(record.id for record in fitting(detectors, data_set))] if one in ids), ids[0])


def fitting(detectors: list[DetectorRecord], data_set: DataSetRecord) -> list[DetectorRecord]:
    """The detectors that find all their columns in a data set, and did not learn from that very file."""
    alike = [record for record in detectors if (record.kind == "images") == (data_set.kind == "images")]
    if not alike:
        return []
    there, content = {profile.name for profile in workbench().profile(data_set.id)}, report(data_set.id).content_hash
    return [record for record in alike if (told := _needs(record.id)) is not None and told[0] <= there and told[1] != content]


def score_offer(data_set: DataSetRecord) -> None:
    """A button that leads to the scores of a data set, where a saved detector fits."""
    found = fitting(workbench().saved_detectors(retired=False), data_set)
    if found and st.button(
        say(N_("Score it")), key="to_score", icon=":material/fact_check:",
        help=say(N_("A saved detector finds its columns here: {name}."), name=found[0].called),
    ):  # fmt: skip
        if state.saved_detector() not in [record.id for record in found]:
            state.choose_saved(found[0].id)
        state.go("score")


def _named(record: DetectorRecord) -> str:
    kind = plain(KINDS[record.kind].title) if record.kind in KINDS else record.kind
    retired = "" if record.retired is None else plain(N_(" (retired)"))
    return f"{record.called} · {plain(record.title)} · {kind}{retired}"


@st.cache_data(show_spinner=False, max_entries=500)
def _needs(detector_id: str) -> tuple[set[str], str] | None:
    """The columns that a detector needs, and the hash of the file that it learned from; None where it is gone."""
    try:
        manifest = workbench().detector_manifest(detector_id)
    except StorageError:  # or its file is damaged: said where it is chosen
        return None
    return set(manifest.used), str(manifest.data.get("sha256"))


def _choose_data(current: DataSetRecord | None) -> DataSetRecord | None:
    records = workbench().records.data_sets()[:OFFERED]
    if current is not None and current.id not in {record.id for record in records}:
        records = [current, *records]
    names = told_apart({record.id: f"{record.name} · {clock(record.created)}" for record in records})
    ids = list(names)
    picked = st.selectbox(
        say(N_("New data")), ids, ids.index(current.id) if current else None, format_func=names.__getitem__,
        key=f"score_data_{current.id if current else ''}_{len(ids)}", placeholder=plain(N_("Choose a data set")),
    )  # fmt: skip
    if picked is not None and (current is None or picked != current.id):
        state.select(data=picked)
        st.rerun()
    return current


def new_file(current: DataSetRecord | None) -> DeltaGenerator | None:
    """The place for a new file, open where no data are chosen; to be passed to `follow_import` at the end of the page."""
    shown_refusal()
    if state.pending() is not None and state.current_import() is None:
        with st.container(horizontal=True, vertical_alignment="center", key="asked"):
            st.markdown(":material/help: " + say(N_("The new file can be read in more than one way.")))
            st.button(say(N_("Look at it")), key="to_data", icon=":material/arrow_forward:", on_click=lambda: state.go("data"))
        return None
    is_open = current is None or state.current_import() is not None
    with st.expander(say(N_("Open a new file")), icon=":material/upload:", key=f"new_file_{is_open}", expanded=is_open):
        return uploader()


def about(record: DetectorRecord) -> None:
    """The detector in a line, and its card."""
    manifest = workbench().detector_manifest(record.id)
    told = N_("Learned from {fitted} {items} of {data}; flags what scores above {cut_off}, which {share} % of those do.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            say(
                told, fitted=manifest.fitted_rows, items=plain(KINDS[manifest.kind].items), data=record.origin.get("data") or "–",
                cut_off=manifest.threshold.cut_off, share=float(100 * manifest.scores.get("flagged", 0.0)),
            ) + (f" · {escape(record.note)}" if record.note else ""),
            width="stretch",
        )  # fmt: skip
        if st.button(say(N_("Card and download")), key="card", type="tertiary", icon=":material/badge:"):
            show_card(record)
    if record.retired is not None:
        with st.container(horizontal=True, vertical_alignment="center", key="is_retired"):
            st.markdown(":material/inventory: " + say(N_("This detector is retired: what it scored stays, but it scores nothing new.")))
            st.button(
                say(N_("Restore")), key="restore_detector", icon=":material/unarchive:",
                on_click=lambda: workbench().retire_detector(record.id, back=True),
            )  # fmt: skip
