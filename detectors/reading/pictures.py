"""Reads an archive of pictures: a row for each, and all of their pixels in one array file beside the table."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy
from numpy.typing import NDArray

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.pictures import INDEX_COLUMNS, INDEX_FILE, PICTURES_FILE
from detectors.reading.archive import Archive, LeftOut, Member, Omissions
from detectors.reading.paths import PATH_FIELDS, path_columns
from detectors.reading.pixels import Picture, read_picture
from detectors.reading.table import Table

#: Bytes of one picture file; a TIFF of `MOST_PIXELS` in colour has 192 MB.
MOST_BYTES = 256 << 20

BLOCK_PICTURES = 1_000

SCHEMA = pa.schema([*PATH_FIELDS, ("width", pa.int64()), ("height", pa.int64()), ("channels", pa.int64())])

_NONE = N_(
    "None of the {count} pictures in `{name}` can be read, for example `{file}`. Check that they open elsewhere, and pack them again."
)


class ArrayFile:
    """Writes pictures one behind the other, so that only one of them is in memory, and at the end how many bytes they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offset = 0
        self._index: list[list[int]] = []

    def __enter__(self) -> Self:
        self._file = (self._folder / PICTURES_FILE).open("wb")
        self._write_header()
        return self

    def add(self, pixels: NDArray[np.uint8]) -> None:
        content = pixels.tobytes()
        self._file.write(content)
        self._index.append([self._offset, *pixels.shape, zlib.crc32(content)])
        self._offset += len(content)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.seek(0)
        self._write_header()
        self._file.close()
        np.save(self._folder / INDEX_FILE, np.array(self._index, np.int64).reshape(-1, INDEX_COLUMNS), allow_pickle=False)

    def _write_header(self) -> None:
        """NumPy leaves room in the header for the first length to grow, so it can be written anew over itself."""
        npy.write_array_header_1_0(self._file, {"descr": "|u1", "fortran_order": False, "shape": (self._offset,)})


def open_pictures(archive: Archive, members: list[Member], omissions: Omissions, folder: Path) -> Table:
    """The pictures in `members`, whose pixels go to `folder` while the blocks are taken; the notes are complete after that."""
    notes: list[Message] = []
    return Table(SCHEMA, _blocks(archive, members, omissions, folder, notes), notes, kind="images")


def _blocks(
    archive: Archive, members: list[Member], omissions: Omissions, folder: Path, notes: list[Message]
) -> Iterator[pa.RecordBatch]:  # fmt: skip
    changes: Counter[str] = Counter()
    pictures = 0
    waiting: list[tuple[str, int, int, int]] = []
    with ArrayFile(folder) as array:
        for member in members:
            try:
                picture = read_picture(archive.read(member, MOST_BYTES))
            except LeftOut as reason:
                omissions.add(reason, member.name)
                continue
            array.add(picture.pixels)
            changes.update(picture.changes)
            pictures += 1
            waiting.append(_row(member, picture))
            if len(waiting) == BLOCK_PICTURES:
                yield _block(waiting)
                waiting = []
    archive.close()
    if not pictures:
        raise DataError(_NONE, count=len(members), name=archive.name, file=members[0].name)
    if waiting:
        yield _block(waiting)
    told = [Message(template, {"count": count, "pictures": pictures}) for template, count in sorted(changes.items())]
    notes += [*archive.notes, *told, *omissions.notes()]


def _row(member: Member, picture: Picture) -> tuple[str, int, int, int]:
    return member.name, picture.width, picture.height, picture.pixels.shape[2]


def _block(rows: list[tuple[str, int, int, int]]) -> pa.RecordBatch:
    names, *numbers = zip(*rows, strict=True)
    return pa.record_batch([*path_columns(names), *(pa.array(column, pa.int64()) for column in numbers)], schema=SCHEMA)
