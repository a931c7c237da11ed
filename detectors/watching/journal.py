"""What was scored: one entry a file, by its name and content, written before its scoring and, with its warnings, after it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.messages import Message
from detectors.storage.files import new_id
from detectors.watching.folder import WatchFolder
from detectors.watching.looking import Seen
from detectors.watching.outcome import Outcome

#: Characters of a key: 64 bits.
KEY = 16

#: Ids that no entry holds any longer.
FORGET_IDS = "DELETE FROM ids WHERE key NOT IN (SELECT key FROM files)"


@dataclass(frozen=True)
class Warned:
    """A warning that is to be kept."""

    rule: str
    message: Message


@dataclass(frozen=True)
class Entry:
    """A file that was noted, with the ids of the data set and the run that are, or will be, made of it."""

    key: str
    name: str
    data: str | None = None
    run: str | None = None
    ended: float | None = None
    """When, in seconds since 1970; None: it is under way."""
    outcome: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Tally:
    """How many files were scored, not scored, and are under way."""

    scored: int
    refused: int
    under_way: int


@dataclass(frozen=True)
class Journal:
    """The entries in a watch's folder."""

    folder: WatchFolder

    def is_known(self, name: str, seen: Seen) -> bool:
        """Whether this very file, unchanged since, was done: tells it without reading it."""
        with self.folder.changing() as database:
            asked = "SELECT 1 FROM files WHERE name = ? AND seen = ? AND ended IS NOT NULL"
            return database.execute(asked, (name, seen.text)).fetchone() is not None

    def begin(self, key: str, name: str, seen: Seen) -> int | None:
        """Notes that a file is being scored; gives how often that was begun before, None where it was done already."""
        with self.folder.changing() as database:
            known = database.execute("SELECT begun, ended FROM files WHERE key = ?", (key,)).fetchone()
            if known is None:
                database.execute("INSERT INTO files (key, name, seen, begun) VALUES (?, ?, ?, 1)", (key, name, seen.text))
                return 0
            database.execute("UPDATE files SET seen = ?, begun = begun + (ended IS NULL) WHERE key = ?", (seen.text, key))
            return None if known["ended"] is not None else int(known["begun"])

    def put_back(self, key: str) -> None:
        """Forgets that a file was begun: it was stopped on purpose, or is to be tried again."""
        with self.folder.changing() as database:
            database.execute("DELETE FROM files WHERE key = ? AND ended IS NULL", (key,))
            database.execute(FORGET_IDS)

    def forget_refused(self) -> None:
        """Files that were not scored count as new."""
        with self.folder.changing() as database:
            database.execute("DELETE FROM files WHERE ended IS NOT NULL AND json_extract(outcome, '$.refused') IS NOT NULL")
            database.execute(FORGET_IDS)

    # ── files that become data sets and runs ──

    def named(self, key: str, name: str) -> Entry:
        """The entry with the ids that its data set and its run go by: given once, so that each is made once."""
        with self.folder.changing() as database:
            database.execute("INSERT OR IGNORE INTO ids (key, data, run) VALUES (?, ?, ?)", (key, new_id(), new_id()))
            data, run = database.execute("SELECT data, run FROM ids WHERE key = ?", (key,)).fetchone()
        return Entry(key, name, data, run)

    def survived(self, key: str) -> None:
        """Notes that what could end this process is over: the rest of the scoring happens in others."""
        with self.folder.changing() as database:
            database.execute("UPDATE files SET begun = 0 WHERE key = ? AND ended IS NULL", (key,))

    def entries(self, most: int = -1) -> list[Entry]:
        """The files that were noted: those under way first, then those that ended last; `most` of them, below 0 all."""
        asked = """SELECT files.key, name, data, run, ended, outcome FROM files LEFT JOIN ids ON ids.key = files.key
            ORDER BY ended IS NOT NULL, ended DESC, files.rowid DESC LIMIT ?"""
        with self.folder.changing() as database:
            rows = database.execute(asked, (most,)).fetchall()
        return [Entry(row["key"], row["name"], row["data"], row["run"], row["ended"], json.loads(row["outcome"] or "null")) for row in rows]

    def tally(self) -> Tally:
        """How many files were noted."""
        refused = "json_extract(outcome, '$.refused') IS NOT NULL"
        asked = f"SELECT count(*), coalesce(sum(ended IS NOT NULL), 0), coalesce(sum(ended IS NOT NULL AND {refused}), 0) FROM files"
        with self.folder.changing() as database:
            files, ended, not_scored = database.execute(asked).fetchone()
        return Tally(ended - not_scored, not_scored, files - ended)

    def under_way(self) -> list[Entry]:
        """The files whose scoring was begun and has not ended, the first one first."""
        asked = "SELECT files.key, name, data, run FROM files JOIN ids ON ids.key = files.key WHERE ended IS NULL ORDER BY files.rowid"
        with self.folder.changing() as database:
            return [Entry(*row) for row in database.execute(asked)]

    def end(self, key: str, outcome: Outcome, warnings: Sequence[Warned], channels: Sequence[str]) -> list[str]:
        """Notes what came of a file, its warnings and where each is to be sent, all or nothing; gives the ids of the warnings."""
        now, record, ids = time.time(), json.dumps(outcome.to_json()), [new_id() for _ in warnings]
        with self.folder.changing() as database:
            database.execute("UPDATE files SET ended = ?, outcome = ? WHERE key = ?", (now, record, key))
            for warning_id, warning in zip(ids, warnings, strict=True):
                message = json.dumps(warning.message.to_json())
                values = (warning_id, now, warning.rule, message, record)
                database.execute("INSERT INTO warnings (id, made, rule, message, outcome) VALUES (?, ?, ?, ?, ?)", values)
                waiting = [(warning_id, channel) for channel in channels]
                database.executemany("INSERT INTO deliveries (warning, channel) VALUES (?, ?)", waiting)
        return ids


def key_of(path: Path, name: str) -> str:
    """What an entry goes by: name and content.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        return key_from(name, hashlib.file_digest(stream, "sha256").hexdigest())


def key_from(name: str, content: str) -> str:
    """The same where the SHA-256 of the content is known."""
    return hashlib.sha256(f"{name}\0{content}".encode()).hexdigest()[:KEY]
