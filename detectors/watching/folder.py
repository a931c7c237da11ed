"""The folder that a watch keeps its results in: scores, summaries, and a small database that is whole after every kill."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from detectors.errors import StorageError
from detectors.messages import N_

#: What is known of every file, the warnings, and which of them are still to be sent.
TABLES = """
CREATE TABLE IF NOT EXISTS files (
    key TEXT PRIMARY KEY, name TEXT NOT NULL, seen TEXT NOT NULL, begun INTEGER NOT NULL, ended REAL, outcome TEXT
);
CREATE INDEX IF NOT EXISTS files_by_name ON files (name);
CREATE TABLE IF NOT EXISTS ids (key TEXT PRIMARY KEY, data TEXT NOT NULL, run TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS warnings (
    id TEXT PRIMARY KEY, made REAL NOT NULL, rule TEXT NOT NULL, message TEXT NOT NULL, outcome TEXT NOT NULL,
    acknowledged REAL, acknowledged_by TEXT
);
CREATE TABLE IF NOT EXISTS deliveries (
    warning TEXT NOT NULL REFERENCES warnings (id), channel TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0,
    delivered REAL, reason TEXT, PRIMARY KEY (warning, channel)
);
"""

DATABASE, LOCK, SCORES = "watch.db", "watch.lock", "scores"

#: Seconds that one change waits for another to end.
WAIT_S = 30.0

#: Characters of a file's name that its results carry.
LONGEST_NAME = 80

HELD = N_("Another watch writes to `{folder}`. Stop it, or name another folder with --out.")
DAMAGED = N_("`{file}` cannot be used ({reason}). Make room on the disk, or take it away: then every file counts as new.")


@dataclass(frozen=True)
class WatchFolder:
    """Where the results of one watch are."""

    root: Path

    @classmethod
    def open(cls, root: Path) -> WatchFolder:
        """The folder `root`, made for this user alone where there is none."""
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = cls(root)
        found.scores.mkdir(exist_ok=True)
        with found.changing() as database:
            for statement in TABLES.split(";"):
                database.execute(statement)
        return found

    @property
    def exists(self) -> bool:
        """Whether a watch ever wrote here."""
        return (self.root / DATABASE).is_file()

    @property
    def scores(self) -> Path:
        return self.root / SCORES

    def result(self, name: str, key: str) -> Path:
        """Where the scores of a file come, by its name and its key: names from elsewhere may hold anything."""
        return self.scores / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)[:LONGEST_NAME].lstrip('.')}-{key}.parquet"

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """The database; what the block does to it is on disk as a whole when it ends well, else not at all.

        Raises:
            StorageError: it is damaged, or the disk is full.
        """
        try:
            with closing(sqlite3.connect(self.root / DATABASE, timeout=WAIT_S)) as database:
                database.row_factory = sqlite3.Row
                database.execute("PRAGMA synchronous=FULL")
                with database:
                    yield database
        except sqlite3.Error as error:
            raise StorageError(DAMAGED, file=str(self.root / DATABASE), reason=str(error)) from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Held by one watch at a time; the system lets go of it when the process ends, however that was.

        Raises:
            StorageError: another one holds it.
        """
        with closing(sqlite3.connect(self.root / LOCK, timeout=0, isolation_level=None)) as lock:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                    raise StorageError(HELD, folder=str(self.root)) from error
                raise StorageError(DAMAGED, file=str(self.root / LOCK), reason=str(error)) from error
            for leftover in self.scores.glob(".*.json.*"):  # summaries that a kill left half written
                leftover.unlink(missing_ok=True)
            yield
