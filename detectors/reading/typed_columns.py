"""Tables that come with types of their own, from strangers: flat columns only, each turned into one of the few types we keep.

A file of a kilobyte can hold one long text a billion times (a dictionary). So texts are taken as dictionaries, and
spelled out only after their lengths were added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading.names import unique_names
from detectors.reading.table import LONGEST_VALUE, Table, check_width

#: Rows taken at once, fewer where there are many columns.
BLOCK_ROWS = 65_536
BLOCK_VALUES = 4_000_000

#: The texts of one block of one column, spelled out, may fill so much.
MOST_TEXT_BYTES = 256 << 20

#: A run of equal values, and a column of nothing, take no room: a kilobyte may claim any number of rows. No table that was measured does.
HARMLESS_ROWS, MOST_ROWS_A_BYTE = 20_000_000, 50

_DAMAGED = N_("`{name}` is damaged ({reason}). Write it again and upload it.")
_NESTED = N_("Column `{column}` of `{name}` is nested ({type}). Spread its parts over columns of their own, or drop it.")
_TYPE = N_("Column `{column}` of `{name}` holds {type}, which cannot be read. Turn it into numbers or text, or drop it.")
_BOMB = N_(
    "Column `{column}` of `{name}` repeats long texts: spelled out, {rows} rows fill {megabytes} MB. Shorten them, or drop the column."
)
_LONG = N_("Column `{column}` of `{name}` holds a text of more than {most} characters. Shorten it, or drop the column.")
_MADE_UP = N_("`{name}` claims {rows} rows in {bytes} bytes, as files do that are made to fill a memory. Write it again with fewer rows.")
_NO_ROWS = N_("`{name}` has columns but no rows. Check that the export was complete, and upload it again.")
_NO_COLUMNS = N_("`{name}` has no columns. Check that the export was complete, and upload it again.")
_UNSIGNED = N_("`{column}` holds whole numbers beyond 9.2 × 10¹⁸; as numbers they keep the first 15 digits.")
_ZONED = N_("The times in `{column}` carry a time zone; they were turned into UTC.")
_SECONDS = N_("The durations in `{column}` were turned into seconds.")


def flat_table(found: pa.Schema, batches: Iterator[pa.RecordBatch], rows: int | None, name: str, file_format: str) -> Table:
    """The table in `batches` that have the schema `found`, every column of it int64, double, bool, string or timestamp[us].

    Args:
        found: the schema as the file has it.
        batches: the rows; whatever Arrow raises while they are taken is told.
        rows: how many there are, where the file says so.
        name: what the analyst calls the file.
        file_format: kept in the report.

    Raises:
        DataError: there are no columns or no rows, or a column is nested or of a type that says nothing to a detector.
    """
    check_width(len(found), name)
    if not len(found) or rows == 0:
        raise DataError(_NO_ROWS if len(found) else _NO_COLUMNS, name=name)
    names, notes = unique_names(found.names)
    kept = [_kept_type(column, field.type, name) for column, field in zip(names, found, strict=True)]
    notes += [note for column, field in zip(names, found, strict=True) for note in _notes(column, field.type)]
    schema = pa.schema(list(zip(names, kept, strict=True)))
    blank = frozenset(column for column, field in zip(names, found, strict=True) if pa.types.is_null(field.type))
    return Table(schema, _blocks(batches, schema, name), notes, blank=blank, format=file_format)


def check_rows(rows: int, size: int, name: str) -> None:
    """Raises `DataError` where a file of `size` bytes claims more rows than fit into it honestly."""
    if rows > HARMLESS_ROWS and rows > MOST_ROWS_A_BYTE * size:
        raise DataError(_MADE_UP, name=name, rows=rows, bytes=size)


class damage_told:  # noqa: N801 – reads as the words it stands for in a with statement
    """Turns Arrow's errors about a broken file into a sentence."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, pa.ArrowException | OSError | UnicodeDecodeError) and not isinstance(error, MemoryError):
            raise DataError(_DAMAGED, name=self.name, reason=str(error).partition("\n")[0][:200]) from error


