"""The browser's side: takes a file that is too large for the usual way out of the uploader's hands, and streams it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from detectors.errors import AnomalystError
from detectors.messages import N_
from pages.shared import state
from pages.shared.engine import incoming_room, workbench
from pages.shared.language import plain, translate
from pages.shared.streamed_upload.permits import PERMITS, Page
from pages.shared.streamed_upload.route import PATH, PERMIT_HEADER

_FOLDER = Path(__file__).parent

#: A longer name is cut before it goes anywhere.
LONGEST_NAME = 255

#: Every sentence and word in it. Names in braces are filled in by the component.
TEXTS: Mapping[str, str] = {
    "asking": N_("Asking for room …"),
    "sending": N_("{sent} of {size} · {speed}/s · about {left} left"),
    "starting": N_("{sent} of {size}"),
    "arrived": N_("All {size} have arrived."),
    "cancel": N_("Cancel"),
    "cancelled": N_("Cancelled. Nothing of {name} was kept."),
    "progress": N_("Uploading {name}"),
    "busy": N_("{name} is still being uploaded. Cancel it first to upload another file."),
    "seconds": N_("{count} s"),
    "minutes": N_("{count} min"),
    "leave": N_("Stay on this page until the file has arrived."),
}


@dataclass(frozen=True)
class Wish:
    """A file that a browser wants to send; `number` tells its wishes apart."""

    number: int
    name: str
    size: int

    @classmethod
    def read(cls, told: Any) -> Self | None:
        """What a browser told, where it makes sense: it may have been made up."""
        match told:
            case {"number": int(number), "name": str(name), "size": int(size)} if size > 0:
                return cls(number, name[:LONGEST_NAME], size)
        return None


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


_COMPONENT = st.components.v2.component(
    "streamed_upload", html=_read("upload.html"), css=_read("upload.css"), js=_read("quantities.js") + _read("upload.js")
)


def streamed_upload(uploader_key: str) -> None:
    """Takes over the files that the uploader with this key would have to refuse; what arrives is at `state.take_arrival`."""
    key = f"streamed_{uploader_key}"
    _COMPONENT(
        key=key,
        data={
            "uploader": f".st-key-{uploader_key}",
            "above": workbench().settings.upload_mb * 2**20,
            "address": PATH,
            "header": PERMIT_HEADER,
            "answer": state.upload_answer(),
            "texts": {name: translate(template) for name, template in TEXTS.items()},
        },
        on_asked_change=lambda: _asked(state.typed(key)),
        on_ended_change=lambda: _ended(state.typed(key)),
    )


def _asked(told: Any) -> None:
    """Answers a browser that wants to send a file, before the first byte: with a permit, or with what speaks against it."""
    wish = Wish.read((told or {}).get("asked"))
    if wish is None:
        return
    try:
        token = PERMITS.issue(_session(), Page.of(st.context.headers, st.context.cookies), wish.name, wish.size, incoming_room())
        state.answer_upload({"number": wish.number, "token": token})
    except AnomalystError as error:
        state.answer_upload({"number": wish.number, "refusal": plain(error.message.template, **error.message.values)})


def _ended(told: Any) -> None:
    """Takes over a file that has arrived; or keeps for the page why it did not."""
    token = (told or {}).get("ended")
    if not isinstance(token, str):
        return
    try:
        state.keep_arrival(PERMITS.collect(token, _session()))
    except AnomalystError as error:
        state.refuse(error.message)


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""
