"""What rows hold in a column, from low to high, and as groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.preparation.values import as_numbers, number_type
from detectors.ranks import ranks


def numbers_of(values: pd.Series) -> NDArray[np.float64] | None:
    """Numbers as they are, dates as seconds since 1970, yes and no as 1 and 0; NaN where missing. None of texts, which have no order."""
    kind = number_type(values)
    return None if kind is None else as_numbers(values, kind)


def shades(values: pd.Series) -> NDArray[np.float64]:
    """From 0, the lowest, to 1, the highest, by rank, (rows,): one value far out would take all shades from the others.

    NaN where a value is missing, and everywhere in a column without order.
    """
    numbers = numbers_of(values)
    shade = np.full(len(values), np.nan)
    if numbers is None:
        return shade
    known = np.isfinite(numbers)
    if known.sum() > 1:
        found = ranks(numbers[known]) - 1
        shade[known] = (found - found.min()) / ((found.max() - found.min()) or 1.0)
    elif known.any():
        shade[known] = 0.5
    return shade


def largest_groups(values: pd.Series, most: int) -> list[tuple[object, NDArray[np.bool_]]]:
    """The most frequent values and where each is, (rows,); at most so many. What is missing is in no group."""
    return [(value, np.asarray((values == value).fillna(False), dtype=bool)) for value in values.value_counts().index[:most]]
