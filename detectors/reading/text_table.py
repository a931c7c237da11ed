"""Turns blocks of text into a typed table: once through all of them to decide the types, then again as these types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from detectors.messages import N_, Message
from detectors.reading.names import unique_names
from detectors.reading.options import AUTO, ReadingOptions
from detectors.reading.table import Table
from detectors.reading.text_columns import Column, Evidence, Manner, decide, without_missing

#: Gives all rows, for the phase that is named: ``typing``, then ``writing``.
Blocks = Callable[[str], Iterator[pa.RecordBatch]]

_EMPTY = N_("Columns that were dropped because they have neither a name nor a value: {count}.")


def typed_table(names: Sequence[str], blocks: Blocks, options: ReadingOptions, *, semicolons: bool = False, native: bool = False) -> Table:
    """The table that `blocks`, every column of them text, spell out; `blocks` is called once for each time through.

    Args:
        names: of the columns, as they were found: they may repeat or be empty.
        blocks: gives the rows, from the first one on.
        options: what was said about decimal marks, dates and words for missing.
        semicolons: semicolons separate the values, as they do where commas are decimal marks.
        native: what looks like a number was one; text was text.
    """
    words = pa.array(options.missing_words)
    evidence = [Evidence() for _ in names]
    first_row = 1
    for block in blocks("typing"):
        for found, values in zip(evidence, block.columns, strict=True):
            found.look(without_missing(values, words), first_row)
        first_row += block.num_rows
    kept = [place for place, name in enumerate(names) if name.strip() or evidence[place].filled] or list(range(len(names)))
    given, notes = unique_names([names[place] for place in kept])
    if dropped := len(names) - len(kept):
        notes.append(Message(_EMPTY, {"count": dropped}))
    manner = Manner.of(options, evidence, semicolons=semicolons, native=native)
    columns = [decide(name, evidence[place], manner) for name, place in zip(given, kept, strict=True)]
    notes += [note for column in columns for note in column.notes]
    schema = pa.schema([(column.name, column.type) for column in columns])
    return Table(
        schema, _typed(blocks("writing"), columns, kept, words, schema), notes,
        doubts=[doubt for column in columns for doubt in column.doubts],
        options=_used(options, columns, [evidence[place] for place in kept]),
        blank=frozenset(name for name, place in zip(given, kept, strict=True) if not evidence[place].filled),
    )  # fmt: skip


def _typed(
    blocks: Iterator[pa.RecordBatch], columns: list[Column], kept: list[int], words: pa.Array, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    for block in blocks:
        values = [column.convert(without_missing(block.column(place), words)) for column, place in zip(columns, kept, strict=True)]
        yield pa.record_batch(values, schema=schema)


def _used(options: ReadingOptions, columns: list[Column], evidence: list[Evidence]) -> dict[str, Any]:
    """The options with what the columns turned out to say; `auto` where they differ, or say nothing."""
    decimals = {column.decimal for column in columns if column.decimal}
    decimals |= {
        "point" for column, found in zip(columns, evidence, strict=True) if found.numbers.says_point and pa.types.is_floating(column.type)
    }
    dates = {column.dates for column in columns if column.dates}
    taken = [word for column, found in zip(columns, evidence, strict=True) if not pa.types.is_string(column.type) for word in found.words]
    words = dict.fromkeys([*filter(None, options.missing_words), *taken])
    return {
        **options.parameters,
        "decimal": _only(decimals) if options.decimal == AUTO else options.decimal,
        "dates": _only(dates) if options.dates == AUTO else options.dates,
        "missing": ", ".join(words),
    }


def _only(found: set[str]) -> str:
    return next(iter(found)) if len(found) == 1 else AUTO
