"""Columns into numbers and back. How one column becomes numbers is said by its part; here the parts stand side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.conditions import Condition
from detectors.errors import DataError
from detectors.messages import N_
from detectors.preparation.categories import CategoryChoices, CategoryColumn, FrequencyColumn, HashedColumn
from detectors.preparation.condition_column import ConditionColumn
from detectors.preparation.gaps import MissingFlag, is_missing
from detectors.preparation.moments import DateColumn
from detectors.preparation.numbers import NumberChoices, NumberColumn
from detectors.preparation.prose import TextColumn
from detectors.preparation.values import MISSING, OTHER, as_numbers, number_type
from detectors.trees import Cut

__all__ = ["MISSING", "OTHER", "ColumnEncoding", "EncodingChoices", "NumberColumn"]

#: Rows prepared together: few enough that what is written stays near the processor.
ROWS_TOGETHER = 8192


class Part(Protocol):
    """How one column becomes some numbers of a vector, from that row alone."""

    kind: ClassVar[str]
    measured: ClassVar[bool]
    """Whether its numbers are measurements, between which there are others; else they say which category it is."""
    column: str

    @property
    def width(self) -> int: ...

    @property
    def names(self) -> list[str]:
        """A name for each of its numbers."""
        ...

    def write(self, values: pd.Series, out: NDArray[np.float32]) -> None:
        """Writes the numbers of `values`, (rows,), into `out`, (rows, width)."""
        ...

    def restore(self, block: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Values in the data's units, (rows,), from numbers, (rows, width)."""
        ...

    def to_json(self) -> dict[str, Any]: ...


PARTS: dict[str, Any] = {
    part.kind: part
    for part in (NumberColumn, CategoryColumn, FrequencyColumn, HashedColumn, DateColumn, TextColumn, MissingFlag, ConditionColumn)
}


