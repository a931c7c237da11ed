"""Reads an archive of text files: a row for each, with its path and its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading.archive import Archive, LeftOut, Member, Omissions
from detectors.reading.encodings import decode, is_binary
from detectors.reading.paths import PATH_FIELDS, path_columns
from detectors.reading.table import LONGEST_VALUE, Table

#: A block is full with so many texts, or so many characters.
BLOCK_TEXTS, BLOCK_CHARACTERS = 1_000, 16_000_000

SCHEMA = pa.schema([*PATH_FIELDS, ("text", pa.string())])

_BINARY = N_("`{file}` was left out: it holds bytes that no text has (NUL, for example).")
_ENCODING = N_("`{file}` was left out: its encoding is not known. Save it as UTF-8.")
_BLANK = N_("`{file}` was left out: it is empty.")
_ENCODINGS = N_("Read as {encoding} because they are not UTF-8: {count} of {texts} texts.")
_NONE = N_(
    "None of the {count} texts in `{name}` can be read, for example `{file}`. Save them as UTF-8, at most 1 MB each, and pack them again."
)


def open_texts(archive: Archive, members: list[Member], omissions: Omissions) -> Table:
    """The texts in `members`; what is left out is told in the table's notes once its blocks were taken."""
    notes: list[Message] = []
    return Table(SCHEMA, _blocks(archive, members, omissions, notes), notes, kind="text")


def _blocks(archive: Archive, members: list[Member], omissions: Omissions, notes: list[Message]) -> Iterator[pa.RecordBatch]:
    encodings: Counter[str] = Counter()
    names: list[str] = []
    texts: list[str] = []
    characters = 0
    for member in members:
        try:
            text, encoding = _text(archive.read(member, LONGEST_VALUE))
        except LeftOut as reason:
            omissions.add(reason, member.name)
            continue
        names.append(member.name)
        texts.append(text)
        characters += len(text)
        encodings[encoding] += 1
        if len(texts) >= BLOCK_TEXTS or characters >= BLOCK_CHARACTERS:
            yield _block(names, texts)
            names, texts, characters = [], [], 0
    archive.close()
    if not encodings:
        raise DataError(_NONE, count=len(members), name=archive.name, file=members[0].name)
    if texts:
        yield _block(names, texts)
    notes += [*archive.notes, *_told(encodings), *omissions.notes()]


def _text(content: bytes) -> tuple[str, str]:
    if is_binary(content):
        raise LeftOut(_BINARY)
    try:
        text, encoding = decode(content)
    except ValueError as error:
        raise LeftOut(_ENCODING) from error
    if not text.strip():
        raise LeftOut(_BLANK)
    return text, encoding


def _block(names: list[str], texts: list[str]) -> pa.RecordBatch:
    return pa.record_batch([*path_columns(names), pa.array(texts, pa.string())], schema=SCHEMA)


def _told(encodings: Counter[str]) -> list[Message]:
    others = sorted((encoding, count) for encoding, count in encodings.items() if encoding != "utf-8")
    return [Message(_ENCODINGS, {"encoding": encoding, "count": count, "texts": encodings.total()}) for encoding, count in others]
