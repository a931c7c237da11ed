"""Warnings that were made: who has been told, what is still to be sent, who has acknowledged them."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from detectors.errors import ParameterError
from detectors.messages import N_, Message
from detectors.watching.folder import WatchFolder

NO_WARNING = N_("There is no warning `{id}`. `watch --out DIR --history` lists them.")

#: Seconds until the second try, and at most between two.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0


@dataclass(frozen=True)
class Notice:
    """One warning, as it is sent and listed."""

    id: str
    made: float
    """Seconds since 1970."""
    rule: str
    message: Message
    outcome: dict[str, Any]
    acknowledged: float | None = None
    acknowledged_by: str | None = None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Notice:
        return cls(
            row["id"], row["made"], row["rule"], Message.from_json(json.loads(row["message"])), json.loads(row["outcome"]),
            row["acknowledged"], row["acknowledged_by"],
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """What a webhook is sent; ``text`` is what chat services show."""
        figures = {
            name: self.outcome[name] for name in ("file", "rows", "flagged", "rate", "drift", "moved", "findings", "refused", "scores")
        }
        figures["link"] = self.outcome.get("link")
        return {"id": self.id, "made": when(self.made), "rule": self.rule, "text": str(self.message), **figures}


@dataclass(frozen=True)
class Outbox:
    """The warnings in a watch's folder."""

    folder: WatchFolder

    def due(self, channel: str) -> Notice | None:
        """The oldest warning that is to be sent by `channel` now; what was acknowledged needs no sending."""
        asked = """SELECT warnings.* FROM deliveries JOIN warnings ON warnings.id = deliveries.warning
            WHERE channel = ? AND delivered IS NULL AND acknowledged IS NULL AND due <= ? ORDER BY due, made, warnings.rowid LIMIT 1"""
        with self.folder.changing() as database:
            row = database.execute(asked, (channel, time.time())).fetchone()
        return None if row is None else Notice.of(row)

    def delivered(self, warning: str, channel: str) -> None:
        self._note("tries = tries + 1, delivered = ?, reason = NULL WHERE warning = ? AND channel = ?", time.time(), warning, channel)

    def failed(self, warning: str, channel: str, reason: str, *, reached: bool) -> None:
        """Notes a try in vain: the pause before the next one grows. Where nobody was reached, the channel's others wait as well."""
        now = time.time()
        with self.folder.changing() as database:
            one = "WHERE warning = ? AND channel = ?"
            tries = int(database.execute(f"SELECT tries FROM deliveries {one}", (warning, channel)).fetchone()[0])
            due = now + min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(tries, 16))
            database.execute(f"UPDATE deliveries SET tries = tries + 1, due = ?, reason = ? {one}", (due, reason, warning, channel))
            if not reached:
                database.execute("UPDATE deliveries SET due = max(due, ?) WHERE channel = ? AND delivered IS NULL", (due, channel))

    def retry(self, channel: str) -> None:
        """What waits is due at once: a watch was started again, maybe since something was mended."""
        self._note("due = 0 WHERE channel = ? AND delivered IS NULL", channel)

    def waiting(self) -> int:
        """How many messages are still to be delivered."""
        asked = """SELECT count(*) FROM deliveries JOIN warnings ON warnings.id = deliveries.warning
            WHERE delivered IS NULL AND acknowledged IS NULL"""
        with self.folder.changing() as database:
            return int(database.execute(asked).fetchone()[0])

    def acknowledge(self, warning: str, author: str) -> None:
        """Notes that somebody has seen a warning; the first to do so is kept.

        Raises:
            ParameterError: there is no such warning.
        """
        with self.folder.changing() as database:
            if database.execute("SELECT 1 FROM warnings WHERE id = ?", (warning,)).fetchone() is None:
                raise ParameterError(NO_WARNING, id=warning)
            change = "UPDATE warnings SET acknowledged = ?, acknowledged_by = ? WHERE id = ? AND acknowledged IS NULL"
            database.execute(change, (time.time(), author, warning))

    def history(self, most: int = -1) -> list[dict[str, Any]]:
        """The warnings, newest first, each with who acknowledged it and how its deliveries stand; `most` of them, below 0 all."""
        with self.folder.changing() as database:
            rows = database.execute("SELECT * FROM warnings ORDER BY made DESC, rowid DESC LIMIT ?", (most,)).fetchall()
            sent = database.execute("SELECT * FROM deliveries ORDER BY channel").fetchall()
        deliveries: dict[str, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
        for row in sent:
            told = {"channel": row["channel"], "tries": row["tries"], "delivered": when(row["delivered"]), "reason": row["reason"]}
            deliveries.get(row["warning"], []).append(told)
        return [
            {
                **notice.to_json(), "acknowledged": when(notice.acknowledged), "acknowledged_by": notice.acknowledged_by,
                "deliveries": deliveries[notice.id],
            }
            for notice in map(Notice.of, rows)
        ]  # fmt: skip

    def unseen(self) -> list[str]:
        """The warnings that nobody has acknowledged."""
        with self.folder.changing() as database:
            return [row[0] for row in database.execute("SELECT id FROM warnings WHERE acknowledged IS NULL")]

    def _note(self, change: str, *values: Any) -> None:
        with self.folder.changing() as database:
            database.execute(f"UPDATE deliveries SET {change}", values)


def moment(seconds: float) -> datetime:
    """A moment, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def when(seconds: float | None) -> str | None:
    """A moment as text, in UTC."""
    return None if seconds is None else moment(seconds).isoformat(timespec="seconds")
