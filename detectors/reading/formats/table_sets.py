"""Several tables in one archive that are one data set: the same columns, a row after another, and the file each row came from."""

from __future__ import annotations

import posixpath
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading import formats
from detectors.reading.archive import Archive, LeftOut, Member, Omissions
from detectors.reading.bounds import check_room, check_size
from detectors.reading.encodings import is_binary
from detectors.reading.names import numbered
from detectors.reading.options import ReadingOptions
from detectors.reading.source import Source
from detectors.reading.table import Table

MOST_TABLES = 500

#: Endings of text that is a table. Text with other endings is one where its first lines look like one.
TABLE_ENDINGS = (".csv", ".tsv", ".tab", ".psv", ".json", ".jsonl", ".ndjson")
BINARY_SIGNATURES = (b"PAR1", b"ARROW1", b"\x1f\x8b")
WORKBOOK_PARTS = (b"[Content_Types].xml", b"xl/", b"_rels/.rels", b"docProps/")

#: Columns that most files share must be at least this share of all; else they are different tables.
MOSTLY = 0.5

_MANY = N_("`{name}` holds {count} tables; at most {most} are read together. Join some of them, or pack fewer.")
_DIFFERENT = N_(
    "The tables in `{name}` have different columns: `{first}` has {columns}, `{second}` has {others}. Pack tables with the same columns."
)
_FILLED = N_("Missing in some files and filled as missing: {columns}. The first such file is `{file}`.")
_MIXED = N_("`{column}` is {one} in `{first}` and {other} in `{second}`; it is kept as text.")
_OF_FILE = N_("`{file}`: {note}")
_JOINED = N_("{count} tables were joined; `{column}` says which file a row came from.")
_MORE = N_("{count} more notes on single files.")
_HALF = N_("`{name}` was not read, because one of its files cannot be: {reason}")

#: Notes on single files are shown for so many, and counted beyond.
MOST_NOTES = 20

_TYPES = {pa.int64(): "a whole number", pa.float64(): "a number", pa.bool_(): "yes / no", pa.string(): "text", pa.timestamp("us"): "a date"}


@dataclass(frozen=True)
class _Part:
    """One of the tables, and the file it came from."""

    file: str
    table: Table


def looks_like_table(head: bytes, name: str) -> bool:
    """Whether a file inside an archive that begins with `head` is a table: told by its bytes, of text also by its ending."""
    if head.startswith(BINARY_SIGNATURES):
        return True
    if head.startswith(b"PK\x03\x04"):
        return any(part in head[:400] for part in WORKBOOK_PARTS)
    return bool(head.strip()) and (posixpath.splitext(name)[1].lower() in TABLE_ENDINGS or (not is_binary(head) and _is_grid(head)))


def _is_grid(head: bytes) -> bool:
    """Whether three lines at least have as many tabs each, or as many semicolons: commas stand in prose too."""
    lines = [line for line in head.splitlines()[:-1] if line.strip()]
    return len(lines) >= 3 and any(len({line.count(mark) for line in lines}) == 1 and lines[0].count(mark) for mark in (b"\t", b";"))


def open_tables(archive: Archive, members: list[Member], omissions: Omissions, source: Source) -> Table:
    """The tables in `members`, one below the other.

    Raises:
        DataError: one of them cannot be read (it is named), or their columns differ; nothing is half read.
    """
    if len(members) > MOST_TABLES:
        raise DataError(_MANY, name=source.name, count=len(members), most=MOST_TABLES)
    if omissions.named:
        raise DataError(_HALF, name=source.name, reason=omissions.named[0].text())
    parts = list(_parts(archive, members, source))
    archive.close()
    notes = archive.notes
    if len(parts) == 1 and len(archive.members) == 1:
        return replace(parts[0].table, notes=[*notes, *parts[0].table.notes], format=f"{parts[0].table.format}, zip")
    columns, filled = _columns(parts, source.name)
    types, mixed = _types(parts, columns)
    column = numbered("file", set(columns)) if "file" in columns else "file"
    schema = pa.schema([*((name, types[name]) for name in columns), (column, pa.string())])
    joined = Message(_JOINED, {"count": len(parts), "column": column})
    return Table(
        schema, _blocks(parts, schema, column), [joined, *notes, *filled, *mixed, *_told(parts)], _doubts(parts), _options(parts),
        sheets=tuple(dict.fromkeys(sheet for part in parts for sheet in part.table.sheets)), format=f"{_formats(parts)}, zip",
    )  # fmt: skip


