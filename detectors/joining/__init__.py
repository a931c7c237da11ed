"""Rows of several data sets as one data set: which of them are there already, how they are written one behind the other."""

from detectors.joining.parts import Part, Placed, columns_of, placed
from detectors.joining.writing import Asked, join, parts_of

__all__ = ["Asked", "Part", "Placed", "columns_of", "join", "parts_of", "placed"]
