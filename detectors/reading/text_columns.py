"""Decides what a column of text holds, and turns it into that.

A column is of a type when nearly all of its values read as that type; the few others become missing and are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from detectors.messages import N_, Message
from detectors.reading.dates import DateCounts, to_moments
from detectors.reading.names import visible
from detectors.reading.numbers import DIGITS, NUMBER, WHOLE, NumberCounts, count, matches, plain_of
from detectors.reading.options import AUTO, ReadingOptions

#: Words that say that something is missing where they stand among numbers or dates; elsewhere they may be words.
MISSING_AMONG_NUMBERS = pa.array([
    "-", "--", "---", "–", "—", ".", "..", "...", "*", "/", "n/a", "n.a.", "N.A.", "na", "Na", "NULL!", "nil", "none", "NONE",
    "missing", "Missing", "MISSING", "unknown", "Unknown", "UNKNOWN", "undefined", "#N/A", "#NA", "#NULL!", "#VALUE!", "#DIV/0!", "#REF!",
    "#NAME?", "#NUM!", "<NA>", "NaT", "k.A.", "k. A.", "s/d", "s.d.", "无", "缺失", "空", "暂无", "未知",
])  # fmt: skip

#: Share of the values that must read as numbers or dates; below it the column is text.
NEARLY_ALL = 0.99

#: From this share on, a text column is so nearly one of numbers that the analyst should know what spoils it.
MOSTLY = 0.5

#: A column of whole numbers is one of codes when more than this share of them begins with a zero that a number would lose.
#: Random digits do so in every tenth; so few as a hundredth are slips of the pen.
ZERO_LED = 0.01

_BOOLEAN = r"^(?i:true|false)$"

_ODD_NUMBER = N_("{odd} of {filled} values in `{column}` are not numbers and count as missing; the first is in row {row}: `{value}`.")
_ONE_ODD_NUMBER = N_("1 of {filled} values in `{column}` is not a number and counts as missing: row {row}, `{value}`.")
_ODD_POINTS = N_("{odd} of {filled} values in `{column}` have a point where a decimal comma was expected, and count as missing.")
_ODD_DATE = N_("{odd} of {filled} values in `{column}` are not dates and count as missing; the first is in row {row}: `{value}`.")
_ONE_ODD_DATE = N_("1 of {filled} values in `{column}` is not a date and counts as missing: row {row}, `{value}`.")
_TEXT = N_("`{column}` is text, because {odd} of its {filled} values are not numbers; the first is in row {row}: `{value}`.")
_WORDS = N_("Words for missing in `{column}`: {words}; {count} in all.")
_COMMA = N_("`{column}` has decimal commas; `1,5` was read as 1.5.")
_APART = N_("`{column}` has its thousands set apart; `1,234` was read as 1234.")
_DOTS_APART = N_("`{column}` has points between its thousands; `1.234` was read as 1234.")
_LONG_TEXT = N_("`{column}` holds whole numbers of more than 18 digits. It is kept as text, because a number would lose the last of them.")
_CODES = N_("`{column}` has numbers that begin with 0, such as `{value}`; it was kept as text.")
_LONG_NUMBER = N_("{long} values in `{column}` have more than 18 digits; as numbers they keep the first 15.")
_ZONED = N_("The times in `{column}` carry a time zone; they were turned into UTC.")
_DAY_FIRST = N_("The dates in `{column}` have the day first.")
_MONTH_FIRST = N_("The dates in `{column}` have the month first.")
_DOUBTED_COMMA = N_(
    "The numbers in `{column}` can be read in two ways: `1,234` as 1.234 or as 1234. They were read with a decimal comma; "
    "choose the decimal mark if that is wrong."
)
_DOUBTED_POINT = N_(
    "The numbers in `{column}` can be read in two ways: `1,234` as 1234 or as 1.234. The comma was taken to set thousands apart; "
    "choose the decimal mark if that is wrong."
)
_DOUBTED_DOT = N_(
    "The numbers in `{column}` can be read in two ways: `1.234` as 1.234 or as 1234. They were read with a decimal point; "
    "choose the decimal mark if that is wrong."
)
_DOUBTED_DATE = N_(
    "The dates in `{column}` do not say whether the day or the month comes first. They were read with the day first; "
    "choose the other order if that is wrong."
)


def without_missing(values: pa.Array, words: pa.Array) -> pa.Array:
    """The values without spaces around them, and null where they are one of the `words` that say that something is missing."""
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.is_in(trimmed, value_set=words), pa.scalar(None, pa.string()), trimmed)


@dataclass
class Odd:
    """The first value that does not read as a type, and its row, counted from 1."""

    row: int = 0
    value: str = ""


@dataclass
class Evidence:
    """How many of a column's values read as each type; grows block by block."""

    filled: int = 0
    booleans: int = 0
    numbers: NumberCounts = field(default_factory=NumberCounts)
    dates: DateCounts = field(default_factory=DateCounts)
    words: Counter[str] = field(default_factory=Counter)
    """Those of `MISSING_AMONG_NUMBERS`, and how often."""
    odd: dict[str, Odd] = field(default_factory=dict)

    def look(self, values: pa.Array, first_row: int) -> None:
        """Counts the `values` (text, null where missing), the first of which stands in `first_row`."""
        filled = len(values) - values.null_count
        before, self.filled = self.filled, self.filled + filled
        if not filled:
            return
        # A column of decimals is the usual case, and looking for a point is much cheaper than a pattern.
        decimals = pc.all(pc.match_substring(values, ".")).as_py()
        whole = 0 if decimals else count(values, WHOLE)
        digits = whole if decimals or whole == filled else count(values, DIGITS)
        if whole == filled:
            self.numbers.look_at_plain(values, filled, whole, digits)
            return
        fits = pc.fill_null(pc.match_substring_regex(values, NUMBER), True).to_numpy(zero_copy_only=False)
        plain = int(fits.sum()) - values.null_count
        self.numbers.look_at_plain(values, plain, whole, digits)
        if plain < filled:
            others = np.flatnonzero(~fits)
            self._look_at_others(values.take(pa.array(others)) if len(others) < len(values) else values, others + first_row, before)

    def _look_at_others(self, values: pa.Array, rows: NDArray[np.intp], before: int) -> None:
        """Counts values that are no plain numbers, and stand in these `rows`."""
        if self.booleans == before:
            self.booleans += count(values, _BOOLEAN)
        is_word = pc.is_in(values, value_set=MISSING_AMONG_NUMBERS)
        if pc.any(is_word).as_py():
            for found in pc.value_counts(values.filter(is_word)).to_pylist():
                self.words[found["values"]] += found["counts"]
            values, rows = values.filter(pc.invert(is_word)), rows[~np.asarray(is_word)]
            if not len(values):
                return
        grouped, comma = self.numbers.look_at_others(values)
        by_day, by_month = self.dates.look(values)
        for reading, fits in (("point", grouped), ("comma", comma), ("day", by_day), ("month", by_month)):
            self._keep_first_odd(reading, values, fits, rows)

    def _keep_first_odd(self, reading: str, values: pa.Array, fits: pa.Array, rows: NDArray[np.intp]) -> None:
        if reading not in self.odd and not (mask := np.asarray(fits)).all():
            place = int(np.argmin(mask))
            self.odd[reading] = Odd(int(rows[place]), visible(values[place].as_py())[:100])

    @property
    def usable(self) -> int:
        """Values that are no words for missing."""
        return self.filled - self.words.total()

    @property
    def enough(self) -> float:
        """So many values must read as a type; more than there are where there are none."""
        return NEARLY_ALL * self.usable if self.usable else 1


