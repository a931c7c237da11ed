"""A change of a row in the data's own words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from detectors.explanations.reasons import LONGEST_QUOTE
from detectors.explanations.smallest_change import Move
from detectors.explanations.ways import MOST_DIGITS
from detectors.messages import N_, Message, shown

NUMBERS = {
    "from": N_("{column} were at least {value} (it is {actual})"),
    "to": N_("{column} were at most {value} (it is {actual})"),
    "between": N_("{column} were between {value} and {until} (it is {actual})"),
    "is": N_("{column} were {value} (it is {actual})"),
}
DATES = {
    "from": N_("{column} were {value} or later (it is {actual})"),
    "to": N_("{column} were {value} or earlier (it is {actual})"),
}


def column_change(column: str, move: Move, actual: Any, *, dates: bool) -> Message:
    """A column with another value: an edge that a number has to reach, or the value it has to have; dates in seconds since 1970."""
    if pd.isna(actual):
        return Message(N_("{column} were {value} (it is missing)"), {"column": column, "value": _text(move.value, dates)})
    values = {"column": column, "value": _text(move.value, dates), "actual": _actual(actual, move.value, dates)}
    if move.until is not None:
        low, high = sorted((float(move.value), move.until))
        return Message(NUMBERS["between"], values | {"value": _text(low, dates), "until": _text(high, dates)})
    return Message({**NUMBERS, **(DATES if dates else {})}[_way(move)], values)


def _way(move: Move) -> str:
    if move.only_this or move.way.start is None:
        return "is"
    return "from" if move.value > move.way.start else "to"


def _text(value: Any, dates: bool) -> str:
    """A value with as many digits as it has: rounded by four, it might not be enough any longer."""
    if dates:
        moment = value if isinstance(value, pd.Timestamp) else pd.Timestamp(float(value), unit="s")
        return str(moment.date()) if moment == moment.normalize() else str(moment.round("s"))
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | float | np.integer | np.floating):
        number = float(value)
        return shown(int(value)) if number.is_integer() and abs(number) < 1e15 else _number(number)
    text = str(value)
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def _actual(actual: Any, value: Any, dates: bool) -> str:
    """What is there, with four digits as everywhere, unless it would read like `value` then."""
    text, other = _text(actual, dates), _text(value, dates)
    if isinstance(actual, float | np.floating) and not float(actual).is_integer() and (rounded := shown(float(actual))) != other:
        return rounded
    return text


def _number(value: float) -> str:
    texts = [f"{value:,.{digits}g}" for digits in range(4, MOST_DIGITS + 1)]
    return next((text for text in texts if float(text.replace(",", "")) == value), texts[-1]).replace(",", "\u202f")
