"""A stack of detectors on windows."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import chosen_members
from detectors.together.stack import StackOf


class Stack(StackOf):
    """Several detectors on windows of a series as one that learns from labels."""

    members: tuple[str | dict[str, Any], ...] = chosen_members(
        "windows", "autoencoder", {"detector": "isolation_forest", "representation": "vectors"}, with_labels=True
    )
    quick: ClassVar = {"members": ["rolling_zscore", {"detector": "nearest_neighbours", "representation": "vectors"}]}
