"""Runs the reading worker: a process of its own that may use so much memory, computing and time, and no more."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading.misread import Misread
from detectors.reading.progress import ReadingProgress, load_progress

_log = logging.getLogger("anomalyst.reading")

#: Exit codes of the worker: `REFUSED` leaves its sentence in `REFUSAL_FILE`.
REFUSED, OUT_OF_MEMORY = 3, 4
REFUSAL_FILE = "refusal.json"

#: Between two looks at what the worker uses. The kernel's own limits need no looking; this serves systems without them.
LOOK_S = 0.05

#: Beginnings of the names of variables that may hold credentials.
SECRET_PREFIXES = ("AWS_", "GOOGLE_", "ANOMALYST_")

_TOO_MUCH_MEMORY = N_("`{name}` needs more than {limit} MB of memory to read. Upload a smaller part of it, or raise the limit.")
_TOO_MUCH_COMPUTING = N_("`{name}` needed more than {limit} s of computing to read. Upload a smaller part of it, or raise the limit.")
_TOO_LONG = N_("`{name}` was not read within {limit} s. Upload a smaller part of it, or raise the limit.")
_KILLED = N_(
    "Reading `{name}` was ended by the system ({reason}): the file is damaged, or needs more memory than there is. Check the file."
)
_FAILED = N_("`{name}` could not be read ({reason}). Check that it opens elsewhere, save it again, and upload that.")


@dataclass(frozen=True)
class Limits:
    """What reading one file may use. `memory_bytes` counts address space where the system can limit it, else resident memory."""

    memory_bytes: int = 3 * 2**30
    cpu_s: int = 300
    wall_s: float = 300
    archive_bytes: int = 4 * 2**30
    """Bytes of all files in a zip or folder together, unpacked."""
    fetched_bytes: int = 20 * 10**9
    free_bytes: int = 10**9
    """A file fetched from elsewhere may have `fetched_bytes`, and leaves `free_bytes` free on the disk."""


USUAL_LIMITS = Limits()

#: A large file may take longer: so many seconds of computing for each of its megabytes, and twice as many by the clock, as
#: others use the machine too. Reading takes a tenth of it, where the file is text and not compressed.
COMPUTING_S_PER_MB, WALL_PER_COMPUTING = 1.0, 2

#: A large archive may hold so many times its size.
MOST_UNPACKED = 4


def limits_for(size: int, memory_bytes: int = USUAL_LIMITS.memory_bytes) -> Limits:
    """What reading a file of `size` bytes may use: the usual limits, with more time and more unpacked bytes for a large one."""
    more_s = round(COMPUTING_S_PER_MB * size / 10**6)
    return Limits(
        memory_bytes=memory_bytes,
        cpu_s=USUAL_LIMITS.cpu_s + more_s,
        wall_s=USUAL_LIMITS.wall_s + WALL_PER_COMPUTING * more_s,
        archive_bytes=max(USUAL_LIMITS.archive_bytes, MOST_UNPACKED * size),
    )


#: Told again and again how far reading is; what it raises ends the reading.
Watch = Callable[[ReadingProgress], None]


@dataclass(frozen=True)
class Task:
    """What the worker is asked: `action` ``read`` (source → folder), ``preview`` (its first rows), ``make`` (script → source),
    ``fetch`` (URL → folder) or ``join`` (data sets of ours, as `joining.Asked` → folder).
    """

    action: str
    source: str
    folder: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Reading options that were said."""
    ask: bool = False
    """Whether a preview is left in place of the data where something is doubted."""


def run_worker(task: Task, limits: Limits, watch: Watch | None = None) -> None:
    """Runs `task` to its end in a limited process. `watch` is told how far it is, and ends the process by raising.

    Raises:
        DataError: the worker refused the file, was ended by a limit or a signal, or failed.
    """

    def look() -> None:
        if watch:
            watch(load_progress(Path(task.folder)) or ReadingProgress("starting"))

    command = [sys.executable, "-P", "-m", "detectors.reading.worker", json.dumps(asdict(task)), json.dumps(asdict(limits))]
    with tempfile.TemporaryFile() as errors:
        code = run_limited(command, limits, task.name, errors, look, environment=_environment(with_secrets=task.action == "fetch"))
        if code:
            raise _failure(code, task, limits, errors)


def run_limited(
    command: list[str],
    limits: Limits,
    name: str,
    errors: IO[bytes],
    look: Callable[[], None] = lambda: None,
    *,
    environment: Mapping[str, str] | None = None,
) -> int:
    """The exit code of `command`; it is ended when it goes beyond `limits`, or when waiting for it is interrupted.

    `look` is called again and again meanwhile. The command's input closes when this process ends, however it ends.

    Raises:
        DataError: it went beyond a limit that is watched from here.
    """
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, env=environment or _environment())
    deadline = time.monotonic() + limits.wall_s
    try:
        while True:
            try:
                return process.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                _check_use(process.pid, limits, name)
                look()
            if time.monotonic() > deadline:
                raise DataError(_TOO_LONG, name=name, limit=limits.wall_s)
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def _check_use(pid: int, limits: Limits, name: str) -> None:
    try:
        watched = psutil.Process(pid)
        memory, computing = watched.memory_info().rss, watched.cpu_times()
    except psutil.NoSuchProcess:
        return
    if memory > limits.memory_bytes:
        raise DataError(_TOO_MUCH_MEMORY, name=name, limit=limits.memory_bytes // 10**6)
    if computing.user + computing.system > limits.cpu_s:
        raise DataError(_TOO_MUCH_COMPUTING, name=name, limit=limits.cpu_s)


def _environment(*, with_secrets: bool = False) -> dict[str, str]:
    """One thread and one memory pool: every further thread reserves address space, which is what the limit counts.

    Whoever opens a stranger's file knows no credentials, neither those of object stores nor that of the database.
    """
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    inherited = {name: value for name, value in os.environ.items() if with_secrets or not name.startswith(SECRET_PREFIXES)}
    return {**inherited, **threads, "PYTHONPATH": path}


def _failure(code: int, task: Task, limits: Limits, errors: IO[bytes]) -> DataError:
    if code == REFUSED:
        record = json.loads((Path(task.folder) / REFUSAL_FILE).read_text(encoding="utf-8"))
        message = Message.from_json(record)
        if not record.get("options"):
            return DataError(message.template, **message.values)
        misread = Misread(message.template, **message.values)
        misread.options, misread.content_hash = record["options"], record["content_hash"]
        return misread
    if code == OUT_OF_MEMORY:
        return DataError(_TOO_MUCH_MEMORY, name=task.name, limit=limits.memory_bytes // 10**6)
    if code < 0:
        return _signalled(-code, task, limits)
    errors.seek(0)
    words = errors.read().decode("utf-8", errors="replace").strip()
    _log.error("the reading worker ended with code %d\n%s", code, words)
    return DataError(_FAILED, name=task.name, reason=words.rpartition("\n")[2][:200] or f"code {code}")


def _signalled(number: int, task: Task, limits: Limits) -> DataError:
    if number == getattr(signal, "SIGXCPU", None):
        return DataError(_TOO_MUCH_COMPUTING, name=task.name, limit=limits.cpu_s)
    return DataError(_KILLED, name=task.name, reason=signal.Signals(number).name)
