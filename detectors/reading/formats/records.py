"""JSON: a list of records, records one a line, one object that holds a list of them, or a list for each column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading.formats.contract import Format
from detectors.reading.json_values import JsonValues
from detectors.reading.options import OF_VALUES
from detectors.reading.source import SAMPLE_ROWS, Source
from detectors.reading.spool import Spool
from detectors.reading.table import Table, check_width
from detectors.reading.text_table import typed_table
from detectors.reading.transcoding import as_utf8

#: What JSON begins with. A CSV may begin with a bracket too, but not with one of these.
_BEGINS = re.compile(r'\ufeff?\s*(?:\{\s*["}]|\[\s*(?:[{\[\]"\d-]|null|true|false))')

#: Objects inside objects become columns `outer.inner` so deep; what lies deeper is kept as text.
DEEPEST = 4

_NOT_RECORDS = N_(
    '`{name}`: item {row} is {found}, where a record like {{"name": "value"}} was expected. Save the table as a list of records, or as CSV.'
)
_NO_ROWS = N_("`{name}` holds no records. Check that the export was complete, and upload it again.")
_NO_NAMES = N_("`{name}` holds records without a single name. Check that the export was complete, and upload it again.")
_UNEQUAL = N_(
    "`{name}`: the lists of its columns are of different lengths: `{first}` has {one} values, `{second}` has {other}. Export it again."
)
_SPREAD = N_("The objects in `{column}` were spread over columns of their own: {columns}.")
_KEPT_AS_TEXT = N_("`{column}` holds lists, the first in row {row}. They are kept as text.")
_LIST_OF = N_("The records are those in `{key}`.")

_KINDS = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", type(None): "null"}


class Records(Format):
    name = "json"
    options = (*OF_VALUES, "encoding")

    def recognises(self, start: bytes, source: Source) -> bool:
        encoding = "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
        return _BEGINS.match(start.decode(encoding, errors="replace")) is not None

    def open(self, source: Source) -> Table:
        text = as_utf8(source)
        values = JsonValues(text.path, source.name)
        spool = Spool(source.scratch / f"{source.path.name}.rows", source.name)
        columns = _Columns(source.name)
        for row, record in enumerate(_records(values, columns, source), start=1):
            spool.add(columns.row(record, row))
            if source.sample and row >= SAMPLE_ROWS:
                break
        if not spool.rows or not columns.places:
            raise DataError(_NO_NAMES if spool.rows else _NO_ROWS, name=source.name)
        names = list(columns.places)
        table = typed_table(names, lambda phase: spool.blocks(len(names), phase), source.options, native=True)
        return replace(
            table, encoding=text.encoding, format=self.name if values.taken < 2 else "json lines",
            notes=[*text.notes, *columns.told(), *table.notes],
            options={name: {**table.options, "encoding": text.encoding}[name] for name in self.options},
        )  # fmt: skip


@dataclass
class _Columns:
    """The columns met so far, in the order in which they were met."""

    name: str
    places: dict[str, int] = field(default_factory=dict)
    notes: list[Message] = field(default_factory=list)
    spread: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)

    def row(self, record: Any, row: int) -> list[str | None]:
        """The texts of a record in the places of their columns."""
        if not isinstance(record, Mapping):
            raise DataError(_NOT_RECORDS, name=self.name, row=row, found=_KINDS.get(type(record), "something else"))
        found = [(self._place(key), self._text(key, value, row)) for key, value in self._flat(record, "", DEEPEST)]
        texts: list[str | None] = [None] * (max((place for place, _ in found), default=-1) + 1)
        for place, value in found:
            texts[place] = value
        return texts

    def told(self) -> list[Message]:
        spread = [Message(_SPREAD, {"column": column, "columns": ", ".join(parts[:10])}) for column, parts in self.spread.items()]
        lists = [Message(_KEPT_AS_TEXT, {"column": column, "row": row}) for column, row in self.lists.items()]
        return [*self.notes, *spread, *lists]

    def _place(self, key: str) -> int:
        if key not in self.places:
            self.places[key] = len(self.places)
            check_width(len(self.places), self.name)
        return self.places[key]

    def _flat(self, record: Mapping[str, Any], above: str, deeper: int) -> Iterator[tuple[str, Any]]:
        for key, value in record.items():
            if isinstance(value, dict) and value and deeper:
                for inner, part in self._flat(value, f"{above}{key}.", deeper - 1):
                    if not above and inner not in (parts := self.spread.setdefault(key, [])):
                        parts.append(inner)
                    yield inner, part
            else:
                yield f"{above}{key}", value

    def _text(self, column: str, value: object, row: int) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list | dict):
            self.lists.setdefault(column, row)
            return json.dumps(value, ensure_ascii=False)
        return repr(value)


def _records(values: JsonValues, columns: _Columns, source: Source) -> Iterable[Any]:
    """The records among the values: all of them, or, of a single object, the list that it holds."""
    found = iter(values)
    first = next(found, None)
    if first is None:
        return
    second = next(found, None) if not values.is_list else None
    if values.is_list or second is not None:
        yield first
        if second is not None:
            yield second
        yield from found
        return
    yield from _of_one(first, columns, source) if isinstance(first, dict) else [first]


def _of_one(record: dict[str, Any], columns: _Columns, source: Source) -> Iterable[Any]:
    lists = {key: value for key, value in record.items() if isinstance(value, list)}
    of_records = [key for key, value in lists.items() if value and all(isinstance(item, dict) for item in value)]
    if len(of_records) == 1:
        columns.notes.append(Message(_LIST_OF, {"key": of_records[0]}))
        return record[of_records[0]]
    if record and len(lists) == len(record):
        return _of_columns(lists, source)
    if record and all(isinstance(value, dict) and list(value) == list(next(iter(record.values()))) for value in record.values()):
        return _of_columns({key: list(value.values()) for key, value in record.items()}, source)
    return [record]


def _of_columns(lists: dict[str, list[Any]], source: Source) -> Iterable[dict[str, Any]]:
    first, *others = lists
    for other in others:
        if len(lists[other]) != len(lists[first]):
            raise DataError(
                _UNEQUAL, name=source.name, first=first, one=len(lists[first]), second=other, other=len(lists[other])
            )  # fmt: skip
    return (dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True))
