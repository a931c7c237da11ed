"""The database: one row for each data set, run and kept threshold. Only the server writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import JSON, CursorResult, ForeignKey, create_engine, event, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column

from detectors.errors import StorageError
from detectors.messages import N_, Message

#: Whose records these are until people sign in.
LOCAL_OWNER = "local"

#: Runs and data sets listed at most.
MOST_LISTED = 200

#: States of a run that no longer change by themselves.
ENDED = ("done", "failed", "interrupted", "stopped")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Base(MappedAsDataclass, DeclarativeBase):
    """Base of the tables."""


class DataSetRecord(Base):
    """What was uploaded, read and typed."""

    __tablename__ = "data_sets"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    rows: Mapped[int]
    columns: Mapped[int]
    content_hash: Mapped[str]
    roles: Mapped[dict[str, str]] = mapped_column(JSON)
    owner: Mapped[str] = mapped_column(default=LOCAL_OWNER)
    created: Mapped[datetime] = mapped_column(default_factory=_now)


class RunRecord(Base):
    """One training: ``queued``, ``running``, then ``done``, ``failed``, ``interrupted`` or ``stopped``."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(primary_key=True)
    data_id: Mapped[str] = mapped_column(ForeignKey("data_sets.id"), index=True)
    task: Mapped[str]
    """``train``, or ``reasons``: the explanations of all flagged rows of another run."""
    detector: Mapped[str]
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(default="queued", index=True)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    of_run: Mapped[str | None] = mapped_column(default=None)
    owner: Mapped[str] = mapped_column(default=LOCAL_OWNER)
    created: Mapped[datetime] = mapped_column(default_factory=_now)
    finished: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def kind(self) -> str:
        """The kind of data it was trained on, as the data set was worked on then."""
        return str(self.request.get("kind", "table"))

    @property
    def representation(self) -> str:
        """What its detector takes."""
        return str(self.request.get("representation", "vectors"))

    @property
    def message(self) -> Message | None:
        """Why the run failed or was interrupted."""
        return Message.from_json(self.reason) if self.reason else None


class ThresholdRecord(Base):
    """The cut-off in force for a run: the rule that gave it and how many rows it flags."""

    __tablename__ = "thresholds"
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    rule: Mapped[str]
    value: Mapped[float]
    cut_off: Mapped[float]
    flagged: Mapped[int]
    author: Mapped[str] = mapped_column(default=LOCAL_OWNER)
    changed: Mapped[datetime] = mapped_column(default_factory=_now)


class Records:
    """Reads and writes the records; every call is one transaction of its own."""

    def __init__(self, url: str) -> None:
        try:
            self._engine = create_engine(url)
            if self._engine.dialect.name == "sqlite":
                event.listen(self._engine, "connect", _make_durable)
            Base.metadata.create_all(self._engine)
        except OperationalError as error:
            raise StorageError(N_("The database `{url}` cannot be opened. Check the database setting."), url=_shown(url)) from error

    def close(self) -> None:
        self._engine.dispose()

    def add(self, record: Base) -> None:
        with self._session() as session:
            session.add(record)

    def data_set(self, data_id: str) -> DataSetRecord | None:
        with self._session() as session:
            return session.get(DataSetRecord, data_id)

    def data_sets(self) -> list[DataSetRecord]:
        """The newest data sets first."""
        with self._session() as session:
            return list(session.scalars(select(DataSetRecord).order_by(DataSetRecord.created.desc()).limit(MOST_LISTED)))

    def set_roles(self, data_id: str, roles: Mapping[str, str]) -> None:
        with self._session() as session:
            session.get_one(DataSetRecord, data_id).roles = dict(roles)

    def set_kind(self, data_id: str, kind: str, roles: Mapping[str, str]) -> None:
        with self._session() as session:
            record = session.get_one(DataSetRecord, data_id)
            record.kind, record.roles = kind, dict(roles)

    def run(self, run_id: str) -> RunRecord | None:
        with self._session() as session:
            return session.get(RunRecord, run_id)

    def runs(self, data_id: str | None = None, *, task: str | None = "train", most: int = MOST_LISTED) -> list[RunRecord]:
        """The newest runs first: of one data set or of all, of one task or (None) of all."""
        query = select(RunRecord).order_by(RunRecord.created.desc())
        if data_id is not None:
            query = query.where(RunRecord.data_id == data_id)
        if task is not None:
            query = query.where(RunRecord.task == task)
        with self._session() as session:
            return list(session.scalars(query.limit(most)))

    def unended(self) -> list[RunRecord]:
        """Waiting and running runs of every task, oldest first."""
        query = select(RunRecord).where(RunRecord.state.not_in(ENDED)).order_by(RunRecord.created)
        with self._session() as session:
            return list(session.scalars(query))

    def move(self, run_id: str, state: str, *, only_from: Sequence[str]) -> bool:
        """Moves a run to `state` if it is in one of `only_from`; says whether it was. Two that ask at once: one wins."""
        moved = (
            update(RunRecord).where(RunRecord.id == run_id, RunRecord.state.in_(only_from)).values(state=state, reason=None, finished=None)
        )
        with self._session() as session:
            return cast(CursorResult[Any], session.execute(moved)).rowcount == 1

    def set_state(self, run_id: str, state: str, *, reason: Message | None = None, summary: dict[str, Any] | None = None) -> None:
        """Moves a run to `state`, with the reason for it or, when it is done, its summary."""
        with self._session() as session:
            run = session.get_one(RunRecord, run_id)
            run.state = state
            run.reason = reason.to_json() if reason else None
            run.summary = summary
            run.finished = _now() if state in ENDED else None

    def threshold(self, run_id: str) -> ThresholdRecord | None:
        with self._session() as session:
            return session.get(ThresholdRecord, run_id)

    def thresholds(self) -> dict[str, ThresholdRecord]:
        """The threshold of every run that has one, by run id."""
        with self._session() as session:
            return {record.run_id: record for record in session.scalars(select(ThresholdRecord))}

    def set_threshold(self, record: ThresholdRecord) -> None:
        """Puts the threshold of its run in force, in place of the earlier one."""
        with self._session() as session:
            session.merge(record)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session


def _make_durable(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _shown(url: str) -> str:
    """The URL without what may be a password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


__all__ = ["ENDED", "DataSetRecord", "Engine", "Records", "RunRecord", "ThresholdRecord"]
