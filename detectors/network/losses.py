"""Losses that have no name in Keras."""

from __future__ import annotations

from typing import Any


def losses_themselves(wanted: Any, losses: Any) -> Any:
    """The loss of a network whose outputs are losses already, (rows, 1)."""
    return losses
