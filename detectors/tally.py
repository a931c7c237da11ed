"""What is known of all values of a column, counted part by part, and a sample for what would need them all at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: A column of more different values is not counted value by value.
FEW_VALUES = 10_000

#: Rows of a sample, fewer where their texts would fill more than so many bytes.
SAMPLE_ROWS = 1_000_000
SAMPLE_BYTES = 128 << 20


@dataclass
class Tally:
    """Grows with every part that is added. Dates are counted in microseconds since 1970."""

    kind: pa.DataType
    rows: int = 0
    missing: int = 0
    example: Any = None
    """The first value there is, as Arrow's scalar."""
    infinite: int = 0
    finite: int = 0
    low: Any = None
    high: Any = None
    mean: float = 0.0
    grows: bool = True
    last: Any = None
    longest: int | None = None
    text_bytes: int = 0
    counts: pa.Table | None = None
    """Every different value with how often it occurs; None once there are more than `FEW_VALUES`."""
    is_few: bool = True

    def add(self, part: pa.Array) -> None:
        filled = part.drop_null()
        self.rows += len(part)
        self.missing += part.null_count
        self.grows &= not part.null_count
        if not len(filled):
            return
        self.example = filled[0] if self.example is None else self.example
        self._count(filled)
        if pa.types.is_string(self.kind):
            self.longest = max(self.longest or 0, pc.max(pc.utf8_length(filled)).as_py())
            self.text_bytes += pc.sum(pc.binary_length(filled).cast(pa.int64())).as_py()
        elif not pa.types.is_boolean(self.kind):
            self._measure(numbers(filled))

    @property
    def increases(self) -> bool:
        """Whether every value is larger than the one before, and none is missing."""
        return self.grows and self.rows > 1

    @property
    def sample_rows(self) -> int:
        """So many rows fit into a sample: all of them, where they do."""
        affordable = int(self.rows * min(1.0, SAMPLE_BYTES / self.text_bytes)) if self.text_bytes else self.rows
        return max(1, min(SAMPLE_ROWS, affordable, self.rows))

    def _measure(self, values: np.ndarray) -> None:
        follows = self.last is None or values[0] > self.last
        self.grows = self.grows and bool(follows and np.all(values[1:] > values[:-1]))
        self.last = values[-1]
        finite = values[np.isfinite(values)]
        self.infinite += len(values) - len(finite)
        if not len(finite):
            return
        low, high = finite.min().item(), finite.max().item()
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        self.finite += len(finite)
        # Halves are averaged and added, because the sum of values near the largest float is infinite.
        self.mean += (float(np.mean(finite / 2.0)) * 2 - self.mean) * (len(finite) / self.finite)

    def _count(self, filled: pa.Array) -> None:
        if not self.is_few:
            return
        counted = pc.value_counts(filled)
        table = pa.table({"values": counted.field("values"), "counts": counted.field("counts")})
        if self.counts is not None:
            both = pa.concat_tables([self.counts, table]).group_by("values").aggregate([("counts", "sum")])
            table = both.rename_columns({"counts_sum": "counts"})
        self.is_few = len(table) <= FEW_VALUES
        self.counts = table if self.is_few else None


def numbers(filled: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The values as numpy sees them, dates as whole microseconds."""
    plain = filled.cast(pa.int64()) if pa.types.is_timestamp(filled.type) else filled
    return plain.to_numpy() if isinstance(plain, pa.ChunkedArray) else plain.to_numpy(zero_copy_only=False)


def drawn(parts: Iterable[pa.Array], kind: pa.DataType, rows: int, wanted: int) -> pa.ChunkedArray:
    """`wanted` of `rows` rows, drawn from every part alike, with the missing ones left out; always the same ones."""
    chance = np.random.default_rng(0)
    passed = taken = 0
    sample = []
    for part in parts:
        passed += len(part)
        share = wanted * passed // rows - taken
        taken += share
        places = np.sort(chance.choice(len(part), share, replace=False))
        sample.append(part.take(pa.array(places)).drop_null())
    return pa.chunked_array(sample, kind)
