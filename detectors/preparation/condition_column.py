"""Whether a row meets a condition on one of its columns, as a number: for detectors that ask for the data's own values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.conditions import ORDERED, Condition, Value, is_met
from detectors.errors import DataError
from detectors.frames import value_key
from detectors.messages import N_
from detectors.preparation.gaps import MissingFlag, is_missing
from detectors.preparation.moments import DateColumn
from detectors.preparation.numbers import NumberColumn
from detectors.preparation.values import as_numbers, as_text

#: How far past a moment a date is, is counted in months.
MONTH_S = 30 * 86_400

#: Words for yes and no.
YES, NO = frozenset({"true", "yes", "1", "1.0"}), frozenset({"false", "no", "0", "0.0"})


@dataclass
class ConditionColumn:
    """0 where the condition is not met; else 1 and, below 1, how far past the value the row is, in units of the prepared column."""

    kind: ClassVar[str] = "condition"
    measured: ClassVar[bool] = False

    column: str
    comparison: str
    value: Value
    number: NumberColumn | None
    """How the column is read and measured; None where it holds no numbers."""

    @classmethod
    def of(cls, condition: Condition, parts: Sequence[Any]) -> Self:
        """The condition on what `parts`, the prepared columns, were made of.

        Raises:
            DataError: there is no such column, or its values cannot be compared like this.
        """
        found = {part.column: part for part in reversed(parts) if not isinstance(part, MissingFlag | ConditionColumn)}
        part = found.get(condition.column)
        if part is None:
            raise DataError(
                N_("There is no feature column `{column}` for a condition. The feature columns are {known}."),
                column=condition.column, known=", ".join(list(dict.fromkeys(part.column for part in parts))[:50]),
            )  # fmt: skip
        number = NumberColumn(part.column, 0.0, 0.0, MONTH_S, "date") if isinstance(part, DateColumn) else part
        number = number if isinstance(number, NumberColumn) else None
        made = cls(condition.column, condition.comparison, condition.value, number)
        made._check()
        return made

    @property
    def width(self) -> int:
        return 1

    @property
    def names(self) -> list[str]:
        return [Condition(self.column, self.comparison, self.value).name]

    def write(self, values: pd.Series, out: NDArray[np.float32]) -> None:
        type_ = self.number.type if self.number else None
        if self.comparison == "is missing":
            out[:, 0] = is_missing(values, type_)
        elif self.number is None:
            out[:, 0] = self._met_by_texts(values)
        else:
            numbers = as_numbers(values, self.number.type)
            met = is_met(numbers, self.comparison, self._compared)
            out[:, 0] = met + np.where(met, self._past(numbers), 0.0)

    def restore(self, block: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Whether it is met, (rows,)."""
        return block[:, 0] >= 1

    def _past(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far past the value, from 0 to below 1; 0 where there is no order."""
        assert self.number is not None
        if self.comparison not in ORDERED:
            return np.zeros(len(numbers))
        distance = np.abs(self.number.scaled(numbers) - self.number.scaled(np.full(1, self._compared)))
        return distance / (1 + distance)

    def _met_by_texts(self, values: pd.Series) -> NDArray[np.bool_]:
        codes, different = pd.factorize(values, use_na_sentinel=True)
        texts = as_text(pd.Series(different, dtype=object))
        wanted = value_key(self.value)
        if self.comparison == "contains":
            met = texts.str.contains(wanted, case=False, regex=False)
        else:
            met = (texts == wanted) == (self.comparison == "is")
        return np.append(met.to_numpy(dtype=bool), False)[codes]  # what is missing meets nothing

    @property
    def _compared(self) -> float:
        """The value as a number."""
        assert self.number is not None
        if self.number.type == "boolean":
            word = str(self.value).strip().lower()
            return 1.0 if word in YES else 0.0 if word in NO else np.nan
        texts = pd.Series([self.value], dtype=object if isinstance(self.value, str) else np.float64)
        return float(as_numbers(texts, "date" if self.number.type == "date" and isinstance(self.value, str) else "number")[0])

    def _check(self) -> None:
        if self.comparison == "is missing":
            return
        if self.number is None and self.comparison in ORDERED:
            raise DataError(
                N_("`{column}` does not hold numbers, so no value is more or less than `{value}`. Compare by is, is not or contains."),
                column=self.column, value=str(self.value),
            )  # fmt: skip
        if self.number is not None and self.comparison == "contains":
            raise DataError(
                N_("`{column}` does not hold text, so it contains nothing. Compare by >, >=, <, <=, is or is not."), column=self.column
            )
        if self.number is not None and np.isnan(self._compared):
            wanted = {"date": N_("`{column}` holds dates, and `{value}` is none. Write it as 2024-12-31 or 2024-12-31 18:30."),
                      "boolean": N_("`{column}` holds yes and no, and `{value}` is neither. Write true or false.")}  # fmt: skip
            text = wanted.get(self.number.type, N_("`{column}` holds numbers, and `{value}` is none."))
            raise DataError(text, column=self.column, value=str(self.value))

    def to_json(self) -> dict[str, Any]:
        number = self.number.to_json() if self.number else None
        return {"column": self.column, "comparison": self.comparison, "value": self.value, "number": number}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        number = record["number"]
        return cls(**{**record, "number": NumberColumn.from_json(number) if number else None})
