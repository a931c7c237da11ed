"""What is inside pictures, texts and the times of a series, as figures that are told of each of them: what columns do not say.

A file of this folder measures one kind of thing; `figures` declares what each figure is called and how a sentence speaks of it.
All of it is arithmetic with numpy and pandas, on so many items at most, evenly drawn.
"""

from __future__ import annotations

from detectors.contents.figures import FIGURES, Figure
from detectors.contents.measured import MOST_ITEMS, Measured, drawn_rows, measured

__all__ = ["FIGURES", "MOST_ITEMS", "Figure", "Measured", "drawn_rows", "measured"]
