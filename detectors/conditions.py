"""Conditions on columns: column, comparison, value. They are looked up and compared, never run as code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.errors import ParameterError
from detectors.messages import N_
from detectors.params import Field

#: Comparisons, and how the form shows them.
COMPARISONS: Mapping[str, str] = {
    ">": N_("is more than"),
    ">=": N_("is at least"),
    "<": N_("is less than"),
    "<=": N_("is at most"),
    "is": N_("is"),
    "is not": N_("is not"),
    "contains": N_("contains"),
    "is missing": N_("is missing"),
}

#: Comparisons that need an order.
ORDERED = frozenset({">", ">=", "<", "<="})

#: A list of conditions has at most so many, and a value so many characters.
MOST_CONDITIONS, LONGEST_VALUE = 100, 500

LARGEST_WEIGHT = 1000.0

Value = str | float


@dataclass(frozen=True)
class Condition:
    """One condition. The value of ``is missing`` means nothing."""

    column: str
    comparison: str
    value: Value
    weight: float = 1.0

    @property
    def name(self) -> str:
        """Names the number that says whether it is met, whatever its weight."""
        value = "" if self.comparison == "is missing" else f" {self.value}"
        return f"{self.column} {self.comparison}{value}"


class ConditionsField(Field):
    """A list of conditions, each ``[column, comparison, value]`` or, with how much it counts, ``[column, comparison, value, weight]``."""

    type: ClassVar[str] = "conditions"

    def check(self, name: str, value: Any) -> tuple[tuple[str, str, Value, float], ...]:
        if not isinstance(value, list | tuple) or len(value) > MOST_CONDITIONS:
            raise ParameterError(
                N_('`{name}` must be a list of at most {most} conditions, such as [["amount", ">", 9000]]. It is `{value}`.'),
                name=name, most=MOST_CONDITIONS, value=str(value)[:100],
            )  # fmt: skip
        return tuple(self._condition(name, each) for each in value)

    def _condition(self, name: str, value: Any) -> tuple[str, str, Value, float]:
        if not isinstance(value, list | tuple) or len(value) not in (3, 4):
            raise ParameterError(
                N_('`{name}`: a condition is [column, comparison, value] or [column, comparison, value, weight]. This one is `{value}`.'),
                name=name, value=str(value)[:100],
            )  # fmt: skip
        column, comparison, compared, weight = (*value, 1.0)[:4]
        if not isinstance(column, str | int) or isinstance(column, bool) or not str(column):
            raise ParameterError(N_("`{name}`: `{column}` names no column."), name=name, column=str(column)[:100])
        if comparison not in COMPARISONS:
            raise ParameterError(
                N_("`{name}`: `{comparison}` is no comparison. There are {known}."),
                name=name, comparison=str(comparison)[:100], known=", ".join(COMPARISONS),
            )  # fmt: skip
        return str(column), comparison, _value(name, compared), _weight(name, weight)

    def describe(self, name: str) -> dict[str, Any]:
        return {**super().describe(name), "choices": list(COMPARISONS)}


def conditions(*, title: str, help: str) -> Any:
    """Declares a list of conditions, which is empty unless something is said."""
    return ConditionsField((), title, help)


def _value(name: str, value: Any) -> Value:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and abs(value) < float("inf"):
        return float(value)
    if isinstance(value, str) and len(value) <= LONGEST_VALUE:
        return value
    raise ParameterError(
        N_("`{name}`: a value is a number, or a text of at most {longest} characters. This one is `{value}`."),
        name=name, longest=LONGEST_VALUE, value=str(value)[:100],
    )  # fmt: skip


def _weight(name: str, weight: Any) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= LARGEST_WEIGHT:
        raise ParameterError(
            N_("`{name}`: how much a condition counts is a number above 0 and up to {most}. It is `{weight}`."),
            name=name, most=LARGEST_WEIGHT, weight=str(weight)[:100],
        )  # fmt: skip
    return float(weight)


def is_met(numbers: NDArray[np.float64], comparison: str, value: float) -> NDArray[np.bool_]:
    """Which of the `numbers`, (rows,), meet the comparison with `value`; what is missing, NaN, meets none."""
    functions: Mapping[str, Any] = {
        ">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal, "is": np.equal, "is not": np.not_equal,
    }  # fmt: skip
    met: NDArray[np.bool_] = functions[comparison](numbers, value) & ~np.isnan(numbers)
    return met
