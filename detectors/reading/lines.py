"""Checks the text of a CSV line by line before anything is believed: delimiter, names, and a value for every column.

Arrow's parser is fast but forgiving: a quote that is never closed swallows rows. So Python's parser goes through the
whole file once and stops at the first line that a person should mend.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, TextIO

from detectors.errors import DataError
from detectors.messages import N_, Message
from detectors.reading import progress
from detectors.reading.header import LOOKED_AT, Header, find_header, usual_width
from detectors.reading.options import AUTO, DELIMITERS, QUOTES, ReadingOptions
from detectors.reading.source import SAMPLE_BYTES
from detectors.reading.table import LONGEST_VALUE, check_width

#: How much of the file decides how it is laid out, in characters.
SAMPLE_LENGTH = 262_144

_QUOTE = N_("`{name}`: the row that begins on line {line} has a quote that is not closed, or text after a closing quote. Mend that line.")
_LONG = N_(
    "`{name}`: a value of the row that begins on line {line} has more than {most} characters; is a quote not closed? Mend that line."
)
_RAGGED = N_("`{name}`: line {line} has {found} values where {expected} were expected, one for each column. Mend that line.")
_NO_ROWS = N_("`{name}` has column names but no rows. Check that the export was complete, and upload it again.")
_BLANK = N_("`{name}` holds nothing but blank lines. Check that it was saved completely, and upload it again.")
_SHORT = N_("`{name}` has {lines} lines, so its table cannot begin on line {line}. Give the line of the column names.")
_ONE_COLUMN = N_("One column was found. If there should be more, choose the character that separates the values.")
_TWO_DELIMITERS = N_(
    "The values may be separated by `{taken}` or by `{other}`; they were split at `{taken}`. Choose the other one if that is wrong."
)


@dataclass(frozen=True)
class Layout:
    """How the lines of a CSV are to be taken."""

    delimiter: str
    quote: str
    """Empty: there are no quotes."""
    header: Header
    line: int
    """The line on which the table begins, counted from 1."""
    offset: int
    """Bytes before the first row of data."""
    doubts: list[Message]

    @property
    def dialect(self) -> dict[str, Any]:
        """What Python's parser is told."""
        return _dialect(self.delimiter, self.quote)


