"""The threads of the server that watch: one for each folder, for one that does not answer must not hold up the others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from detectors.errors import Discarded, StorageError
from detectors.storage.tables import WatchRecord
from detectors.watching.served import Served

#: Seconds between two steps of a watch: while a file is under way, and else.
STEP_S, REST_S = 0.25, 1.0

LOG = logging.getLogger("anomalyst.watching")


@dataclass
class Round:
    """One watch and its thread, once that has been started."""

    served: Served
    find: Callable[[], WatchRecord | None]
    """The record as it is now; None once it was deleted."""
    awake: threading.Event = field(default_factory=threading.Event)
    ending: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def start(self) -> None:
        self.thread = threading.Thread(target=self._run, name="watch a folder", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            with self.served.kept.held():
                self._go_round()
        except StorageError as error:  # another process writes there, or the disk is damaged
            self.served.status.blocked = error.message

    def _go_round(self) -> None:
        self.served.recover()
        while not self.ending.is_set():
            self.awake.clear()
            try:
                watch = self.find()
                if watch is None:
                    break
                soon = self.served.step(watch)
            except Discarded:
                break
            except Exception:  # the watch must go on: the next step may succeed, and the log says what failed
                LOG.exception("a step of a watch failed")
                soon = False
            self.awake.wait(STEP_S if soon else REST_S)
        self.served.end()


class Rounds:
    """All watches of this server."""

    def __init__(self, opened: Callable[[str], Round]) -> None:
        self._opened = opened
        self._rounds: dict[str, Round] = {}
        self._changing = threading.Lock()
        self._started = False

    def start(self, watch_ids: Iterable[str]) -> None:
        """Starts the thread of each watch; those that come later start at once."""
        self._started = True
        for watch_id in watch_ids:
            self.of(watch_id)

    def of(self, watch_id: str) -> Round:
        """The watch, at work where the server is."""
        with self._changing:
            found = self._rounds.get(watch_id)
            if found is None:
                found = self._rounds[watch_id] = self._opened(watch_id)
            if self._started and found.thread is None:
                found.start()
        return found

    def wake(self, watch_id: str) -> None:
        """Something of the watch was changed."""
        self.of(watch_id).awake.set()

    def forget(self, watch_id: str, timeout_s: float) -> None:
        """Ends the watch, which was deleted."""
        with self._changing:
            found = self._rounds.pop(watch_id, None)
        if found is not None:
            _end([found])
            _wait([found], timeout_s)

    def end(self) -> None:
        """Lets all of them end with the step in hand."""
        self._started = False
        _end(self._rounds.values())

    def wait(self, timeout_s: float) -> None:
        """Until all have ended, or so many seconds."""
        _wait(list(self._rounds.values()), timeout_s)


def _end(rounds: Iterable[Round]) -> None:
    for each in rounds:
        each.ending.set()
        each.awake.set()


def _wait(rounds: Iterable[Round], timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    for each in rounds:
        if each.thread is not None:
            each.thread.join(max(0.0, until - time.monotonic()))
