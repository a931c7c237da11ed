"""Dates as people write them: which text is one, and which number of `03/04/2024` is the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from detectors.reading.numbers import matches, trues

_ISO = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?$"
_ZONE = r":\d{2}(?:\.\d+)?\s?(?:Z|[+-]\d{2}:?\d{2})$"

_TIME = r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d{1,9})?))?\s?(?P<half>[AaPp])?(?:\.?[Mm]\.?)?)?$"
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?" + _TIME
_NAMED = r"^(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?[ -](?P<name>[A-Za-z]{3,9})\.?,?[ -](?P<year>\d{4})" + _TIME
_NAMED_FIRST = r"^(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})" + _TIME

#: Years of two digits only beside days and months of two: `1.2.10` is a version.
_NUMERIC = r"^(?P<first>\d{1,2})[-/.](?P<second_>\d{1,2})[-/.](?P<year>\d{4})" + _TIME
_SHORT = r"^(?P<first>\d{2})[-/.](?P<second_>\d{2})[-/.](?P<year>\d{2})" + _TIME

#: Cheap to rule out with: what every date here begins as.
_SHAPE = r"^(?:\d{1,4}[-/.年]\d|\d{1,2}(?:st|nd|rd|th)?\.?[ -][A-Za-z]{3}|[A-Za-z]{3,9}\.? \d{1,2}\D)"
_DOTS = r"^\d{1,2}\.\d{1,2}\."

MONTHS = pa.array(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])

#: Years of two digits from here on are of the twentieth century, as in POSIX.
CENTURY_TURNS = 69


@dataclass
class DateCounts:
    """How many of a column's values are dates; grows block by block."""

    fixed: int = 0
    """Dates that can be read in one way: the year first, or the month by name."""
    by_day: int = 0
    by_month: int = 0
    """Dates of three numbers that are one with the day first, and with the month first."""
    numeric: int = 0
    dotted: int = 0
    zoned: int = 0

    def look(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Counts text values; says of each whether it is a date with the day first, and with the month first."""
        shaped = matches(values, _SHAPE)
        if not pc.any(shaped).as_py():
            return shaped, shaped
        by_day = to_moments(values, day_first=True).is_valid()
        self.zoned += trues(matches(values, _ZONE))
        if pc.all(matches(values, _ISO)).as_py():
            self.fixed += trues(by_day)
            return by_day, by_day
        by_month = to_moments(values, day_first=False).is_valid()
        numeric = pc.or_(matches(values, _NUMERIC), matches(values, _SHORT))
        self.fixed += trues(pc.and_(by_day, pc.invert(numeric)))
        self.by_day += trues(pc.and_(by_day, numeric))
        self.by_month += trues(pc.and_(by_month, numeric))
        self.numeric += trues(numeric)
        self.dotted += trues(pc.and_(numeric, matches(values, _DOTS)))
        return by_day, by_month

    @property
    def is_open(self) -> bool:
        """Whether the values leave open which number is the day."""
        return self.numeric > 0 and self.by_day == self.by_month and self.dotted < self.numeric

    @property
    def says_day_first(self) -> bool:
        """What the values say where they do not leave it open: dots between the numbers are European."""
        return self.by_day >= self.by_month


def to_moments(values: pa.Array, day_first: bool) -> pa.Array:
    """The text `values` as timestamps in microseconds, in UTC where they carry a zone; null where they are no dates."""
    is_iso = matches(values, _ISO)
    moments = _iso(pc.if_else(is_iso, values, pa.scalar(None, pa.string())))
    if trues(is_iso) + values.null_count == len(values):
        return moments
    numeric = ("first", "second_") if day_first else ("second_", "first")
    for pattern, day, month in (
        (_YEAR_FIRST, "day", "month"), (_NUMERIC, *numeric), (_SHORT, *numeric), (_NAMED, "day", "name"), (_NAMED_FIRST, "day", "name"),
    ):  # fmt: skip
        found = pc.extract_regex(values, pattern)
        if found.null_count < len(found):
            moments = pc.coalesce(moments, pc.if_else(is_iso, pa.scalar(None, pa.timestamp("us")), _moments(found, day, month)))
    return moments


def _iso(values: pa.Array) -> pa.Array:
    moments = pd.to_datetime(values.to_pandas(), format="ISO8601", errors="coerce", utc=True)
    return pa.Array.from_pandas(moments).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))


def _moments(found: pa.StructArray, day_part: str, month_part: str) -> pa.Array:
    """Timestamps of the parts that a pattern found; null where there are none, or no such day or time."""
    year, day = _whole(found, "year"), _whole(found, day_part)
    month = _named_month(found) if month_part == "name" else _whole(found, month_part)
    years = np.asarray(pc.fill_null(pc.binary_length(pc.struct_field(found, "year")), 4))
    year = np.where(years == 2, year + np.where(year < CENTURY_TURNS, 2000, 1900), year)
    hour, half = _hour(found)
    minute, second = _whole(found, "minute"), _number(found, "second")
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    first, following = months.astype("datetime64[D]").astype(np.int64), (months + 1).astype("datetime64[D]").astype(np.int64)
    right = (month >= 1) & (month <= 12) & (day >= 1) & (day <= following - first) & (year >= 1) & half & (minute < 60) & (second < 60)
    seconds = (first + day - 1) * 86_400 + hour * 3600 + minute * 60
    microseconds = seconds * 1_000_000 + np.round(second * 1e6).astype(np.int64)
    missing = ~right | np.asarray(found.is_null())
    return pa.array(microseconds, mask=missing).cast(pa.timestamp("us"))


def _hour(found: pa.StructArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The hour of the day, and whether there is such an hour: from 1 to 12 where the half of the day is named."""
    hour = _whole(found, "hour")
    half = pc.fill_null(pc.utf8_lower(pc.struct_field(found, "half")), "")
    named, afternoon = np.asarray(pc.not_equal(half, "")), np.asarray(pc.equal(half, "p"))
    right = np.where(named, (hour >= 1) & (hour <= 12), hour < 24)
    return np.where(named, hour % 12 + 12 * afternoon, hour), right


def _named_month(found: pa.StructArray) -> NDArray[np.int64]:
    name = pc.utf8_slice_codeunits(pc.utf8_lower(pc.struct_field(found, "name")), 0, 3)
    return np.asarray(pc.fill_null(pc.index_in(name, MONTHS), -1)).astype(np.int64) + 1


def _whole(found: pa.StructArray, part: str) -> NDArray[np.int64]:
    return _number(found, part).astype(np.int64)


def _number(found: pa.StructArray, part: str) -> NDArray[np.float64]:
    texts = pc.fill_null(pc.struct_field(found, part), "0")
    return np.asarray(pc.if_else(pc.equal(texts, ""), "0", texts).cast(pa.float64()))
