"""Values of a column as preparation reads them: which type they are of, as numbers, as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: How a missing category and the pooled rare ones are named; written so that data hardly ever say the same.
MISSING = "(missing)"
OTHER = "(other)"

#: Values looked at first to see that a column does not hold whole numbers.
FIRST_LOOK = 1000


def number_type(values: pd.Series) -> str | None:
    """The type of a number column: ``number``, ``integer``, ``date`` or ``boolean``; None for a category."""
    kinds = pd.api.types
    if kinds.is_bool_dtype(values) or _holds_booleans(values):
        return "boolean"
    if kinds.is_datetime64_any_dtype(values):
        return "date"
    if kinds.is_numeric_dtype(values):
        return "integer" if kinds.is_integer_dtype(values) or _holds_whole_numbers(values) else "number"
    return None


def as_numbers(values: pd.Series, kind: str) -> NDArray[np.float64]:
    """Numbers as they are, dates as seconds since 1970; infinite ones, and texts that are none, as missing."""
    if values.dtype == np.float64:
        numbers = values.to_numpy()
        known = np.isfinite(numbers)
        return numbers if known.all() else np.where(known, numbers, np.nan)
    unread = not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_datetime64_any_dtype(values)
    if kind == "date" and unread:
        values = pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601")
    if pd.api.types.is_datetime64_any_dtype(values):
        naive = values.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(values.dt, "tz", None) else values
        # Nanoseconds would end with the year 2262.
        seconds = naive.astype("datetime64[us]").astype("int64").to_numpy() / 1e6
        return np.where(values.isna(), np.nan, seconds)
    readable = pd.to_numeric(values, errors="coerce") if unread else values
    numbers = readable.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def as_text(values: pd.Series, missing: str = MISSING) -> pd.Series:
    """Every value as text; `missing` where there is none."""
    return values.astype(object).where(values.notna(), missing).astype(str)


def text_index(values: pd.Series, missing: str = MISSING) -> pd.Index[Any]:
    """The same, to be looked up."""
    return pd.Index(as_text(values, missing), dtype=object)


def _holds_booleans(values: pd.Series) -> bool:
    """Booleans with gaps are objects to pandas."""
    return values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) == "boolean"


def _holds_whole_numbers(values: pd.Series) -> bool:
    """Whole numbers with gaps are floats to pandas."""
    return _are_whole(values.iloc[:FIRST_LOOK], empty=True) and _are_whole(values, empty=False)


def _are_whole(values: pd.Series, *, empty: bool) -> bool:
    known = as_numbers(values, "number")
    known = known[~np.isnan(known)]
    return bool(np.all(known == np.floor(known))) if len(known) else empty
