"""Zips and folders: of pictures, of texts, or of tables, by the first bytes of their files and not by what they are called."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading import progress
from detectors.reading.archive import Archive, LeftOut, Member, Omissions, open_archive
from detectors.reading.encodings import is_binary
from detectors.reading.formats.contract import Format
from detectors.reading.formats.excel import SIGNATURE as ZIP_SIGNATURE
from detectors.reading.formats.table_sets import looks_like_table, open_tables
from detectors.reading.pictures import open_pictures
from detectors.reading.source import Source
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
    "`{name}` holds neither tables (CSV, Excel, Parquet, JSON) nor pictures (PNG, JPEG, WebP, BMP, TIFF) nor texts (.txt, .md); "
    "its first file is `{file}`."
)
_OTHER_PICTURES = N_("Left out because they are not pictures that can be read: {count} of {files} files, the first is `{file}`.")
_OTHER_TABLES = N_("Left out because they are not tables: {count} of {files} files, the first is `{file}`.")
_OTHER_TEXTS = N_("Left out because they are not texts: {count} of {files} files, the first is `{file}`.")


@dataclass(frozen=True)
class Contents:
    """The files of an archive, sorted by what they are."""

    tables: list[Member]
    pictures: list[Member]
    texts: list[Member]
    others: list[Member]
    omissions: Omissions
    """The files that could not even be looked at."""


class Archives(Format):
    name = "zip"

    def recognises(self, start: bytes, source: Source) -> bool:
        return source.path.is_dir() or start.startswith(ZIP_SIGNATURE)

    def open(self, source: Source) -> Table:
        """The tables, the pictures or the texts in the zip or folder, whichever are most."""
        archive = open_archive(source.path, source.name, source.limits.archive_bytes)
        if not archive.members:
            raise DataError(_EMPTY, name=source.name)
        contents = sort_out(archive)
        groups = {"tables": contents.tables, "pictures": contents.pictures, "texts": contents.texts}
        most = max(groups, key=lambda group: len(groups[group]))
        if not groups[most]:
            reason = _nothing(contents, archive)
            raise DataError(reason.template, **reason.values)
        others = [*contents.others, *(member for group, members in groups.items() if group != most for member in members)]
        archive.notes += _others({"tables": _OTHER_TABLES, "pictures": _OTHER_PICTURES, "texts": _OTHER_TEXTS}[most], others, archive)
        if most == "tables":
            return open_tables(archive, contents.tables, contents.omissions, source)
        progress.begin("writing", sum(member.size for member in archive.members))
        if most == "pictures":
            return open_pictures(archive, contents.pictures, contents.omissions, source.folder)
        return open_texts(archive, contents.texts, contents.omissions)


def sort_out(archive: Archive) -> Contents:
    """Looks at the beginning of every file."""
    found = Contents([], [], [], [], Omissions())
    for member in archive.members:
        try:
            head = archive.head(member)
        except LeftOut as reason:
            found.omissions.add(reason, member.name)
            continue
        _group(head, member.name, found).append(member)
    return found


def _group(head: bytes, name: str, found: Contents) -> list[Member]:
    if is_picture(head):
        return found.pictures
    if looks_like_table(head, name):
        return found.tables
    return found.texts if _is_text(head, name) else found.others


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


def _others(template: str, others: Sequence[Member], archive: Archive) -> list[Message]:
    first = min((member.name for member in others), default="")
    return [Message(template, {"count": len(others), "files": len(archive.members), "file": first})] if others else []
