"""Reads our own Parquet, and nothing else, as data frames.

Parquet keeps checksums of its pages, but none of its footer, where names, types and row counts stand: of 300 files with
one bit of the footer flipped, 14 were read with other content. So the footer is sealed with a hash beside the file.

What pandas makes of gaps: a whole-number column with missing values becomes float64, a boolean one becomes objects.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike
from pyarrow import parquet

from detectors.errors import DataError, StorageError
from detectors.messages import N_
from detectors.reading.report import DATA_FILE

SEAL_FILE = "footer.sha256"

BATCH_ROWS = 65_536

#: Row groups that a sample is taken from: each of them is read whole.
STRETCHES = 4

#: Floats below this are written as whole numbers where they are: beyond it float64 has no room for every digit.
WHOLE = 1e15

#: Types of pandas that know gaps, for what would otherwise become a float or an object where a block has one.
_WITH_GAPS = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}

_DAMAGED = N_("The data of this data set are missing or damaged ({reason}). Upload the file again.")


def seal(folder: Path) -> None:
    """Keeps a hash of the footer of the data in `folder`; to be done once, when they are written."""
    (folder / SEAL_FILE).write_text(_footer_hash(folder / DATA_FILE), encoding="ascii")


def load_frame(folder: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """All rows of the data set in `folder`; of `columns`, in their order, where they are named.

    Raises:
        StorageError: the data are missing or damaged.
        DataError: a column does not exist.
    """
    with _damage_told():
        file = _open(folder)
        names = _names(file, columns)
        return file.read(columns=names).select(names).to_pandas()


def count_rows(folder: Path) -> int:
    """How many rows the data set in `folder` has.

    Raises:
        StorageError: the data are missing or damaged.
    """
    with _damage_told():
        return int(_open(folder).metadata.num_rows)


def load_rows(folder: Path, rows: ArrayLike, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The rows at the 0-based positions `rows`, in that order, which are also the frame's index; reads only their row groups.

    Raises:
        StorageError: the data are missing or damaged.
        DataError: a column or a row does not exist.
    """
    wanted = np.asarray(rows, dtype=np.int64).reshape(-1)
    with _damage_told():
        file = _open(folder)
        names = _names(file, columns)
        _check_rows(wanted, file.metadata.num_rows)
        table = _taken(lambda group: file.read_row_group(group, columns=names).select(names), _starts(file), wanted)
        return table.to_pandas().set_axis(wanted, axis=0)


def sample_frame(folder: Path, columns: Sequence[str], rows: int) -> pd.DataFrame:
    """`columns` of about `rows` rows, spread evenly over a few stretches of the file; of all rows where there are no more.

    Raises:
        StorageError: the data are missing or damaged.
        DataError: a column does not exist.
    """
    with _damage_told():
        file = _open(folder)
        sizes = np.array([file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)])
    if sizes.sum() <= rows:
        return load_frame(folder, columns)
    starts = np.cumsum([0, *sizes])[:-1]
    groups = np.unique(np.linspace(0, len(sizes) - 1, min(STRETCHES, len(sizes))).round().astype(int))
    inside = np.concatenate([np.arange(starts[group], starts[group] + sizes[group]) for group in groups])
    return load_rows(folder, inside[np.unique(np.linspace(0, len(inside) - 1, rows).astype(int))], columns)


def iter_batches(folder: Path, columns: Sequence[str] | None = None, rows: int = BATCH_ROWS) -> Iterator[pd.DataFrame]:
    """All rows in file order, at most `rows` at a time, so that data larger than memory can be scored.

    Raises:
        StorageError: the data are missing or damaged.
        DataError: a column does not exist.
    """
    for table in iter_tables(folder, columns, rows):
        yield table.to_pandas()