def _blocks(batches: Iterator[pa.RecordBatch], schema: pa.Schema, name: str) -> Iterator[pa.RecordBatch]:
    rows = 0
    while True:
        with damage_told(name):
            batch = next(batches, None)
        if batch is None:
            break
        rows += len(batch)
        columns = [_plain(values, field, name) for values, field in zip(batch.columns, schema, strict=True)]
        yield pa.record_batch(columns, schema=schema)
    if not rows:
        raise DataError(_NO_ROWS, name=name)


def _kept_type(column: str, found: pa.DataType, name: str) -> pa.DataType:
    value = found.value_type if pa.types.is_dictionary(found) else found
    for belongs, kept in _KEPT:
        if belongs(value):
            return kept
    raise DataError(_NESTED if pa.types.is_nested(value) else _TYPE, column=column, name=name, type=str(value)[:200])


def _is_small_integer(found: pa.DataType) -> bool:
    return pa.types.is_integer(found) and found != pa.uint64()


def _is_text(found: pa.DataType) -> bool:
    return pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found)


def _is_bytes(found: pa.DataType) -> bool:
    return pa.types.is_binary(found) or pa.types.is_large_binary(found)


def _is_number(found: pa.DataType) -> bool:
    return pa.types.is_floating(found) or pa.types.is_decimal(found) or found == pa.uint64() or pa.types.is_duration(found)


def _may_lose_digits(found: pa.DataType) -> bool:
    """Rounding is what we want of these; all others must fit, a moment beyond the calendar too."""
    return _is_number(found) or (pa.types.is_timestamp(found) and found.unit == "ns")


_KEPT: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...] = (
    (pa.types.is_boolean, pa.bool_()),
    (_is_small_integer, pa.int64()),
    (_is_number, pa.float64()),
    (pa.types.is_date, pa.timestamp("us")),
    (pa.types.is_timestamp, pa.timestamp("us")),
    (_is_text, pa.string()),
    (_is_bytes, pa.string()),
    (pa.types.is_time, pa.string()),
    (pa.types.is_null, pa.string()),
)


def _plain(values: pa.Array, field: pa.Field, name: str) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        _check_length(values, field.name, name)
        values = values.dictionary_decode()
    if pa.types.is_duration(values.type):
        values = pc.divide(values.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
    try:
        plain = values.cast(field.type, safe=not _may_lose_digits(values.type))
    except pa.ArrowInvalid as error:
        raise DataError(_TYPE, column=field.name, name=name, type=str(values.type)) from error
    if pa.types.is_floating(field.type):
        unknown = pc.is_nan(plain)
        return pc.if_else(unknown, pa.scalar(None, pa.float64()), plain) if pc.any(unknown).as_py() else plain
    return plain


def _check_length(values: pa.DictionaryArray, column: str, name: str) -> None:
    if not (_is_text(values.dictionary.type) or _is_bytes(values.dictionary.type)):
        return
    lengths = pc.binary_length(values.dictionary).cast(pa.int64())
    if (pc.max(lengths).as_py() or 0) > LONGEST_VALUE:
        raise DataError(_LONG, column=column, name=name, most=LONGEST_VALUE)
    total = pc.sum(lengths.take(values.indices)).as_py() or 0
    if total > MOST_TEXT_BYTES:
        raise DataError(_BOMB, column=column, name=name, rows=len(values), megabytes=total // 10**6)


def _notes(column: str, found: pa.DataType) -> list[Message]:
    if found == pa.uint64():
        return [Message(_UNSIGNED, {"column": column})]
    if pa.types.is_timestamp(found) and found.tz:
        return [Message(_ZONED, {"column": column})]
    if pa.types.is_duration(found):
        return [Message(_SECONDS, {"column": column})]
    return []
