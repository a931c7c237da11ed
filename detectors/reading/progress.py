"""How far reading is: what is being done and how much of it, left in a file for whoever waits.

One process reads one file, so what it is doing belongs to the process: `begin` names it, `counted` and `advance` tell how
far it is. Outside of the worker nothing is written.
"""

from __future__ import annotations

import io
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

PROGRESS_FILE = "progress.json"

#: What is done to a file once it is here, in its order, and roughly how much of the whole time it takes.
READING = {"hashing": 1, "checking": 12, "typing": 20, "writing": 20, "profiling": 10}

#: Seconds between two reports.
PAUSE_S = 0.25


@dataclass(frozen=True)
class ReadingProgress:
    """What is being done, and `done` of `total` of it: bytes or columns; a total of 0 is one that is not known.

    The phase is one of `READING`, or one before it: ``waiting`` for others to be read, ``starting``, ``fetching`` from elsewhere.
    """

    phase: str
    done: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1: of all of the reading, roughly, or of the fetching before it."""
        within = min(1.0, self.done / self.total) if self.total else 0.0
        if self.phase not in READING:
            return within
        phases = list(READING)
        before = sum(READING[phase] for phase in phases[: phases.index(self.phase)])
        return (before + READING[self.phase] * within) / sum(READING.values())


class _Report:
    """What this process is doing; written to a file once there is one to write to."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.now = ReadingProgress("starting")
        self._written = 0.0

    def tell(self, now: ReadingProgress) -> None:
        is_news = now.phase != self.now.phase
        self.now = now
        if self.path is None or (not is_news and time.monotonic() < self._written + PAUSE_S):
            return
        self._written = time.monotonic()
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(asdict(now)), encoding="utf-8")
        beside.replace(self.path)


_report = _Report()


def tell_in(folder: Path) -> None:
    """From now on, this process tells in `folder` how far it is."""
    _report.path = folder / PROGRESS_FILE


def begin(phase: str, total: int = 0) -> None:
    """A phase begins, of which there are `total` bytes or columns; 0: nobody knows how many."""
    _report.tell(ReadingProgress(phase, 0, total))


def advance(more: int) -> None:
    """So much more is done of what was begun."""
    now = _report.now
    _report.tell(ReadingProgress(now.phase, now.done + more, now.total))


def reached(done: int, total: int) -> None:
    """So much is done by now, of so much."""
    _report.tell(ReadingProgress(_report.now.phase, done, total))


class _Counted(io.RawIOBase):
    """Passes on what is read from a stream, and counts it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = int(self._stream.readinto(buffer))  # type: ignore[attr-defined]
        advance(count)
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


def counted(stream: IO[bytes]) -> io.BufferedReader:
    """`stream`, from the beginning to the end; what is read of it counts as done."""
    return io.BufferedReader(_Counted(stream), 1 << 20)


def load_progress(folder: Path) -> ReadingProgress | None:
    """How far the process that reads into `folder` is; None where it has not told yet."""
    try:
        return ReadingProgress(**json.loads((folder / PROGRESS_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