@dataclass(frozen=True)
class EncodingChoices(NumberChoices, CategoryChoices):
    """How columns are to be prepared; the names are those of the parameters of `TablePreparation`."""

    missing_flags: bool = False
    dates: str = "moment"
    topics: int = 20
    texts: tuple[str, ...] = ()
    """The columns that hold texts, in place of categories."""

    @classmethod
    def among(cls, values: Mapping[str, Any], texts: tuple[str, ...] = ()) -> Self:
        """Those of `values` that are choices."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names}, texts=texts)


class ColumnEncoding:
    """Fits on training rows; turns rows into float32 vectors and vectors back into rows in the data's units."""

    def __init__(self, choices: EncodingChoices | None = None, **named: Any) -> None:
        self.choices = choices or EncodingChoices(**named)
        self.parts: list[Part] = []

    def fit(self, frame: pd.DataFrame, *, seed: int = 0) -> Self:
        """Learns fills, scales and categories from the training rows in `frame` (rows, feature columns).

        Raises:
            DataError: there is no column, or no row.
        """
        if not len(frame.columns) or not len(frame):
            raise DataError(N_("There is nothing to learn from: choose at least one feature column and one row."))
        self.parts = []
        flags: list[Part] = []
        for column in frame.columns:
            values = frame[column]
            kind = None if column in self.choices.texts else number_type(values)
            self.parts.append(self._fit_part(str(column), values, kind, seed))
            if self.choices.missing_flags and not self._is_a_category_of_its_own(kind) and is_missing(values, kind).any():
                flags.append(MissingFlag(str(column), kind))
        self.parts = sorted(self.parts, key=lambda part: part.kind != NumberColumn.kind) + flags
        return self

    def ask(self, conditions: Iterable[Condition]) -> None:
        """Whether a row meets each of the conditions becomes one more number of it, the last ones.

        Raises:
            DataError: a condition is on a column that there is not, or that cannot be compared like this.
        """
        parts = [part for part in self.parts if not isinstance(part, ConditionColumn)]
        asked = {condition.name: ConditionColumn.of(condition, parts) for condition in conditions}
        self.parts = [*parts, *asked.values()]

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """The rows as finite numbers, (rows, numbers): number columns first. A row's numbers depend on that row alone."""
        vectors = np.empty((len(frame), sum(part.width for part in self.parts)), dtype=np.float32)
        columns = [frame[part.column] for part in self.parts]
        plain = [_plain_numbers(part, values) for part, values in zip(self.parts, columns, strict=True)]
        ends = np.cumsum([0, *(part.width for part in self.parts)])
        for start in range(0, len(frame), ROWS_TOGETHER):
            rows = slice(start, start + ROWS_TOGETHER)
            for part, values, numbers, first, stop in zip(self.parts, columns, plain, ends[:-1], ends[1:], strict=True):
                if numbers is None or not part.write_whole(numbers[rows], vectors[rows, first]):  # type: ignore[attr-defined]
                    part.write(values.iloc[rows], vectors[rows, first:stop])
        return vectors

    def restore(self, vectors: NDArray[np.floating[Any]]) -> pd.DataFrame:
        """Vectors (rows, numbers) in the data's units and columns; what a flag says is missing is missing."""
        restored: dict[str, Any] = {}
        start = 0
        for part in self.parts:
            values = part.restore(vectors[:, start : start + part.width])
            start += part.width
            if isinstance(part, ConditionColumn):  # it says of a column what that column says itself
                continue
            restored[part.column] = pd.Series(restored[part.column]).mask(values) if isinstance(part, MissingFlag) else values
        return pd.DataFrame(restored)

    def in_words(self, number: int, value: float) -> Cut:
        """What it says of a row that its number at position `number` is above `value`."""
        ends = np.cumsum([part.width for part in self.parts])
        place = int(np.searchsorted(ends, number, side="right"))
        part, inside = self.parts[place], number - int(ends[place] - self.parts[place].width)
        if isinstance(part, NumberColumn) and part.type == "boolean":
            return Cut(part.column, True, is_equal=True)
        if isinstance(part, NumberColumn):
            there = part.restore(np.array([[value]]))[0]
            return Cut(part.column, str(there).replace("T", " ") if part.type == "date" else float(there))
        if isinstance(part, CategoryColumn):
            return Cut(part.column, part.values[inside] if inside < len(part.values) else OTHER, is_equal=True)
        return Cut(part.column, MISSING, is_equal=True) if isinstance(part, MissingFlag) else Cut(part.names[inside], float(value))

    @property
    def columns(self) -> list[str]:
        """The original columns, in the order of `origins`."""
        return list(dict.fromkeys(part.column for part in self.parts))

    @property
    def origins(self) -> NDArray[np.intp]:
        """For every number of a vector the position of its original column in `columns`, (numbers,)."""
        place = {column: position for position, column in enumerate(self.columns)}
        return np.repeat([place[part.column] for part in self.parts], [part.width for part in self.parts]).astype(np.intp)

    @property
    def names(self) -> list[str]:
        """A name for every number of a vector: the column, or ``column = value`` for one-hot numbers."""
        return [name for part in self.parts for name in part.names]

    @property
    def own_numbers(self) -> int:
        """How many numbers of a vector say what a row holds; those after them say which conditions it meets."""
        return sum(part.width for part in self.parts if not isinstance(part, ConditionColumn))

    @property
    def measured(self) -> NDArray[np.bool_]:
        """For every number of a vector whether it is a measurement, (numbers,); the others say which category a row is in."""
        return np.repeat([part.measured for part in self.parts], [part.width for part in self.parts])

    @property
    def numbers(self) -> list[NumberColumn]:
        """The parts that are one number each, in the order of a vector's first numbers."""
        return [part for part in self.parts if isinstance(part, NumberColumn)]

    def to_json(self) -> dict[str, Any]:
        return {"parts": [{"kind": part.kind, **part.to_json()} for part in self.parts]}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """What `to_json` gave; it can transform and restore, and is not fitted again."""
        encoding = cls()
        parts = record["parts"] if "parts" in record else _before_parts(record)
        encoding.parts = [PARTS[part["kind"]].from_json({name: value for name, value in part.items() if name != "kind"}) for part in parts]
        return encoding

    def _fit_part(self, column: str, values: pd.Series, kind: str | None, seed: int) -> Part:
        choices = self.choices
        if column in choices.texts:
            return TextColumn.fit(column, values, topics=choices.topics, seed=seed)
        if kind is None:
            return choices.fit_category(column, values)
        if kind == "date" and choices.dates != "moment":
            return DateColumn.fit(column, as_numbers(values, kind), cyclic=choices.dates == "cyclic")
        return choices.fit_number(column, as_numbers(values, kind), kind)

    def _is_a_category_of_its_own(self, kind: str | None) -> bool:
        """Whether what is missing in a column without numbers shows as a category, and needs no flag."""
        return kind is None and self.choices.missing_categories == "own"


def _plain_numbers(part: Part, values: pd.Series) -> NDArray[np.float64] | None:
    """The values of a column that is only scaled, where they are such numbers; None: they go the usual way."""
    is_plain = isinstance(part, NumberColumn) and part.is_only_scaled and values.dtype == np.float64
    return values.to_numpy() if is_plain else None


def _before_parts(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was written when there were number columns and one-hot columns only."""
    numbers = [{"kind": NumberColumn.kind, **number} for number in record["numbers"]]
    return numbers + [{"kind": CategoryColumn.kind, **category} for category in record["categories"]]
