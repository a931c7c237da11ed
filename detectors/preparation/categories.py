"""A column of categories as numbers: a number for each frequent value, how frequent the value is, or hashed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.preparation.values import MISSING, OTHER, as_text, hashes, places_in

#: Values whose frequency is kept; those beyond are rare enough to count as seen once.
MOST_FREQUENCIES = 50_000

#: Characters of a value that a hashed column is restored to.
LONGEST_NAME = 200


@dataclass
class CategoryColumn:
    """One number for each of `values`, the last one for all others when `pooled`."""

    kind: ClassVar[str] = "one_hot"
    measured: ClassVar[bool] = False

    column: str
    values: list[str]
    pooled: bool
    missing: str = MISSING
    """The value that a missing one counts as."""

    @classmethod
    def fit(cls, column: str, counts: pd.Series, missing: str, limit: int) -> Self:
        kept = [str(value) for value in counts.index[:limit]]
        return cls(column, kept, len(counts) > len(kept), missing)

    @property
    def width(self) -> int:
        return len(self.values) + self.pooled

    @property
    def names(self) -> list[str]:
        return [f"{self.column} = {value}" for value in self._restored]

    @property
    def _restored(self) -> list[str]:
        return self.values + [OTHER] * self.pooled

    def write(self, values: pd.Series, out: NDArray[np.float32]) -> None:
        """All zeros for a value never seen where nothing was pooled."""
        codes = places_in(pd.Index(self.values, dtype=object), values, self.missing)
        if self.pooled:
            codes = np.where(codes < 0, len(self.values), codes)
        rows = np.flatnonzero(codes >= 0)
        out[:] = 0
        out[rows, codes[rows]] = 1

    def restore(self, block: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """The strongest category of each row."""
        return np.array(self._restored, dtype=object)[block.argmax(axis=1)]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        return cls(**record)


@dataclass
class FrequencyColumn:
    """One number: the logarithm of how many training rows have the value, scaled. Rare values lie far from the others."""

    kind: ClassVar[str] = "frequency"
    measured: ClassVar[bool] = False

    column: str
    values: list[str]
    """Those of at least two rows, the most frequent first; any other counts as seen once."""
    counts: list[int]
    center: float
    scale: float
    missing: str = MISSING

    @classmethod
    def fit(cls, column: str, counts: pd.Series, missing: str) -> Self:
        numbers, weights = np.log(counts.to_numpy(dtype=np.float64)), counts.to_numpy(dtype=np.float64)
        center = float(np.average(numbers, weights=weights))
        scale = float(np.sqrt(np.average((numbers - center) ** 2, weights=weights)))
        kept = counts[counts > 1].iloc[:MOST_FREQUENCIES]
        return cls(column, [str(value) for value in kept.index], kept.tolist(), center, scale if scale > 1e-9 else 1.0, missing)

    @property
    def width(self) -> int:
        return 1

    @property
    def names(self) -> list[str]:
        return [f"{self.column}: how frequent"]

    def write(self, values: pd.Series, out: NDArray[np.float32]) -> None:
        out[:, 0] = self._numbers[places_in(self._index, values, self.missing)]  # the last one, -1, is that of a value seen once or never

    def restore(self, block: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """The value whose frequency is nearest; of several as frequent the first. `OTHER` where it is nearest to seen once."""
        numbers, first = np.unique(np.round(self._numbers, 6), return_index=True)
        middles = (numbers[1:] + numbers[:-1]) / 2
        names = np.array([*self.values, OTHER], dtype=object)
        return names[first[np.searchsorted(middles, block[:, 0])]]

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return pd.Index(self.values, dtype=object)

    @cached_property
    def _numbers(self) -> NDArray[np.float64]:
        return (np.log([*self.counts, 1]) - self.center) / self.scale

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        return cls(**record)


@dataclass
class HashedColumn:
    """A few numbers for thousands of values: each value makes one of them 1 or -1, which one is decided by its hash.

    Weinberger et al.: Feature hashing for large scale multitask learning, 2009, doi:10.1145/1553374.1553516
    """

    kind: ClassVar[str] = "hashed"
    measured: ClassVar[bool] = False

    column: str
    size: int
    most_frequent: list[str]
    """Of each cell, first the cells of 1, then those of -1: the most frequent value that falls into it."""
    missing: str = MISSING

    @classmethod
    def fit(cls, column: str, counts: pd.Series, missing: str, size: int) -> Self:
        cells = _cells(hashes(counts.index.to_series(), missing), size)
        found, first = np.unique(cells, return_index=True)
        names = [OTHER] * (2 * size)
        for cell, place in zip(found.tolist(), first.tolist(), strict=True):
            names[cell] = str(counts.index[place])[:LONGEST_NAME]
        return cls(column, size, names, missing)

    @property
    def width(self) -> int:
        return self.size

    @property
    def names(self) -> list[str]:
        return [f"{self.column}: hash {number + 1}" for number in range(self.size)]

    def write(self, values: pd.Series, out: NDArray[np.float32]) -> None:
        cells = _cells(hashes(values, self.missing), self.size)
        out[:] = 0
        out[np.arange(len(values)), cells % self.size] = np.where(cells < self.size, 1, -1)

    def restore(self, block: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """The most frequent of the values that share the strongest cell."""
        strongest = np.abs(block).argmax(axis=1)
        negative = block[np.arange(len(block)), strongest] < 0
        return np.array(self.most_frequent, dtype=object)[strongest + self.size * negative]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        return cls(**record)


def _cells(hashed: NDArray[np.uint64], size: int) -> NDArray[np.intp]:
    """The cell of each value, 0 to 2 × `size` - 1."""
    return (hashed % np.uint64(2 * size)).astype(np.intp)


@dataclass(frozen=True)
class CategoryChoices:
    """How category columns are to be prepared; the names are those of the parameters of `TablePreparation`."""

    one_hot_limit: int = 20
    many_categories: str = "pooled"
    hash_numbers: int = 32
    missing_categories: str = "own"

    def fit_category(self, column: str, values: pd.Series) -> CategoryColumn | FrequencyColumn | HashedColumn:
        """Learns from the training values."""
        counts = as_text(values.dropna()).value_counts()
        missing = MISSING
        if self.missing_categories == "most_frequent" and len(counts):
            missing = str(counts.index[0])
        if values.isna().any():
            counts = as_text(values, missing).value_counts()
        if len(counts) > self.one_hot_limit and self.many_categories == "frequency":
            return FrequencyColumn.fit(column, counts, missing)
        if len(counts) > self.one_hot_limit and self.many_categories == "hashing":
            return HashedColumn.fit(column, counts, missing, self.hash_numbers)
        return CategoryColumn.fit(column, counts, missing, self.one_hot_limit)
