"""The records of watched folders: listed, changed, paused, deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.storage.records import Records
from detectors.storage.tables import LeftoverRecord, WatchRecord, now

WATCH_GONE = N_("This watch is no longer there: it was deleted in the meantime.")


def watches_of(records: Records) -> list[WatchRecord]:
    """The watches of the owner, or of all owners, the newest first."""
    query = select(WatchRecord).where(*_mine(records)).order_by(WatchRecord.created.desc(), WatchRecord.id)
    with records.session() as session:
        return list(session.scalars(query))


def find_watch(records: Records, watch_id: str) -> WatchRecord | None:
    """A watch by its id; None where there is none (any longer)."""
    with records.session() as session:
        return session.scalar(select(WatchRecord).where(WatchRecord.id == watch_id, *_mine(records)))


def watch_of(records: Records, watch_id: str) -> WatchRecord:
    """
    Raises:
        StorageError: there is no such watch (any longer).
    """
    found = find_watch(records, watch_id)
    if found is None:
        raise StorageError(WATCH_GONE)
    return found


def change_watch(records: Records, watch_id: str, **values: Any) -> None:
    """Gives a watch other values of its columns.

    Raises:
        StorageError: it is gone.
    """
    with records.session() as session:
        found = session.scalar(select(WatchRecord).where(WatchRecord.id == watch_id, *_mine(records)))
        if found is None:
            raise StorageError(WATCH_GONE)
        session.execute(update(WatchRecord).where(WatchRecord.id == watch_id).values(**values))


def note_look(records: Records, watch_id: str) -> None:
    """Keeps that a look by the schedule begins now."""
    with records.session() as session:
        session.execute(update(WatchRecord).where(WatchRecord.id == watch_id).values(looked=now()))


def delete_watch(records: Records, watch_id: str) -> None:
    """Deletes the record of a watch, and notes its folder, whose files go next. What it scored stays.

    Raises:
        StorageError: it is gone.
    """
    watch_of(records, watch_id)
    with records.session() as session:
        session.execute(delete(WatchRecord).where(WatchRecord.id == watch_id, *_mine(records)))
        session.merge(LeftoverRecord(f"watches/{watch_id}"))


def _mine(records: Records) -> list[Any]:
    return [WatchRecord.owner == records.owner] if records.owner is not None else []
