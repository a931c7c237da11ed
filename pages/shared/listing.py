"""How what is flagged is listed: in which order, which part of it, and which page. Kept in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

#: Digits of a page's number.
LONGEST_PAGE = 6


@dataclass(frozen=True)
class Listing:
    """What the reader chose; empty where all is to be listed. The names of the fields are those in the URL."""

    order: str = "score"
    verdict: str = ""
    """One of the verdicts, ``none`` for what nobody judged, or ``disputed``."""
    reason: str = ""
    """What weighs most."""
    column: str = ""
    value: str = ""
    """A value of `column`, as `frames.value_key` writes it."""
    part: int = 1
    """Which page of the list, from 1."""

    @property
    def n_filters(self) -> int:
        return sum(map(bool, (self.verdict, self.reason, self.column and self.value)))

    def to_url(self) -> dict[str, str]:
        """What differs from the usual, as text."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self) if getattr(self, field.name) != field.default}

    @classmethod
    def from_url(cls, query: Mapping[str, str]) -> Self:
        texts = {field.name: query[field.name] for field in fields(cls) if field.name in query}
        part = texts.pop("part", "")
        number = int(part) if part.isdecimal() and len(part) <= LONGEST_PAGE else 1
        return cls(**texts, part=max(1, number))  # type: ignore[arg-type]
