"""The columns that weigh most in a row's score, in the data's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.messages import N_, Message, shown

#: Columns named for each flagged row.
NAMED_COLUMNS = 3

#: A column that adds less than this share of the largest one is no reason.
SMALLEST_SHARE = 0.01

#: Characters of a text that a sentence quotes.
LONGEST_QUOTE = 60

#: Significant digits that two different numbers get at most, until they read differently.
MOST_DIGITS = 8


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
        if pd.isna(self.expected):
            return Message(N_("{column} {actual}, expected to be missing"), {"column": self.column, "actual": _native(self.actual)})
        actual, expected = side_by_side(self.actual, self.expected)
        values = {"column": self.column, "actual": actual, "expected": expected}
        if actual == expected:
            return Message(N_("{column} {actual}, unusual together with the rest"), values)
        if isinstance(_native(self.expected), str):
            return Message(N_("{column} {actual}, expected {expected}"), values)
        return Message(N_("{column} {actual}, expected about {expected}"), values)

    @property
    def cause(self) -> Message:
        """The column, and on which side of what was expected it lies."""
        column = {"column": self.column}
        if pd.isna(self.actual):
            return Message(N_("{column} missing"), column)
        if pd.isna(self.expected):
            return Message(N_("{column} there, expected to be missing"), column)
        actual, expected = _native(self.actual), _native(self.expected)
        if isinstance(actual, str) or isinstance(expected, str):
            return Message(N_("{column} other than expected"), column)
        if shown(actual) == shown(expected):
            return Message(N_("{column} unusual together with the rest"), column)
        return Message(N_("{column} higher than expected") if actual > expected else N_("{column} lower than expected"), column)


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


def side_by_side(actual: Any, expected: Any) -> tuple[Any, Any]:
    """Both values as they are shown beside each other; equal where no reader could tell them apart.

    Numbers that four digits would show alike get more of them, as text. Beside a day, a moment is a day.
    """
    if pd.isna(actual) or pd.isna(expected):
        return actual, expected
    if isinstance(actual, pd.Timestamp) and isinstance(expected, pd.Timestamp) and actual == actual.normalize():
        expected = expected.normalize()
    first, second = _native(actual), _native(expected)
    if first == second or shown(first) != shown(second) or isinstance(first, str) or isinstance(second, str):
        return first, second
    for digits in range(5, MOST_DIGITS + 1):
        texts = _digits(first, digits), _digits(second, digits)
        if texts[0] != texts[1]:
            return texts
    return first, first


def _digits(number: float, digits: int) -> str:
    return f"{number:,.{digits}g}".replace(",", "\u202f")


def _native(value: Any) -> Any:
    """A value as a sentence shows it: numbers as plain int or float, a date without an empty time, all else as text."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    if isinstance(value, pd.Timestamp):
        return str(value.date()) if value == value.normalize() else str(value)
    text = str(value)
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