def iter_tables(folder: Path, columns: Sequence[str] | None = None, rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
    """The same as they are kept: whole numbers stay what they are where one is missing."""
    with _damage_told():
        file = _open(folder)
        names = _names(file, columns)
        batches = file.iter_batches(batch_size=rows, columns=names)
    while True:
        with _damage_told():
            batch = next(batches, None)
        if batch is None:
            return
        yield pa.Table.from_batches([batch.select(names)])


def schema_of(folder: Path) -> pa.Schema:
    """The columns of the data set in `folder` and their types: int64, double, bool, string or timestamp[us]."""
    with _damage_told():
        return _open(folder).schema_arrow.remove_metadata()


def value_counts(folder: Path, column: str) -> tuple[pd.Series, int]:
    """How often each value of a column occurs, the most frequent first, and how many are missing; a part in memory at a time.

    Raises:
        StorageError: the data are missing or damaged.
        DataError: there is no such column.
    """
    counts, missing = None, 0
    for batch in iter_batches(folder, [column]):
        more = batch[column].value_counts()
        counts = more if counts is None else counts.add(more, fill_value=0)
        missing += int(batch[column].isna().sum())
    assert counts is not None
    return counts.astype(np.int64).sort_values(ascending=False, kind="stable"), missing


def iter_rows(folder: Path, rows: ArrayLike, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
    """The rows at the 0-based positions `rows`, in that order, at most `BATCH_ROWS` at a time, however many there are.

    Every frame has the same types: whole numbers and booleans with gaps stay what they are. The data are read once;
    until it is their turn, the rows that are wanted wait in a file.

    Raises:
        StorageError: the data are missing or damaged.
        DataError: a column or a row does not exist.
    """
    wanted = np.asarray(rows, dtype=np.int64).reshape(-1)
    if not len(wanted):
        yield load_rows(folder, wanted, columns)
        return
    in_file_order = np.unique(wanted)
    places = np.searchsorted(in_file_order, wanted)
    with tempfile.TemporaryDirectory(prefix="anomalyst-") as waiting:
        path = Path(waiting) / "rows.arrow"
        starts = _keep(folder, in_file_order, columns, path)
        with pa.memory_map(str(path)) as source:
            kept = pa.ipc.open_file(source)
            for start in range(0, len(wanted), BATCH_ROWS):
                chosen = slice(start, start + BATCH_ROWS)
                table = _taken(lambda part: pa.Table.from_batches([kept.get_batch(part)]), starts, places[chosen])
                yield table.to_pandas(types_mapper=_WITH_GAPS.get).set_axis(wanted[chosen], axis=0)


def _keep(folder: Path, rows: np.ndarray, columns: Sequence[str] | None, path: Path) -> np.ndarray:
    """Writes the ascending `rows` into the Arrow file `path`, a batch for each row group that has some; gives where batches begin."""
    with _damage_told():
        file = _open(folder)
        names = _names(file, columns)
        _check_rows(rows, file.metadata.num_rows)
        first = file.read_row_group(0, columns=names).select(names)
    group_starts = _starts(file)
    bounds = np.searchsorted(rows, group_starts)
    groups = np.flatnonzero(np.diff(bounds))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, first.schema) as writer:
        for group in groups.tolist():
            with _damage_told():
                table = first if group == 0 else file.read_row_group(group, columns=names).select(names)
            inside = rows[bounds[group] : bounds[group + 1]] - group_starts[group]
            writer.write_table(table.take(pa.array(inside)).combine_chunks())
    return np.append(bounds[groups], len(rows))


def _taken(part: Callable[[int], pa.Table], starts: np.ndarray, places: np.ndarray) -> pa.Table:
    """The rows at `places`, in that order, of a table in parts that begin at `starts` (the last one is the end); one part at a time."""
    if not len(places):
        return part(0).slice(0, 0)
    part_of_row = np.searchsorted(starts, places, side="right") - 1
    by_part = np.argsort(part_of_row, kind="stable")
    parts, firsts = np.unique(part_of_row[by_part], return_index=True)
    found = [
        part(number).take(pa.array(places[chosen] - starts[number]))
        for number, chosen in zip(parts.tolist(), np.split(by_part, firsts[1:]), strict=True)
    ]
    back = np.empty(len(places), dtype=np.int64)
    back[by_part] = np.arange(len(places))
    return pa.concat_tables(found).take(pa.array(back))


def value_key(value: Any) -> str:
    """One value of the data as text that names it and no other value of its column: what rows are chosen by.

    ``true`` and ``false``, numbers with all their digits and without a needless ``.0``, moments in ISO form (the date
    alone at midnight), text as it stands.
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < WHOLE else repr(number)
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    return str(value)


def _open(folder: Path) -> parquet.ParquetFile:
    if (folder / SEAL_FILE).read_text(encoding="ascii") != _footer_hash(folder / DATA_FILE):
        raise StorageError(_DAMAGED, reason="footer")
    return parquet.ParquetFile(folder / DATA_FILE, page_checksum_verification=True, pre_buffer=False)


def _footer_hash(path: Path) -> str:
    """Of the footer, its length (4 bytes) and the closing magic (4 bytes)."""
    with path.open("rb") as stream:
        size = stream.seek(-8, os.SEEK_END) + 8
        length = int.from_bytes(stream.read(4), "little")
        stream.seek(max(0, size - 8 - length))
        return hashlib.sha256(stream.read()).hexdigest()


def _starts(file: parquet.ParquetFile) -> np.ndarray:
    """The first row of each row group, and the end."""
    return np.cumsum([0, *(file.metadata.row_group(group).num_rows for group in range(file.num_row_groups))])


def _names(file: parquet.ParquetFile, columns: Sequence[str] | None) -> list[str]:
    """The wanted names. What is read is narrowed to them again: to Arrow, `price` also means `price.old`."""
    known = file.schema_arrow.names
    unknown = [column for column in columns or () if column not in known]
    if unknown:
        raise DataError(N_("There is no column `{column}`. The columns are {known}."), column=unknown[0], known=", ".join(known[:50]))
    return list(known if columns is None else columns)


def _check_rows(wanted: np.ndarray, rows: int) -> None:
    outside = wanted[(wanted < 0) | (wanted >= rows)]
    if len(outside):
        raise DataError(N_("There is no row {row}. The rows are 1 to {rows}."), row=int(outside[0]) + 1, rows=rows)


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise StorageError(_DAMAGED, reason=str(error).partition("\n")[0][:200]) from error
