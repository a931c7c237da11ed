"""Values from the data as they are shown: at most four significant digits, the raw value where there is room."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from detectors.explanations.reasons import side_by_side
from detectors.messages import N_, shown
from detectors.profile import LONGEST_SHOWN
from pages.shared.language import plain

UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def value_text(value: Any) -> str:
    """One value of the data: numbers to four digits, whole numbers in full, dates without an empty time, missing as a word."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return plain(N_("missing"))
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | np.integer):
        return shown(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return shown(int(number)) if number.is_integer() and abs(number) < 1e15 else shown(number)
    if isinstance(value, pd.Timestamp):
        return str(value.date()) if value == value.normalize() else str(value)
    return str(value)


def value_texts(actual: Any, expected: Any) -> tuple[str, str]:
    """Two values that stand beside each other, with so many digits that different ones read differently."""
    first, second = side_by_side(actual, expected)
    return value_text(first), value_text(second)


def category_text(value: Any, kind: str) -> str:
    """A text or boolean as the bars of its column's profile name it, booleans in lower case; empty where it is missing."""
    if pd.isna(value):
        return ""
    if kind == "boolean":
        return (value if isinstance(value, str) else str(bool(value >= 0.5))).lower()
    return str(value)[:LONGEST_SHOWN]


def position(value: Any) -> float:
    """Where a number lies on its axis, a date in seconds since 1970; not a number where it is missing."""
    if pd.isna(value):
        return float("nan")
    return pd.Timestamp(value).timestamp() if isinstance(value, str | pd.Timestamp) else float(value)


def size_text(count: int) -> str:
    """Bytes in the unit that suits them, with three digits."""
    size, unit = next(((size, unit) for size, unit in UNITS if count >= size), (1, "B"))
    return f"{float(f'{count / size:.3g}'):g} {unit}"
