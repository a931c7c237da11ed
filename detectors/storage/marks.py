"""What people said of rows, in the database: only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from detectors.errors import DataError
from detectors.messages import N_
from detectors.storage.files import new_id
from detectors.storage.records import Records
from detectors.storage.tables import DataSetRecord, MarkRecord
from detectors.verdicts import NONE, TAKES_BACK, TITLES, Mark, Verdict, to_take_back, verdicts_of

COLUMNS: tuple[Any, ...] = (
    MarkRecord.first, MarkRecord.last, MarkRecord.verdict, MarkRecord.note, MarkRecord.run_id,
    MarkRecord.together, MarkRecord.author, MarkRecord.marked, MarkRecord.id,
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What is said of the rows from `first` to `last`: None leaves the verdict, or the note, of the same person as it was."""

    first: int
    last: int
    verdict: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Speaker:
    """Who says it, and the run in which it was looked at."""

    author: str
    run_id: str | None = None


class Marks:
    """The marks of one owner's data sets; every call is one transaction."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def of(self, data_id: str) -> list[Mark]:
        """All marks on a data set, the first given first."""
        with self._records.session() as session:
            return _read(session, self._on(data_id))

    def on(self, data_id: str, first: int, last: int) -> list[Mark]:
        """The marks on some row from `first` to `last`, the first given first."""
        with self._records.session() as session:
            return _read(session, _overlapping(self._on(data_id), first, last))

    def latest(self, data_id: str) -> int:
        """The number of the latest mark on a data set, 0 where there is none: whether anything was said since."""
        with self._records.session() as session:
            return session.scalar(self._on(data_id).with_only_columns(func.max(MarkRecord.id)).order_by(None)) or 0

    def marked(self) -> set[str]:
        """The ids of the data sets that were ever marked."""
        with self._records.session() as session:
            return set(session.scalars(select(MarkRecord.data_id).distinct()))

    def add(self, data_id: str, said: Sequence[Said], by: Speaker) -> None:
        """Adds what one person says in one go.

        Raises:
            StorageError: the data set is gone.
            DataError: there is no such row, or no such verdict.
        """
        if not said:
            return
        together = new_id() if len(said) > 1 else None
        with self._records.session() as session:
            _check(said, self._records.to_change(session, DataSetRecord, data_id))
            first, last = min(one.first for one in said), max(one.last for one in said)
            mine = _overlapping(self._on(data_id), first, last).where(MarkRecord.author == by.author)
            before = verdicts_of(_read(session, mine))
            for one in said:
                verdict, note = _completed(one, before.get(one.first))
                session.add(MarkRecord(data_id, one.first, one.last, verdict, note, by.run_id, together, by.author))

    def carry(self, data_id: str, marks: Sequence[Mark]) -> None:
        """Adds marks that were given on the same rows in another data set, as they were given: by whom, when, what together."""
        together: dict[str, str] = {}
        with self._records.session() as session:
            self._records.to_change(session, DataSetRecord, data_id)
            for mark in marks:
                key = together.setdefault(mark.together, new_id()) if mark.together else None
                record = MarkRecord(data_id, mark.first, mark.last, mark.verdict, mark.note, mark.run_id, key, mark.author, mark.marked)
                session.add(record)
                session.flush()  # each with a number of its own, in this order: the later one holds

    def take_back(self, data_id: str, author: str) -> list[tuple[int, int]]:
        """Takes back what `author` said last; gives the first and the last row of each stretch, none where nothing is left.

        Raises:
            StorageError: the data set is gone.
        """
        with self._records.session() as session:
            self._records.to_change(session, DataSetRecord, data_id)
            last = to_take_back(_read(session, self._on(data_id).where(MarkRecord.author == author)), author)
            for mark in last:
                together = f"{TAKES_BACK}{mark.key}"
                session.add(MarkRecord(data_id, mark.first, mark.last, NONE, run_id=mark.run_id, together=together, author=author))
            return [(mark.first, mark.last) for mark in last]

    def _on(self, data_id: str) -> Select[Any]:
        query: Select[Any] = select(*COLUMNS).where(MarkRecord.data_id == data_id).order_by(MarkRecord.id)
        if self._records.owner is None:
            return query
        return query.join(DataSetRecord, DataSetRecord.id == MarkRecord.data_id).where(DataSetRecord.owner == self._records.owner)


def _overlapping(query: Select[Any], first: int, last: int) -> Select[Any]:
    return query.where(MarkRecord.first <= last, MarkRecord.last >= first)


def _read(session: Session, query: Select[Any]) -> list[Mark]:
    return [Mark(*row) for row in session.execute(query)]


def _check(said: Sequence[Said], record: DataSetRecord) -> None:
    for one in said:
        if not 0 <= one.first <= one.last < record.rows:
            raise DataError(N_("There is no row {row} in these data."), row=one.last + 1)
        if one.verdict not in (None, NONE, *TITLES):
            raise DataError(N_("`{verdict}` is no verdict."), verdict=one.verdict)


def _completed(said: Said, before: Verdict | None) -> tuple[str, str]:
    """Verdict and note, what is left as it was taken from what the same person said before."""
    opinion = before.holds if before else None
    verdict = said.verdict if said.verdict is not None else opinion.verdict if opinion else NONE
    note = said.note if said.note is not None else opinion.note if opinion else ""
    return verdict, note
