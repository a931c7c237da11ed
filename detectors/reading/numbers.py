"""Which numbers a column of text holds: plain ones, ones with thousands set apart, or ones with decimal commas.

`1,234` can be read in two ways. Values that can be read in one way only decide for the others of their column.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

WHOLE = r"^[+-]?\d{1,18}$"
DIGITS = r"^[+-]?\d+$"
NUMBER = r"^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?i:inf(?:inity)?))$"

#: Digits that a number would lose the first of: postal codes, account numbers. Two digits are months, days and hours.
ZERO_LED = r"^0\d{2,}$"

#: Spaces of every width and apostrophes set thousands apart in some countries.
_APART = r"'’ \x{00a0}\x{2009}\x{202f}"
_GROUPED = rf"^[+-]?\d{{1,3}}(?:[,{_APART}]\d{{3}})+(?:\.\d*)?$"
_COMMA = rf"^[+-]?(?:(?:\d+|\d{{1,3}}(?:[.{_APART}]\d{{3}})+)(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?$"
_SHAPE = rf"^[+-]?[\d,][\d.,{_APART}]*(?:[eE][+-]?\d+)?$"

#: A plain number that may as well be thousands: 1.234, but not 0.234 nor 1.25.
_DOTTED = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"

_FRACTION = r",\d"


@dataclass
class NumberCounts:
    """How many of a column's values read as numbers in each way; grows block by block."""

    plain: int = 0
    whole: int = 0
    """Plain ones that fit into 18 digits, and"""
    digits: int = 0
    """those that are digits alone, however many."""
    zero_led: int = 0
    """Those that begin with a zero which a number would lose, and"""
    first_zero_led: str = ""
    """the first of them."""
    dotted: int = 0
    """Plain ones with a point that may be one between thousands; counted only until one is met that may not."""
    grouped: int = 0
    comma: int = 0
    """Others that read with thousands set apart, and with decimal commas: `1,234` counts in both."""
    only_grouped: int = 0
    only_comma: int = 0
    marked: int = 0
    """Others that hold a comma."""
    comma_fractions: int = 0
    grouped_fractions: int = 0

    def look_at_plain(self, values: pa.Array, plain: int, whole: int, digits: int) -> None:
        """Counts values `plain` of which read as plain numbers."""
        points = self.plain - self.digits
        if plain > digits and self.dotted == points:
            self.dotted += count(values, _DOTTED)
        if digits:
            self._look_for_zeros(values)
        self.plain, self.whole, self.digits = self.plain + plain, self.whole + whole, self.digits + digits

    def _look_for_zeros(self, values: pa.Array) -> None:
        begin = values.filter(pc.starts_with(values, "0"))  # few do, and this is much cheaper than a pattern
        if len(begin) and len(led := begin.filter(pc.match_substring_regex(begin, ZERO_LED))):
            self.zero_led += len(led)
            self.first_zero_led = self.first_zero_led or led[0].as_py()

    def look_at_others(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Counts values that are no plain numbers; says of each whether it reads with thousands set apart, and with commas."""
        shaped = matches(values, _SHAPE)
        if not pc.any(shaped).as_py():
            return shaped, shaped
        grouped, comma = pc.and_(shaped, matches(values, _GROUPED)), pc.and_(shaped, matches(values, _COMMA))
        both = trues(pc.and_(grouped, comma))
        self.grouped, self.comma = self.grouped + trues(grouped), self.comma + trues(comma)
        self.only_grouped, self.only_comma = self.only_grouped + trues(grouped) - both, self.only_comma + trues(comma) - both
        self.marked += trues(pc.and_(shaped, pc.match_substring(values, ",")))
        self.comma_fractions += trues(pc.and_(comma, matches(values, _FRACTION)))
        self.grouped_fractions += trues(pc.and_(grouped, pc.match_substring(values, ".")))
        return grouped, comma

    @property
    def with_points(self) -> int:
        """How many values are numbers when the point is the decimal mark."""
        return self.plain + self.grouped

    @property
    def with_commas(self) -> int:
        """How many values are numbers when the comma is the decimal mark."""
        return self.digits + self.dotted + self.comma

    @property
    def may_be_thousands(self) -> bool:
        """Whether every point among the plain numbers may be one between thousands."""
        return 0 < self.plain - self.digits == self.dotted

    @property
    def says_point(self) -> bool:
        return bool(self.only_grouped) or self.plain - self.digits > self.dotted

    @property
    def says_comma(self) -> bool:
        return bool(self.only_comma)


def plain_of(values: pa.Array, decimal_comma: bool) -> pa.Array:
    """Numbers as Arrow casts them: no thousands set apart, a decimal point; null where the value is no such number."""
    pattern = _COMMA if decimal_comma else f"(?:{NUMBER})|(?:{_GROUPED})"
    fitting = pc.if_else(matches(values, pattern), values, pa.scalar(None, pa.string()))
    bare = pc.replace_substring_regex(fitting, rf"[{'.' if decimal_comma else ','}{_APART}]", "")
    return pc.replace_substring(bare, ",", ".") if decimal_comma else bare


def matches(values: pa.Array, pattern: str) -> pa.Array:
    """Whether each value matches; a missing one does not."""
    return pc.fill_null(pc.match_substring_regex(values, pattern), False)


def trues(mask: pa.Array) -> int:
    return pc.sum(mask).as_py() or 0


def count(values: pa.Array, pattern: str) -> int:
    return trues(pc.match_substring_regex(values, pattern))
