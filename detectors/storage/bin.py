"""The bin: what was deleted and can be had back, until it is deleted for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from detectors.storage.records import Records
from detectors.storage.tables import (
    ENDED,
    WITH_SCORES,
    DataSetRecord,
    LeftoverRecord,
    MarkRecord,
    RunRecord,
    SuppressionRecord,
    ThresholdRecord,
    now,
)


@dataclass(frozen=True)
class Chosen:
    """Data sets and runs, by their ids."""

    data: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.data or self.runs)

    def without(self, others: Chosen) -> Chosen:
        return Chosen(_difference(self.data, others.data), _difference(self.runs, others.runs))


class Bin:
    """What one owner has put into the bin. A data set takes its runs along, a run what explains it."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def put(self, chosen: Chosen) -> Chosen:
        """Hides what was chosen; gives what this call has hidden: not what was there already or has gone."""
        moment = now()
        with self._records.session() as session:
            for table, ids in ((DataSetRecord, chosen.data), (RunRecord, chosen.runs)):
                mine = (table.id.in_(ids), table.owner == self._records.owner, table.deleted.is_(None))
                session.execute(update(table).where(*mine).values(deleted=moment))
            put = self._found(session, chosen, DataSetRecord.deleted == moment, RunRecord.deleted == moment)
            along = (or_(RunRecord.data_id.in_(put.data), RunRecord.of_run.in_(put.runs)), RunRecord.deleted.is_(None))
            session.execute(update(RunRecord).where(*along).values(deleted=moment))
        return put

    def still_at_work(self) -> list[str]:
        """The runs in the bin that wait or are being trained."""
        with self._records.session() as session:
            return list(session.scalars(select(RunRecord.id).where(*self._mine(RunRecord), RunRecord.state.not_in(ENDED))))

    def take_out(self, chosen: Chosen) -> Chosen:
        """Shows again what was chosen, with what went along; gives what came back: the rest was deleted for good.

        A run brings back its data set, too.
        """
        with self._records.session() as session:
            found = self._found(session, chosen, *self._in_bin())
            for data_set in session.scalars(select(DataSetRecord).where(DataSetRecord.id.in_(found.data))):
                along = (RunRecord.data_id == data_set.id, RunRecord.deleted == data_set.deleted)
                session.execute(update(RunRecord).where(*along).values(deleted=None))
                data_set.deleted = None
            for run in session.scalars(select(RunRecord).where(RunRecord.id.in_(found.runs), RunRecord.deleted.is_not(None))):
                session.execute(update(RunRecord).where(RunRecord.of_run == run.id, RunRecord.deleted == run.deleted).values(deleted=None))
                session.execute(update(DataSetRecord).where(DataSetRecord.id == run.data_id).values(deleted=None))
                run.deleted = None
        return found

    def contents(self) -> tuple[list[DataSetRecord], list[RunRecord]]:
        """Data sets and trainings in the bin, the latest first; runs that are there with their data set are not named again."""
        alone = select(RunRecord).join(DataSetRecord, DataSetRecord.id == RunRecord.data_id)
        alone = alone.where(
            or_(DataSetRecord.deleted.is_(None), DataSetRecord.deleted != RunRecord.deleted), RunRecord.task.in_(WITH_SCORES)
        )
        with self._records.session() as session:
            data_sets = session.scalars(select(DataSetRecord).where(*self._mine(DataSetRecord)).order_by(DataSetRecord.deleted.desc()))
            return list(data_sets), list(session.scalars(alone.where(*self._mine(RunRecord)).order_by(RunRecord.deleted.desc())))

    def sizes_of_runs(self) -> dict[str, int]:
        """Bytes of the runs in the bin together, by the data set they belong to."""
        query = select(RunRecord.data_id, func.sum(RunRecord.size)).where(*self._mine(RunRecord)).group_by(RunRecord.data_id)
        with self._records.session() as session:
            return {data_id: int(size or 0) for data_id, size in session.execute(query)}

    def holds(self, chosen: Chosen) -> Chosen:
        """Those of `chosen` that are in the bin."""
        with self._records.session() as session:
            return self._found(session, chosen, *self._in_bin())

    def purge(self, chosen: Chosen) -> Chosen:
        """Deletes the records of what was chosen and is in the bin; notes their folders, whose files go next.

        A data set takes all its runs along, a run what explains it.
        """
        with self._records.session() as session:
            found = self._found(session, chosen, *self._in_bin())
            theirs = or_(RunRecord.id.in_(found.runs), RunRecord.of_run.in_(found.runs), RunRecord.data_id.in_(found.data))
            runs = list(session.scalars(select(RunRecord.id).where(theirs)))
            for table in (ThresholdRecord, SuppressionRecord):
                session.execute(delete(table).where(table.run_id.in_(runs)))
            session.execute(delete(MarkRecord).where(MarkRecord.data_id.in_(found.data)))
            session.execute(delete(RunRecord).where(RunRecord.id.in_(runs)))
            session.execute(delete(DataSetRecord).where(DataSetRecord.id.in_(found.data)))
            folders = [f"runs/{run_id}" for run_id in runs] + [f"data/{data_id}" for data_id in found.data]
            session.add_all(LeftoverRecord(folder) for folder in folders)
        return found

    def _found(self, session: Session, chosen: Chosen, of_data: Any, of_runs: Any) -> Chosen:
        """Those of `chosen` that are the owner's and are as asked."""
        return Chosen(*(
            tuple(session.scalars(select(table.id).where(table.id.in_(ids), table.owner == self._records.owner, condition)))
            for table, ids, condition in ((DataSetRecord, chosen.data, of_data), (RunRecord, chosen.runs, of_runs))
        ))  # fmt: skip

    def _mine(self, table: type[DataSetRecord] | type[RunRecord]) -> tuple[Any, Any]:
        return table.owner == self._records.owner, table.deleted.is_not(None)

    @staticmethod
    def _in_bin() -> tuple[Any, Any]:
        return DataSetRecord.deleted.is_not(None), RunRecord.deleted.is_not(None)


def leftovers(records: Records) -> list[str]:
    """The folders, as paths inside the workspace, whose records are gone and whose files are still to be removed."""
    with records.session() as session:
        return list(session.scalars(select(LeftoverRecord.folder)))


def forget_leftover(records: Records, folder: str) -> None:
    with records.session() as session:
        session.execute(delete(LeftoverRecord).where(LeftoverRecord.folder == folder))


def _difference(ids: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(one for one in ids if one not in others)
