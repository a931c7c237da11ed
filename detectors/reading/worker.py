"""The process that opens files from strangers: limits itself, does one task, and leaves a result or a refusal.

Started by `process.run_worker` as ``python -m detectors.reading.worker TASK LIMITS``, both JSON.
"""

from __future__ import annotations

import errno
import json
import os
import runpy
import signal
import sys
from pathlib import Path

from detectors.child import NICENESS, end_with_parent
from detectors.errors import AnomalystError, DataError, StorageError
from detectors.messages import N_
from detectors.reading import progress
from detectors.reading.misread import Misread
from detectors.reading.options import ReadingOptions
from detectors.reading.process import OUT_OF_MEMORY, REFUSAL_FILE, REFUSED, Limits, Task
from detectors.storage.arrivals import Room

#: The kernel ends the worker this much after the parent would have: the parent may have died.
GRACE_S = 5

_DISK_FULL = N_("There is no room left on the disk to read `{name}` into. Free some, and upload it again.")


def main(arguments: list[str]) -> int:
    """The exit code: 0, `REFUSED` or `OUT_OF_MEMORY`; anything else that goes wrong ends in a traceback for the log."""
    task, limits = Task(**json.loads(arguments[0])), Limits(**json.loads(arguments[1]))
    end_with_parent(os.fdopen(0, "rb", buffering=0, closefd=False))
    _give_way()
    _limit(limits)
    progress.tell_in(Path(task.folder))
    try:
        _do(task, limits)
    except (DataError, StorageError) as refusal:
        return _refuse(task, refusal)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return _refuse(task, StorageError(_DISK_FULL, name=task.name))
    except MemoryError:
        return OUT_OF_MEMORY
    except ImportError as error:
        # A library that finds no room for itself says so in these words, not as a MemoryError.
        if "failed to map" in str(error) or "cannot allocate" in str(error):
            return OUT_OF_MEMORY
        raise
    return 0


def _refuse(task: Task, refusal: AnomalystError) -> int:
    record = refusal.message.to_json()
    if isinstance(refusal, Misread):
        record |= {"options": refusal.options, "content_hash": refusal.content_hash}
    (Path(task.folder) / REFUSAL_FILE).write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    return REFUSED


def _give_way() -> None:
    """To the server, whose pages others are looking at."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def _do(task: Task, limits: Limits) -> None:
    if task.action == "make":
        sys.argv = [task.source, str(Path(task.folder) / task.name)]
        runpy.run_path(task.source, run_name="__main__")
        return
    if task.action == "fetch":
        from detectors.reading.fetching import FETCHED_FILE, fetch

        folder = Path(task.folder)
        fetch(task.source, Room(folder, limits.fetched_bytes, limits.free_bytes)).rename(folder / FETCHED_FILE)
        return
    if task.action == "join":
        from detectors.joining.writing import Asked, join

        join(Asked.from_json(task.source), Path(task.folder), task.name)
        return
    from detectors.reading.conversion import convert, preview

    options = ReadingOptions(**task.options)
    if task.action == "preview":
        preview(Path(task.source), Path(task.folder), task.name, limits, options)
    else:
        convert(Path(task.source), Path(task.folder), task.name, limits, options, ask=task.ask)


def _limit(limits: Limits) -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent watches
        return
    _lower(resource.RLIMIT_CORE, 0, 0)
    _lower(resource.RLIMIT_CPU, limits.cpu_s, GRACE_S)
    _lower(resource.RLIMIT_AS, limits.memory_bytes, 0)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s + GRACE_S)


def _lower(kind: int, wanted: int, grace: int) -> None:
    import resource

    hard = resource.getrlimit(kind)[1]
    lowest = wanted + grace if hard == resource.RLIM_INFINITY else min(wanted + grace, hard)
    try:
        resource.setrlimit(kind, (min(wanted, lowest), lowest))
    except (ValueError, OSError):  # macOS refuses to limit address space: the parent watches
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
