"""A position of the threshold: what gives its cut-offs, before it is applied to scores. Small enough for a URL."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

#: What a position is called in a URL.
RULE, VALUE, MORE, COLUMN, BY_HAND = "rule", "at", "more", "by", "own"
NAMES = (RULE, VALUE, MORE, COLUMN, BY_HAND)

#: Characters of a URL's value; what is longer was not written here.
LONGEST = 20_000

Numbers = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Position:
    """A rule with its parameters, and the column whose values have cut-offs of their own."""

    rule: str
    value: float
    more: Numbers = ()
    """What the rule is given besides its value, by name."""
    column: str | None = None
    """The column whose values are segments; None: one cut-off for all rows."""
    by_hand: Numbers = ()
    """Segments whose cut-off was set by hand, each with it."""

    @classmethod
    def of(cls, kept: Any) -> Position:
        """The position of a threshold's record."""
        segments = kept.segments or {}
        return cls(kept.rule, float(kept.value), _numbers(kept.more), segments.get("column"), _numbers(segments.get("by_hand")))

    def with_rule(self, rule: str, value: float, more: Mapping[str, float] | None = None) -> Position:
        """Another rule, for the same segments; one that is set by hand stays."""
        return replace(self, rule=rule, value=float(value), more=_numbers(more))

    def with_segments(self, column: str | None) -> Position:
        """The same rule for the segments of a column, or for all rows; nothing set by hand is left."""
        return replace(self, column=column, by_hand=())

    def with_own(self, segment: str, cut_off: float | None) -> Position:
        """The cut-off of one segment set by hand, or (None) by the rule again."""
        others = {name: value for name, value in self.by_hand if name != segment}
        return replace(self, by_hand=_numbers(others if cut_off is None else {**others, segment: cut_off}))

    def to_url(self) -> dict[str, str]:
        values = {RULE: self.rule, VALUE: f"{self.value!r}", MORE: _json(self.more), COLUMN: self.column, BY_HAND: _json(self.by_hand)}
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_url(cls, values: Mapping[str, str]) -> Position | None:
        """The position that a URL names; None where it names none, or none that can be read."""
        try:
            value = float(values[VALUE])
            more, by_hand = (_numbers(json.loads(values.get(name, "{}")[:LONGEST])) for name in (MORE, BY_HAND))
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
            return None
        known = RULE in values and math.isfinite(value) and all(math.isfinite(number) for _, number in more + by_hand)
        column = values.get(COLUMN) or None
        return cls(values[RULE], value, more, column, by_hand if column else ()) if known else None


def _numbers(named: Mapping[str, Any] | None) -> Numbers:
    return tuple(sorted((str(name), float(value)) for name, value in (named or {}).items()))


def _json(numbers: Numbers) -> str | None:
    return json.dumps(dict(numbers), separators=(",", ":"), ensure_ascii=False) if numbers else None
