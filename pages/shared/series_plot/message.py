"""What Python tells the plot in one message: words and whole numbers as JSON, everything long as bytes behind it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Arrays begin at multiples of this many bytes: the browser reads none of eight bytes elsewhere.
ALIGNMENT = 8


class Message:
    """Collects arrays; what `add` gives stands for an array in the head of the message."""

    def __init__(self) -> None:
        self._body = bytearray()

    def add(self, values: NDArray[Any]) -> tuple[str, int, int]:
        """Kind, first byte and length of the array: u1, f4 or f8."""
        at = len(self._body)
        self._body += values.tobytes()
        self._body += bytes(-len(self._body) % ALIGNMENT)
        return f"{values.dtype.kind}{values.dtype.itemsize}", at, len(values)

    def packed(self, head: dict[str, Any]) -> bytes:
        """The whole message: the length of its head (four bytes, lowest first), the head, the arrays."""
        words = json.dumps(head).encode()
        return np.array([len(words)], dtype="<u4").tobytes() + words + bytes(self._body)
