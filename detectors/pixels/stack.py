"""A stack of detectors on pixels."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import chosen_members
from detectors.together.stack import StackOf


class Stack(StackOf):
    """Several detectors on pictures as one that learns from labels."""

    members: tuple[str | dict[str, Any], ...] = chosen_members("pixels", "feature_statistics", "autoencoder", with_labels=True)
    quick: ClassVar = {"members": [{"detector": "isolation_forest", "representation": "vectors", "parameters": {"trees": 20}}]}
