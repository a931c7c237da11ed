"""A column's distribution as a picture small enough for a cell, with one value marked in it and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import numpy as np

from detectors.charts import Palette

#: Size in pixels; below the bars there is room for the mark.
WIDTH, HEIGHT, BARS = 112, 28, 20


def small_distribution(counts: Sequence[int], here: float | None, expected: float | None, palette: Palette) -> str:
    """A picture as a data URL: bars of `counts`, a triangle at `here` and a dotted line at `expected`, from 0 on the left to 1.

    What lies beyond the bars is marked at their end; what is None or not a number is not marked.
    """
    bars = _bars(counts, palette.normal)
    line, mark = _within(expected), _within(here)
    dotted = f"<path d='M{line:.1f} 0V{BARS}' stroke='{palette.accent}' stroke-width='1.5' stroke-dasharray='2 1.5'/>" if line else ""
    triangle = f"<path d='M{mark:.1f} {BARS + 1}l4.5 7h-9z' fill='{palette.flagged}'/>" if mark else ""
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}'>{bars}{dotted}{triangle}</svg>"
    return "data:image/svg+xml;utf8," + quote(svg, safe=" ='/:;,.<>")


def _bars(counts: Sequence[int], colour: str) -> str:
    """Heights as roots of the counts, so that rare values still show."""
    if not len(counts):
        return ""
    heights = BARS * np.sqrt(np.asarray(counts) / max(1, *counts))
    width = (WIDTH - 10) / len(counts)
    steps = "".join(
        f"M{5 + place * width:.1f} {BARS}v-{height:.1f}h{width - 0.6:.1f}v{height:.1f}z" for place, height in enumerate(heights) if height
    )
    return f"<path d='{steps}' fill='{colour}'/>"


def _within(share: float | None) -> float | None:
    if share is None or np.isnan(share):
        return None
    return 5 + (WIDTH - 10) * min(1.0, max(0.0, share))
