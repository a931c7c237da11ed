"""What was scored: one entry a file, by its name and content, written before its scoring and, with its warnings, after it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors.messages import Message
from detectors.storage.files import new_id
from detectors.watching.folder import WatchFolder
from detectors.watching.looking import Seen
from detectors.watching.outcome import Outcome

#: Characters of a key: 64 bits.
KEY = 16


@dataclass(frozen=True)
class Warned:
    """A warning that is to be kept."""

    rule: str
    message: Message


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

    def forget_refused(self) -> None:
        """Files that were not scored count as new."""
        with self.folder.changing() as database:
            database.execute("DELETE FROM files WHERE ended IS NOT NULL AND json_extract(outcome, '$.refused') IS NOT NULL")

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
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    return hashlib.sha256(f"{name}\0{content}".encode()).hexdigest()[:KEY]
