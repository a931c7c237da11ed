"""One server a workspace: a second one would take the first one's running trainings for interrupted ones."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.storage.files import Workspace

FILE = "server.pid"


class ServerLock:
    """Held while a server runs on the workspace in `root`; what a killed server left behind does not count.

    Raises:
        StorageError: another server that is alive holds it.
    """

    def __init__(self, root: Path) -> None:
        self._path = Workspace.open(root).root / FILE
        holder = self._holder()
        if holder is not None:
            raise StorageError(
                N_(
                    "another Anomalyst (process {process}) already uses the workspace {path}. Stop it, or set ANOMALYST_WORKSPACE to another folder."
                ),
                process=str(holder),
                path=str(root),
            )
        self._path.write_text(_identity(psutil.Process()), encoding="ascii")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._path.unlink(missing_ok=True)

    def _holder(self) -> int | None:
        """The process that holds the lock, where it still lives: its number alone could be another program's by now."""
        if not self._path.exists():
            return None
        written = self._path.read_text(encoding="ascii")
        number = written.partition(" ")[0]
        try:
            alive = number.isdecimal() and _identity(psutil.Process(int(number))) == written
        except psutil.NoSuchProcess:
            alive = False
        return int(number) if alive else None


def _identity(process: psutil.Process) -> str:
    return f"{process.pid} {process.create_time():.2f}"
