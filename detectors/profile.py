"""What each column holds: type, gaps, extent and a small picture of its distribution."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from detectors.reading.report import load_record
from detectors.tally import Tally, drawn, numbers

PROFILE_FILE = "profile.json"

#: Rows of a column in memory at once.
PART_ROWS = 65_536

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
    sampled: int | None = None
    """The rows, drawn by chance, in which `distinct` and `bars` were counted; None: in all of them, as everything else."""

    def counted_rows(self, rows: int) -> int:
        """Of the `rows` there are, those in which `distinct` was counted."""
        return min(rows, self.sampled or rows)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "bars": dict(vars(self.bars))}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> ColumnProfile:
        return cls(**{**record, "bars": Bars(**record["bars"])})


def profile_file(path: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> list[ColumnProfile]:
    """A profile of every column of our own Parquet at `path`, with a part of one column in memory at a time.

    `progress` is told how many columns are done, of how many.
    """
    file = parquet.ParquetFile(path, page_checksum_verification=True, pre_buffer=False)
    profiles: list[ColumnProfile] = []
    for column in file.schema_arrow:
        profiles.append(_profile(column.name, column.type, _StoredColumn(file, column.name)))
        progress(len(profiles), len(file.schema_arrow))
    return profiles


def profile_column(name: str, values: pa.ChunkedArray) -> ColumnProfile:
    """The profile of `values`: int64, double, bool, timestamp[us] or string, null where missing."""
    return _profile(name, values.type, values.chunks)


@dataclass(frozen=True)
class _StoredColumn:
    """The values of one column of a file, in parts; read anew each time they are gone through."""

    file: parquet.ParquetFile
    name: str

    def __iter__(self) -> Iterator[pa.Array]:
        for batch in self.file.iter_batches(batch_size=PART_ROWS, columns=[self.name], use_threads=False):
            yield batch.column(self.name)


def _profile(name: str, kind: pa.DataType, parts: Iterable[pa.Array]) -> ColumnProfile:
    """Goes through `parts` once for what is cheap to know of all rows, and again for a sample where the rest is not."""
    tally = Tally(kind)
    for part in parts:
        tally.add(part)
    counts, sampled, sample = tally.counts, None, None
    if counts is None:
        sampled = tally.sample_rows if tally.sample_rows < tally.rows else None
        sample = drawn(parts, kind, tally.rows, tally.sample_rows)
        distinct = pc.count_distinct(sample).as_py()
    else:
        distinct = len(counts)
    facts: dict[str, Any] = {
        "name": name, "missing": tally.missing, "distinct": distinct, "example": _example(tally.example), "sampled": sampled,
    }  # fmt: skip
    if pa.types.is_boolean(kind) or pa.types.is_string(kind):
        type_name = "boolean" if pa.types.is_boolean(kind) else "text"
        return ColumnProfile(type=type_name, longest=tally.longest, bars=_frequencies(counts, sample), **facts)
    bars = _bars(counts, sample)
    if pa.types.is_timestamp(kind):
        bars = replace(bars, low=_moment(bars.low), high=_moment(bars.high))
        return ColumnProfile(type="date", increasing=tally.increases, bars=bars, **_dates(tally), **facts)
    return ColumnProfile(
        type="number", integer=pa.types.is_integer(kind), increasing=tally.increases, infinite=tally.infinite,
        low=tally.low, high=tally.high, mean=tally.mean if tally.finite else None, bars=bars, **facts,
    )  # fmt: skip


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


def _example(value: pa.Scalar | None) -> str | None:
    if value is None:
        return None
    # Not by way of Python's datetime, which ends with the year 9999.
    return _moment(value.value) if pa.types.is_timestamp(value.type) else _shown(value.as_py())


def _bars(counts: pa.Table | None, sample: pa.ChunkedArray | None) -> Bars:
    """Bins of all values where they were counted one by one, else of the sample."""
    if counts is None:
        values = numbers(sample)
        weights = np.ones(len(values), dtype=np.int64)
    elif len(counts):
        values, weights = numbers(counts["values"]), counts["counts"].to_numpy()
    else:
        return Bars()
    finite = np.isfinite(values)
    return _bins(values[finite], weights[finite]) if finite.any() else Bars()


def _bins(values: np.ndarray, weights: np.ndarray) -> Bars:
    """Equal-width bins of `values`, each of which occurs `weights` times."""
    low, high = (float(end) for end in np.quantile(values, BIN_QUANTILES, weights=weights, method="inverted_cdf"))
    below, above = int(weights[values < low].sum()), int(weights[values > high].sum())
    inside = (values >= low) & (values <= high)
    if not np.isfinite(high - low) or low + (high - low) / N_BINS == low:
        return Bars([int(weights[inside].sum())], low, high, below, above)
    return Bars(np.histogram(values[inside], N_BINS, (low, high), weights=weights[inside])[0].tolist(), low, high, below, above)


def _dates(tally: Tally) -> dict[str, Any]:
    return {"low": _moment(tally.low), "high": _moment(tally.high), "mean": _moment(tally.mean)} if tally.finite else {}


def _moment(microseconds: Any) -> str | None:
    return None if microseconds is None else str(np.datetime64(int(microseconds), "us").astype("datetime64[s]"))


def _frequencies(counts: pa.Table | None, sample: pa.ChunkedArray | None) -> Bars:
    """The most frequent values; equally frequent ones in the order of the alphabet."""
    if counts is None:
        counted = pc.value_counts(sample)
        counts = pa.table({"values": counted.field("values"), "counts": counted.field("counts")})
    ranked = counts.set_column(counts.schema.get_field_index("values"), "values", counts["values"].cast(pa.string()))
    order = pc.select_k_unstable(ranked, min(N_VALUES, len(ranked)), [("counts", "descending"), ("values", "ascending")])
    first = counts.take(order).to_pydict()
    rest = (pc.sum(counts["counts"]).as_py() or 0) - sum(first["counts"])
    return Bars(first["counts"], values=[_shown(value) for value in first["values"]], rest=rest)
