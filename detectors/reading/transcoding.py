"""Gives the text of a table's file as UTF-8: the file itself where it is that already, else a copy."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading.bounds import check_room
from detectors.reading.encodings import decode
from detectors.reading.options import AUTO
from detectors.reading.source import Source

CHUNK_BYTES = 1 << 20

#: So much text around the first byte that is not UTF-8 decides what it is instead.
SAMPLE_BYTES = 256 << 10

#: Of a preview so much is looked at.
PREVIEWED_BYTES = 64 << 20

#: UTF-16 without its mark: so many of the bytes at even or at odd places are zero.
MOSTLY = 0.4

_ENCODING = N_(
    "`{name}` is not {encoding}: line {line}, byte {byte} of the file is {value}. Choose another encoding, or save it as UTF-8 "
    "(in Excel: “CSV UTF-8”) and upload it again."
)
_NUL = N_("`{name}` holds a NUL byte on line {line}: it is damaged or not a text file. Export it again as CSV.")
_READ_AS = N_("Read as {encoding}, because it is not UTF-8. If letters look odd, choose another encoding.")
_MENDED = N_("{count} characters of `{name}` were not written as UTF-8, the first on line {line}; each is shown as �.")


@dataclass(frozen=True)
class Utf8:
    """A file in UTF-8, what it was written in, and what to tell about that."""

    path: Path
    encoding: str
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class _Broken:
    """The first bytes that are not UTF-8, with the text around them."""

    line: int
    byte: int
    value: str
    around: bytes


def as_utf8(source: Source) -> Utf8:
    """The text of `source`, every byte of which was checked.

    Raises:
        DataError: it is no text, or not in the encoding that was chosen; names line and byte.
    """
    chosen = source.options.encoding
    if chosen in (AUTO, "utf-8"):
        marked = _utf_16(source.path) if chosen == AUTO else None
        if marked is not None:
            return _copied(source, marked, "utf-16")
        broken = _first_broken(source)
        if broken is None:
            return Utf8(source.path, "utf-8")
        if chosen == "utf-8":
            _refuse(source.name, "utf-8", broken)
        return _guessed(source, broken)
    encoding = (_utf_16(source.path) or "utf-16-le") if chosen == "utf-16" else chosen
    return _copied(source, encoding, chosen)


def _guessed(source: Source, broken: _Broken) -> Utf8:
    try:
        encoding = decode(broken.around)[1]
    except ValueError:
        _refuse(source.name, "utf-8", broken)
    if encoding == "utf-8":
        copy = _copied(source, "utf-8", "utf-8", errors="replace")
        count = sum(text.count("\ufffd") for text in _texts(copy.path))
        return Utf8(copy.path, "utf-8", (Message(_MENDED, {"count": count, "name": source.name, "line": broken.line}),))
    copy = _copied(source, encoding, encoding)
    return Utf8(
        copy.path, encoding, (Message(_READ_AS, {"encoding": "Latin-1 (Windows-1252)" if encoding == "windows-1252" else "GB18030"}),)
    )


def _texts(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        while text := stream.read(CHUNK_BYTES):
            yield text


def _utf_16(path: Path) -> str | None:
    """UTF-16 by its mark, or by the zero in every second byte of its letters."""
    with path.open("rb") as stream:
        start = stream.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd, half = start[::2].count(0), start[1::2].count(0), len(start) // 2
    if odd > MOSTLY * half and not even:
        return "utf-16-le"
    return "utf-16-be" if even > MOSTLY * half and not odd else None


def _first_broken(source: Source) -> _Broken | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, read = 1, 0
    with source.path.open("rb") as stream:
        while not (source.sample and read >= PREVIEWED_BYTES):
            chunk = stream.read(CHUNK_BYTES)
            if (place := chunk.find(b"\0")) >= 0:
                raise DataError(_NUL, name=source.name, line=line + chunk.count(b"\n", 0, place))
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                at = read + len(chunk) - len(error.object) + error.start
                return _Broken(
                    line + error.object.count(b"\n", 0, error.start), at + 1, f"0x{error.object[error.start]:02X}", _around(source.path, at)
                )
            if not chunk:
                return None
            line, read = line + chunk.count(b"\n"), read + len(chunk)
    return None


def _around(path: Path, place: int) -> bytes:
    """Whole lines before and after the byte at `place`."""
    before, after = min(place, SAMPLE_BYTES), SAMPLE_BYTES
    with path.open("rb") as stream:
        stream.seek(place - before)
        text = stream.read(before + after)
    first = text.find(b"\n") + 1 if place > before else 0
    last = text.rfind(b"\n") + 1 if len(text) == before + after else len(text)
    return text[first:last] or text


def _refuse(name: str, encoding: str, broken: _Broken) -> NoReturn:
    raise DataError(_ENCODING, name=name, encoding=encoding.upper(), line=broken.line, byte=broken.byte, value=broken.value)


def _copied(source: Source, encoding: str, called: str, errors: str = "strict") -> Utf8:
    """The text of `source` written again as UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    target = source.scratch / f"{source.path.name}.utf-8"
    line, read = 1, 0
    with source.path.open("rb") as stream, target.open("w", encoding="utf-8", newline="") as copy:
        while True:
            chunk = b"" if source.sample and read >= PREVIEWED_BYTES else stream.read(CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk and not source.sample)
            except UnicodeDecodeError as error:
                at = error.object[error.start]
                byte = read + len(chunk) - len(error.object) + error.start + 1
                _refuse(source.name, called, _Broken(line + error.object.count(b"\n", 0, error.start), byte, f"0x{at:02X}", b""))
            if "\0" in text:
                raise DataError(_NUL, name=source.name, line=line + text.count("\n", 0, text.index("\0")))
            if not read:
                text = text.removeprefix("\ufeff")
            check_room(source.scratch, source.name)
            copy.write(text)
            if not chunk:
                return Utf8(target, called)
            line, read = line + text.count("\n"), read + len(chunk)
