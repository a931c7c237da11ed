"""The records of saved detectors: listed, renamed, noted, retired, had back, deleted for good."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.storage.files import DETECTOR_GONE
from detectors.storage.records import Records
from detectors.storage.tables import DetectorRecord, LeftoverRecord, now

STILL_IN_USE = N_("`{name}` is still offered for scoring. Retire it first; after that it can be deleted for good.")


def detectors_of(records: Records) -> list[DetectorRecord]:
    """All saved detectors of the owner, also retired ones, the newest first."""
    query = select(DetectorRecord).where(*_mine(records)).order_by(DetectorRecord.created.desc(), DetectorRecord.id)
    with records.session() as session:
        return list(session.scalars(query))


def detector_of(records: Records, detector_id: str) -> DetectorRecord:
    """
    Raises:
        StorageError: there is no such detector (any longer).
    """
    with records.session() as session:
        found = session.scalar(select(DetectorRecord).where(DetectorRecord.id == detector_id, *_mine(records)))
    if found is None:
        raise StorageError(DETECTOR_GONE)
    return found


def begin_detector(records: Records, detector_id: str) -> None:
    """Notes the folder of a detector that is about to be kept as a leftover: after a crash before `add_detector` it goes at the next start."""
    with records.session() as session:
        session.add(LeftoverRecord(_folder(detector_id)))


def add_detector(records: Records, record: DetectorRecord) -> None:
    """Keeps a saved detector as the next version of its name; its folder is no leftover any more."""
    with records.session() as session:
        record.version = _next_version(session, records, record.name)
        session.add(record)
        session.execute(delete(LeftoverRecord).where(LeftoverRecord.folder == _folder(record.id)))


def same_file(records: Records, record: DetectorRecord) -> DetectorRecord | None:
    """Another saved detector that is the very same file; None where there is none."""
    return next((each for each in detectors_of(records) if each.identity == record.identity and each.id != record.id), None)


def describe_detector(records: Records, detector_id: str, *, name: str | None = None, note: str | None = None) -> None:
    """Gives a detector another name, under which it is the next version, or another note.

    Raises:
        StorageError: it is gone.
    """
    with records.session() as session:
        record = _held(session, records, detector_id)
        if name is not None and name != record.name:
            record.version, record.name = _next_version(session, records, name), name
        record.note = record.note if note is None else note


def retire_detector(records: Records, detector_id: str, *, back: bool = False) -> None:
    """Offers a detector no longer for scoring or, with `back`, again.

    Raises:
        StorageError: it is gone.
    """
    with records.session() as session:
        _held(session, records, detector_id).retired = None if back else now()


def delete_detector(records: Records, detector_id: str) -> None:
    """Deletes the record of a retired detector, and notes its folder, whose file goes next. What it scored stays.

    Raises:
        StorageError: it is gone, or not retired.
    """
    with records.session() as session:
        record = _held(session, records, detector_id)
        if record.retired is None:
            raise StorageError(STILL_IN_USE, name=record.called)
        session.execute(delete(DetectorRecord).where(DetectorRecord.id == detector_id))
        session.add(LeftoverRecord(_folder(detector_id)))


def _folder(detector_id: str) -> str:
    """The folder of a detector inside the workspace."""
    return f"detectors/{detector_id}"


def _next_version(session: Session, records: Records, name: str) -> int:
    latest = session.scalar(select(func.max(DetectorRecord.version)).where(DetectorRecord.name == name, *_mine(records)))
    return (latest or 0) + 1


def _held(session: Session, records: Records, detector_id: str) -> DetectorRecord:
    """A record that nobody else can change until the transaction ends."""
    held = update(DetectorRecord).where(DetectorRecord.id == detector_id, *_mine(records)).values(id=detector_id)
    if cast(CursorResult[Any], session.execute(held)).rowcount == 0:
        raise StorageError(DETECTOR_GONE)
    return session.get_one(DetectorRecord, detector_id)


def _mine(records: Records) -> list[Any]:
    return [DetectorRecord.owner == records.owner] if records.owner is not None else []
