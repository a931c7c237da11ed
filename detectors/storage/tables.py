"""The tables of the database: data sets, runs, what people decided about them, saved detectors, watched folders, folders still to be removed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from detectors.messages import Message

#: Whose records these are until people sign in.
LOCAL_OWNER = "local"

#: States of a run that no longer change by themselves.
ENDED = ("done", "failed", "interrupted", "stopped")

#: Tasks of runs that have scores of their own: a training, and a saved detector that scored a data set.
WITH_SCORES = ("train", "score")


def now() -> datetime:
    """This moment, in UTC, as it is kept."""
    return datetime.now(UTC).replace(tzinfo=None)


class Base(MappedAsDataclass, DeclarativeBase):
    """Base of the tables."""


class DataSetRecord(Base):
    """What was uploaded, read and typed. Two uploads of the same content are two records, whose files share their space."""

    __tablename__ = "data_sets"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    rows: Mapped[int]
    columns: Mapped[int]
    content_hash: Mapped[str] = mapped_column(index=True)
    roles: Mapped[dict[str, str]] = mapped_column(JSON)
    owner: Mapped[str] = mapped_column(default=LOCAL_OWNER, index=True)
    created: Mapped[datetime] = mapped_column(default_factory=now)
    note: Mapped[str] = mapped_column(default="", server_default="")
    size: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """Bytes of its files; None until they have been measured."""
    deleted: Mapped[datetime | None] = mapped_column(default=None)
    """When it was put into the bin; None: it is not there."""


class RunRecord(Base):
    """One training: ``queued``, ``running``, then ``done``, ``failed``, ``interrupted`` or ``stopped``."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(primary_key=True)
    data_id: Mapped[str] = mapped_column(ForeignKey("data_sets.id"), index=True)
    task: Mapped[str]
    """``train``; ``score``, by a saved detector; ``reasons`` or ``refits`` of another run; or ``search``, whose trials are runs."""
    detector: Mapped[str]
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(default="queued", index=True)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    of_run: Mapped[str | None] = mapped_column(default=None, index=True)
    owner: Mapped[str] = mapped_column(default=LOCAL_OWNER, index=True)
    created: Mapped[datetime] = mapped_column(default_factory=now)
    finished: Mapped[datetime | None] = mapped_column(default=None)
    name: Mapped[str] = mapped_column(default="", server_default="")
    """What the analyst calls it; empty: it goes by its detector and its time."""
    note: Mapped[str] = mapped_column(default="", server_default="")
    size: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """Bytes of its files; None until it has ended and they have been measured."""
    deleted: Mapped[datetime | None] = mapped_column(default=None)
    """When it was put into the bin, by itself or with its data set; None: it is not there."""

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
        """Why the run failed, was interrupted or given up."""
        return Message.from_json(self.reason) if self.reason else None


class ThresholdRecord(Base):
    """A version of the threshold of a run: the rule that gave it, how many rows it flags, who kept it and why."""

    __tablename__ = "thresholds"
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    rule: Mapped[str]
    value: Mapped[float]
    cut_off: Mapped[float]
    flagged: Mapped[int]
    author: Mapped[str] = mapped_column(default=LOCAL_OWNER)
    changed: Mapped[datetime] = mapped_column(default_factory=now)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=0)
    """From 1, given when it is kept; the latest is in force."""
    more: Mapped[dict[str, float]] = mapped_column(JSON, default_factory=dict)
    """What the rule was given besides its value, by name."""
    segments: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    """The column whose values have cut-offs of their own, and these; None: one cut-off for all rows."""
    reason: Mapped[str] = mapped_column(default="")


