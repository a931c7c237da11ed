"""Suppressions: rules that silence rows like one that was marked normal. A silenced row keeps its score and is not flagged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.conditions import COMPARISONS
from detectors.errors import DataError, ParameterError
from detectors.messages import N_, Message
from detectors.preparation.condition_column import ConditionColumn
from detectors.preparation.numbers import NumberColumn

#: How far a number may be from that of the row, as a share of the range that the middle half of the column covers or, where
#: that is more, of its distance from the middle.
NEAR = 0.1

#: Types of a column in a rule.
Type = Literal["number", "date", "boolean", "text"]


@dataclass(frozen=True)
class Bound:
    """One condition on a column of the data as it was uploaded."""

    column: str
    type: Type
    comparison: str
    value: str | float = ""

    @property
    def message(self) -> Message:
        """The condition as a reader sees it."""
        if self.comparison == "is missing":
            return Message(N_("{column} is missing"), {"column": self.column})
        sentence = {
            ">=": N_("{column} is at least {value}"), "<=": N_("{column} is at most {value}"), ">": N_("{column} is more than {value}"),
            "<": N_("{column} is less than {value}"), "is": N_("{column} is {value}"), "is not": N_("{column} is not {value}"),
            "contains": N_("{column} contains {value}"),
        }  # fmt: skip
        return Message(sentence[self.comparison], {"column": self.column, "value": self.value})

    def met(self, values: pd.Series) -> NDArray[np.bool_]:
        """Which values meet it, (rows,).

        Raises:
            DataError: values of the column cannot be compared like this.
        """
        number = None if self.type == "text" else NumberColumn(self.column, 0.0, 0.0, 1.0, self.type)
        out = np.zeros((len(values), 1), dtype=np.float32)
        ConditionColumn(self.column, self.comparison, self.value, number).write(values, out)
        return np.asarray(out[:, 0] >= 1)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Bound:
        """What `asdict` made of one.

        Raises:
            ParameterError: it is no condition.
        """
        bound = cls(**record)
        if bound.comparison not in COMPARISONS or not isinstance(bound.value, str | int | float):
            raise ParameterError(N_("`{comparison}` is no comparison. There are {known}."), comparison=str(bound.comparison)[:100], known=", ".join(COMPARISONS))  # fmt: skip
        return bound


@dataclass(frozen=True)
class Suppression:
    """All `bounds` together: a row that meets every one of them is silenced."""

    bounds: tuple[Bound, ...]
    id: str = ""
    row: int | None = None
    """Position of the row that it was made from."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Who made it, when, and why; for people."""

    def silences(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Which rows of `frame`, original columns, it silences, (rows,).

        Raises:
            DataError: a column is not there; it has no bound at all.
        """
        if not self.bounds:
            raise DataError(N_("A suppression needs at least one condition: without any it would silence every row."))
        silenced = np.ones(len(frame), dtype=bool)
        for bound in self.bounds:
            if bound.column not in frame.columns:
                raise DataError(N_("A suppression asks for the column `{column}`, which is not there."), column=bound.column)
            silenced &= bound.met(frame[bound.column])
        return silenced

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(bound.column for bound in self.bounds))

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "row": self.row, "bounds": [asdict(bound) for bound in self.bounds], "facts": dict(self.facts)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Suppression:
        """What `to_json` made of one.

        Raises:
            ParameterError: a condition is none.
        """
        bounds = tuple(Bound.from_json(bound) for bound in record["bounds"])
        return cls(bounds, record.get("id", ""), record.get("row"), dict(record.get("facts", {})))


def columns_of(suppressions: Iterable[Suppression]) -> list[str]:
    """The columns that are needed to tell what they silence."""
    return list(dict.fromkeys(column for suppression in suppressions for column in suppression.columns))


def silenced_by(suppressions: Sequence[Suppression], frame: pd.DataFrame) -> NDArray[np.intp]:
    """For every row of `frame` which of the suppressions silences it first, (rows,); -1 where none does."""
    first = np.full(len(frame), -1, dtype=np.intp)
    for number, suppression in reversed(list(enumerate(suppressions))):
        first[suppression.silences(frame)] = number
    return first


@dataclass(frozen=True)
class Middle:
    """Where the values of a column of numbers lie: their median, and how far the middle half of them reaches."""

    median: float = 0.0
    spread: float = 0.0


def like_row(values: Mapping[str, Any], types: Mapping[str, Type], middles: Mapping[str, Middle]) -> tuple[Bound, ...]:
    """Conditions that rows like one row meet.

    Args:
        values: the row's value in each column that is to count.
        types: the type of each of these columns.
        middles: of each column of numbers where its values lie.
    """
    return tuple(bound for column, value in values.items() for bound in _like_value(column, types[column], value, middles.get(column)))


def _like_value(column: str, type_: Type, value: Any, middle: Middle | None) -> tuple[Bound, ...]:
    if pd.isna(value):
        return (Bound(column, type_, "is missing"),)
    if type_ == "number":
        near = NEAR * max(middle.spread, abs(float(value) - middle.median)) if middle else 0.0
        return Bound(column, type_, ">=", _rounded(float(value) - near, near)), Bound(
            column, type_, "<=", _rounded(float(value) + near, near)
        )
    if type_ == "date":
        day = pd.Timestamp(value).normalize()
        return Bound(column, type_, ">=", day.isoformat()), Bound(column, type_, "<", (day + pd.Timedelta(days=1)).isoformat())
    return (Bound(column, type_, "is", str(bool(value)).lower() if type_ == "boolean" else str(value)),)


def _rounded(number: float, near: float) -> float:
    """To two digits of how near it must be, which nobody would type more exactly."""
    if near <= 0:
        return number
    return round(number, 1 - int(np.floor(np.log10(near))))