@dataclass(frozen=True)
class Manner:
    """How numbers and dates of a file are to be taken where a column leaves it open."""

    decimal: str = AUTO
    dates: str = AUTO
    usual_decimal: str | None = None
    """What the other columns say: ``point``, ``comma`` or None."""
    usual_dates: str | None = None
    """What the other columns say: ``day_first``, ``month_first`` or None."""
    semicolons: bool = False
    native: bool = False
    """Numbers were numbers before they became text: a point among them is a decimal point."""

    @classmethod
    def of(cls, options: ReadingOptions, evidence: Sequence[Evidence], *, semicolons: bool, native: bool) -> Manner:
        """What `options` say, and what those columns say that leave nothing open."""
        numbers = [
            found.numbers
            for found in evidence
            if found.usable and max(found.numbers.with_points, found.numbers.with_commas) >= found.enough
        ]
        dates = [found.dates for found in evidence if found.dates.numeric and not found.dates.is_open]
        comma, point = any(found.says_comma for found in numbers), any(found.says_point for found in numbers)
        day, month = any(found.says_day_first for found in dates), any(not found.says_day_first for found in dates)
        return cls(
            options.decimal, options.dates, None if comma == point else "comma" if comma else "point",
            None if day == month else "day_first" if day else "month_first", semicolons, native,
        )  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column whose type is decided. `convert` makes it of text: null where a value does not read as it."""

    name: str
    type: pa.DataType
    convert: Callable[[pa.Array], pa.Array]
    notes: tuple[Message, ...] = ()
    doubts: tuple[Message, ...] = ()
    decimal: str | None = None
    """``comma`` or ``point`` where that was the question."""
    dates: str | None = None
    """``day_first`` or ``month_first`` where that was the question."""


def decide(name: str, found: Evidence, manner: Manner) -> Column:
    """The type that nearly all values of the column `name` read as, with notes on those that do not."""
    if found.filled and found.booleans == found.filled:
        return Column(name, pa.bool_(), lambda values: pc.equal(pc.utf8_lower(values), "true"))
    if found.usable:
        for decided in (_numbers(name, found, manner), _dates(name, found, manner)):
            if decided is not None:
                return decided
    spoilt = found.filled and max(found.numbers.with_points, found.numbers.with_commas) >= MOSTLY * found.filled
    notes = (_spoiled(_TEXT, "point", name, found, found.numbers.with_points),) if spoilt and "point" in found.odd else ()
    return Column(name, pa.string(), lambda values: values, notes)


def _numbers(name: str, found: Evidence, manner: Manner) -> Column | None:
    numbers = found.numbers
    decimal, doubt = _decimal(numbers, manner)
    fitting = numbers.with_commas if decimal == "comma" else numbers.with_points
    if fitting < found.enough:
        return None
    if numbers.digits >= found.enough and numbers.zero_led > ZERO_LED * found.usable:
        codes = Message(_CODES, {"column": name, "value": visible(numbers.first_zero_led)[:100]})
        return Column(name, pa.string(), lambda values: values, (codes,))
    if (numbers.digits - numbers.whole) >= MOSTLY * found.filled:
        return Column(name, pa.string(), lambda values: values, (Message(_LONG_TEXT, {"column": name}),))
    notes = [*_words(name, found), *_odd_notes(decimal, name, found, fitting)]
    doubts = (Message(doubt, {"column": name}),) if doubt else ()
    if long := numbers.digits - numbers.whole:
        notes.append(Message(_LONG_NUMBER, {"column": name, "long": long}))
    if decimal == "point" and not numbers.grouped:
        kept = pa.int64() if numbers.whole == numbers.plain else pa.float64()
        return Column(name, kept, lambda values: _plain(values, kept), tuple(notes), doubts, "point" if doubt else None)
    fractions = numbers.comma_fractions if decimal == "comma" else numbers.grouped_fractions + numbers.plain - numbers.digits
    kept = pa.float64() if fractions or long else pa.int64()
    told = _APART if decimal == "point" else _COMMA if numbers.marked else _DOTS_APART
    return Column(
        name, kept, lambda values: plain_of(values, decimal == "comma").cast(kept),
        (Message(told, {"column": name}), *notes), doubts, decimal,
    )  # fmt: skip


def _decimal(numbers: NumberCounts, manner: Manner) -> tuple[str, str | None]:
    """The decimal mark of a column, and what is to be doubted about it."""
    unmarked = not numbers.comma and not numbers.dotted
    if (manner.native and not numbers.marked) or (unmarked and numbers.plain == numbers.digits):
        return "point", None
    if manner.decimal != AUTO:
        return manner.decimal, None
    if numbers.with_commas != numbers.with_points:
        return ("comma" if numbers.with_commas > numbers.with_points else "point"), None
    if numbers.marked or numbers.may_be_thousands:
        return _open_decimal(numbers, manner)
    return "point", None


def _open_decimal(numbers: NumberCounts, manner: Manner) -> tuple[str, str | None]:
    """As `_decimal`, where every value can be read in both ways: as the other columns say, else as is usual where semicolons are."""
    if manner.usual_decimal is not None:
        return manner.usual_decimal, None
    if numbers.marked:
        return ("comma", _DOUBTED_COMMA) if manner.semicolons else ("point", _DOUBTED_POINT)
    return "point", _DOUBTED_DOT if manner.semicolons else None


def _dates(name: str, found: Evidence, manner: Manner) -> Column | None:
    dates = found.dates
    order, doubt = _order(dates, manner)
    fitting = dates.fixed + (dates.by_day if order == "day_first" else dates.by_month)
    if fitting < found.enough:
        return None
    notes = [*([Message(_ZONED, {"column": name})] if dates.zoned else []), *_words(name, found)]
    if dates.numeric and not doubt:
        notes.append(Message(_DAY_FIRST if order == "day_first" else _MONTH_FIRST, {"column": name}))
    notes += _odd_notes(order.removesuffix("_first"), name, found, fitting)
    doubts = (Message(_DOUBTED_DATE, {"column": name}),) if doubt else ()
    return Column(
        name, pa.timestamp("us"), lambda values: to_moments(values, order == "day_first"), tuple(notes), doubts,
        dates=order if dates.numeric else None,
    )  # fmt: skip


def _order(dates: DateCounts, manner: Manner) -> tuple[str, bool]:
    """Whether the day or the month is first, and whether that is to be doubted."""
    if manner.dates != AUTO:
        return manner.dates, False
    if not dates.is_open:
        return ("day_first" if dates.says_day_first else "month_first"), False
    if manner.usual_dates is not None:
        return manner.usual_dates, False
    return "day_first", True


def _plain(values: pa.Array, kept: pa.DataType) -> pa.Array:
    converted = _cast(values, kept)
    if converted is None:
        fitting = pc.if_else(matches(values, WHOLE if pa.types.is_integer(kept) else NUMBER), values, pa.scalar(None, pa.string()))
        converted = pc.replace_substring_regex(fitting, r"^\+", "").cast(kept)
    return converted


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


def _words(name: str, found: Evidence) -> list[Message]:
    if not found.words:
        return []
    listed = ", ".join(word for word, _ in found.words.most_common(5))
    return [Message(_WORDS, {"count": found.words.total(), "column": name, "words": listed})]


def _odd_notes(reading: str, name: str, found: Evidence, fitting: int) -> list[Message]:
    odd = found.usable - fitting
    if not odd:
        return []
    if reading not in found.odd:  # plain numbers, of which no odd one was kept
        return [Message(_ODD_POINTS, {"odd": odd, "filled": found.filled, "column": name})]
    many, one = (_ODD_NUMBER, _ONE_ODD_NUMBER) if reading in {"point", "comma"} else (_ODD_DATE, _ONE_ODD_DATE)
    return [_spoiled(one if odd == 1 else many, reading, name, found, fitting)]


def _spoiled(template: str, reading: str, name: str, found: Evidence, fitting: int) -> Message:
    odd = found.odd[reading]
    values = {"odd": found.usable - fitting, "filled": found.filled, "column": name, "row": odd.row, "value": odd.value}
    return Message(template, values)