def check_lines(path: Path, name: str, options: ReadingOptions, *, sample: bool = False) -> Layout:
    """The layout of the UTF-8 text at `path`, every line of which is sound; of a `sample`, every line at its beginning.

    Raises:
        DataError: names the first line that is not, or says that there are no rows.
    """
    csv.field_size_limit(LONGEST_VALUE)
    layout = _find_layout(path, name, options)
    check_width(len(layout.header.names), name)
    progress.begin("checking", path.stat().st_size)
    with path.open("rb") as raw, TextIOWrapper(raw if sample else progress.counted(raw), encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(_counted(lines, layout.line - 1), strict=True, **layout.dialect)
        _check_rows(reader, layout, name, (lambda: raw.tell() > SAMPLE_BYTES) if sample else None)
    return layout


def _check_rows(reader: Any, layout: Layout, name: str, ends: Callable[[], bool] | None) -> None:
    above, expected = layout.line - 1, len(layout.header.names)
    started, rows = above + 1, 0
    try:
        names = layout.header.rows
        while names:
            names -= bool(next(reader))
        started = above + reader.line_num + 1
        for row in reader if ends is None else takewhile(lambda _: not ends(), reader):
            if len(row) != expected and row:
                raise DataError(_RAGGED, name=name, line=started, found=len(row), expected=expected)
            rows += bool(row)
            started = above + reader.line_num + 1
    except StopIteration:
        pass
    except csv.Error as error:
        # Python's parser has one error for everything; only its words tell a long value from a wrong quote.
        template = _LONG if "field larger" in str(error) else _QUOTE
        raise DataError(template, name=name, line=started, most=LONGEST_VALUE) from error
    if not rows:
        raise DataError(_NO_ROWS, name=name)


def _find_layout(path: Path, name: str, options: ReadingOptions) -> Layout:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        skipped = list(islice(stream, max(0, options.first_line - 1)))
        text = stream.read(SAMPLE_LENGTH)
        complete = len(text) < SAMPLE_LENGTH
    if options.first_line and not text:
        raise DataError(_SHORT, name=name, lines=len(skipped), line=options.first_line)
    if not text.strip(' \t\r\n;,|"'):
        raise DataError(_BLANK, name=name)
    quote = _decide_quote(text, options)
    delimiter, doubts = _decide_delimiter(text, quote, options, complete)
    rows, starts = _sample_rows(text, delimiter, quote, complete)
    header = find_header(rows, options, [[line] for line in skipped])
    above = starts[header.start]
    line = len(skipped) + above + 1
    if len(header.names) == 1:
        doubts = [Message(_ONE_COLUMN)]
    last = _end_of_names(starts, rows, header)
    offset = _bytes_before(path, len(skipped) + last)
    return Layout(delimiter, quote, header, line, offset, [*doubts, *header.doubts])


def _end_of_names(starts: list[int], rows: list[list[str]], header: Header) -> int:
    """How many lines of the sample stand before the first row that is no name."""
    left = header.rows
    for place in range(header.start, len(rows)):
        if left == 0:
            return starts[place]
        left -= any(value.strip() for value in rows[place])
    return starts[-1]


def _bytes_before(path: Path, lines: int) -> int:
    with path.open("rb") as raw:
        mark = 3 if raw.read(3) == b"\xef\xbb\xbf" else 0
    with path.open(encoding="utf-8-sig", newline="") as text:
        return mark + sum(len(line.encode()) for line in islice(text, lines))


def _counted(lines: TextIO, skipped: int) -> Iterator[str]:
    """The lines after the first `skipped` ones."""
    return islice(lines, skipped, None) if skipped else lines


def _sample_rows(text: str, delimiter: str, quote: str, complete: bool) -> tuple[list[list[str]], list[int]]:
    """The first rows, and the line on which each begins, counted from 0; the last is where the row after them begins."""
    lines = _split(text)
    reader = csv.reader(lines, **_dialect(delimiter, quote))
    rows: list[list[str]] = []
    starts = [0]
    try:
        for row in reader:
            rows.append(row)
            starts.append(reader.line_num)
            if len(rows) >= LOOKED_AT:
                break
        else:
            if not complete and len(rows) > 1:
                rows.pop()
                starts.pop()
    except csv.Error:  # a value that is too long: told with its line when the whole file is checked
        rows = rows or [lines]
        starts = starts if len(starts) > 1 else [0, 1]
    return rows, starts


def _split(text: str) -> list[str]:
    """Lines as files are split into them; `str.splitlines` also splits at characters that are none."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def _dialect(delimiter: str, quote: str) -> dict[str, Any]:
    if not quote:
        return {"delimiter": delimiter, "quoting": csv.QUOTE_NONE}
    return {"delimiter": delimiter, "quotechar": quote}


def _decide_quote(text: str, options: ReadingOptions) -> str:
    """Double quotes, unless values of most lines stand between single ones and none between double ones."""
    if options.quote != AUTO:
        return QUOTES[options.quote]
    if '"' in text:
        return '"'
    single = len(re.findall(r"(?:^|[,;\t|])'[^'\r\n]*'(?=[,;\t|\r\n]|$)", text, re.MULTILINE))
    return "'" if single > text.count("\n") / 2 and single > 1 else '"'


def _decide_delimiter(text: str, quote: str, options: ReadingOptions, complete: bool) -> tuple[str, list[Message]]:
    """The one that splits most rows into as many clean values; the comma where none does."""
    if options.delimiter != AUTO:
        return DELIMITERS[options.delimiter], []
    found = {mark: _agreement(text, mark, quote, complete) for mark in DELIMITERS.values()}
    taken, other, *_ = sorted(found, key=lambda mark: found[mark], reverse=True)
    doubted = found[other][:3] == (True, 1.0, 1.0) and found[taken][:3] == (True, 1.0, 1.0)
    return taken, [Message(_TWO_DELIMITERS, {"taken": _shown(taken), "other": _shown(other)})] if doubted else []


def _shown(mark: str) -> str:
    return "tab" if mark == "\t" else mark


def _agreement(text: str, mark: str, quote: str, complete: bool) -> tuple[bool, float, float, int]:
    """Whether `mark` separates anything, the share of rows of the usual width, the share of values without another mark, the width."""
    rows = [row for row in _sample_rows(text, mark, quote, complete)[0] if row]
    width = usual_width(rows)
    usual = [row for row in rows if len(row) == width]
    values = [value for row in usual for value in row if value]
    unclean = sum(_holds_another(value, mark) for value in values)
    return width > 1, len(usual) / max(1, len(rows)), 1 - unclean / max(1, len(values)), width


def _holds_another(value: str, mark: str) -> bool:
    """Whether other marks stand in a value without a space after them, and not in a number."""
    if not any(other in value for other in DELIMITERS.values() if other != mark):
        return False
    return (
        re.search(r"[,;\t|](?! )", value) is not None
        and re.fullmatch(r"[+-]?[\d.'\s]*,\d+|[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", value) is None
    )
