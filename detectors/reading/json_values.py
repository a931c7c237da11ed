"""Takes JSON apart value by value, so that a long list of records never lies in memory as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn, TextIO

from detectors.errors import DataError
from detectors.messages import N_
from detectors.reading import progress

CHUNK_LENGTH = 1 << 20

#: A value longer than this, in characters, is no record of a table.
LONGEST_RECORD = 256 << 20

#: An error so near the end of what was read may only mean that the rest was not read yet.
NEAR_THE_END = 64

_BLANK = re.compile(r"[\s]*")

_BROKEN = N_("`{name}` is no whole JSON: line {line}, column {column}: {reason}. Mend it there, or export it again.")
_DEEP = N_("`{name}`: the value that begins on line {line} is nested too deeply. Save the records as flat JSON or CSV.")
_LONG = N_("`{name}`: the value that begins on line {line} has more than {most} MB. Save the records as JSON lines, one a line.")
_DIGITS = N_("`{name}`: the value that begins on line {line} holds a number of thousands of digits. Save it as text.")


class JsonValues:
    """The values in a text, in their order: the items of a list, or values one after another."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._buffer, self._place, self._line, self._column = "", 0, 1, 1
        self._ended = False
        self._decode = json.JSONDecoder().raw_decode
        self.is_list = False
        self.taken = 0
        """Values one after another that were taken so far; the items of a list do not count."""

    def __iter__(self) -> Iterator[Any]:
        progress.begin("checking", self._path.stat().st_size)
        with TextIOWrapper(progress.counted(self._path.open("rb")), encoding="utf-8-sig") as stream:
            if self._skip(stream) == "[":
                self.is_list = True
                yield from self._items(stream)
            while self._skip(stream):
                self.taken += 1
                yield self._value(stream)

    def _items(self, stream: TextIO) -> Iterator[Any]:
        self._place += 1
        if self._skip(stream) == "]":
            self._place += 1
            return
        while True:
            self._skip(stream)
            yield self._value(stream)
            sign = self._skip(stream)
            if sign not in (",", "]"):
                self._refuse(self._where(self._place), "expected a comma or the end of the list" if sign else "the list does not end")
            self._place += 1
            if sign == "]":
                return

    def _skip(self, stream: TextIO) -> str:
        """The next sign that is not blank; empty at the end."""
        while True:
            found = _BLANK.match(self._buffer, self._place)
            assert found is not None
            self._place = found.end()
            if self._place < len(self._buffer):
                return self._buffer[self._place]
            if not self._more(stream):
                return ""

    def _value(self, stream: TextIO) -> Any:
        while True:
            try:
                value, end = self._decode(self._buffer, self._place)
            except json.JSONDecodeError as error:
                place = self._where(error.pos)
                cut = error.pos > len(self._buffer) - NEAR_THE_END or error.msg.startswith("Unterminated")
                if not (cut and self._more(stream)):
                    self._refuse(place, error.msg.lower())
                continue
            except RecursionError as error:
                raise DataError(_DEEP, name=self._name, line=self._where(self._place)[0]) from error
            except ValueError as error:
                raise DataError(_DIGITS, name=self._name, line=self._where(self._place)[0]) from error
            # A bare number may go on in what was not read yet.
            if end == len(self._buffer) and self._more(stream):
                continue
            self._place = end
            return value

    def _more(self, stream: TextIO) -> bool:
        """Reads on, letting go of what was used; as much again as is waiting, so that long values cost no more than twice."""
        if self._ended:
            return False
        waiting = len(self._buffer) - self._place
        if waiting > LONGEST_RECORD:
            raise DataError(_LONG, name=self._name, line=self._where(self._place)[0], most=LONGEST_RECORD >> 20)
        text = stream.read(max(CHUNK_LENGTH, waiting))
        self._ended = not text
        self._line, self._column = self._where(self._place)
        self._buffer, self._place = self._buffer[self._place :] + text, 0
        return bool(text)

    def _where(self, place: int) -> tuple[int, int]:
        """Line and column of a place in the buffer, counted from 1."""
        lines = self._buffer.count("\n", 0, place)
        column = place - self._buffer.rfind("\n", 0, place) if lines else self._column + place
        return self._line + lines, column

    def _refuse(self, place: tuple[int, int], reason: str) -> NoReturn:
        raise DataError(_BROKEN, name=self._name, line=place[0], column=place[1], reason=reason)
