"""Saving a run as a detector; a saved one's card and download; and adding a detector file from elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from detectors.errors import AnomalystError
from detectors.messages import N_, Message
from detectors.storage.files import new_id
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.storage.tables import DetectorRecord
from detectors.workbench.saved import Entitled, file_name
from pages.shared import state
from pages.shared.context import run_title
from pages.shared.download import MOST_IN_MEMORY
from pages.shared.engine import workbench
from pages.shared.language import escape, file_size, plain, say, say_message
from pages.shared.moves import unkept
from pages.shared.streamed_download import File, offered

ZIP = "application/zip"

#: The part of a card that is shown first: what whoever is given the file could read.
CARRIED = "Training rows inside this file"

SIGNED = {
    "here": N_("Signed by this installation."),
    "elsewhere": N_("Signed by another installation: who that is, this one cannot tell."),
    "nobody": N_("Not signed."),
}


def save_card(data_set: DataSetRecord, run: RunRecord, looked_at: ThresholdRecord) -> None:
    """Offers to save the run, with the threshold kept for it, as a detector that scores new data."""
    kept = workbench().records.threshold(run.id)
    if run.task == "score":
        _scored_note(run)
    if kept is None or run.task != "train":
        return
    folded = st.expander(say(N_("Save as a detector that scores new data")), icon=":material/save:", key="save_detector", on_change="rerun")
    if not folded.open:
        return
    with folded:
        told = N_("One file with the detector, its preparation and version {version} of the threshold{suppressions}. It scores new data on the Score page, "
                  "on the command line and in Python, with the same scores.")  # fmt: skip
        count = len(workbench().suppressions(run.id))
        st.caption(say(told, version=kept.version, suppressions=plain(N_(", {count} suppressions with it"), count=count) if count else ""))
        if unkept(looked_at):
            differs = N_(
                "The file takes version {version}, kept last – not the threshold that you are looking at. Keep that first to save it."
            )
            st.markdown(":material/info: " + say(differs, version=kept.version))
        if kept.segments:
            told = N_(
                "Each {column} keeps its own cut-off in the file, so new data need that column; without it the Score page takes the common one."
            )
            st.markdown(":material/info: " + say(told, column=kept.segments["column"]))
        _save_form(data_set, run)


def _scored_note(run: RunRecord) -> None:
    """Of new data that a saved detector scored: what it learned from, and the way back to how these data differ."""
    detector_id = str(run.request.get("scored_by"))
    with st.container(horizontal=True, vertical_alignment="center", key="scored_note"):
        told = N_("Scored by a saved detector, {name}, which learned from {rows} rows of other data.")
        st.caption(say(told, name=run.name, rows=(run.summary or {}).get("fitted_rows", 0)), width="content")
        if any(record.id == detector_id for record in workbench().saved_detectors()):
            st.button(
                say(N_("How these data differ")), key="to_gate", type="tertiary", icon=":material/fact_check:",
                on_click=_back_to_gate, args=(detector_id,),
            )  # fmt: skip


def _back_to_gate(detector_id: str) -> None:
    state.choose_saved(detector_id)
    state.go("score")


def _save_form(data_set: DataSetRecord, run: RunRecord) -> None:
    with st.form("save_detector_form", border=False):
        left, right = st.columns([1, 2])
        proposed = f"{Path(data_set.name).stem} {run_title(run)}"[:100]
        name = left.text_input(say(N_("Name")), proposed, help=say(N_("Saved under a name that is there already, it is the next version.")))
        note = right.text_input(say(N_("Note")), placeholder=plain(N_("What it is for, who may use it …")))
        if not st.form_submit_button(say(N_("Save as detector")), icon=":material/save:"):
            return
    try:
        with st.spinner(say(N_("Writing the file …"))):
            record = workbench().save_detector(run.id, Entitled(name, note, state.author() or workbench().settings.author))
    except AnomalystError as error:
        st.error(say_message(error.message), icon=":material/error:")
        return
    state.choose_saved(record.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(say(N_("Saved as {name} ({size})."), name=record.called, size=file_size(record.size)), icon=":material/check_circle:")
        st.button(say(N_("Score new data")), key="to_score", icon=":material/arrow_forward:", on_click=lambda: state.go("score"))


@st.dialog(plain(N_("The detector's card")), width="large")
def show_card(record: DetectorRecord) -> None:
    """What a file says of itself, above all which training rows it carries, and only then the download."""
    st.markdown(f"**{escape(record.called)}** · {file_size(record.size)} · {say(SIGNED[record.origin.get('signed', 'nobody')])}")
    if "file" in record.origin:
        st.caption(say(N_("Uploaded as {file}: what follows is what that file says of itself."), file=record.origin["file"]))
    head, *parts = workbench().detector_card(record.id).split("\n## ")
    with st.container(border=True, key="carried"):
        st.markdown("\n\n".join(f"##### :material/lock: {part}" for part in parts if part.startswith(CARRIED)))
    with st.container(height=300, border=True):
        others = [part for part in parts if not part.startswith(CARRIED)]
        st.markdown("\n##### ".join([head.partition("\n")[2], *others]))
    _download(record)


def _download(record: DetectorRecord) -> None:
    path = workbench().detector_path(record.id)
    name, title = file_name(record), say(N_("Download the file"))
    if record.size > MOST_IN_MEMORY:
        st.link_button(
            title, offered(File(name, ZIP, lambda stream: _copy(path, stream), workbench().workspace.incoming)), icon=":material/download:"
        )
    else:
        st.download_button(
            title, path.read_bytes, name, ZIP, key="download_detector", on_click="ignore", type="primary", icon=":material/download:"
        )


def _copy(path: Path, stream: BinaryIO) -> None:
    with path.open("rb") as file:
        shutil.copyfileobj(file, stream)


def upload_card() -> None:
    """Adds a detector file from elsewhere, once a limited process has opened it."""
    with st.container(border=True, key="upload_detector"):
        st.markdown(f"**{say(N_('Add a detector file from elsewhere'))}**")
        st.caption(say(N_("It is opened in a process with limits and checked member by member; nothing in it is run. What does not pass is not kept.")))  # fmt: skip
        sent = st.file_uploader(say(N_("Detector file")), type=["zip"], key=f"detector_{state.upload_key()}", label_visibility="collapsed")
        if sent is None:
            return
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(say(N_("Name")), Path(sent.name).stem[:100], key=f"uploaded_name_{sent.file_id}")
            if not st.button(say(N_("Check and keep")), key="keep_uploaded", type="primary", icon=":material/verified_user:"):
                return
        _take(sent, name)


def _take(sent: UploadedFile, name: str) -> None:
    path = workbench().workspace.incoming / f"{new_id()}.upload"
    try:
        with st.spinner(say(N_("Checking the file …"))):
            with path.open("wb") as file:
                shutil.copyfileobj(sent, file)
            entitled = Entitled(name, author=state.author() or workbench().settings.author)
            record, warning = workbench().upload_detector(path, sent.name, entitled)
    except AnomalystError as error:
        st.error(say_message(error.message), icon=":material/error:")
        return
    finally:
        path.unlink(missing_ok=True)
    state.choose_saved(record.id)
    state.forget_upload()
    state.note(warning or _kept(record))
    st.rerun()


def _kept(record: DetectorRecord) -> Message:
    same = workbench().same_detector(record)
    if same is None:
        return Message(N_("{name} was checked and is kept."), {"name": record.called})
    return Message(N_("{name} was checked and is kept. It is the very same file as {same}."), {"name": record.called, "same": same.called})
