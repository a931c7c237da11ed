"""A stack of detectors on vectors."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import chosen_members
from detectors.together.stack import StackOf


class Stack(StackOf):
    """Several detectors on vectors as one that learns from labels."""

    members: tuple[str | dict[str, Any], ...] = chosen_members(
        "vectors", "isolation_forest", "nearest_neighbours", "hbos", with_labels=True
    )
    quick: ClassVar = {"members": ["ecod", "nearest_neighbours"]}
