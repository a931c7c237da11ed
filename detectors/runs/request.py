"""What is asked of a run: everything that decides its scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from detectors.data_set import DataSet
from detectors.errors import StorageError
from detectors.messages import N_

BEFORE_GONE = N_("The rows that came before these are gone: their data set was deleted. Score these without them, or after another one.")


@dataclass(frozen=True)
class FitWhere:
    """Fit only on rows whose `column` reads `value` (compared as text, as the analyst sees it)."""

    column: str
    value: str


@dataclass(frozen=True)
class RunRequest:
    """Data set + roles + preparation + representation + detector + parameters + seed."""

    data_id: str
    detector: str
    roles: Mapping[str, str]
    """Column → feature, label, id, ignored …"""
    kind: str = "table"
    representation: str = "vectors"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    preparation: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    fit_where: FitWhere | None = None
    fit_first: float | None = None
    """Fit only on this leading share of the time steps (of each entity): what comes later is judged, and never learned from."""
    fit_sample: int | None = None
    """Fit only on so many of these rows, drawn at random by `seed`; every row is scored all the same. None: on all of them."""
    drop_share: float | None = None
    """Train, drop so large a share of the learned items by their training score, and train again on the others. None: train once."""
    start_from: str | None = None
    """The run, or the saved detector, whose preparation is used and from whose weights learning goes on. None: everything is learned anew."""
    anomaly: str | None = None
    """The one value of the label that means anomaly; None: anything that does not read as normal."""
    scored_by: str | None = None
    """The saved detector that scores the data; nothing is learned then."""
    before: str | None = None
    """The data set whose rows came before these, of a series that goes on: these are seen after them, and those get no score."""
    retrains: str | None = None
    """The saved detector that it is to take the place of, with new rows and verdicts."""
    search: str | None = None
    """The search that asked for it."""
    trial: int | None = None
    """Which of that search's trials it is, from 1."""

    def columns(self, role: str) -> list[str]:
        """The columns with `role`, in the data's order."""
        return [column for column, its_role in self.roles.items() if its_role == role]

    @property
    def used_roles(self) -> dict[str, str]:
        """The roles as preparation sees them: the column that chooses the training rows is not learned from."""
        chosen = self.fit_where.column if self.fit_where else None
        return {column: "ignored" if column == chosen and role == "feature" else role for column, role in self.roles.items()}

    @property
    def features(self) -> list[str]:
        """The feature columns; the column that chooses the training rows is never one."""
        return [column for column, role in self.used_roles.items() if role == "feature"]

    @property
    def label(self) -> str | None:
        return next(iter(self.columns("label")), None)

    def source(self, data: Path) -> DataSet:
        """The data set in the folder `data` as preparation sees it; other data sets lie beside it.

        Raises:
            StorageError: the rows that came before are gone.
        """
        if self.before is None:
            return DataSet(data, self.used_roles)
        earlier = data.parent / self.before
        if not earlier.exists():
            raise StorageError(BEFORE_GONE)
        return DataSet(data, self.used_roles, before=DataSet(earlier, self.used_roles))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> RunRequest:
        where = record.get("fit_where")
        return cls(**{**record, "fit_where": FitWhere(**where) if where else None})
