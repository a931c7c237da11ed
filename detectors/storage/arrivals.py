"""Files on their way into the workspace: written to a folder of their own within limits, and gone unless they arrive whole."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from detectors.errors import DataError, StorageError
from detectors.messages import N_
from detectors.storage.files import new_id

MEGABYTE = 10**6

#: Bytes between two looks at the room that is left: others write to the disk too.
CHECK_BYTES = 64 * MEGABYTE

_TOO_LARGE = N_(
    "`{name}` has {size} MB; at most {most} MB can be taken in. Upload a part of it, or ask who runs this server to allow more."
)
_GROWN = N_("`{name}` has more bytes than were announced. Choose it again when nothing writes to it any more.")
_CUT = N_("`{name}` came in only in part: {received} of {size} bytes. Upload it again.")
_NO_ROOM = N_(
    "There is no room for `{name}` on the server's disk: it needs {size} MB, and {free} MB can be used. Free some, or upload a part of it."
)


@dataclass(frozen=True)
class Room:
    """What may come in: files of at most `most_bytes`, as long as `keep_free_bytes` stay free on the disk of `folder`."""

    folder: Path
    most_bytes: int
    keep_free_bytes: int

    def check(self, name: str, size: int, *, written: int = 0) -> None:
        """Of the `size` bytes of a file, `written` are on the disk already.

        Raises:
            DataError: the file is too large.
            StorageError: the disk has no room for what is left of it.
        """
        if size > self.most_bytes:
            raise DataError(_TOO_LARGE, name=name, size=_megabytes(size), most=_megabytes(self.most_bytes))
        free = shutil.disk_usage(self.folder).free - self.keep_free_bytes
        if size - written > free:
            raise StorageError(_NO_ROOM, name=name, size=_megabytes(size), free=max(0, free) // MEGABYTE)


class Arrival:
    """A file of `size` bytes, called `name`, that comes in piece by piece. Its name is text and never becomes a path.

    As a context: what has not arrived whole at the end is removed.

    Raises:
        DataError: it is too large.
        StorageError: there is no room for it.
    """

    def __init__(self, room: Room, name: str, size: int) -> None:
        room.check(name, size)
        self.name, self.size, self.received = name, size, 0
        self._room, self._checked = room, 0
        self.folder = room.folder / new_id()
        self.folder.mkdir()
        self.path = self.folder / "upload"
        self._file = self.path.open("wb")

    def write(self, chunk: bytes) -> None:
        """Takes in the next bytes.

        Raises:
            DataError: there are more than were announced.
            StorageError: the disk is full.
        """
        if self.received + len(chunk) > self.size:
            raise DataError(_GROWN, name=self.name)
        if self.received - self._checked >= CHECK_BYTES:
            self._checked = self.received
            self._room.check(self.name, self.size, written=self.received)
        with self._full_told():
            self._file.write(chunk)
        self.received += len(chunk)

    def finish(self) -> Path:
        """Where the whole file lies.

        Raises:
            DataError: it is not whole.
        """
        if self.received != self.size:
            raise DataError(_CUT, name=self.name, received=self.received, size=self.size)
        self._close()
        return self.path

    def discard(self) -> None:
        """Removes all that has arrived."""
        with suppress(StorageError):
            self._close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _close(self) -> None:
        with self._full_told():
            self._file.close()

    @contextmanager
    def _full_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise StorageError(_NO_ROOM, name=self.name, size=_megabytes(self.size), free=0) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._file.closed:
            self.discard()


def _megabytes(size: int) -> int:
    """Rounded up: a file that is a byte too large must not read as one that fits."""
    return -(-size // MEGABYTE)
