"""A stack of detectors on tokens."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import chosen_members
from detectors.together.stack import StackOf


class Stack(StackOf):
    """Several detectors on texts as one that learns from labels."""

    members: tuple[str | dict[str, Any], ...] = chosen_members("tokens", "language_model", "length", "tfidf_logistic", with_labels=True)
    quick: ClassVar = {"members": ["length"]}
