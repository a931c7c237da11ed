"""Sends what is in the outbox, from a thread of its own: nobody waits for a dead receiver, and nothing is lost to it."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Protocol

from detectors.errors import AnomalystError, StorageError
from detectors.watching.outbox import Notice, Outbox

#: Seconds between two looks into the outbox; a new warning does not wait for the next.
LOOK_S = 1.0

#: Seconds that one try to send may take without a sign from the other side.
TIMEOUT_S = 10.0


class Undelivered(AnomalystError):
    """A warning could not be sent; `reached` says whether anybody answered."""

    def __init__(self, template: str, *, reached: bool, **values: Any) -> None:
        super().__init__(template, **values)
        self.reached = reached


class Channel(Protocol):
    """A way to tell somebody."""

    name: str

    def send(self, notice: Notice) -> None:
        """Returns once the other side has taken it.

        Raises:
            Undelivered: it has not.
        """
        ...


class Courier:
    """Sends the warnings of one channel, one after the other, again and again with growing pauses."""

    def __init__(self, outbox: Outbox, channel: Channel) -> None:
        self.outbox, self.channel = outbox, channel
        self._ending, self._awake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"send by {channel.name}", daemon=True)

    def start(self) -> None:
        """Begins with what an earlier watch could not deliver."""
        self.outbox.retry(self.channel.name)
        self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self._awake.set()

    def end(self) -> None:
        """Lets it end after one more try of what is due; what remains is tried when a watch starts again."""
        self._ending.set()
        self._awake.set()

    def wait(self, timeout_s: float) -> None:
        """Until it has ended, or so many seconds: what it was sending then counts as not sent."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        last = False
        while not last:
            last = self._ending.is_set()
            self._awake.clear()
            with contextlib.suppress(StorageError):  # a full or busy disk: the watch itself says so, and the next look may succeed
                self._send_due()
            if not last:
                self._awake.wait(LOOK_S)

    def _send_due(self) -> None:
        while (notice := self.outbox.due(self.channel.name)) is not None:
            try:
                self.channel.send(notice)
            except Undelivered as error:
                self.outbox.failed(notice.id, self.channel.name, str(error), reached=error.reached)
            else:
                self.outbox.delivered(notice.id, self.channel.name)


def reason_of(error: object) -> str:
    """Why a connection failed, in the system's words, without its number."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
