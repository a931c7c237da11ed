"""Suppressions in the database: added, withdrawn, put back; none is ever lost."""

from __future__ import annotations

from sqlalchemy import select

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.storage.records import Records
from detectors.storage.tables import RunRecord, SuppressionRecord, now


def suppressions_of(records: Records, run_id: str) -> list[SuppressionRecord]:
    """All suppressions of a run, also withdrawn ones, the newest first."""
    query = (
        select(SuppressionRecord).where(SuppressionRecord.run_id == run_id).order_by(SuppressionRecord.created.desc(), SuppressionRecord.id)
    )
    with records.session() as session:
        return list(session.scalars(query))


def add_suppression(records: Records, record: SuppressionRecord) -> None:
    """Keeps a suppression.

    Raises:
        StorageError: its run is gone.
    """
    with records.session() as session:
        records.to_change(session, RunRecord, record.run_id)
        session.add(record)


def withdraw(records: Records, suppression_id: str, *, back: bool = False) -> None:
    """Lets a suppression silence nothing any longer or, with `back`, puts it in force again.

    Raises:
        StorageError: it, or its run, is gone.
    """
    with records.session() as session:
        record = session.get(SuppressionRecord, suppression_id)
        if record is None:
            raise StorageError(N_("This suppression is no longer there: its run was deleted for good."))
        records.to_change(session, RunRecord, record.run_id)
        record.withdrawn = None if back else now()
