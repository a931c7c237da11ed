"""Finds out in which encoding a short text was written."""

from __future__ import annotations

import codecs

#: Share of the characters beyond ASCII that may be broken in a text that is still taken as UTF-8.
MOST_BROKEN = 0.1

#: Share of the characters beyond ASCII that must be everyday Chinese for a text to be GB18030: a `ü` and the letter
#: after it also read as one Chinese character, but as a rare one.
EVERYDAY = 0.5

#: Bytes below 32 that occur in texts: bell to carriage return, the end of file of DOS, escape.
_CONTROLS = bytes([*range(7, 14), 26, 27])
_BINARY = bytes(set(range(32)) - set(_CONTROLS))


def is_binary(content: bytes) -> bool:
    """Whether bytes occur that no text has. UTF-16 is text only with its byte order mark."""
    return not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and content.translate(None, _BINARY) != content


def decode(content: bytes) -> tuple[str, str]:
    """The text and its encoding: by its byte order mark, else the first that fits of UTF-8, GB18030 and Windows-1252
    (Latin-1 as it is written today).

    Raises:
        ValueError: it is none of these.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16"), "utf-16"
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        mended = content.decode("utf-8-sig", "replace")
    if mended.count("\ufffd") <= MOST_BROKEN * _beyond_ascii(mended):
        return mended, "utf-8"
    chinese, western = _decoded(content, "gb18030"), _decoded(content, "cp1252")
    if chinese is not None and (western is None or _is_everyday(chinese)):
        return chinese, "gb18030"
    if western is not None:
        return western, "windows-1252"
    raise ValueError("no known encoding")


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_everyday(chinese: str) -> bool:
    everyday = chinese.encode("gb2312", "ignore").decode("gb2312")
    return _beyond_ascii(everyday) >= EVERYDAY * _beyond_ascii(chinese)


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))
