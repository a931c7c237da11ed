"""The columns that a detector learned from: types, ranges, categories and distributions of their training values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.contents import Measured, measured
from detectors.data_set import DataSet
from detectors.drift import DURATION
from detectors.frames import value_key

#: Categories that are named: a column with more of them is of names rather than of categories.
MOST_CATEGORIES = 1_000

#: A distribution is told by so many quantiles, the least and the greatest value among them, of at most so many rows.
QUANTILES, QUANTILE_ROWS = 51, 200_000

#: Longer values are no categories.
LONGEST_CATEGORY = 500


@dataclass
class Column:
    """One column of the training rows. Dates are seconds since 1970; booleans are ``true`` and ``false``."""

    name: str
    role: str
    type: str = "text"
    """``number``, ``integer``, ``boolean``, ``date`` or ``text``."""
    missing: float = 0.0
    """The share of the training rows without a value."""
    low: float | None = None
    high: float | None = None
    quantiles: list[float] = field(default_factory=list)
    """Of numbers and dates: `QUANTILES` of them, evenly spaced from the least to the greatest."""
    categories: dict[str, int] | None = None
    """Of texts and booleans: how often each was there, the most frequent first; None where there are too many."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def schema_of(data: DataSet, fitted: NDArray[np.bool_], columns: Iterable[tuple[str, str]]) -> list[Column]:
    """What the rows where `fitted`, (rows,), is true hold in `columns`, each with its role. One block is in memory at a time."""
    tallies = [_Tally(Column(name, role)) for name, role in columns]
    rows = int(fitted.sum())
    if not tallies or not rows:
        return [tally.column for tally in tallies]
    every = max(1, rows // QUANTILE_ROWS)
    for place, frame in data.blocks([tally.column.name for tally in tallies]):
        chosen = frame.loc[fitted[place]] if not fitted[place].all() else frame
        for tally in tallies:
            tally.add(chosen[tally.column.name], every)
    return [tally.told(rows) for tally in tallies]


def contents_of(kind: str, data: DataSet, fitted: NDArray[np.bool_], preparation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was inside the pictures, the texts or the times of the rows where `fitted`: ``what`` it is, the ``column`` of texts that it is
    of, how many ``items`` were looked at, and its ``figures`` as columns (`Column`)."""
    return [
        {"what": each.what, "column": each.column, "items": len(each.figures), "figures": [asdict(told) for told in _figures(each)]}
        for each in measured(kind, data, preparation, fitted)
    ]


def _figures(found: Measured) -> list[Column]:
    tallies = [_Tally(Column(str(name), "figure")) for name in found.figures.columns]
    for tally in tallies:
        tally.add(found.figures[tally.column.name], 1)
    columns = [tally.told(max(1, len(found.figures))) for tally in tallies]
    for column in columns:
        if found.what == "series" and column.name == "step" and found.times.is_date:
            column.type = DURATION
    return columns


class _Tally:
    """What is known of one column so far."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self._missing = 0
        self._sample: list[NDArray[np.float64]] = []
        self._whole = True
        self._counts: Counter[str] | None = Counter()
        self._kinds: set[str] = set()

    def add(self, values: pd.Series, every: int) -> None:
        self._missing += int(values.isna().sum())
        known = values.dropna()
        if self.column.role == "entity":
            self._kinds.add(_entity_type(known))
            self._count(known.astype(object))
        elif pd.api.types.is_bool_dtype(known) or (known.dtype == object and pd.api.types.infer_dtype(known) == "boolean"):
            self._kinds.add("boolean")
            self._count(known)
        elif pd.api.types.is_datetime64_any_dtype(known):
            self._kinds.add("date")
            self._measure(known.astype("datetime64[us]").astype("int64").to_numpy() / 1e6, every)
        elif pd.api.types.is_numeric_dtype(known):
            numbers = known.to_numpy(dtype=np.float64)
            self._kinds.add("number")
            self._measure(numbers[np.isfinite(numbers)], every)
        elif len(known):
            self._kinds.add("text")
            self._count(known)

    def _measure(self, numbers: NDArray[np.float64], every: int) -> None:
        if not len(numbers):
            return
        column = self.column
        column.low = float(min(numbers.min(), np.inf if column.low is None else column.low))
        column.high = float(max(numbers.max(), -np.inf if column.high is None else column.high))
        self._whole = self._whole and bool((numbers == np.floor(numbers)).all())
        self._sample.append(numbers[::every])

    def _count(self, values: pd.Series) -> None:
        if self._counts is None or self.column.role == "text":
            self._counts = None
            return
        for value, count in values.value_counts().items():
            self._counts[value_key(value)] += int(count)
        if len(self._counts) > MOST_CATEGORIES or any(len(value) > LONGEST_CATEGORY for value in self._counts):
            self._counts = None

    def told(self, rows: int) -> Column:
        column = self.column
        column.missing = self._missing / rows
        kind = next(iter(self._kinds)) if len(self._kinds) == 1 else "text"
        column.type = "integer" if kind == "number" and self._whole else kind
        if self._sample:
            found = np.quantile(np.concatenate(self._sample), np.linspace(0, 1, QUANTILES))
            column.quantiles = [float(column.low or 0.0), *found[1:-1].tolist(), float(column.high or 0.0)]
        if (kind in ("text", "boolean") or column.role == "entity") and self._counts is not None:
            column.categories = dict(self._counts.most_common())
        return column


def _entity_type(values: pd.Series) -> str:
    """The type of a column that says whose a row is: it is counted like categories, whatever it holds."""
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date"
    return "number" if pd.api.types.is_numeric_dtype(values) else "text"
