"""Opens a detector file: everything is checked before anything of it is loaded, and what is refused is named."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from detectors.detector_file.archive import CHANGED, EXTRA, MISSING, OUTSIDE, TWICE, checked_entries, is_inside, refused, unpack
from detectors.detector_file.manifest import LARGEST_MANIFEST, MANIFEST, NOT_ONE, SIGNATURE, Manifest, manifest_of
from detectors.detector_file.signature import Signed, SigningKey, signed_by
from detectors.detector_file.sizes import check_sizes
from detectors.errors import StorageError

#: Without these nothing can be scored.
NEEDED = ("detector/detector.json", "preparation/preparation.json")


@dataclass(frozen=True)
class Opened:
    """A detector file whose members lie, checked, in a folder."""

    manifest: Manifest
    folder: Path
    signed: Signed
    identity: str
    """The SHA-256 of its manifest, which names that of every member."""


def open_detector_file(path: Path, into: Path, key: SigningKey | None = None) -> Opened:
    """Puts the members of the detector file `path` into the folder `into`, each checked. `key` tells what was signed here.

    `path` may also be a folder into which one was unpacked.

    Raises:
        StorageError: it is not a detector file or has a newer format; or a member is changed, missing, too many, packed to
            harm, or holds what may not be loaded: the error names it.
    """
    into.mkdir(parents=True, exist_ok=True)
    try:
        manifest, signed, text = _from_folder(path, into, key) if path.is_dir() else _from_zip(path, into, key)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, UnicodeError) as error:
        raise StorageError(NOT_ONE, file=path.name) from error
    check_sizes(into, path.name)
    return Opened(manifest, into, signed, hashlib.sha256(text).hexdigest())


def _from_zip(path: Path, into: Path, key: SigningKey | None) -> tuple[Manifest, Signed, bytes]:
    with zipfile.ZipFile(path) as archive:
        entries = checked_entries(archive, path.name)
        if MANIFEST not in entries or entries[MANIFEST].file_size > LARGEST_MANIFEST:
            raise StorageError(NOT_ONE, file=path.name)
        text = _read(archive, entries[MANIFEST], path.name)
        signature = _read(archive, entries[SIGNATURE], path.name) if SIGNATURE in entries else None
        signed = signed_by(signature, text, key, path.name)
        manifest = manifest_of(text, path.name)
        _check_names(manifest, set(entries), path.name)
        for name, member in manifest.members.items():
            entry = entries[name]
            if member.bytes not in (None, entry.file_size) or unpack(archive, entry, into, path.name) != member.sha256:
                raise refused(CHANGED, path.name, name)
    return manifest, signed, text


def _from_folder(path: Path, into: Path, key: SigningKey | None) -> tuple[Manifest, Signed, bytes]:
    if not (path / MANIFEST).is_file() or (path / MANIFEST).stat().st_size > LARGEST_MANIFEST:
        raise StorageError(NOT_ONE, file=path.name)
    text = (path / MANIFEST).read_bytes()
    signature = (path / SIGNATURE).read_bytes() if (path / SIGNATURE).is_file() else None
    signed = signed_by(signature, text, key, path.name)
    manifest = manifest_of(text, path.name)
    _check_names(manifest, {MANIFEST, *(name for name in manifest.members if (path / name).is_file())}, path.name)
    for name, member in manifest.members.items():
        content = (path / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != member.sha256:
            raise refused(CHANGED, path.name, name)
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        (into / name).write_bytes(content)
    return manifest, signed, text


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str) -> bytes:
    if entry.file_size > LARGEST_MANIFEST:
        raise refused(CHANGED, file, entry.filename)
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, EOFError, ValueError, zlib.error) as error:
        raise refused(CHANGED, file, entry.filename) from error


def _check_names(manifest: Manifest, found: set[str], file: str) -> None:
    """Whether the members that were `found` are those that the manifest lists."""
    listed = set(manifest.members)
    for name in sorted(listed):
        if not is_inside(name):
            raise refused(OUTSIDE, file, name)
        if name in (MANIFEST, SIGNATURE):
            raise refused(TWICE, file, name)
    for name in sorted(listed | set(NEEDED)):
        if name not in found or name not in listed:
            raise refused(MISSING, file, name)
    for name in sorted(found - listed - {MANIFEST, SIGNATURE}):
        raise refused(EXTRA, file, name)
