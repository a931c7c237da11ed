"""What each column holds: type, gaps, extent and a small picture of its distribution."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from detectors.reading.report import load_record

PROFILE_FILE = "profile.json"

N_BINS = 16
N_VALUES = 8

#: The bins span these quantiles: one value far out would otherwise press all others into one bin.
BIN_QUANTILES = (0.005, 0.995)

#: Longer examples and values are cut to this many characters.
LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Bars:
    """A small distribution. Numbers and dates: `counts` of equal-width bins from `low` to `high`, and how many lie
    `below` and `above`. Text and booleans: `counts` of the most frequent `values`, and of the `rest` together."""

    counts: list[int] = field(default_factory=list)
    low: float | str | None = None
    high: float | str | None = None
    below: int = 0
    above: int = 0
    values: list[str] = field(default_factory=list)
    rest: int = 0


@dataclass(frozen=True)
class ColumnProfile:
    """One column. `low`, `high` and `mean` are over finite values; for dates they are ISO texts, for text None."""

    name: str
    type: str
    """``number``, ``boolean``, ``date`` or ``text``."""
    missing: int
    distinct: int
    """Different values, missing ones not counted."""
    integer: bool = False
    increasing: bool = False
    """Every value is larger than the one in the row before, and none is missing."""
    infinite: int = 0
    example: str | None = None
    low: float | str | None = None
    high: float | str | None = None
    mean: float | str | None = None
    longest: int | None = None
    """Characters of the longest text."""
    bars: Bars = field(default_factory=Bars)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "bars": dict(vars(self.bars))}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> ColumnProfile:
        return cls(**{**record, "bars": Bars(**record["bars"])})


def profile_file(path: Path) -> list[ColumnProfile]:
    """A profile of every column of our own Parquet at `path`, with one column in memory at a time."""
    file = parquet.ParquetFile(path, page_checksum_verification=True)
    return [profile_column(name, file.read(columns=[name], use_threads=False).column(name)) for name in file.schema_arrow.names]


def profile_column(name: str, values: pa.ChunkedArray) -> ColumnProfile:
    """The profile of `values`: int64, double, bool, timestamp[us] or string, null where missing."""
    filled = pc.drop_null(values)
    facts: dict[str, Any] = {
        "name": name, "missing": values.null_count, "distinct": pc.count_distinct(filled).as_py(),
        "example": _example(filled),
    }  # fmt: skip
    if pa.types.is_boolean(values.type):
        return ColumnProfile(type="boolean", bars=_frequencies(filled), **facts)
    if pa.types.is_string(values.type):
        longest = pc.max(pc.utf8_length(filled)).as_py()
        return ColumnProfile(type="text", longest=longest, bars=_frequencies(filled), **facts)
    increasing = not values.null_count and _increases(filled)
    if pa.types.is_timestamp(values.type):
        return ColumnProfile(type="date", increasing=increasing, **_moments(filled), **facts)
    integer = pa.types.is_integer(values.type)
    return ColumnProfile(type="number", integer=integer, increasing=increasing, **_extent(filled), **facts)


def save_profiles(profiles: list[ColumnProfile], folder: Path) -> None:
    text = json.dumps([profile.to_json() for profile in profiles], ensure_ascii=False, allow_nan=False)
    (folder / PROFILE_FILE).write_text(text, encoding="utf-8")


def load_profile(folder: Path) -> list[ColumnProfile]:
    """The profiles kept beside the data in `folder`.

    Raises:
        StorageError: they are missing or damaged.
    """
    return [ColumnProfile.from_json(record) for record in load_record(folder / PROFILE_FILE)]


def _shown(value: object) -> str:
    return str(value)[:LONGEST_SHOWN]


def _example(filled: pa.ChunkedArray) -> str | None:
    if not len(filled):
        return None
    # Not by way of Python's datetime, which ends with the year 9999.
    return _moment(filled[0].value) if pa.types.is_timestamp(filled.type) else _shown(filled[0].as_py())


def _increases(filled: pa.ChunkedArray) -> bool:
    numbers = filled.cast(pa.int64()).to_numpy() if pa.types.is_timestamp(filled.type) else filled.to_numpy()
    return len(numbers) > 1 and bool(np.all(numbers[1:] > numbers[:-1]))


def _extent(filled: pa.ChunkedArray) -> dict[str, Any]:
    numbers = filled.to_numpy()
    finite = numbers[np.isfinite(numbers)]
    facts: dict[str, Any] = {"infinite": len(numbers) - len(finite)}
    if not len(finite):
        return facts
    # Halves are averaged and added, because the sum of values near the largest float is infinite.
    mean = float(np.mean(finite / 2.0)) * 2
    return {**facts, "low": finite.min().item(), "high": finite.max().item(), "mean": mean, "bars": _bins(finite)}


def _bins(numbers: np.ndarray) -> Bars:
    low, high = (float(end) for end in np.quantile(numbers, BIN_QUANTILES))
    below, above = int(np.sum(numbers < low)), int(np.sum(numbers > high))
    inside = numbers[(numbers >= low) & (numbers <= high)]
    if not np.isfinite(high - low) or low + (high - low) / N_BINS == low:
        return Bars([len(inside)], low, high, below, above)
    return Bars(np.histogram(inside, N_BINS, (low, high))[0].tolist(), low, high, below, above)


def _moments(filled: pa.ChunkedArray) -> dict[str, Any]:
    if not len(filled):
        return {}
    moments = filled.cast(pa.int64()).to_numpy()
    bars = _bins(moments)
    ends = {"low": _moment(moments.min()), "high": _moment(moments.max()), "mean": _moment(np.mean(moments))}
    return {**ends, "bars": Bars(bars.counts, _moment(bars.low), _moment(bars.high), bars.below, bars.above)}


def _moment(microseconds: Any) -> str:
    return str(np.datetime64(int(microseconds), "us").astype("datetime64[s]"))


def _frequencies(filled: pa.ChunkedArray) -> Bars:
    """The most frequent values; equally frequent ones in the order of the alphabet."""
    counted = pc.value_counts(filled)
    pairs = sorted(zip(counted.field("counts").to_pylist(), counted.field("values").to_pylist(), strict=True), key=_rank)
    first = pairs[:N_VALUES]
    rest = sum(count for count, _ in pairs[N_VALUES:])
    return Bars([count for count, _ in first], values=[_shown(value) for _, value in first], rest=rest)


def _rank(pair: tuple[int, Any]) -> tuple[int, str]:
    return -pair[0], str(pair[1])
