"""The workspace's folders, and writing that leaves the old state or the new one, whatever happens in between."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.errors import StorageError
from detectors.messages import N_


@dataclass(frozen=True)
class Workspace:
    """Where everything is kept. Folders are named by record ids, never by names that people typed."""

    root: Path

    @classmethod
    def open(cls, root: Path) -> Workspace:
        """The workspace in `root`, created private to this user where there is none."""
        workspace = cls(root)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        for folder in (workspace.incoming, workspace.data, workspace.runs, workspace.queue, workspace.claimed, workspace.logs):
            folder.mkdir(exist_ok=True)
        return workspace

    def empty_incoming(self) -> None:
        """Removes uploads whose reading a killed server never finished."""
        for leftover in self.incoming.iterdir():
            shutil.rmtree(leftover, ignore_errors=True)

    @property
    def incoming(self) -> Path:
        return self.root / "incoming"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def queue(self) -> Path:
        return self.root / "queue"

    @property
    def claimed(self) -> Path:
        return self.root / "claimed"

    @property
    def logs(self) -> Path:
        return self.root / "logs"


def new_id() -> str:
    """An id that no other record has: 12 hexadecimal digits."""
    return uuid.uuid4().hex[:12]


def write_json(path: Path, record: Any) -> None:
    """Writes `record` beside `path` and renames it into place."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(record, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read_json(path: Path) -> Any:
    """What `write_json` wrote.

    Raises:
        StorageError: the file is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(N_("`{name}` in the workspace is missing or damaged. Train again to make it anew."), name=path.name) from error


@contextmanager
def published(folder: Path) -> Iterator[Path]:
    """A temporary folder that becomes `folder`, whole and on disk, when the block ends well; else it is removed."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for path in temporary.rglob("*"):
            _sync(path)
        _sync(temporary)
        temporary.replace(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Removes what an interrupted `published` or `write_json` left behind in `folder`."""
    for leftover in folder.glob(".*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder to sync it
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
