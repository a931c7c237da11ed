"""What people said of an item, as the browser is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from detectors.verdicts import Mark, Verdicts
from pages.shared.language import clock

Spans = Sequence[tuple[int, int]]


def told(verdicts: Verdicts, spans: Spans) -> list[dict[str, Any]]:
    """What each person says of an item, the latest first."""
    return [_told(mark) for mark in verdicts.said_of(spans)]


def _told(mark: Mark) -> dict[str, Any]:
    return {"author": mark.author, "verdict": mark.verdict, "note": mark.note, "time": clock(mark.marked)}
