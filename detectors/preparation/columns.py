"""Columns into numbers and back: missing values filled, categories one-hot encoded, numbers scaled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.errors import DataError
from detectors.messages import N_

#: How a missing category and the pooled rare ones are named; written so that data hardly ever say the same.
MISSING = "(missing)"
OTHER = "(other)"

#: A spread below this share of the values' size is rounding, not spread: such a column counts as constant.
SMALLEST_SPREAD = 1e-9

#: A float32 keeps seven digits: a number restored from one is off by about this share of its distance from the center.
FLOAT32_ROUNDING = 1e-6

#: The calendar's ends, in seconds since 1970: what a detector expects of a date may lie beyond them.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799


@dataclass
class NumberColumn:
    """How one number column is filled and scaled: (value or `fill` - `center`) / `scale`."""

    column: str
    fill: float
    center: float
    scale: float
    type: str = "number"
    """``number``, ``integer``, ``date`` (seconds since 1970, UTC) or ``boolean`` (0 and 1)."""

    def to_numbers(self, values: pd.Series) -> NDArray[np.float64]:
        """Filled and scaled, (rows,); a value that cannot be read counts as missing."""
        numbers = _as_numbers(values, self.type)
        return (np.where(np.isnan(numbers), self.fill, numbers) - self.center) / self.scale

    def to_values(self, numbers: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Scaled numbers, (rows,), as the column held them: floats, booleans, or naive dates in UTC, to the second."""
        distances = numbers.astype(np.float64) * self.scale
        values = distances + self.center
        if self.type == "boolean":
            return values >= 0.5
        if self.type == "date":
            return np.clip(values.round(), FIRST_SECOND, LAST_SECOND).astype("datetime64[s]")
        if self.type == "integer":
            rounding = FLOAT32_ROUNDING * np.maximum(self.scale, np.abs(distances))
            return np.where(np.abs(values - values.round()) <= rounding, values.round(), values)
        return values


@dataclass
class CategoryColumn:
    """How one category column is encoded: one number for each value, the last one for all others when `pooled`."""

    column: str
    values: list[str]
    pooled: bool

    @property
    def width(self) -> int:
        return len(self.values) + self.pooled


