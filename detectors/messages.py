"""Sentences for people: marked where they are written, translated where they are shown.

A sentence is a template with named values (``"{rows} rows were read"``). The template is the key of the
translation, the values travel beside it, so no language is frozen at import. `N_` marks a template for
``gettext`` without translating it; `Message` carries template and values together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Numbers of this size are shown in whole numbers, larger ones as a power of ten.
LARGE, TOO_LARGE = 1000, 1e15

Translate = Callable[[str], str]


def N_(template: str) -> str:
    """Marks a template for extraction and gives it back unchanged (the gettext convention for deferred text)."""
    return template


def shown(value: object) -> str:
    """A value as it reads in a sentence: thousands set apart by a thin space, floats to four significant digits."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, float):
        return shown(round(value)) if LARGE <= abs(value) < TOO_LARGE else f"{value:.4g}"
    return str(value)


@dataclass(frozen=True)
class Message:
    """A template and its named values; text only when it is shown."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, translate: Translate = str, show: Callable[[object], str] = shown) -> str:
        """The sentence, its template translated and each value shown by `show`."""
        return translate(self.template).format(**{name: show(value) for name, value in self.values.items()})

    def to_json(self) -> dict[str, Any]:
        return {"template": self.template, "values": dict(self.values)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Message:
        return cls(record["template"], dict(record.get("values", {})))

    def __str__(self) -> str:
        return self.text()
