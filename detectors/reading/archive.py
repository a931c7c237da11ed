"""A zip archive or a folder from strangers: its files are listed, and read one by one in bounded pieces. Nothing is unpacked.

Of a kilobyte of zip may come gigabytes: entries that share their bytes, entries larger than they say, and entries that
are only very repetitive. So entries may not overlap, and what is counted is what comes out.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading import progress
from detectors.reading.encodings import decode

MOST_FILES = 100_000
CHUNK_BYTES = 1 << 20

#: Enough to tell pictures from texts and from everything else.
HEAD_BYTES = 1024

#: The fixed part of an entry's header: the least that lies between the beginning of an entry and its bytes.
HEADER_BYTES = 30

#: So many files are named among those left out; the others are counted.
MOST_NAMED = 5

#: What zip writes everywhere. Others exist, but one of them (lzma) lets a file ask for gigabytes before its first byte.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: Bits of an entry's flags.
ENCRYPTED, UTF_8 = 0x1, 0x800

#: What systems leave beside the files of people.
LEFTOVERS = ("__macosx", "thumbs.db", "desktop.ini")

#: What `zipfile` raises on archives that are damaged or made up.
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, OSError, ValueError, IndexError)

_DAMAGED = N_("`{name}` is not a whole zip archive ({reason}). Check that it opens elsewhere, pack it again and upload that.")
_OVERLAP = N_("`{name}` holds entries that share their bytes, as archives do that are made to fill a memory. Pack it again.")
_MANY = N_("`{name}` holds more than {most} files. Pack fewer of them.")
_LARGE = N_("The files in `{name}` have more than {most} MB together. Pack fewer or smaller ones.")
_CLOSED = N_("The folder `{folder}` cannot be opened ({reason}). Allow reading it, or move it elsewhere.")
_LINKS = N_("Links to other files or folders were not followed: {count}.")
_MORE = N_("Left out for like reasons: {count} more files.")
_FILE_DAMAGED = N_("`{file}` was left out: it is damaged ({reason}).")
_FILE_LARGE = N_("`{file}` was left out: it has more than {most} MB.")
_FILE_ENCRYPTED = N_("`{file}` was left out: it is encrypted. Pack the archive without a password.")
_FILE_METHOD = N_("`{file}` was left out: it is compressed in a way that is not read. Pack the archive as a usual zip (deflate).")


class LeftOut(Exception):
    """One file cannot be used. `template` names it as ``{file}``; never shown as an error, always as a note."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template, values)
        self.template, self.values = template, values

    def note(self, file: str) -> Message:
        return Message(self.template, {"file": file, **self.values})


@dataclass
class Omissions:
    """The files that were left out: the first by name, the others as a number."""

    named: list[Message] = field(default_factory=list)
    more: int = 0

    def add(self, reason: LeftOut, file: str) -> None:
        if len(self.named) < MOST_NAMED:
            self.named.append(reason.note(file))
        else:
            self.more += 1

    def notes(self) -> list[Message]:
        return [*self.named, *([Message(_MORE, {"count": self.more})] if self.more else [])]


@dataclass(frozen=True)
class Member:
    """One file. `name` is its path inside, with ``/`` between the folders; nothing but text, never opened."""

    name: str
    size: int
    """Bytes as the archive says: believed only when it is too much."""
    place: zipfile.ZipInfo | Path


