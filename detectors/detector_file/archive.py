"""The zip of a detector file, taken apart without trust: every entry is looked at before a byte of it is unpacked."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from detectors.errors import StorageError
from detectors.messages import N_

#: No detector file holds more, unpacked: those that keep training rows keep a few hundred megabytes.
LARGEST_BYTES = 8 << 30

#: Up to here nobody minds; beyond it, arrays and JSON shrink to a twentieth, bombs to a thousandth.
HARMLESS_BYTES, MOST_TIMES = 64 << 20, 200

#: An auto or a large ensemble has a few hundred.
MOST_MEMBERS = 5_000

CHUNK_BYTES = 1 << 20

#: Before the bytes of an entry stand a header of so many bytes and its name.
HEADER_BYTES = 30

#: Every sentence names the file and the member.
CHANGED = N_("`{file}` was not opened: its member `{member}` is not as it was written. Take an undamaged copy.")
MISSING = N_("`{file}` was not opened: its member `{member}` is missing. Take an undamaged copy.")
EXTRA = N_("`{file}` was not opened: its member `{member}` is not in its manifest. Take an undamaged copy.")
TWICE = N_("`{file}` was not opened: its member `{member}` is there twice. It was not written by this program.")
OUTSIDE = N_("`{file}` was not opened: its member `{member}` names a place outside the file. It was not written by this program.")
ENCRYPTED = N_("`{file}` was not opened: its member `{member}` is encrypted. It was not written by this program.")
METHOD = N_("`{file}` was not opened: its member `{member}` is packed in a way that is not read here. It was not written by this program.")
OVERLAPS = N_("`{file}` was not opened: its member `{member}` shares its bytes with another one. It was not written by this program.")
TOO_LARGE = N_("`{file}` was not opened: its member `{member}` unpacks to more than a detector takes. It was not written by this program.")
MANY = N_("`{file}` was not opened: it has {count} members, and a detector has at most {most}. It was not written by this program.")


def refused(template: str, file: str, member: str, **values: Any) -> StorageError:
    """The error that says why `file` was not opened, naming its `member`."""
    return StorageError(template, file=file, member=member, **values)


def checked_entries(archive: zipfile.ZipFile, file: str) -> dict[str, zipfile.ZipInfo]:
    """The entries of `archive` by name, where each of them is what this program writes: a plain file below the top.

    Raises:
        StorageError: one is not, with its name.
    """
    entries = archive.infolist()
    if len(entries) > MOST_MEMBERS:
        raise StorageError(MANY, file=file, count=len(entries), most=MOST_MEMBERS)
    found: dict[str, zipfile.ZipInfo] = {}
    folded: set[str] = set()
    for entry in entries:
        _check_entry(entry, file)
        if entry.filename.casefold() in folded:
            raise refused(TWICE, file, entry.filename)
        folded.add(entry.filename.casefold())
        found[entry.filename] = entry
    _check_places(entries, file)
    _check_amount(entries, file)
    return found


def _check_entry(entry: zipfile.ZipInfo, file: str) -> None:
    if not is_inside(entry.filename) or entry.orig_filename != entry.filename or stat.S_ISLNK(entry.external_attr >> 16):
        raise refused(OUTSIDE, file, entry.filename)
    if entry.flag_bits & 1:
        raise refused(ENCRYPTED, file, entry.filename)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refused(METHOD, file, entry.filename)


def is_inside(name: str) -> bool:
    """Whether `name` is that of a file in the folder that it is unpacked into, on every system."""
    path = PurePosixPath(name)
    plain = name.isprintable() and not set(name) & set('\\:*?"<>|')
    return bool(name) and plain and str(path) == name and not path.is_absolute() and ".." not in path.parts and path.name not in ("", ".")


def _check_places(entries: Iterable[zipfile.ZipInfo], file: str) -> None:
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise refused(OVERLAPS, file, entry.filename)
        end = entry.header_offset + HEADER_BYTES + entry.compress_size


def _check_amount(entries: Iterable[zipfile.ZipInfo], file: str) -> None:
    total = packed = 0
    for entry in sorted(entries, key=lambda entry: entry.file_size):
        total, packed = total + entry.file_size, packed + entry.compress_size
        if total > LARGEST_BYTES or (total > HARMLESS_BYTES and total > MOST_TIMES * packed):
            raise refused(TOO_LARGE, file, entry.filename)


def unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Path, file: str) -> str:
    """Writes one entry below the folder `into`; gives its SHA-256. What comes out is never more than the entry says.

    Raises:
        StorageError: it is damaged.
    """
    target, digest = into / entry.filename, hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with archive.open(entry) as source, target.open("wb") as written:
            while chunk := source.read(CHUNK_BYTES):
                digest.update(chunk)
                written.write(chunk)
    except (zipfile.BadZipFile, EOFError, ValueError, RuntimeError, NotImplementedError, OverflowError, zlib.error) as error:
        raise refused(CHANGED, file, entry.filename) from error
    return digest.hexdigest()
