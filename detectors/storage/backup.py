"""The whole workspace as one file, and back: ``python -m detectors.storage.backup save FILE`` or ``restore FILE``.

The file is a tar archive: the database as it was at one moment, the folders of its data sets, runs, saved detectors and
watches, the key that detectors are signed with, and, last, a list with the SHA-256 of every file. Whoever has it can read the
data, sign as this installation, and post to the webhooks of its watches. It can be made while the server runs: what a folder holds is published whole, and what
was being trained is started again after restoring.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from sqlalchemy import make_url

from detectors.errors import AnomalystError, StorageError
from detectors.messages import N_, Message
from detectors.settings import Settings
from detectors.storage.files import KEY_FILE, Workspace, sync
from detectors.storage.lock import ServerLock

DATABASE, CHECKSUMS = "anomalyst.db", "checksums.json"

#: In the folder of a watch: what is written while the backup is made.
WATCH_DATABASE = "watch.db"

#: The folders of records, each with the table that these are in.
TABLES = {"data": "data_sets", "runs": "runs", "detectors": "detector_files", "watches": "watches"}

#: Where, inside the workspace, a backup is unpacked until all of it has been verified.
RESTORING = ".restoring"

#: Bytes copied at once.
CHUNK = 2**20

_DAMAGED = N_("`{file}` is damaged or was changed since it was made ({reason}). Nothing was restored: take another backup.")


@dataclass
class Totals:
    """What went into a backup or came out of it."""

    data_sets: int = 0
    runs: int = 0
    bytes: int = 0


def save(settings: Settings, target: Path) -> Totals:
    """Writes the workspace into the new file `target`, which appears whole or not at all, readable by its owner only.

    Raises:
        StorageError: `target` exists, there is no workspace, or the database is not SQLite.
    """
    database = _database(settings)
    if target.exists():
        raise StorageError(N_("`{file}` exists already and is not overwritten. Name another file."), file=str(target))
    if not database.exists():
        raise StorageError(N_("There is no workspace in {path}: nothing to back up."), path=str(settings.workspace))
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    with tempfile.TemporaryDirectory() as folder:
        snapshot = Path(folder) / DATABASE
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("VACUUM INTO ?", (str(snapshot),))
        try:
            with _private(unfinished) as file, tarfile.open(fileobj=file, mode="w") as archive:
                totals = _pack(archive, Workspace(settings.workspace), snapshot)
            sync(unfinished)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    return totals


def restore(settings: Settings, source: Path) -> Totals:
    """Unpacks the backup `source` into the workspace of `settings`, which must be empty; verifies every file first.

    Raises:
        StorageError: the workspace holds something, a server uses it, or the backup is damaged; nothing has changed then.
    """
    database = _database(settings)
    if not source.is_file():
        raise StorageError(N_("There is no file `{file}`. Name the backup to restore."), file=str(source))
    with ServerLock(settings.workspace):
        workspace = Workspace(settings.workspace)
        unpacked = workspace.root / RESTORING
        _make_room(workspace, database, unpacked)
        try:
            totals = _unpack(source, unpacked)
            for name in TABLES:
                folder = workspace.root / name
                folder.rmdir()
                (unpacked / name).replace(folder)
            database.parent.mkdir(parents=True, exist_ok=True)
            if (unpacked / KEY_FILE).exists() and not (workspace.root / KEY_FILE).exists():
                (unpacked / KEY_FILE).chmod(0o600)
                (unpacked / KEY_FILE).replace(workspace.root / KEY_FILE)
            shutil.move(unpacked / DATABASE, database)  # last: a workspace without a database is empty
            sync(workspace.root)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    return totals


# ── packing ──


@dataclass
class _Packed:
    """The archive while it is written: the checksums so far, and under which name a shared file has gone in."""

    archive: tarfile.TarFile
    checksums: dict[str, str] = field(default_factory=dict)
    shared: dict[tuple[int, int], str] = field(default_factory=dict)

    def add(self, path: Path, name: str) -> int:
        """Adds the file at `path`; gives its size, or 0 where its content is in the archive already."""
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            entry = tarfile.TarInfo(name)
            entry.mtime, entry.mode = int(status.st_mtime), 0o600
            key = status.st_dev, status.st_ino
            if key in self.shared:
                entry.type, entry.linkname = tarfile.LNKTYPE, self.shared[key]
                self.archive.addfile(entry)
                self.checksums[name] = self.checksums[self.shared[key]]
                return 0
            entry.size = status.st_size  # what a file has grown by since then stays out
            hashed = _Hashed(file)
            self.archive.addfile(entry, hashed)
        self.checksums[name] = hashed.hexdigest()
        if status.st_nlink > 1:
            self.shared[key] = name
        return entry.size


def _pack(archive: tarfile.TarFile, workspace: Workspace, snapshot: Path) -> Totals:
    packed, totals = _Packed(archive), Totals()
    with closing(sqlite3.connect(snapshot)) as connection:
        for folder in _folders(connection):
            try:
                for path in _files(workspace.root / folder):
                    whole = _still(path, snapshot.with_name(WATCH_DATABASE)) if path.name == WATCH_DATABASE else path
                    totals.bytes += packed.add(whole, path.relative_to(workspace.root).as_posix())
            except FileNotFoundError:
                _forget(connection, folder)
        totals.data_sets, totals.runs = (
            connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("data_sets", "runs")
        )
        connection.commit()
    if (workspace.root / KEY_FILE).exists():
        totals.bytes += packed.add(workspace.root / KEY_FILE, KEY_FILE)
    totals.bytes += packed.add(snapshot, DATABASE)
    text = json.dumps({"made": datetime.now().astimezone().isoformat(timespec="seconds"), "sha256": packed.checksums}).encode()
    entry = tarfile.TarInfo(CHECKSUMS)
    entry.size, entry.mode = len(text), 0o600
    archive.addfile(entry, io.BytesIO(text))
    return totals


def _still(database: Path, into: Path) -> Path:
    """A copy of the database of a watch as it is at one moment: its file alone may be half of a change."""
    into.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM INTO ?", (str(into),))
    return into


def _folders(connection: sqlite3.Connection) -> list[str]:
    """The folders of all records, inside the workspace; a database that was not moved forward yet lacks the later tables."""
    known = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    there = [(folder, table) for folder, table in TABLES.items() if table in known]
    return [f"{folder}/{row[0]}" for folder, table in there for row in connection.execute(f"SELECT id FROM {table}")]


def _files(folder: Path) -> Iterator[Path]:
    """The files of a record's folder; what is still being written has a hidden name.

    Raises:
        FileNotFoundError: the folder is gone.
    """
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _forget(snapshot: sqlite3.Connection, folder: str) -> None:
    """Takes a record out of the snapshot that was deleted for good while its folder was being packed."""
    table, record_id = folder.split("/")
    if table in ("detectors", "watches"):
        snapshot.execute(f"DELETE FROM {TABLES[table]} WHERE id = ?", (record_id,))
        snapshot.execute("INSERT OR IGNORE INTO leftovers (folder) VALUES (?)", (folder,))
        return
    runs = "SELECT id FROM runs WHERE " + ("data_id = ?" if table == "data" else "id = ?")
    snapshot.execute(f"DELETE FROM thresholds WHERE run_id IN ({runs})", (record_id,))
    snapshot.execute(f"DELETE FROM runs WHERE id IN ({runs})", (record_id,))
    if table == "data":
        snapshot.execute("DELETE FROM data_sets WHERE id = ?", (record_id,))
    snapshot.execute("INSERT OR IGNORE INTO leftovers (folder) VALUES (?)", (folder,))  # what of it has gone in already


# ── unpacking ──


def _make_room(workspace: Workspace, database: Path, unpacked: Path) -> None:
    """Refuses a workspace that holds something, except what a restoring that was killed has left."""
    if unpacked.exists() and not database.exists():
        for folder in (workspace.data, workspace.runs, workspace.detectors, workspace.watches):
            shutil.rmtree(folder)
            folder.mkdir()
    if database.exists() or any(any((workspace.root / name).iterdir()) for name in TABLES):
        raise StorageError(
            N_(
                "The workspace {path} already holds data sets or runs, and nothing of it is overwritten. Set ANOMALYST_WORKSPACE to an empty folder, "
                "or move this one away."
            ),
            path=str(workspace.root),
        )
    shutil.rmtree(unpacked, ignore_errors=True)


def _unpack(source: Path, folder: Path) -> Totals:
    """Unpacks and verifies everything."""
    totals = Totals()
    checksums: dict[str, str] = {}
    expected: dict[str, str] = {}
    for name in TABLES:
        (folder / name).mkdir(parents=True)
    try:
        with tarfile.open(source, mode="r:") as archive:
            for entry in archive:
                if entry.name == CHECKSUMS:
                    expected = json.loads(_content(archive, entry).read())["sha256"]
                    continue
                checksums[entry.name] = _take(archive, entry, folder, checksums)
                totals.bytes += entry.size
        different = [name for name in {*expected, *checksums} if expected.get(name) != checksums.get(name)]
    except (tarfile.TarError, ValueError, KeyError) as error:
        raise StorageError(_DAMAGED, file=source.name, reason=str(error).partition("\n")[0][:200]) from error
    if different:
        raise StorageError(_DAMAGED, file=source.name, reason=sorted(different)[0])
    totals.data_sets, totals.runs = (len(list((folder / name).iterdir())) for name in ("data", "runs"))
    return totals


def _take(archive: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path, checksums: dict[str, str]) -> str:
    """Writes one entry below `folder`; gives its checksum.

    Raises:
        ValueError: it has no business in a backup.
    """
    target = folder / _safe(entry.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    if entry.islnk():
        _link(folder / _safe(entry.linkname), target)
        return checksums[entry.linkname]
    hashed = _Hashed(_content(archive, entry))
    with target.open("xb") as file:
        shutil.copyfileobj(hashed, file, CHUNK)
    sync(target)
    return hashed.hexdigest()


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(entry) if entry.isreg() else None
    if content is None:
        raise ValueError(entry.name)
    return content


def _safe(name: str) -> Path:
    """A name in the archive as a path that stays inside the folder."""
    parts = PurePosixPath(name).parts
    inside = name in (DATABASE, KEY_FILE) or (len(parts) > 2 and parts[0] in TABLES)
    if not inside or any(part in ("..", ".") or "\\" in part or ":" in part for part in parts):
        raise ValueError(name)
    return Path(*parts)


def _link(first: Path, second: Path) -> None:
    try:
        os.link(first, second)
    except OSError:  # a file system without hard links
        shutil.copyfile(first, second)


class _Hashed(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _database(settings: Settings) -> Path:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise StorageError(
            N_(
                "The database is not SQLite. Back it up with its own tools, and copy the folders data, runs, detectors and watches and the file signing.key of the workspace {path} after that."
            ),
            path=str(settings.workspace),
        )
    return Path(url.database)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m detectors.storage.backup", description=__doc__)
    parser.add_argument("action", choices=["save", "restore"])
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    try:
        settings = Settings.from_environment()
        done = N_("{data_sets} data sets and {runs} runs ({megabytes} MB) of {workspace} are in {file}.")
        if asked.action == "restore":
            done = N_("{data_sets} data sets and {runs} runs ({megabytes} MB) are in {workspace} again, from {file}.")
        totals = (save if asked.action == "save" else restore)(settings, asked.file)
    except (AnomalystError, OSError, sqlite3.Error) as error:
        print(error, file=sys.stderr)
        return 2
    values = {"data_sets": totals.data_sets, "runs": totals.runs, "megabytes": round(totals.bytes / 1e6, 1)}
    print(Message(done, {**values, "workspace": str(settings.workspace), "file": str(asked.file)}))
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
