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
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from detectors.errors import DataError
from detectors.messages import N_, Message

_log = logging.getLogger("anomalyst.reading")

#: Exit codes of the worker: `REFUSED` leaves its sentence in `REFUSAL_FILE`.
REFUSED, OUT_OF_MEMORY = 3, 4
REFUSAL_FILE = "refusal.json"

#: Between two looks at what the worker uses. The kernel's own limits need no looking; this serves systems without them.
LOOK_S = 0.05

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


USUAL_LIMITS = Limits()


@dataclass(frozen=True)
class Task:
    """What the worker is asked: `action` ``read`` (source → folder), ``preview`` (its first rows) or ``make`` (script → source)."""

    action: str
    source: str
    folder: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Reading options that were said."""
    ask: bool = False
    """Whether a preview is left in place of the data where something is doubted."""


def run_worker(task: Task, limits: Limits) -> None:
    """Runs `task` to its end in a limited process.

    Raises:
        DataError: the worker refused the file, was ended by a limit or a signal, or failed.
    """
    command = [sys.executable, "-P", "-m", "detectors.reading.worker", json.dumps(asdict(task)), json.dumps(asdict(limits))]
    with tempfile.TemporaryFile() as errors:
        code = run_limited(command, limits, task.name, errors)
        if code:
            raise _failure(code, task, limits, errors)


def run_limited(command: list[str], limits: Limits, name: str, errors: IO[bytes]) -> int:
    """The exit code of `command`; it is ended when it goes beyond `limits`, or when waiting for it is interrupted.

    Raises:
        DataError: it went beyond a limit that is watched from here.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=_environment())
    deadline = time.monotonic() + limits.wall_s
    try:
        while True:
            try:
                return process.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                _check_use(process.pid, limits, name)
            if time.monotonic() > deadline:
                raise DataError(_TOO_LONG, name=name, limit=limits.wall_s)
    finally:
        process.kill()
        process.wait()


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


def _environment() -> dict[str, str]:
    """One thread and one memory pool: every further thread reserves address space, which is what the limit counts."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    return {**os.environ, **threads, "PYTHONPATH": path}


def _failure(code: int, task: Task, limits: Limits, errors: IO[bytes]) -> DataError:
    if code == REFUSED:
        record = json.loads((Path(task.folder) / REFUSAL_FILE).read_text(encoding="utf-8"))
        refusal = Message.from_json(record)
        return DataError(refusal.template, **refusal.values)
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
