"""Taking data in: from the browser to a file on disk, and from there into a data set."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from detectors.errors import AnomalystError
from detectors.messages import N_
from detectors.reading import Doubted, ReadingOptions
from pages.shared import state
from pages.shared.engine import workbench
from pages.shared.language import say

#: Bytes copied at once from the upload to disk.
CHUNK = 2**20


def uploader() -> None:
    """Takes a file, reads it in a process of its own and opens it."""
    uploaded = st.file_uploader(say(N_("Upload data")), key=state.upload_key())
    st.caption(
        say(
            N_(
                "CSV, Excel, Parquet, Feather or JSON; a zip of tables, of pictures or of text files. Up to {size} MB. The file stays on this machine."
            ),
            size=workbench().settings.upload_mb,
        )
    )
    if uploaded is None:
        return
    with tempfile.TemporaryDirectory(dir=workbench().workspace.incoming) as folder:
        source = Path(folder) / "upload"
        with source.open("wb") as file:
            while chunk := uploaded.read(CHUNK):
                file.write(chunk)
        received(source, uploaded.name)
    state.forget_upload()  # a refused file too: it would be read again at every click
    st.rerun()


def received(source: Path, name: str, options: ReadingOptions | None = None) -> None:
    """Reads the file `source`, whose bytes are all there, and opens it; or keeps for the page why it cannot be read.

    Without `options`, a file that can be read in two ways is kept for the page to be looked at first.
    """
    with st.spinner(say(N_("Reading {name} …"), name=name)):
        try:
            state.select(data=workbench().import_file(source, name, options, ask=options is None).id)
        except Doubted as doubted:
            preview = doubted.preview
            kept = workbench().original(preview.content_hash) or source
            state.pend(state.Pending(kept, name, preview.options, preview.doubts))
        except AnomalystError as error:
            state.refuse(error.message)
