"""The workspace's folders, and writing that leaves the old state or the new one, whatever happens in between."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import stat
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.errors import StorageError
from detectors.messages import N_

#: What is said of records and folders that another session deleted for good.
DATA_GONE = N_("This data set is no longer there: it was deleted in the meantime.")
RUN_GONE = N_("This run is no longer there: it was deleted in the meantime.")

DETECTOR_GONE = N_("This detector is no longer there: it was deleted in the meantime.")

#: What the file of a saved detector is called in its folder.
DETECTOR_FILE = "detector.zip"

#: In the workspace: the key that only this installation has.
KEY_FILE = "signing.key"

#: Smaller files, in bytes, fill a block of the disk at most: sharing them would save nothing.
SHARED_BYTES = 4096


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
        for folder in ("incoming", "originals", "data", "runs", "detectors", "watches", "queue", "claimed", "turns", "logs"):
            (root / folder).mkdir(exist_ok=True)
        return workspace

    def empty_incoming(self) -> None:
        """Removes uploads whose reading a killed server never finished."""
        for leftover in self.incoming.iterdir():
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)

    @property
    def incoming(self) -> Path:
        return self.root / "incoming"

    @property
    def originals(self) -> Path:
        return self.root / "originals"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def detectors(self) -> Path:
        """Saved detectors, each a detector file in a folder of its own."""
        return self.root / "detectors"

    @property
    def watches(self) -> Path:
        """What came of the files of watched folders, in a folder for each watch."""
        return self.root / "watches"

    @property
    def queue(self) -> Path:
        return self.root / "queue"

    @property
    def claimed(self) -> Path:
        return self.root / "claimed"

    @property
    def turns(self) -> Path:
        """When each owner's last turn in the queue was."""
        return self.root / "turns"

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
            sync(path)
        sync(temporary)
        temporary.replace(folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Removes what an interrupted `published` or `write_json` left behind in `folder`."""
    for leftover in folder.glob(".*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def bytes_on_disk(*folders: Path) -> int:
    """The bytes of all files in `folders`; a file that several folders share counts once."""
    found: dict[tuple[int, int], int] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # removed in the meantime
            if stat.S_ISREG(status.st_mode):
                found[status.st_dev, status.st_ino] = status.st_size
    return sum(found.values())


def share_files(folder: Path, others: Iterable[Path]) -> None:
    """Lets files of `folder` that are equal to those of the same name in one of `others` share their space on the disk.

    They are the same file under two names (hard links), so that removing one folder leaves the other whole. Where the
    file system knows no such links every folder keeps its own copy.
    """
    for path in folder.iterdir():
        for other in others:
            if _can_share(path, other / path.name):
                break


def _can_share(path: Path, other: Path) -> bool:
    link = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.stat().st_size < SHARED_BYTES or not filecmp.cmp(path, other, shallow=False):
            return False
        link.unlink(missing_ok=True)
        os.link(other, link)
        link.replace(path)
    except OSError:  # there is no such file (any longer), or the file system knows no links
        link.unlink(missing_ok=True)
        return False
    return True


def sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder to sync it
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