class Archive(ABC):
    """The files in a zip or a folder, in the order of their names; hidden ones are not listed."""

    def __init__(self, name: str, members: list[Member], most_bytes: int) -> None:
        self.name = name
        self.members = sorted((member for member in members if not _is_hidden(member.name)), key=lambda member: member.name)
        self.notes: list[Message] = []
        self._most_bytes, self._bytes_read = most_bytes, 0
        if len(self.members) > MOST_FILES:
            raise DataError(_MANY, name=name, most=MOST_FILES)
        if sum(member.size for member in self.members) > most_bytes:
            raise DataError(_LARGE, name=name, most=most_bytes // 10**6)

    @abstractmethod
    def _open(self, member: Member) -> IO[bytes]: ...

    @abstractmethod
    def close(self) -> None: ...

    def head(self, member: Member) -> bytes:
        """The first `HEAD_BYTES` of a file.

        Raises:
            LeftOut: it is damaged, encrypted or compressed in an unusual way.
        """
        with _damage_told(), self._open(member) as stream:
            return stream.read(HEAD_BYTES)

    def read(self, member: Member, most: int) -> bytes:
        """All bytes of a file.

        Raises:
            LeftOut: it is damaged, or has more than `most` bytes.
            DataError: all files read so far have more than the limit together.
        """
        if member.size > most:
            raise LeftOut(_FILE_LARGE, most=most // 10**6)
        content = bytearray()
        for chunk in self.chunks(member):
            content += chunk
            if len(content) > most:
                raise LeftOut(_FILE_LARGE, most=most // 10**6)
        return bytes(content)

    def chunks(self, member: Member) -> Iterator[bytes]:
        with _damage_told(), self._open(member) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                self._bytes_read += len(chunk)
                progress.advance(len(chunk))
                if self._bytes_read > self._most_bytes:
                    raise DataError(_LARGE, name=self.name, most=self._most_bytes // 10**6)
                yield chunk


class ZipArchive(Archive):
    """A zip.

    Raises:
        DataError: it is damaged, its entries overlap, or there are too many or too large ones.
    """

    def __init__(self, source: Path, name: str, most_bytes: int) -> None:
        try:
            self._zip = zipfile.ZipFile(source)
        except DAMAGE as error:
            raise DataError(_DAMAGED, name=name, reason=str(error)[:200]) from error
        entries = self._zip.infolist()
        if overlap(entries):
            raise DataError(_OVERLAP, name=name)
        members = [Member(_path(entry), entry.file_size, entry) for entry in entries if not entry.is_dir()]
        super().__init__(name, members, most_bytes)

    def _open(self, member: Member) -> IO[bytes]:
        entry = member.place
        assert isinstance(entry, zipfile.ZipInfo)
        if entry.flag_bits & ENCRYPTED:
            raise LeftOut(_FILE_ENCRYPTED)
        if entry.compress_type not in METHODS:
            raise LeftOut(_FILE_METHOD)
        return self._zip.open(entry)

    def close(self) -> None:
        self._zip.close()


class Folder(Archive):
    """A folder and the folders in it; links are counted, never followed.

    Raises:
        DataError: a folder cannot be opened, or there are too many or too large files.
    """

    def __init__(self, source: Path, name: str, most_bytes: int) -> None:
        members, links = _walk(source, name)
        super().__init__(name, members, most_bytes)
        self.notes += [Message(_LINKS, {"count": links})] if links else []

    def _open(self, member: Member) -> IO[bytes]:
        assert isinstance(member.place, Path)
        return member.place.open("rb")

    def close(self) -> None: ...


def open_archive(source: Path, name: str, most_bytes: int) -> Archive:
    """The files in the zip or folder `source`, of which at most `most_bytes` are read.

    Raises:
        DataError: it cannot be listed, with the reason and what to do.
    """
    return Folder(source, name, most_bytes) if source.is_dir() else ZipArchive(source, name, most_bytes)


def fingerprint(source: Path, name: str, most_bytes: int) -> tuple[int, str]:
    """Size in bytes and SHA-256 of the file `source`; of a folder's files together, their names among them.

    Raises:
        DataError: the folder cannot be listed or read.
    """
    if not source.is_dir():
        progress.begin("hashing", source.stat().st_size)
        with progress.counted(source.open("rb")) as stream:
            return source.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()
    folder, digest = Folder(source, name, most_bytes), hashlib.sha256()
    for member in folder.members:
        digest.update(f"{member.name}\0{member.size}\0".encode())
        try:
            for chunk in folder.chunks(member):
                digest.update(chunk)
        except LeftOut:
            continue  # told where the file is looked at
    return sum(member.size for member in folder.members), digest.hexdigest()


@contextmanager
def _damage_told() -> Iterator[None]:
    """Turns what is raised on a file that cannot be read into a reason to leave it out."""
    try:
        yield
    except DAMAGE as error:
        raise LeftOut(_FILE_DAMAGED, reason=(str(error) or type(error).__name__)[:200]) from error


def overlap(entries: list[zipfile.ZipInfo]) -> bool:
    """Whether entries of a zip share their bytes."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            return True
        end = entry.header_offset + HEADER_BYTES + entry.compress_size
    return False


def _path(entry: zipfile.ZipInfo) -> str:
    """The name as it was meant: many programs write UTF-8 or GB18030 without saying so, and ``\\`` between folders."""
    name = entry.filename
    if not entry.flag_bits & UTF_8 and not name.isascii():
        try:
            meant, encoding = decode(name.encode("cp437"))
        except ValueError:
            encoding = "unknown"
        if encoding in ("utf-8", "gb18030"):
            name = meant
    return name.replace("\\", "/")


def _walk(source: Path, name: str) -> tuple[list[Member], int]:
    members: list[Member] = []
    links = 0
    for folder, folders, files in os.walk(source, onerror=_refuse_folder):
        folders[:] = [inner for inner in folders if not _is_hidden(inner)]
        for file in (*folders, *files):
            path = Path(folder, file)
            status = path.lstat()
            links += stat.S_ISLNK(status.st_mode)
            if stat.S_ISREG(status.st_mode):
                inside = path.relative_to(source).as_posix().encode("utf-8", "replace").decode("utf-8")
                members.append(Member(inside, status.st_size, path))
        if len(members) > MOST_FILES:
            raise DataError(_MANY, name=name, most=MOST_FILES)
    return members, links


def _refuse_folder(error: OSError) -> None:
    raise DataError(_CLOSED, folder=str(error.filename), reason=error.strerror or type(error).__name__) from error


def _is_hidden(name: str) -> bool:
    parts = [part for part in name.split("/") if part not in (".", "..")]
    return any(part.startswith(".") or part.lower() in LEFTOVERS for part in parts)
