"""What may be taken away by whom: a file for the session that it was offered to, in the browser that opened its page."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from detectors.errors import DataError
from detectors.messages import N_
from pages.shared.streamed_upload.permits import Page

PATH = "/outgoing"

_UNKNOWN = N_("This file is no longer offered. Go back to the page, and click the button again.")
_ELSEWHERE = N_("This file is offered in another browser. Open the page in this one, and click the button there.")


@dataclass(frozen=True)
class File:
    """A file that is made when it is asked for: `write` puts it into a stream."""

    name: str
    media_type: str
    write: Callable[[BinaryIO], None]
    folder: Path
    """Where there is room for it while it is sent."""


@dataclass(frozen=True)
class Offer:
    """A file for one session of Streamlit, which runs in `page`."""

    session: str
    page: Page
    file: File


class Offers:
    """All that are in force: one for each session, until it is offered another or ends. Safe to use from several threads."""

    def __init__(self, is_active: Callable[[str], bool] = lambda session: get_instance().is_active_session(session)) -> None:
        self._is_active = is_active
        self._offers: dict[str, Offer] = {}
        self._lock = threading.Lock()

    def make(self, offer: Offer) -> str:
        """The token by which the file can be asked for. A session keeps its token: a page that is drawn again has the same link."""
        with self._lock:
            self._offers = {token: other for token, other in self._offers.items() if self._is_active(other.session)}
            token = next((token for token, other in self._offers.items() if other.session == offer.session), secrets.token_urlsafe(32))
            self._offers[token] = offer
            return token

    def find(self, token: str, page: Page) -> File:
        """The file that `page` asks for.

        Raises:
            DataError: there is no such offer any more, or it is not this browser's.
        """
        with self._lock:
            offer = self._offers.get(token)
        if offer is None or not self._is_active(offer.session):
            raise DataError(_UNKNOWN)
        if not offer.page.opened(page):
            raise DataError(_ELSEWHERE)
        return offer.file


OFFERS = Offers()


def offered(file: File) -> str:
    """The address at which the session that is running gets this file, and nobody else."""
    context = get_script_run_ctx()
    session = context.session_id if context else ""
    return f"{PATH}?offer={OFFERS.make(Offer(session, Page.of(st.context.headers, st.context.cookies), file))}"
