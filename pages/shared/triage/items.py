"""What can be judged, as every kind of data gives it: items with their cells, pictures or texts, and what one can do with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from pages.shared.triage.wording import Spans

#: How items stand: rows under one another with columns, pictures beside one another, or texts under one another.
Layout = Literal["table", "gallery", "texts"]


@dataclass(frozen=True)
class Column:
    """A column of cells. A ``number`` stands to the right, a ``share`` between 0 and 1 is a bar, ``words`` may fill two lines."""

    title: str
    shows: Literal["text", "number", "share", "words"] = "text"
    help: str = ""

    def to_json(self) -> dict[str, str]:
        return {"title": self.title, "shows": self.shows, "help": self.help}


@dataclass(frozen=True)
class Item:
    """One row, event, picture or text."""

    name: str
    """Names it among the others, and stays the same while it is listed."""
    spans: Spans
    """Its rows in the data, from a first to a last one; a row is its only one."""
    title: str
    """What it is called: "row 13"."""
    is_flagged: bool
    cells: Sequence[str | float | None] = ()
    """One for each column; numbers only where the column shows shares."""
    picture: str = ""
    """Where the browser gets its picture."""
    pieces: Sequence[tuple[str, float]] = ()
    """Its text in pieces, each with its weight from -1 to 1."""

    def to_json(self) -> dict[str, Any]:
        shown = {"name": self.name, "spans": self.spans, "title": self.title, "flagged": self.is_flagged, "cells": self.cells}
        return shown | ({"picture": self.picture} if self.picture else {}) | ({"pieces": self.pieces} if self.pieces else {})


@dataclass(frozen=True)
class Action:
    """What one can do with an item, besides judging it: `do` is told its place in the list."""

    name: str
    title: str
    do: Callable[[int], None]
    key: str = ""
    """The key that does it, as the browser names it."""


@dataclass(frozen=True)
class Listed:
    """Items in their order."""

    layout: Layout
    items: Sequence[Item]
    columns: Sequence[Column] = ()
    actions: Sequence[Action] = field(default=())
    remark: str = ""
    """What is to be known of them, in a sentence below."""

    def also(self, columns: Mapping[Column, Sequence[str]]) -> Self:
        """The same with further columns behind the first one: for each a cell of every item."""
        further = list(zip(*columns.values(), strict=True)) or [()] * len(self.items)
        items = [replace(item, cells=[*item.cells[:1], *cells, *item.cells[1:]]) for item, cells in zip(self.items, further, strict=True)]
        return replace(self, items=items, columns=[*self.columns[:1], *columns, *self.columns[1:]])
