"""The database: data sets, runs and the thresholds kept for them. Only the server writes it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar, cast

from sqlalchemy import CursorResult, Select, create_engine, event, func, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from detectors.errors import StorageError
from detectors.messages import N_, Message
from detectors.storage.files import DATA_GONE, RUN_GONE
from detectors.storage.migrations import bring_up_to_date
from detectors.storage.tables import ENDED, LOCAL_OWNER, WITH_SCORES, Base, DataSetRecord, RunRecord, ThresholdRecord, now

Kept = TypeVar("Kept", DataSetRecord, RunRecord)

GONE = {DataSetRecord: DATA_GONE, RunRecord: RUN_GONE}

CHANGED_MEANWHILE = N_("The roles were changed in another session in the meantime. Look at them and make your change again.")


class Records:
    """Reads and writes the records of one owner; every call is one transaction of its own.

    What is in the bin, or somebody else's, is neither listed nor opened by its id. Without an owner these are the
    records of the server itself, which opens everything by its id.
    """

    def __init__(self, url: str, owner: str | None = None) -> None:
        self.owner = owner
        try:
            self._engine = create_engine(url)
            if self._engine.dialect.name == "sqlite":
                event.listen(self._engine, "connect", _make_durable)
            bring_up_to_date(self._engine)
        except OperationalError as error:
            raise StorageError(N_("The database `{url}` cannot be opened. Check the database setting."), url=_shown(url)) from error

    def of(self, owner: str) -> Self:
        """The records of `owner`, in the same database."""
        theirs = copy.copy(self)
        theirs.owner = owner
        return theirs

    def everybodys(self) -> Self:
        """The records of the server itself, in the same database."""
        theirs = copy.copy(self)
        theirs.owner = None
        return theirs

    def close(self) -> None:
        self._engine.dispose()

    def add(self, record: Base) -> None:
        with self.session() as session:
            session.add(record)

    # ── data sets ──

    def data_set(self, data_id: str) -> DataSetRecord | None:
        return self._opened(DataSetRecord, data_id)

    def data_sets(self, *, content_hash: str | None = None) -> list[DataSetRecord]:
        """The newest data sets first; with `content_hash` those made of the same file."""
        query = self._listed(DataSetRecord)
        if content_hash is not None:
            query = query.where(DataSetRecord.content_hash == content_hash)
        with self.session() as session:
            return list(session.scalars(query))

    def same_content(self, content_hash: str) -> list[str]:
        """The ids of all data sets made of the same file, whoever owns them and wherever they are."""
        with self.session() as session:
            return list(session.scalars(select(DataSetRecord.id).where(DataSetRecord.content_hash == content_hash)))

    def set_roles(self, data_id: str, roles: Mapping[str, str], *, was: Mapping[str, str] | None = None) -> None:
        """Keeps the roles of a data set.

        Raises:
            StorageError: the data set is gone, or its roles are not (any longer) those that the change was made to.
        """
        with self.session() as session:
            record = self.to_change(session, DataSetRecord, data_id)
            if was is not None and record.roles != was:
                raise StorageError(CHANGED_MEANWHILE)
            record.roles = dict(roles)

    def set_kind(self, data_id: str, kind: str, roles: Mapping[str, str]) -> None:
        with self.session() as session:
            record = self.to_change(session, DataSetRecord, data_id)
            record.kind, record.roles = kind, dict(roles)

    # ── runs ──

    def run(self, run_id: str) -> RunRecord | None:
        return self._opened(RunRecord, run_id)

    def runs(
        self, data_id: str | None = None, *, task: str | None = "train", of_run: str | None = None, trials: bool = True,
        most: int | None = None,
    ) -> list[RunRecord]:  # fmt: skip
        """The newest runs first: of one data set or of all, of one task or (None) of all, or those about another run.

        ``train`` stands for all runs that have scores of their own: also of saved detectors that scored a data set.

        Without `trials`, trainings that a search asked for are left out.
        """
        query = self._listed(RunRecord)
        if data_id is not None:
            query = query.where(RunRecord.data_id == data_id)
        if task is not None:
            query = query.where(RunRecord.task.in_(WITH_SCORES if task == "train" else (task,)))
        if of_run is not None:
            query = query.where(RunRecord.of_run == of_run)
        if not trials:
            query = query.where(RunRecord.of_run.is_(None))
        with self.session() as session:
            return list(session.scalars(query.limit(most)))

    def unended(self) -> list[RunRecord]:
        """Waiting and running runs of every task and every owner, also those in the bin, oldest first."""
        query = select(RunRecord).where(RunRecord.state.not_in(ENDED)).order_by(RunRecord.created)
        with self.session() as session:
            return list(session.scalars(query))

    def move(self, run_id: str, state: str, *, only_from: Sequence[str]) -> bool:
        """Moves a run to `state` if it is in one of `only_from`; says whether it was. Two that ask at once: one wins."""
        mine = self._allowed(RunRecord)
        moved = (
            update(RunRecord)
            .where(RunRecord.id == run_id, RunRecord.state.in_(only_from), *mine)
            .values(state=state, reason=None, finished=None)
        )
        with self.session() as session:
            return cast(CursorResult[Any], session.execute(moved)).rowcount == 1

    def set_state(self, run_id: str, state: str, *, reason: Message | None = None, summary: dict[str, Any] | None = None) -> None:
        """Moves a run to `state`, with the reason for it or, when it is done, its summary."""
        with self.session() as session:
            run = session.get_one(RunRecord, run_id)
            run.state = state
            run.reason = reason.to_json() if reason else None
            run.summary = summary
            run.finished = now() if state in ENDED else None

    # ── thresholds ──

    def threshold(self, run_id: str) -> ThresholdRecord | None:
        """The threshold in force for a run: the latest one kept."""
        versions = self.threshold_versions(run_id)
        return versions[0] if versions else None

    def threshold_versions(self, run_id: str) -> list[ThresholdRecord]:
        """Every threshold that was kept for a run, the latest first."""
        query = self._thresholds().where(ThresholdRecord.run_id == run_id).order_by(ThresholdRecord.version.desc())
        with self.session() as session:
            return list(session.scalars(query))

    def thresholds(self) -> dict[str, ThresholdRecord]:
        """The threshold in force for every run that has one, by run id."""
        with self.session() as session:
            return {record.run_id: record for record in session.scalars(self._thresholds().order_by(ThresholdRecord.version))}

    def keep_threshold(self, record: ThresholdRecord) -> None:
        """Keeps a threshold as the latest version of its run's; two that are kept at once are both kept, one after the other.

        Raises:
            StorageError: the run is gone.
        """
        with self.session() as session:
            self.to_change(session, RunRecord, record.run_id)
            latest = session.scalar(select(func.max(ThresholdRecord.version)).where(ThresholdRecord.run_id == record.run_id))
            record.version = (latest or 0) + 1
            session.add(record)

    def _thresholds(self) -> Select[ThresholdRecord]:
        return select(ThresholdRecord).join(RunRecord, RunRecord.id == ThresholdRecord.run_id).where(*self._allowed(RunRecord))

    # ── names, notes, sizes ──

    def describe(self, table: type[Kept], record_id: str, *, name: str | None = None, note: str | None = None) -> None:
        """Gives a data set or a run another name or another note; None leaves it as it is.

        Raises:
            StorageError: it is gone.
        """
        with self.session() as session:
            record = self.to_change(session, table, record_id)
            record.name = record.name if name is None else name
            record.note = record.note if note is None else note

    def unmeasured(self, table: type[Kept]) -> list[Kept]:
        """What an earlier version left without a size, and runs whose size is not known yet."""
        with self.session() as session:
            return list(session.scalars(select(table).where(table.size.is_(None))))

    def set_size(self, table: type[Kept], record_id: str, size: int) -> None:
        with self.session() as session:
            session.execute(update(table).where(table.id == record_id).values(size=size))

    # ── whose ──

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def to_change(self, session: Session, table: type[Kept], record_id: str) -> Kept:
        """A record that nobody else can change until the transaction ends.

        Raises:
            StorageError: it is gone.
        """
        held = update(table).where(table.id == record_id, *self._allowed(table)).values(id=record_id)
        if cast(CursorResult[Any], session.execute(held)).rowcount == 0:
            raise StorageError(GONE[table])
        return session.get_one(table, record_id)

    def _opened(self, table: type[Kept], record_id: str) -> Kept | None:
        with self.session() as session:
            return session.scalar(select(table).where(table.id == record_id, *self._allowed(table)))

    def _allowed(self, table: type[Kept]) -> list[Any]:
        """What may be opened by its id: the owner's, outside the bin; the server opens everything."""
        return [table.owner == self.owner, table.deleted.is_(None)] if self.owner is not None else []

    def _listed(self, table: type[Kept]) -> Select[Kept]:
        return select(table).where(table.deleted.is_(None), *self._allowed(table)).order_by(table.created.desc(), table.id)


def _make_durable(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _shown(url: str) -> str:
    """The URL without what may be a password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


__all__ = ["ENDED", "LOCAL_OWNER", "DataSetRecord", "Engine", "Records", "RunRecord", "ThresholdRecord"]
