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


def places_in(index: pd.Index[Any], values: pd.Series, missing: str = MISSING) -> NDArray[np.intp]:
    """Where each value stands in an `index` of texts, (rows,); -1 where it does not. What is missing counts as `missing`."""
    codes, different = _different(values, missing)
    return index.get_indexer(pd.Index(different, dtype=object))[codes]


def hashes(values: pd.Series, missing: str = MISSING) -> NDArray[np.uint64]:
    """A number for each value, (rows,), the same in every process. What is missing counts as `missing`."""
    codes, different = _different(values, missing)
    found: NDArray[np.uint64] = pd.util.hash_array(np.array(different, dtype=object), categorize=False)
    return found[codes]


def _different(values: pd.Series, missing: str) -> tuple[NDArray[np.intp], list[str]]:
    """The different values as texts, `missing` the last one, and which of them each value is: categories repeat, so few are looked up."""
    codes, different = pd.factorize(values, use_na_sentinel=True)
    return codes, [*(str(value) for value in different), missing]


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
