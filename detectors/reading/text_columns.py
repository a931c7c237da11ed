"""Decides what a column of text holds, and turns it into that.

A column is of a type when nearly all of its values read as that type; the few others become missing and are told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from detectors.messages import N_, Message

#: Words that say a value is missing.
MISSING = pa.array(["", "NA", "N/A", "nan", "NaN", "null", "NULL", "None", "?"])

#: Share of the values that must read as numbers or dates; below it the column is text.
NEARLY_ALL = 0.99

#: From this share on, a text column is so nearly one of numbers that the analyst should know what spoils it.
MOSTLY = 0.5

_WHOLE = r"^[+-]?\d{1,18}$"
_DIGITS = r"^[+-]?\d+$"
_NUMBER = r"^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?i:inf(?:inity)?))$"
_COMMA_NUMBER = r"^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?$"
_BOOLEAN = r"^(?i:true|false)$"
_DATE = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?$"
_ZONE = r":\d{2}(?:\.\d+)?\s?(?:Z|[+-]\d{2}:?\d{2})$"

_ODD_NUMBER = N_("{odd} of {filled} values in `{column}` are not numbers and count as missing; the first is in row {row}: `{value}`.")
_ONE_ODD_NUMBER = N_("1 of {filled} values in `{column}` is not a number and counts as missing: row {row}, `{value}`.")
_ODD_DATE = N_("{odd} of {filled} values in `{column}` are not dates and count as missing; the first is in row {row}: `{value}`.")
_ONE_ODD_DATE = N_("1 of {filled} values in `{column}` is not a date and counts as missing: row {row}, `{value}`.")
_TEXT = N_("`{column}` is text, because {odd} of its {filled} values are not numbers; the first is in row {row}: `{value}`.")
_COMMA = N_("`{column}` has decimal commas; `1,5` was read as 1.5.")
_LONG_TEXT = N_("`{column}` holds whole numbers of more than 18 digits. It is kept as text, because a number would lose the last of them.")
_LONG_NUMBER = N_("{long} values in `{column}` have more than 18 digits; as numbers they keep the first 15.")
_ZONED = N_("The times in `{column}` carry a time zone; they were turned into UTC.")


def without_missing(values: pa.Array) -> pa.Array:
    """The values without spaces around them, and null where they say that something is missing."""
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.is_in(trimmed, value_set=MISSING), pa.scalar(None, pa.string()), trimmed)


@dataclass
class Odd:
    """The first value that does not read as a type, and its row, counted from 1."""

    row: int = 0
    value: str = ""


@dataclass
class Evidence:
    """How many of a column's values read as each type; grows block by block."""

    decimal_comma: bool = False
    filled: int = 0
    whole: int = 0
    digits: int = 0
    numbers: int = 0
    comma_numbers: int = 0
    booleans: int = 0
    dates: int = 0
    zoned: int = 0
    odd: dict[str, Odd] = field(default_factory=dict)

    def look(self, values: pa.Array, first_row: int) -> None:
        """Counts the `values` (text, null where missing), the first of which stands in `first_row`."""
        filled = len(values) - values.null_count
        before, self.filled = self.filled, self.filled + filled
        if not filled:
            return
        # A column of decimals is the usual case, and looking for a point is much cheaper than a pattern.
        decimals = pc.all(pc.match_substring(values, ".")).as_py()
        whole = 0 if decimals else _count(values, _WHOLE)
        self.whole += whole
        self.digits += whole if decimals or whole == filled else _count(values, _DIGITS)
        numbers = filled if whole == filled else self._fitting("number", values, _fits(values, _NUMBER), first_row)
        self.numbers += numbers
        if numbers < filled:
            self.booleans += _count(values, _BOOLEAN) if self.booleans == before else 0
            self._look_for_dates(values, first_row)
        if self.decimal_comma:
            self.comma_numbers += self._fitting("comma number", values, _fits(values, _COMMA_NUMBER), first_row)

    def _look_for_dates(self, values: pa.Array, first_row: int) -> None:
        shaped = _count(values, _DATE)
        fits = pc.or_(_dates(values).is_valid(), values.is_null()) if shaped else values.is_null()
        self.dates += self._fitting("date", values, fits, first_row)
        self.zoned += _count(values, _ZONE) if shaped else 0

    def _fitting(self, kind: str, values: pa.Array, fits: pa.Array, first_row: int) -> int:
        """How many values fit; keeps the first that does not. Missing ones fit, but are not counted."""
        mask = fits.to_numpy(zero_copy_only=False)
        if kind not in self.odd and not mask.all():
            place = int(np.argmin(mask))
            self.odd[kind] = Odd(first_row + place, values[place].as_py()[:100])
        return int(mask.sum()) - values.null_count


