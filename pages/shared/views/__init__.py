"""The view of each kind of data: a file named after the kind, found by that name."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pages.shared.views.base import ExplainedItem, RunOfItems, View

__all__ = ["ExplainedItem", "RunOfItems", "View", "view_of"]


@cache
def view_of(kind: str) -> View:
    """How data of this kind are shown."""
    module = import_module(f"{__name__}.{kind}")
    found = next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and issubclass(value, View)
    )
    return found()
