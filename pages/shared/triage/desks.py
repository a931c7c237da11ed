"""Who may mark what from where: a page marks the rows of one data set, under one name, for as long as its session lasts."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from streamlit.runtime import get_instance

from detectors.errors import DataError
from detectors.messages import N_
from pages.shared.streamed_upload.permits import Page

#: Messages that are remembered, so that one that is sent again because its answer was lost is not heard twice.
REMEMBERED = 5000

_GONE = N_("This page is no longer connected. It tries again by itself.")


@dataclass(frozen=True)
class Desk:
    """Where somebody judges: a session of Streamlit in the browser's `page`, the data set, the run looked at, and the name."""

    session: str
    page: Page
    owner: str
    data_id: str
    run_id: str
    author: str


class Desks:
    """All that are in use. Safe to use from several threads."""

    def __init__(self, is_active: Callable[[str], bool] = lambda session: get_instance().is_active_session(session)) -> None:
        self._is_active = is_active
        self._desks: dict[str, Desk] = {}
        self._heard: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, desk: Desk) -> str:
        """The token by which the page marks. A page that is drawn again for the same run keeps it, also under another name."""
        with self._lock:
            self._desks = {token: other for token, other in self._desks.items() if self._is_active(other.session)}
            place = (desk.session, desk.data_id, desk.run_id)
            same = [token for token, other in self._desks.items() if (other.session, other.data_id, other.run_id) == place]
            token = same[0] if same else secrets.token_urlsafe(32)
            self._desks[token] = desk
            return token

    def find(self, token: str, page: Page) -> Desk:
        """The desk of `page`.

        Raises:
            DataError: there is none any more, or it is not this browser's.
        """
        with self._lock:
            desk = self._desks.get(token)
        if desk is None or not self._is_active(desk.session) or not desk.page.sent(page):
            raise DataError(_GONE)
        return desk

    def is_new(self, message: str) -> bool:
        """Whether a message was not heard before; it has been from now on."""
        with self._lock:
            if message in self._heard:
                return False
            self._heard[message] = None
            if len(self._heard) > REMEMBERED:
                self._heard.popitem(last=False)
            return True

    def forget(self, message: str) -> None:
        """Takes a message for unheard, because it could not be done."""
        with self._lock:
            self._heard.pop(message, None)


DESKS = Desks()
