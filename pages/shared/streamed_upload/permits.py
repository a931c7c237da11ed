"""Who may send which file: a permit for one file of one size, for the page that asked for it, for a short while and once."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from streamlit.web.server.starlette.starlette_app_utils import validate_xsrf_token

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.storage.arrivals import Arrival, Room

#: Seconds that a permit waits for its file, and that a file which has arrived waits for its page.
UNUSED_S, UNCOLLECTED_S = 60.0, 600.0

#: Files that may come in at once, from all pages together.
AT_ONCE = 8

#: The cookie that Streamlit gives every browser, and by which it knows its pages from others.
COOKIE = "_streamlit_xsrf"

_UNKNOWN = N_("This upload was not asked for, or too long ago. Choose the file again.")
_ELSEWHERE = N_("This upload does not come from the page that asked for it. Open the page anew and choose the file again.")
_BUSY = N_("Other files are being uploaded to this server right now. Try again when they have arrived.")
_BROKEN = N_("The connection broke before `{name}` had arrived. Nothing of it was kept; choose it again.")


@dataclass(frozen=True)
class Page:
    """What the browser says about itself when it opens a page, and again when it sends a file."""

    host: str | None
    origin: str | None
    cookie: str | None

    @classmethod
    def of(cls, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Page:
        return cls(headers.get("Host"), headers.get("Origin"), cookies.get(COOKIE))

    def sent(self, other: Page) -> bool:
        """Whether `other`, which brings a file, is this page: the same address, in the same browser.

        Streamlit has checked the address of a page before it answers it.
        """
        same_address = bool(self.host and self.origin) and (self.host, self.origin) == (other.host, other.origin)
        return same_address and (self.cookie is None or validate_xsrf_token(self.cookie, other.cookie))

    def opened(self, other: Page) -> bool:
        """Whether `other`, which follows a link, is in the browser and at the address of this page. A link tells no origin."""
        return bool(self.host) and self.host == other.host and (self.cookie is None or validate_xsrf_token(self.cookie, other.cookie))


@dataclass
class Permit:
    """For the file `name` of `size` bytes to come into `room`, asked for in the session `session` of Streamlit."""

    session: str
    page: Page
    name: str
    size: int
    room: Room
    expires: float
    is_used: bool = False
    arrival: Arrival | None = None
    refusal: Message | None = None

    @property
    def is_coming(self) -> bool:
        """Whether its file is on its way, and nobody knows yet whether it will arrive."""
        return self.is_used and self.arrival is None and self.refusal is None


class Permits:
    """All that are in force. Safe to use from several threads."""

    def __init__(self) -> None:
        self._permits: dict[str, Permit] = {}
        self._lock = threading.Lock()

    def issue(self, session: str, page: Page, name: str, size: int, room: Room) -> str:
        """The token by which the page may send this file.

        Raises:
            DataError: the file is too large, or too many are coming in.
            StorageError: there is no room for it.
        """
        room.check(name, size)
        with self._lock:
            self._drop_expired()
            if sum(permit.is_coming for permit in self._permits.values()) >= AT_ONCE:
                raise DataError(_BUSY)
            self._drop(lambda permit: permit.session == session and not permit.is_used)  # a page sends one file at a time
            token = secrets.token_urlsafe(32)
            self._permits[token] = Permit(session, page, name, size, room, time.monotonic() + UNUSED_S)
            return token

    def use(self, token: str, page: Page) -> Permit:
        """The permit that `page` brings with a file; from now on it is used.

        Raises:
            DataError: there is no such permit, it was used, or another page brings it.
        """
        with self._lock:
            self._drop_expired()
            permit = self._permits.get(token)
            if permit is None or permit.is_used:
                raise DataError(_UNKNOWN)
            permit.is_used = True
            if not permit.page.sent(page):
                del self._permits[token]
                raise DataError(_ELSEWHERE)
            permit.expires = float("inf")
            return permit

    def settle(self, permit: Permit, outcome: Arrival | Message | None) -> None:
        """Keeps what became of a file: it arrived, was refused, or (None) the connection broke."""
        with self._lock:
            if isinstance(outcome, Arrival):
                permit.arrival = outcome
            else:
                permit.refusal = outcome or Message(_BROKEN, {"name": permit.name})
            permit.expires = time.monotonic() + UNCOLLECTED_S

    def collect(self, token: str, session: str) -> Arrival:
        """The file that has arrived with this permit of this session, once.

        Raises:
            DataError: it did not arrive, and why.
        """
        with self._lock:
            self._drop_expired()
            permit = self._permits.get(token)
            if permit is None or permit.session != session:
                raise DataError(_UNKNOWN)
            if permit.arrival is None:
                refusal = permit.refusal or Message(_BROKEN, {"name": permit.name})
                raise DataError(refusal.template, **refusal.values)
            del self._permits[token]
            return permit.arrival

    def drop_expired(self) -> None:
        """Forgets what nobody used or came for, files that have arrived among them."""
        with self._lock:
            self._drop_expired()

    def _drop_expired(self) -> None:
        now = time.monotonic()
        self._drop(lambda permit: permit.expires < now)

    def _drop(self, unwanted: Callable[[Permit], bool]) -> None:
        for token in [token for token, permit in self._permits.items() if unwanted(permit)]:
            arrival = self._permits.pop(token).arrival
            if arrival is not None:
                arrival.discard()


PERMITS = Permits()
