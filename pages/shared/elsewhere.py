"""Data that need not be uploaded: files in the folder that the server's owner offers, and files in object stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from detectors.errors import AnomalystError
from detectors.imports import Import
from detectors.messages import N_
from detectors.storage.offered import MOST_FILES, OfferedFile
from pages.shared.engine import workbench
from pages.shared.language import clock, plain, say, say_message
from pages.shared.values import size_text

#: Pixels: room for a long name with its size and date.
WIDTH = 440


def elsewhere() -> Import | None:
    """Offers what there is besides uploading; gives the reading that begins where something was chosen."""
    settings = workbench().settings
    if not settings.folder and not settings.urls:
        return None
    begun = None
    with st.container(horizontal=True, vertical_alignment="center", key="elsewhere"):
        st.caption(say(N_("Or without uploading:")), width="content")
        if settings.folder:
            files = _popover(N_("A file on this server"), ":material/folder_open:", "from_folder")
            if files.open:  # the folder is looked into once somebody wants to see it
                with files, st.container(width=WIDTH):
                    begun = _from_folder()
        if settings.urls:
            with _popover(N_("A file in an object store"), ":material/cloud_download:", "from_url"), st.container(width=WIDTH):
                begun = _from_url(settings.urls) or begun
    return begun


def _popover(title: str, icon: str, key: str) -> Any:
    return st.popover(say(title), icon=icon, key=key, on_change="rerun")


def _from_folder() -> Import | None:
    files = {file.name: file for file in workbench().offered_files()}
    if not files:
        st.caption(say(N_("There is no file that can be read in the folder that this server offers.")))
        return None
    name = st.selectbox(
        say(N_("File")), list(files), index=None, placeholder=plain(N_("Choose or type a name")), key="offered",
        format_func=lambda name: _described(files[name]),
    )  # fmt: skip
    if len(files) >= MOST_FILES:
        st.caption(say(N_("The first {count} files are listed."), count=MOST_FILES))
    if st.button(say(N_("Read it")), key="read_offered", disabled=name is None) and name is not None:
        return _tried(lambda: workbench().start_offered(name))
    return None


def _described(file: OfferedFile) -> str:
    return f"{file.name} · {size_text(file.size)} · {clock(file.changed)}"


def _from_url(allowed: tuple[str, ...]) -> Import | None:
    url = st.text_input(
        say(N_("Address")), key="url", placeholder=f"{allowed[0].rstrip('/')}/…",
        help=say(N_("Addresses begin with {allowed}."), allowed=", ".join(allowed)),
    )  # fmt: skip
    if st.button(say(N_("Fetch and read it")), key="fetch", disabled=not url.strip()):
        return _tried(lambda: workbench().start_fetch(url.strip()))
    return None


def _tried(start: Callable[[], Import]) -> Import | None:
    try:
        return start()
    except AnomalystError as error:
        st.error(say_message(error.message))
        return None