def _parts(archive: Archive, members: list[Member], source: Source) -> Iterator[_Part]:
    folder = source.scratch / "members"
    folder.mkdir()
    for place, member in enumerate(members[:1] if source.sample else members):
        target = folder / f"{place:04}"
        try:
            _unpack(archive, member, target, source)
        except LeftOut as reason:
            raise DataError(_HALF, name=source.name, reason=reason.note(member.name).text()) from reason
        inner = replace(source, path=target, name=f"{source.name} › {member.name}")
        found = formats.find_format(inner)
        table = found.open(inner)
        yield _Part(member.name, replace(table, format=table.format or found.name))


def _unpack(archive: Archive, member: Member, target: Path, source: Source) -> None:
    if isinstance(member.place, Path):
        shutil.copyfile(member.place, target)
        return
    written = 0
    with target.open("wb") as file:
        for chunk in archive.chunks(member):
            written += len(chunk)
            check_size(written, member.place.compress_size, source.limits.archive_bytes, f"{source.name} › {member.name}")
            check_room(target.parent, source.name)
            file.write(chunk)


def _columns(parts: Sequence[_Part], name: str) -> tuple[list[str], list[Message]]:
    """All columns in the order in which they appear, and what was filled; refused where the tables hardly share any."""
    counts = Counter(column for part in parts for column in part.table.schema.names)
    columns = list(dict.fromkeys(column for part in parts for column in part.table.schema.names))
    partial = [column for column in columns if counts[column] < len(parts)]
    if not partial:
        return columns, []
    first = parts[0]
    lacking = next(part for part in parts if any(column not in part.table.schema.names for column in partial))
    if len(columns) - len(partial) < MOSTLY * len(columns):
        second = next(part for part in parts if set(part.table.schema.names) != set(first.table.schema.names))
        raise DataError(
            _DIFFERENT, name=name, first=first.file, columns=_listed(first.table.schema.names), second=second.file,
            others=_listed(second.table.schema.names),
        )  # fmt: skip
    return columns, [Message(_FILLED, {"columns": _listed(partial), "file": lacking.file})]


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f"“{column}”" for column in columns[:8]) + (", …" if len(columns) > 8 else "")


def _types(parts: Sequence[_Part], columns: Sequence[str]) -> tuple[dict[str, pa.DataType], list[Message]]:
    """One type for each column: what all files say, a number where some are whole, text where they differ otherwise."""
    notes: list[Message] = []
    types: dict[str, pa.DataType] = {}
    for column in columns:
        said = [
            (part.file, part.table.schema.field(column).type)
            for part in parts
            if column in part.table.schema.names and column not in part.table.blank
        ]
        kinds = list(dict.fromkeys(kind for _, kind in said)) or [pa.string()]
        if len(kinds) == 1:
            types[column] = kinds[0]
        elif set(kinds) == {pa.int64(), pa.float64()}:
            types[column] = pa.float64()
        else:
            types[column] = pa.string()
            (first, one), (second, other) = said[0], next(pair for pair in said if pair[1] != said[0][1])
            values = {"column": column, "one": _TYPES[one], "first": first, "other": _TYPES[other], "second": second}
            notes.append(Message(_MIXED, values))
    return types, notes


def _blocks(parts: Sequence[_Part], schema: pa.Schema, column: str) -> Iterator[pa.RecordBatch]:
    for part in parts:
        for block in part.table.blocks:
            values = [
                block.column(field.name).cast(field.type) if field.name in block.schema.names else pa.nulls(len(block), field.type)
                for field in list(schema)[:-1]
            ]
            yield pa.record_batch([*values, pa.repeat(pa.scalar(part.file, pa.string()), len(block))], schema=schema)


def _told(parts: Sequence[_Part]) -> list[Message]:
    """What reading found in single files."""
    notes = [(part.file, note) for part in parts for note in part.table.notes]
    named = [Message(_OF_FILE, {"file": file, "note": note.text()}) for file, note in notes[:MOST_NOTES]]
    return [*named, *([Message(_MORE, {"count": len(notes) - MOST_NOTES})] if len(notes) > MOST_NOTES else [])]


def _doubts(parts: Sequence[_Part]) -> list[Message]:
    """Every doubt once, as the first file has it."""
    return list({doubt.template: doubt for part in reversed(parts) for doubt in part.table.doubts}.values())


def _options(parts: Sequence[_Part]) -> dict[str, object]:
    """What all files were read with; what they differ in stays to be found in each."""
    said = {name for part in parts for name in part.table.options}
    used: dict[str, object] = {}
    for name in (name for name in ReadingOptions.fields if name in said):
        values = {str(part.table.options[name]): part.table.options[name] for part in parts if name in part.table.options}
        used[name] = next(iter(values.values())) if len(values) == 1 else ReadingOptions.fields[name].default
    return used


def _formats(parts: Sequence[_Part]) -> str:
    return " and ".join(dict.fromkeys(str(part.table.format) for part in parts))