@dataclass(frozen=True)
class Column:
    """A column whose type is decided."""

    name: str
    type: pa.DataType
    notes: tuple[Message, ...] = ()
    decimal_comma: bool = False

    def convert(self, values: pa.Array) -> pa.Array:
        """The text `values` as this column's type; null where they do not read as it."""
        if pa.types.is_string(self.type):
            return values
        if pa.types.is_timestamp(self.type):
            return _dates(values)
        if pa.types.is_boolean(self.type):
            return pc.equal(pc.utf8_lower(values), "true")
        if self.decimal_comma:
            values = pc.replace_substring(pc.replace_substring(values, ".", ""), ",", ".")
        converted = _cast(values, self.type)
        if converted is None:
            pattern = _WHOLE if pa.types.is_integer(self.type) else _NUMBER
            fitting = pc.if_else(pc.match_substring_regex(values, pattern), values, pa.scalar(None, pa.string()))
            converted = pc.replace_substring_regex(fitting, r"^\+", "").cast(self.type)
        return converted


def decide(name: str, found: Evidence) -> Column:
    """The type that nearly all values of the column `name` read as, with notes on those that do not."""
    enough = NEARLY_ALL * found.filled
    if not found.filled:
        return Column(name, pa.string())
    if found.booleans == found.filled:
        return Column(name, pa.bool_())
    if found.numbers >= enough:
        return _number_column(name, found)
    if found.decimal_comma and found.comma_numbers >= enough:
        notes = (Message(_COMMA, {"column": name}), *_odd_notes("comma number", name, found, found.comma_numbers))
        return Column(name, pa.float64(), notes, decimal_comma=True)
    if found.dates >= enough:
        zoned = (Message(_ZONED, {"column": name}),) if found.zoned else ()
        return Column(name, pa.timestamp("us"), (*zoned, *_odd_notes("date", name, found, found.dates)))
    mostly = found.numbers >= MOSTLY * found.filled
    return Column(name, pa.string(), (_spoiled(_TEXT, "number", name, found, found.numbers),) if mostly else ())


def _number_column(name: str, found: Evidence) -> Column:
    notes = _odd_notes("number", name, found, found.numbers)
    long = found.digits - found.whole
    if long >= MOSTLY * found.filled:
        return Column(name, pa.string(), (Message(_LONG_TEXT, {"column": name}),))
    if long:
        notes = (*notes, Message(_LONG_NUMBER, {"column": name, "long": long}))
    return Column(name, pa.int64() if found.whole == found.numbers else pa.float64(), notes)


def _odd_notes(kind: str, name: str, found: Evidence, fitting: int) -> tuple[Message, ...]:
    odd = found.filled - fitting
    many, one = (_ODD_DATE, _ONE_ODD_DATE) if kind == "date" else (_ODD_NUMBER, _ONE_ODD_NUMBER)
    return (_spoiled(one if odd == 1 else many, kind, name, found, fitting),) if odd else ()


def _spoiled(template: str, kind: str, name: str, found: Evidence, fitting: int) -> Message:
    odd = found.odd[kind]
    values = {"odd": found.filled - fitting, "filled": found.filled, "column": name, "row": odd.row, "value": odd.value}
    return Message(template, values)


def _cast(values: pa.Array, wanted: pa.DataType) -> pa.Array | None:
    """The values as `wanted`, or None where one of them does not read as it (Arrow cannot say which).

    Arrow also takes hexadecimal for whole numbers; in a table ``0x1F`` is a code.
    """
    try:
        converted = values.cast(wanted)
    except pa.ArrowInvalid:
        return None
    hexadecimal = pa.types.is_integer(wanted) and pc.any(pc.match_substring(values, "0x", ignore_case=True)).as_py()
    return None if hexadecimal else converted


def _fits(values: pa.Array, pattern: str) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(values, pattern), True)


def _count(values: pa.Array, pattern: str) -> int:
    return pc.sum(pc.match_substring_regex(values, pattern)).as_py() or 0


def _dates(values: pa.Array) -> pa.Array:
    fitting = pc.if_else(pc.match_substring_regex(values, _DATE), values, pa.scalar(None, pa.string()))
    moments = pd.to_datetime(fitting.to_pandas(), format="ISO8601", errors="coerce", utc=True)
    return pa.Array.from_pandas(moments).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