class MarkRecord(Base):
    """What one person said of a row, or of the steps of an event; only ever added to, the latest mark of a person counts."""

    __tablename__ = "marks"
    data_id: Mapped[str] = mapped_column(ForeignKey("data_sets.id"), index=True)
    first: Mapped[int] = mapped_column(BigInteger)
    """Position of the row in the data, from 0."""
    last: Mapped[int] = mapped_column(BigInteger)
    """Position of the last step of an event; of anything else that of the row itself."""
    verdict: Mapped[str]
    """``anomaly``, ``normal`` or ``unsure``; empty where an earlier one was taken back."""
    note: Mapped[str] = mapped_column(default="")
    run_id: Mapped[str | None] = mapped_column(default=None)
    """The run in which it was looked at."""
    together: Mapped[str | None] = mapped_column(default=None)
    """What marks that were given in one go have in common."""
    author: Mapped[str] = mapped_column(default=LOCAL_OWNER)
    marked: Mapped[datetime] = mapped_column(default_factory=now)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)


class SuppressionRecord(Base):
    """A rule that silences rows like one that was marked normal; a withdrawn one is kept and silences nothing."""

    __tablename__ = "suppressions"
    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    row: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """Position of the row that it was made from."""
    note: Mapped[str] = mapped_column(default="")
    author: Mapped[str] = mapped_column(default=LOCAL_OWNER)
    created: Mapped[datetime] = mapped_column(default_factory=now)
    withdrawn: Mapped[datetime | None] = mapped_column(default=None)


class DetectorRecord(Base):
    """A saved detector: a detector file in the folder ``detectors/ID``, written from a run or uploaded."""

    __tablename__ = "detector_files"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int]
    """From 1 among those of the same name."""
    kind: Mapped[str]
    """The kind of data that it scores."""
    title: Mapped[str]
    """What its detector is called."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of the file."""
    identity: Mapped[str]
    """SHA-256 of its manifest: equal for copies of the same file."""
    origin: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Where it came from: ``data`` (the name of the file learned from), ``run`` and ``threshold`` (its version), or ``file``; ``signed``."""
    owner: Mapped[str] = mapped_column(default=LOCAL_OWNER, index=True)
    author: Mapped[str] = mapped_column(default=LOCAL_OWNER)
    created: Mapped[datetime] = mapped_column(default_factory=now)
    note: Mapped[str] = mapped_column(default="")
    retired: Mapped[datetime | None] = mapped_column(default=None)
    """When it was retired; None: it is offered for scoring."""

    @property
    def called(self) -> str:
        """Its name with its version."""
        return f"{self.name} v{self.version}"


class WatchRecord(Base):
    """A folder that the server watches: each new file is scored by a saved detector. What came of them is in ``watches/ID``."""

    __tablename__ = "watches"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    detector_id: Mapped[str]
    """The saved detector; it may be retired or gone, then the watch waits."""
    folder: Mapped[str]
    """The folder, links resolved."""
    pattern: Mapped[str]
    """Which names, as ``*.csv``."""
    schedule: Mapped[dict[str, Any]] = mapped_column(JSON)
    """When it is looked into, as `watching.schedule.Schedule` writes it."""
    rules: Mapped[list[str]] = mapped_column(JSON)
    """When somebody is warned, as ``flagged>50``."""
    emails: Mapped[list[str]] = mapped_column(JSON)
    """Who is told by e-mail. The address of a webhook is a secret and lies in a file."""
    owner: Mapped[str] = mapped_column(default=LOCAL_OWNER, index=True)
    author: Mapped[str] = mapped_column(default=LOCAL_OWNER)
    created: Mapped[datetime] = mapped_column(default_factory=now)
    paused: Mapped[datetime | None] = mapped_column(default=None)
    """When it was paused; None: it goes on."""
    looked: Mapped[datetime | None] = mapped_column(default=None)
    """When its last look by a schedule began."""


class LeftoverRecord(Base):
    """A folder whose record was deleted for good and whose files are still to be removed."""

    __tablename__ = "leftovers"
    folder: Mapped[str] = mapped_column(primary_key=True)
    """Its path inside the workspace, as ``runs/ID``."""
