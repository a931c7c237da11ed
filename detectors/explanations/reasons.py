"""The columns that weigh most in a row's score, in the data's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.messages import N_, Message

#: Columns named for each flagged row.
NAMED_COLUMNS = 3

#: A column that adds less than this share of the largest one is no reason.
SMALLEST_SHARE = 0.01


@dataclass(frozen=True)
class Reason:
    """One column of one row: what it holds, what was expected, and how much that added to the score."""

    column: str
    weight: float
    actual: Any
    expected: Any

    @property
    def message(self) -> Message:
        if pd.isna(self.actual):
            return Message(N_("{column} missing"), {"column": self.column})
        values = {"column": self.column, "actual": _native(self.actual), "expected": _native(self.expected)}
        if values["actual"] == values["expected"]:
            return Message(N_("{column} {actual}, unusual together with the rest"), values)
        if isinstance(values["expected"], str):
            return Message(N_("{column} {actual}, expected {expected}"), values)
        return Message(N_("{column} {actual}, expected about {expected}"), values)


def reasons(values: NDArray[np.float64], columns: list[str], actual: pd.DataFrame, expected: pd.DataFrame) -> list[list[Reason]]:
    """For every row the columns that raised its score most, strongest first.

    Args:
        values: SHAP values, (rows, columns).
        columns: the names of the columns of `values`.
        actual: the rows as they are in the data, with at least `columns`.
        expected: the rows as expected, in the data's units, with `columns`.
    """
    actual_columns = {column: actual[column].to_numpy(dtype=object) for column in columns}
    expected_columns = {column: expected[column].to_numpy(dtype=object) for column in columns}
    found = []
    for row, weights in enumerate(values):
        strongest = np.argsort(weights)[::-1][:NAMED_COLUMNS]
        named = [position for position in strongest if weights[position] > SMALLEST_SHARE * max(weights.max(), 0)]
        found.append(
            [Reason(columns[p], float(weights[p]), actual_columns[columns[p]][row], expected_columns[columns[p]][row]) for p in named]
        )
    return found


def _native(value: Any) -> Any:
    """A value as a sentence shows it: numbers as plain int or float, everything else as text."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | float | np.number):
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return str(value)
