"""Finds where a table begins among the first rows of a text or a sheet, and which of them hold the columns' names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from detectors.messages import N_, Message
from detectors.reading.options import AUTO, HEADER_ROWS, ReadingOptions

#: Rows that decide; a table that begins further down is found by saying so.
LOOKED_AT = 200

#: Fewer rows of data say nothing about a second row of names.
ENOUGH_ROWS = 4

_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,'’\s]*(?:[eE][+-]?\d+)?")
_YEAR = re.compile(r"(?:1[89]|20|21)\d\d")

_LEFT_OUT = N_("Left out above the table: {count} lines, the first is `{first}`.")
_ONE_LEFT_OUT = N_("Left out above the table: one line, `{first}`.")
_NO_NAMES = N_("There are no column names; the columns are numbered.")
_DOUBTED_NONE = N_(
    "The first row, `{first}`, looks like data and not like column names. It was read as data; choose one row of names if it names the columns."
)
_DOUBTED_NUMBERS = N_(
    "The first row, `{first}`, was taken as the column names, though it holds numbers. Choose no row of names if it is data."
)
_DOUBTED_TWO = N_(
    "The second row, `{first}`, looks like a part of the column names, such as units. It was joined to them; choose one row of names if it is data."
)


@dataclass(frozen=True)
class Header:
    """Where the table begins: `start` is the position of its first row, of which `rows` hold names."""

    start: int
    rows: int
    names: list[str]
    """One for each column; empty where there is none."""
    notes: list[Message]
    doubts: list[Message]


def find_header(rows: Sequence[Sequence[str]], options: ReadingOptions, above: Sequence[Sequence[str]] = ()) -> Header:
    """The header among the first `rows` of a file, at least one of which is not blank.

    Where it was said on which line the table begins, `rows` begin there, and `above` are those before it.
    """
    missing = set(options.missing_words)
    width = usual_width(rows)
    start = 0 if options.first_line else _start(rows, width)
    above = [row for row in (*above, *rows[:start]) if _filled(row)]
    table = [row for row in rows[start:] if _filled(row)]
    doubts: list[Message] = []
    if options.header != AUTO:
        count = HEADER_ROWS[options.header]
    else:
        count, doubt = _names_rows(table, missing)
        doubts += [Message(doubt, {"first": _told(table[1 if count == 2 else 0])})] if doubt else []
    notes = [Message(_ONE_LEFT_OUT if len(above) == 1 else _LEFT_OUT, {"count": len(above), "first": _told(above[0])})] if above else []
    if not count:
        return Header(start, 0, [f"column {place}" for place in range(1, len(table[0]) + 1)], [*notes, Message(_NO_NAMES)], doubts)
    return Header(start, count, _joined(table[:count]), notes, doubts)


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    """How many values most rows have that are not blank; the larger number where two are as frequent."""
    widths = Counter(len(row) for row in rows if _filled(row))
    return max(widths, key=lambda width: (widths[width], width)) if widths else 0


def _filled(row: Sequence[str]) -> int:
    return sum(bool(value.strip()) for value in row)


def _start(rows: Sequence[Sequence[str]], width: int) -> int:
    """The first row that is neither blank nor a title."""
    first = next(place for place, row in enumerate(rows) if _filled(row))
    for place, row in enumerate(rows):
        if _filled(row) and not _is_title(row, width):
            return place if any(len(other) == width and not _is_title(other, width) for other in rows[place + 1 :]) else first
    return first


def _is_title(row: Sequence[str], width: int) -> bool:
    """Hardly anything where a row of the table would have much."""
    if len(row) == width:
        return width >= 3 and _filled(row) == 1
    return len(row) < width and _filled(row) <= max(1, (width - 1) // 2)


def _names_rows(table: Sequence[Sequence[str]], missing: set[str]) -> tuple[int, str | None]:
    """How many rows hold names, and what is to be doubted about that."""
    first, body = table[0], [row for row in table[1:] if len(row) == len(table[0])]
    if len(table) == 1 and all(map(_is_number, first)):
        return 0, _DOUBTED_NONE
    numeric = _numeric_columns(body, len(first), missing)
    if numeric and all(_is_number(first[place]) for place in numeric):
        if _are_years([first[place] for place in numeric]):
            return 1, None
        words = [place for place in range(len(first)) if place not in numeric]
        repeated = any(first[place] and first[place] in {row[place] for row in body} for place in words)
        return (0, _DOUBTED_NONE) if repeated or not any(first[place].strip() for place in words) else (1, _DOUBTED_NUMBERS)
    if len(body) > ENOUGH_ROWS and _are_units(body, missing):
        return 2, _DOUBTED_TWO
    return 1, None


def _are_units(body: Sequence[Sequence[str]], missing: set[str]) -> bool:
    """Whether the first row of the data has words above the numbers of two columns at least, and no number above any."""
    numeric = _numeric_columns(body[1:], len(body[0]), missing)
    above = [body[0][place].strip() for place in numeric]
    words = [text for text in above if text and text not in missing]
    return len(words) >= 2 and not any(map(_is_number, above))


def _numeric_columns(body: Sequence[Sequence[str]], width: int, missing: set[str]) -> list[int]:
    found = []
    for place in range(width):
        values = [row[place].strip() for row in body]
        filled = [value for value in values if value not in missing]
        if filled and all(map(_is_number, filled)):
            found.append(place)
    return found


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def _are_years(heads: Sequence[str]) -> bool:
    return len(heads) > 1 and all(map(_YEAR.fullmatch, heads)) and all(before < after for before, after in pairwise(heads))


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """One name of several rows: a name above stands for the columns to its right too, until the next one."""
    if len(rows) == 1:
        return list(rows[0])
    width = max(map(len, rows))
    parts: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(rows):
        last = ""
        for place in range(width):
            text = row[place].strip() if place < len(row) else ""
            last = text or (last if depth < len(rows) - 1 else "")
            if last and last not in parts[place]:
                parts[place].append(last)
    return [" ".join(part) for part in parts]


def _told(row: Sequence[str]) -> str:
    return ", ".join(value.strip(" ;,|\t\r\n") for value in row if value.strip())[:80]
