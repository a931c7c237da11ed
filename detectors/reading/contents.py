"""Decides what an archive holds, pictures or texts, by the first bytes of its files and not by what they are called."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading import progress
from detectors.reading.archive import Archive, LeftOut, Member, Omissions, open_archive
from detectors.reading.encodings import is_binary
from detectors.reading.pictures import open_pictures
from detectors.reading.table import Table
from detectors.reading.texts import open_texts

PICTURE_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")

#: A bitmap begins with two letters that a text may begin with too; its header's length, at byte 14, is one of these.
BITMAP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)

#: Text that holds a table, settings or a description of something else: no text of people.
NOT_PROSE_ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".yaml", ".yml", ".toml", ".ini", ".arff", ".svg")
NOT_PROSE_SIGNATURES = (b"%PDF", b"<?xml", b"{\\rtf")

_EMPTY = N_("`{name}` holds no files. Check that it was packed completely, and upload it again.")
_NEITHER = N_(
    "`{name}` holds neither pictures (PNG, JPEG, WebP, BMP, TIFF) nor texts (.txt, .md); its first file is `{file}`. "
    "A table is read by itself, as CSV or Parquet outside an archive."
)
_OTHER_PICTURES = N_("Left out because they are not pictures that can be read: {count} of {files} files, the first is `{file}`.")
_OTHER_TEXTS = N_("Left out because they are not texts: {count} of {files} files, the first is `{file}`.")


@dataclass(frozen=True)
class Contents:
    """The files of an archive, sorted by what they are."""

    pictures: list[Member]
    texts: list[Member]
    others: list[Member]
    omissions: Omissions
    """The files that could not even be looked at."""


def open_contents(source: Path, folder: Path, name: str, most_bytes: int) -> Table:
    """The pictures or the texts in the zip or folder `source`, whichever are more; the arrays of pictures go to `folder`.

    Raises:
        DataError: there are neither, or none of them can be read.
    """
    archive = open_archive(source, name, most_bytes)
    if not archive.members:
        raise DataError(_EMPTY, name=name)
    contents = sort_out(archive)
    if not contents.pictures and not contents.texts:
        reason = _nothing(contents, archive)
        raise DataError(reason.template, **reason.values)
    files = len(archive.members)
    progress.begin("writing", sum(member.size for member in archive.members))
    if len(contents.pictures) >= len(contents.texts):
        archive.notes += _others(_OTHER_PICTURES, [*contents.texts, *contents.others], files)
        return open_pictures(archive, contents.pictures, contents.omissions, folder)
    archive.notes += _others(_OTHER_TEXTS, [*contents.pictures, *contents.others], files)
    return open_texts(archive, contents.texts, contents.omissions)


def sort_out(archive: Archive) -> Contents:
    """Looks at the beginning of every file."""
    found = Contents([], [], [], Omissions())
    for member in archive.members:
        try:
            head = archive.head(member)
        except LeftOut as reason:
            found.omissions.add(reason, member.name)
            continue
        group = found.pictures if is_picture(head) else found.texts if _is_text(head, member.name) else found.others
        group.append(member)
    return found


def is_picture(head: bytes) -> bool:
    """Whether a file that begins with `head` is a PNG, JPEG, TIFF, WebP or BMP."""
    if head.startswith(b"BM"):
        return int.from_bytes(head[14:18], "little") in BITMAP_HEADERS
    return head.startswith(PICTURE_SIGNATURES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")


def _is_text(head: bytes, name: str) -> bool:
    ending = posixpath.splitext(name)[1].lower()
    prose = ending not in NOT_PROSE_ENDINGS and not head.startswith(NOT_PROSE_SIGNATURES)
    return prose and bool(head) and not is_binary(head)


def _nothing(contents: Contents, archive: Archive) -> Message:
    """Why there is nothing to read: the reason of the first file, where every file has one."""
    if contents.others:
        return Message(_NEITHER, {"name": archive.name, "file": contents.others[0].name})
    return contents.omissions.named[0]


def _others(template: str, others: Sequence[Member], files: int) -> list[Message]:
    first = min((member.name for member in others), default="")
    return [Message(template, {"count": len(others), "files": files, "file": first})] if others else []