class ColumnEncoding:
    """Fits on training rows; turns rows into float32 vectors and vectors back into rows in the data's units."""

    def __init__(self, *, scaling: str = "standard", one_hot_limit: int = 20) -> None:
        self.scaling, self.one_hot_limit = scaling, one_hot_limit
        self.numbers: list[NumberColumn] = []
        self.categories: list[CategoryColumn] = []

    def fit(self, frame: pd.DataFrame) -> Self:
        """Learns fills, scales and categories from the training rows in `frame` (rows, feature columns).

        Raises:
            DataError: there is no column, or no row.
        """
        if not len(frame.columns) or not len(frame):
            raise DataError(N_("There is nothing to learn from: choose at least one feature column and one row."))
        for column in frame.columns:
            kind = _number_type(frame[column])
            if kind:
                self.numbers.append(self._fit_number(str(column), _as_numbers(frame[column], kind), kind))
            else:
                self.categories.append(self._fit_category(str(column), frame[column]))
        return self

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """The rows as finite numbers, (rows, numbers): number columns first, then the categories' one-hot blocks."""
        vectors = np.zeros((len(frame), len(self.names)), dtype=np.float32)
        for position, number in enumerate(self.numbers):
            vectors[:, position] = number.to_numbers(frame[number.column])
        start = len(self.numbers)
        rows = np.arange(len(frame))
        for category in self.categories:
            codes = _codes(frame[category.column], category)
            vectors[rows[codes >= 0], start + codes[codes >= 0]] = 1
            start += category.width
        return np.nan_to_num(vectors, copy=False)

    def restore(self, vectors: NDArray[np.floating[Any]]) -> pd.DataFrame:
        """Vectors (rows, numbers) in the data's units and columns: numbers, dates and booleans, the strongest category of each block."""
        restored: dict[str, Any] = {}
        for position, number in enumerate(self.numbers):
            restored[number.column] = number.to_values(vectors[:, position])
        start = len(self.numbers)
        for category in self.categories:
            names = np.array(category.values + [OTHER] * category.pooled, dtype=object)
            restored[category.column] = names[vectors[:, start : start + category.width].argmax(axis=1)]
            start += category.width
        return pd.DataFrame(restored)

    @property
    def columns(self) -> list[str]:
        """The original columns, in the order of `origins`."""
        return [number.column for number in self.numbers] + [category.column for category in self.categories]

    @property
    def origins(self) -> NDArray[np.intp]:
        """For every number of a vector the position of its original column in `columns`, (numbers,)."""
        widths = [1] * len(self.numbers) + [category.width for category in self.categories]
        return np.repeat(np.arange(len(widths)), widths)

    @property
    def names(self) -> list[str]:
        """A name for every number of a vector: the column, or ``column = value`` for one-hot numbers."""
        names = [number.column for number in self.numbers]
        for category in self.categories:
            names += [f"{category.column} = {value}" for value in category.values + [OTHER] * category.pooled]
        return names

    def to_json(self) -> dict[str, Any]:
        return {"numbers": [asdict(number) for number in self.numbers], "categories": [asdict(category) for category in self.categories]}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """What `to_json` gave; it can transform and restore, and is not fitted again."""
        encoding = cls()
        encoding.numbers = [NumberColumn(**number) for number in record["numbers"]]
        encoding.categories = [CategoryColumn(**category) for category in record["categories"]]
        return encoding

    def _fit_number(self, column: str, values: NDArray[np.float64], kind: str) -> NumberColumn:
        known = values[~np.isnan(values)]
        if not len(known):
            return NumberColumn(column, 0.0, 0.0, 1.0, kind)
        fill = float(np.median(known))
        center, scale = _center_and_scale(np.where(np.isnan(values), fill, values), self.scaling)
        constant = scale <= SMALLEST_SPREAD * max(1.0, abs(center)) or not np.isfinite(scale)
        return NumberColumn(column, fill, center, 1.0 if constant else scale, kind)

    def _fit_category(self, column: str, values: pd.Series) -> CategoryColumn:
        counts = _as_text(values).value_counts()
        kept = counts.index[: self.one_hot_limit].tolist()
        return CategoryColumn(column, [str(value) for value in kept], pooled=len(counts) > len(kept))


def _number_type(values: pd.Series) -> str | None:
    """The type of a number column; None for a category."""
    kinds = pd.api.types
    if kinds.is_bool_dtype(values) or _holds_booleans(values):
        return "boolean"
    if kinds.is_datetime64_any_dtype(values):
        return "date"
    if kinds.is_numeric_dtype(values):
        return "integer" if kinds.is_integer_dtype(values) or _holds_whole_numbers(values) else "number"
    return None


def _holds_booleans(values: pd.Series) -> bool:
    """Booleans with gaps are objects to pandas."""
    return values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) == "boolean"


def _holds_whole_numbers(values: pd.Series) -> bool:
    """Whole numbers with gaps are floats to pandas."""
    known = _as_numbers(values, "number")
    known = known[~np.isnan(known)]
    return len(known) > 0 and bool(np.all(known == np.floor(known)))


def _as_numbers(values: pd.Series, kind: str) -> NDArray[np.float64]:
    """Numbers as they are, dates as seconds since 1970; infinite ones, and texts that are none, as missing."""
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


def _as_text(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), MISSING).astype(str)


def _codes(values: pd.Series, category: CategoryColumn) -> NDArray[np.intp]:
    """The position of each value in the block; -1 (all zeros) for a value never seen where nothing was pooled."""
    codes = pd.Index(category.values, dtype=object).get_indexer(pd.Index(_as_text(values), dtype=object))
    return np.where(codes < 0, len(category.values), codes) if category.pooled else codes


def _center_and_scale(values: NDArray[np.float64], scaling: str) -> tuple[float, float]:
    if scaling == "min_max":
        return float(values.min()), float(np.ptp(values))
    if scaling == "robust":
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        # A column that is mostly one value has no interquartile range but still has a spread.
        return float(middle), float(high - low) or float(values.std())
    return float(values.mean()), float(values.std())
