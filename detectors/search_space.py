"""What a search for settings may vary: it follows from how the parameters are declared.

Numbers are searched from a tenth of their default to ten times as much, on a logarithmic scale and within their limits;
of choices and switches all; lists of sizes as they are, halved and doubled. Advanced parameters stay as they are. A field
that is to be searched otherwise says so (`Field.searched`): not at all, in spite of being advanced, or between limits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from detectors.params import ChoiceField, Field, IntegerField, IntegersField, NumberField, Parametrised, SwitchField

#: A number is searched from its default divided by this to its default times this.
REACH = 10

#: What the sizes of a list are multiplied by.
FACTORS = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Range:
    """A number between `low` and `high`, both possible."""

    name: str
    low: float
    high: float
    whole: bool
    logarithmic: bool


@dataclass(frozen=True)
class Options:
    """One of several values."""

    name: str
    values: tuple[Any, ...]


Dimension = Range | Options


def search_space(declared: type[Parametrised], start: Mapping[str, Any] | None = None) -> list[Dimension]:
    """What is varied of the parameters of `declared`; values of `start` are within reach, also where they are far out."""
    found = [_dimension(name, field, (start or {}).get(name, field.default)) for name, field in declared.fields.items()]
    return [dimension for dimension in found if dimension is not None]


def _dimension(name: str, field: Field, value: Any) -> Dimension | None:
    if field.searched is False or (field.searched is None and field.advanced):
        return None
    if isinstance(field, IntegerField | NumberField):
        return _range(name, field, value)
    options: tuple[Any, ...] = ()
    if isinstance(field, SwitchField):
        options = (False, True)
    elif isinstance(field, ChoiceField):
        options = field.choices
    elif isinstance(field, IntegersField):
        scaled = [_scaled(field, factor) for factor in FACTORS]
        options = tuple(dict.fromkeys([*scaled, tuple(value)]))
    return Options(name, options) if len(options) > 1 else None


def _range(name: str, field: Field, value: float) -> Range | None:
    whole = isinstance(field, IntegerField)
    if isinstance(field.searched, tuple):
        low, high = field.searched
    else:
        assert field.low is not None and field.high is not None
        low, high = max(field.low, field.default / REACH), min(field.high, field.default * REACH)
    if low >= high:  # a default of 0 stands for something else, and has no size to go by
        return None
    low, high = min(low, value), max(high, value)
    return Range(name, math.ceil(low) if whole else low, math.floor(high) if whole else high, whole, logarithmic=low > 0)


def _scaled(field: Field, factor: float) -> tuple[int, ...]:
    assert field.low is not None and field.high is not None
    return tuple(int(min(field.high, max(field.low, round(size * factor)))) for size in field.default)
