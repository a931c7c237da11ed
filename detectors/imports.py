"""Files being read in the background: how far each is, how to end it, and what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from detectors.errors import Discarded
from detectors.reading import ReadingProgress, Watch
from detectors.storage.records import DataSetRecord

#: Files read at once: each may take as much memory as one reading is allowed, and keeps a processor busy. Others wait …
SMALL_AT_ONCE, LARGE_AT_ONCE = 2, 1

#: … but one that is read within seconds does not wait for those that take minutes: files of more bytes than this.
LARGE = 100 * 10**6

#: Seconds between two looks of one that waits.
LOOK_S = 0.1

#: Share that must be done before the rest can be told from it.
FORESEEABLE = 0.05


class Turns:
    """Who reads now and who waits."""

    def __init__(self) -> None:
        self._small, self._large = threading.Semaphore(SMALL_AT_ONCE), threading.Semaphore(LARGE_AT_ONCE)

    def of(self, size: int) -> threading.Semaphore:
        """What a file of `size` bytes waits for."""
        return self._large if size > LARGE else self._small


class Import:
    """One file on its way into a data set. Whoever asked may look at it, end it, or go away: it goes on by itself."""

    def __init__(self, name: str, work: Callable[[Watch], DataSetRecord], turn: threading.Semaphore, done: Callable[[], None]) -> None:
        self.name = name
        self.progress = ReadingProgress("waiting")
        self._began = time.monotonic()
        self._work, self._turn, self._done = work, turn, done
        self._cancelled, self._ended = threading.Event(), threading.Event()
        self._record: DataSetRecord | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="import", daemon=True).start()

    @property
    def seconds_left(self) -> float | None:
        """Roughly how long the phase in hand and those after it will take; None where it is too early to tell."""
        share = self.progress.share
        if share < FORESEEABLE:
            return None
        return (time.monotonic() - self._began) * (1 - share) / share

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether it has ended, after waiting for that so long."""
        return self._ended.wait(timeout_s)

    def cancel(self) -> None:
        """Ends the reading and leaves nothing of it, unless it is over already."""
        self._cancelled.set()

    def result(self) -> DataSetRecord:
        """The data set, once it is there.

        Raises:
            DataError: the file cannot be read, and is no data set (`reading.Misread` where it might be in another way).
            Discarded: it was cancelled.
        """
        self._ended.wait()
        if self._error is not None:
            raise self._error
        assert self._record is not None
        return self._record

    def _run(self) -> None:
        try:
            while not self._turn.acquire(timeout=LOOK_S):
                self._look(self.progress)
            try:
                self._record = self._work(self._look)
            finally:
                self._turn.release()
        except BaseException as error:  # raised again in whoever asks for the result
            self._error = error
        finally:
            self._done()
            self._ended.set()

    def _look(self, now: ReadingProgress) -> None:
        if now.share < self.progress.share or not now.share:
            self._began = time.monotonic()  # what can be foreseen begins now: the reading after the fetching, too
        self.progress = now
        if self._cancelled.is_set():
            raise Discarded
