"""What is named of a training, and what is proposed where nothing is: its kind of data, and what each column is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from detectors import kinds, roles
from detectors.errors import DataError
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.profile import ColumnProfile, load_profile
from detectors.reading.report import load_report

NO_COLUMN = N_("There is no column `{column}`. The columns are {known}.")

#: Columns that a sentence names.
MOST_NAMED = 50


@dataclass(frozen=True)
class Looked:
    """What a file that was read looks like: all that kind and roles are proposed from."""

    profiles: Sequence[ColumnProfile]
    rows: int
    kind: str
    """What its rows are: ``table``, ``images`` or ``text``."""

    @classmethod
    def of(cls, data: Path) -> Self:
        """Of the data set in the folder `data`."""
        report = load_report(data)
        return cls(load_profile(data), report.rows, report.kind)

    @property
    def columns(self) -> list[str]:
        return [profile.name for profile in self.profiles]


@dataclass(frozen=True)
class Named:
    """What was said; everything else is as the Data page would propose it."""

    kind: str | None = None
    label: str | None = None
    time: str | None = None
    entity: str | None = None
    text: str | None = None
    ignore: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    """Column → role, for all that has no option of its own."""

    def kind_of(self, found: Looked) -> str:
        """What was said; else what the roles that were named imply; else what the file looks like."""
        if self.kind is not None:
            return self.kind
        if self.text is not None:
            return "text"
        if self.time is not None or self.entity is not None:
            return "series"
        return kinds.fitting(found.profiles, found.rows, found.kind)[0]

    def roles_of(self, found: Looked) -> dict[str, str]:
        """A role for every column. A column that is proposed as the label is ignored unless it is named.

        Raises:
            DataError: a column that was named is not there, or the roles cannot be worked with.
        """
        self.check_columns([self._label(found), self.time, self.entity, self.text, *self.ignore, *self.roles], found)
        chosen = self.chosen(found)
        kinds.check_roles(self.kind_of(found), chosen, found.profiles)
        return chosen

    def chosen(self, found: Looked) -> dict[str, str]:
        """The same, unchecked."""
        kind, label = KINDS[self.kind_of(found)], self._label(found)
        named = [(label, "label"), (self.time, "time"), (self.entity, "entity"), (self.text, "text"), *self.roles.items()]
        chosen = {role.column: role.role for role in kind.propose(found.profiles, found.rows)}
        if label is None:
            chosen = {column: "ignored" if role == "label" else role for column, role in chosen.items()}
        for column, role in named:
            if column is not None:
                chosen = roles.with_role(chosen, column, role, kind.single)
        return chosen | dict.fromkeys(self.ignore, "ignored")

    def _label(self, found: Looked) -> str | None:
        """The column of the label; ``folder`` is a word for one where the data are pictures."""
        return dict(KINDS[self.kind_of(found)].aliases or {}).get(self.label or "", self.label)

    @staticmethod
    def check_columns(columns: Iterable[str | None], found: Looked) -> None:
        """Raises `DataError` where one of `columns` is not there."""
        known = found.columns
        for column in columns:
            if column is not None and column not in known:
                raise DataError(NO_COLUMN, column=column, known=", ".join(known[:MOST_NAMED]))


def naming(kind: str, wanted: Mapping[str, str], found: Looked) -> Named:
    """What must be named so that the kind is `kind` and the roles are `wanted`, column → role: no more than that.

    A column whose name holds a comma is never in `ignore`, which is a list with commas on the command line.
    """
    by_role = {role: column for column, role in wanted.items()}
    words = {column: word for word, column in dict(KINDS[kind].aliases or {}).items()}
    label = by_role.get("label")
    first = Named(kind, words.get(label or "", label))
    proposed = first.chosen(found)
    single = [role for role in ("time", "entity", "text") if role in KINDS[kind].single and role in by_role]
    changed = {role: by_role[role] for role in single if proposed.get(by_role[role]) != role}
    named = replace(first, kind=None, time=changed.get("time"), entity=changed.get("entity"), text=changed.get("text"))
    named = named if named.kind_of(found) == kind else replace(named, kind=kind)
    reached = named.chosen(found)
    others = {column: role for column, role in wanted.items() if reached.get(column) != role}
    ignore = tuple(column for column, role in others.items() if role == "ignored" and "," not in column)
    return replace(named, ignore=ignore, roles={column: role for column, role in others.items() if column not in ignore})
