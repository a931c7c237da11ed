"""What may come out of a compressed file: a few kilobytes can hold gigabytes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from detectors.errors import DataError
from detectors.messages import N_

CHUNK_BYTES = 1 << 20

#: Up to here nobody minds; beyond it, real tables shrink to a tenth or a fiftieth, made-up ones to a thousandth.
HARMLESS_BYTES = 32 << 20
MOST_TIMES = 200

#: So much of the disk stays free while something is unpacked.
LEFT_FREE_BYTES = 256 << 20

_TOO_DENSE = N_("`{name}` unpacks to more than {times} times its size, as files do that are made to fill a disk. Save it uncompressed.")
_TOO_LARGE = N_("`{name}` unpacks to more than {most} MB. Upload a smaller part of it.")
_NO_ROOM = N_("There is no room on the disk to unpack `{name}`. Make room, or upload a smaller part of it.")


def check_size(unpacked: int, packed: int, most: int, name: str) -> None:
    """Raises `DataError` where `unpacked` bytes are more than `packed` ones of an honest table hold, or more than `most`."""
    if unpacked > most:
        raise DataError(_TOO_LARGE, name=name, most=most // 10**6)
    if unpacked > HARMLESS_BYTES and unpacked > MOST_TIMES * packed:
        raise DataError(_TOO_DENSE, name=name, times=MOST_TIMES)


def check_room(folder: Path, name: str) -> None:
    """Raises `DataError` where the disk is nearly full."""
    if shutil.disk_usage(folder).free < LEFT_FREE_BYTES:
        raise DataError(_NO_ROOM, name=name)


class Readable(Protocol):
    """What bytes come from."""

    def read(self, size: int, /) -> bytes: ...


def unpack(stream: Readable, target: Path, packed: int, most: int, name: str, *, enough: int | None = None) -> int:
    """Copies `stream` to `target` and gives its bytes; ends after `enough` of them.

    Raises:
        DataError: far more come out than went in, or more than `most`, or the disk is full.
    """
    written = 0
    with target.open("wb") as file:
        while (enough is None or written < enough) and (chunk := stream.read(CHUNK_BYTES)):
            written += len(chunk)
            check_size(written, packed, most, name)
            check_room(target.parent, name)
            file.write(chunk)
    return written
