"""The parts that are put together: their rows in the types of the first one, and which of them are there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from detectors.detector_file.conforming import conformed
from detectors.errors import DataError
from detectors.frames import iter_tables, schema_of
from detectors.kinds import KINDS
from detectors.messages import Message
from detectors.pictures import picture_keys
from detectors.reading.report import load_report

#: Types of our own Parquet as a detector's schema names them.
NAMES = {pa.int64(): "integer", pa.float64(): "number", pa.bool_(): "boolean", pa.timestamp("us"): "date", pa.string(): "text"}

#: Data sets whose hashes are kept, 8 bytes a row.
KEPT_HASHES = 8

#: A batch of which this share of rows is there already is one that was learned from before.
MOSTLY_THERE = 0.5

#: Rows that repeat as often as this among themselves say nothing by being there already.
REPEATING = 0.2

#: What a missing value, of whatever type, is hashed as.
NOTHING = 0x9E3779B9


@dataclass(frozen=True)
class Part:
    """A data set that becomes a part of another one."""

    folder: Path
    name: str


@dataclass(frozen=True)
class Columns:
    """The columns of what is put together: those of the first part, each with its role."""

    schema: pa.Schema
    roles: Mapping[str, str]

    @property
    def used(self) -> list[str]:
        """Those that are learned from, or order what is."""
        return [name for name in self.schema.names if self.roles.get(name, "ignored") in ("feature", "text", "time", "entity")]

    def keys(self, kind: str) -> list[str]:
        """Those by which a row is known again: of a series its time and entity, else all that are learned from."""
        if not KINDS[kind].ordered:
            return self.used
        return [name for name in self.used if self.roles[name] in ("time", "entity")]


def columns_of(parts: Sequence[Part], roles: Mapping[str, str]) -> Columns:
    """The columns of the first of the `parts`; one of whole numbers has fractions where it has some in another part."""
    fields = []
    others = [schema_of(part.folder) for part in parts[1:]]
    for column in schema_of(parts[0].folder):
        with_fractions = any(column.name in other.names and other.field(column.name).type == pa.float64() for other in others)
        fields.append(pa.field(column.name, pa.float64()) if with_fractions and column.type == pa.int64() else column)
    return Columns(pa.schema(fields), roles)


def rows_as(part: Part, columns: Columns, names: Sequence[str], notes: list[Message]) -> Iterator[pa.Table]:
    """The rows of a part, block by block, in the `names` among the columns and in their types; gaps where it has no such column.

    What cannot be read as its column's type counts as missing, and is added to `notes`.

    Raises:
        DataError: nothing in a column that is learned from is of its type.
    """
    there = [name for name in names if name in schema_of(part.folder).names]
    for table in iter_tables(part.folder, there):
        found = {name: _as(table[name], columns.schema.field(name), columns, notes) for name in there}
        gaps = {name: pa.nulls(len(table), columns.schema.field(name).type) for name in names if name not in there}
        schema = pa.schema([columns.schema.field(name) for name in names])
        yield pa.table([{**found, **gaps}[name] for name in names], schema=schema)


def _as(values: pa.ChunkedArray, column: pa.Field, columns: Columns, notes: list[Message]) -> pa.ChunkedArray:
    if values.type == column.type:
        return values
    if {values.type, column.type} == {pa.int64(), pa.float64()}:
        return values.cast(column.type, safe=False)
    role = columns.roles.get(column.name, "ignored")
    asked = {"name": column.name, "type": NAMES[column.type], "role": role}
    try:
        read = conformed(pd.DataFrame({column.name: values.to_pandas()}), [asked], notes)[column.name]
    except DataError as error:
        if column.name in columns.used:
            raise
        notes.append(error.message)
        return pa.nulls(len(values), column.type)
    return pa.chunked_array([pa.Array.from_pandas(read, type=column.type, safe=False)])


@dataclass(frozen=True)
class Placed:
    """Where each row of each part goes."""

    kept: tuple[NDArray[np.bool_], ...]
    """Of each part which rows are written, (rows,)."""
    places: tuple[NDArray[np.intp], ...]
    """Of each part the position of every row among all that are written: its own, or that of its equal, (rows,)."""
    there_already: tuple[int, ...]
    """Of each part how many rows an earlier part has too, whether they are written again or not."""
    repeats: float = 0.0
    """The share of the rows of the first part that are equal to another one there: where it is large, equal rows mean little."""
    starts: tuple[int, ...] = field(default=())
    """Where each part begins among the rows that are written, and the end."""

    @property
    def rows(self) -> int:
        return self.starts[-1]

    @property
    def looks_repeated(self) -> bool:
        """Whether most rows of a later part are there already, and not because rows repeat anyway."""
        shares = [there / max(1, len(kept)) for there, kept in zip(self.there_already, self.kept, strict=True)]
        return max(shares[1:], default=0.0) >= MOSTLY_THERE and self.repeats < REPEATING


def placed(parts: Sequence[Part], columns: Columns, kind: str, *, once: bool) -> Placed:
    """Finds the rows that an earlier part has already; with `once` they are not written again. Of a series they never are."""
    known: list[NDArray[np.uint64]] = []
    kept: list[NDArray[np.bool_]] = []
    places: list[NDArray[np.intp]] = []
    already, starts = [], [0]
    for part in parts:
        own = _hashes(part, columns, kind)
        equal = _places_among(own, known, places) if known else np.full(len(own), -1, dtype=np.intp)
        again = (equal >= 0) & (once or KINDS[kind].ordered)
        place = starts[-1] + np.cumsum(~again) - 1
        kept.append(~again)
        places.append(np.where(again, equal, place).astype(np.intp))
        already.append(int((equal >= 0).sum()))
        starts.append(starts[-1] + int((~again).sum()))
        known.append(own)
    repeats = 1 - len(np.unique(known[0])) / max(1, len(known[0]))
    return Placed(tuple(kept), tuple(places), tuple(already), float(repeats), tuple(starts))


def _places_among(own: NDArray[np.uint64], known: Sequence[NDArray[np.uint64]], places: Sequence[NDArray[np.intp]]) -> NDArray[np.intp]:
    """The position of the first equal row among those of earlier parts, (rows,); -1 where there is none."""
    found = np.full(len(own), -1, dtype=np.intp)
    for hashes, place in zip(known, places, strict=True):
        order = np.argsort(hashes, kind="stable")
        at = np.minimum(np.searchsorted(hashes[order], own), len(hashes) - 1)
        same = (hashes[order][at] == own) & (found < 0) if len(hashes) else np.zeros(len(own), dtype=bool)
        found[same] = place[order[at[same]]]
    return found


def _hashes(part: Part, columns: Columns, kind: str) -> NDArray[np.uint64]:
    """A number for each row, (rows,), that is equal for rows with equal values and hardly ever for others.

    A series without a time column is in the order of its rows: none of them is there already, unless it is the same file.
    """
    if kind == "images":
        return picture_keys(part.folder)
    keys = tuple((name, columns.schema.field(name).type, columns.roles[name]) for name in columns.keys(kind))
    if not keys or (KINDS[kind].ordered and "time" not in {role for _, _, role in keys}):
        report = load_report(part.folder)
        return np.random.default_rng(list(report.content_hash.encode())).integers(0, 2**63, report.rows).astype(np.uint64)
    return _hashes_by(part, keys)


@lru_cache(maxsize=KEPT_HASHES)
def _hashes_by(part: Part, keys: tuple[tuple[str, pa.DataType, str], ...]) -> NDArray[np.uint64]:
    """The same by some columns, each with its type and role. Asked again with every change of a plan, of data that never change."""
    columns = Columns(pa.schema([(name, kind) for name, kind, _ in keys]), {name: role for name, _, role in keys})
    found = np.concatenate([_hashed(table) for table in rows_as(part, columns, columns.schema.names, [])])
    found.setflags(write=False)
    return found


def _hashed(table: pa.Table) -> NDArray[np.uint64]:
    found = np.zeros(len(table), dtype=np.uint64)
    for column in table.itercolumns():
        values = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if pa.types.is_string(values.type):
            own = pd.util.hash_array(values.to_pandas().astype(object).fillna("").to_numpy(), categorize=True)
        else:
            as_numbers = values.cast(pa.int64()) if not pa.types.is_floating(values.type) else values
            own = pd.util.hash_array(as_numbers.fill_null(0).to_numpy(zero_copy_only=False))
        own = np.where(values.is_null().to_numpy(zero_copy_only=False), np.uint64(NOTHING), own)
        found = found * np.uint64(1_000_003) ^ own
    return found
