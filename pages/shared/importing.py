"""Taking data in: from the browser to a file on disk, and from there into a data set."""

from __future__ import annotations

import shutil
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from detectors.errors import AnomalystError, Discarded
from detectors.imports import Import
from detectors.messages import N_, Message
from detectors.reading import Doubted, Misread, ReadingOptions
from detectors.storage.arrivals import MEGABYTE, Arrival
from pages.shared import state
from pages.shared.elsewhere import elsewhere
from pages.shared.engine import incoming_room, workbench
from pages.shared.language import say, say_message
from pages.shared.streamed_upload.component import streamed_upload
from pages.shared.values import size_text

#: Bytes copied at once from the upload to disk.
CHUNK = 2**20

#: Seconds between two looks at a file that is being read.
LOOK_S = 0.2

PHASES = {
    "waiting": N_("waiting until other files have been read"),
    "starting": N_("starting"),
    "fetching": N_("fetching the file"),
    "hashing": N_("looking at the file"),
    "checking": N_("checking line by line"),
    "typing": N_("finding out what the columns hold"),
    "writing": N_("reading the rows"),
    "profiling": N_("looking at each column"),
}


def uploader() -> DeltaGenerator | None:
    """Takes a file and begins to read it. While one is being read, shows that instead; to be passed to `follow_import`."""
    if noted := state.take_note():
        st.toast(say_message(noted))
    begun = state.current_import()
    if begun is not None:
        st.empty()  # in the place of the uploader: what stood there goes at once, not when this long run has ended
        return _reading(begun)
    with st.container(key="intake", gap="xsmall"):
        taken = _taken()
        begun = elsewhere()
    st.empty()
    if taken is not None:
        received(taken.path, taken.name)
    elif begun is not None:
        state.begin_import(begun)
    if taken is not None or begun is not None:
        st.rerun()
    return None


def _taken() -> Arrival | None:
    """The uploader; the file that was just uploaded, whole and on disk, where there is one."""
    settings = workbench().settings
    is_streamed = settings.large_upload_mb > settings.upload_mb
    key = state.upload_key()
    uploaded = st.file_uploader(say(N_("Upload data")), key=key, max_upload_size=settings.large_upload_mb if is_streamed else None)
    if is_streamed:
        streamed_upload(key)
    st.caption(
        say(
            N_(
                "CSV, Excel, Parquet, Feather or JSON; a zip of tables, of pictures or of text files. Up to {size}. The file stays on this machine."
            ),
            size=size_text(settings.largest_mb * MEGABYTE),
        )
    )
    arrival = state.take_arrival()
    if uploaded is None:
        return arrival
    state.forget_upload()  # a refused file too: it would be read again at every click
    arrival = _kept(uploaded)
    if arrival is None:
        st.rerun()
    return arrival


def _kept(uploaded: UploadedFile) -> Arrival | None:
    """The bytes of a small upload, on disk; or, for the page, why they cannot be kept."""
    try:
        with Arrival(incoming_room(), uploaded.name, uploaded.size) as arrival:
            while chunk := uploaded.read(CHUNK):
                arrival.write(chunk)
            arrival.finish()
            return arrival
    except AnomalystError as error:
        state.refuse(error.message)
        return None


def received(source: Path, name: str) -> None:
    """Begins to read the file `source`, whose bytes are all there, in a folder of its own that is removed after that."""
    state.begin_import(workbench().start_import(source, name, done=lambda: shutil.rmtree(source.parent, ignore_errors=True)))


def read_again(source: Path, name: str, options: ReadingOptions) -> None:
    """Begins to read the file `source`, which stays where it is, as a person said."""
    state.begin_import(workbench().start_import(source, name, options=options))


def follow_import(shown: DeltaGenerator | None) -> None:
    """To be called at the end of a page, with what `uploader` gave: tells there how far a reading is, and opens the data.

    A click elsewhere on the page ends this run of the script, not the reading; the next run follows it again.
    """
    begun = state.current_import()
    if begun is None or shown is None:
        return
    while not begun.wait(LOOK_S):
        _tell(begun, shown)
    state.end_import()
    try:
        state.select(data=begun.result().id)
    except Doubted as doubted:
        state.pend(state.Pending(doubted.source, begun.name, doubted.preview.options, doubted.preview.doubts))
    except Discarded:
        state.note(Message(N_("Reading {name} was cancelled. Nothing of it was kept."), {"name": begun.name}))
    except AnomalystError as error:
        state.refuse(error.message)
        if isinstance(error, Misread) and error.source is not None and state.pending() is None:
            state.offer_reading(state.Pending(error.source, begun.name, error.options))
    st.rerun()


def _reading(begun: Import) -> DeltaGenerator:
    """The file that is being read, with a way to end that; gives the place that is told how far it is."""
    with st.container(border=True, key="reading"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(say(N_("Reading **{name}**"), name=begun.name), width="stretch")
            st.button(say(N_("Cancel")), key="cancel_import", icon=":material/close:", on_click=begun.cancel)
        shown = st.empty()
    _tell(begun, shown)
    return shown


def _tell(begun: Import, shown: DeltaGenerator) -> None:
    now = begun.progress
    parts = [say(PHASES[now.phase])]
    if now.total:
        done, total = (now.done, now.total) if now.phase == "profiling" else (size_text(now.done), size_text(now.total))
        parts.append(say(N_("{done} of {total}"), done=done, total=total))
    left = begun.seconds_left
    if left is not None:
        parts.append(say(N_("about {seconds} s left"), seconds=max(1, round(left))))
    shown.progress(now.share, " · ".join(parts))
