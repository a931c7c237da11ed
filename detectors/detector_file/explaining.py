"""Explanations as a table: one line for every part of every explained row, in the data's own words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.data_set import DataSet
from detectors.explanations.shapley import Explanation
from detectors.preparation import Preparation
from detectors.preparation.images import ImagesPreparation
from detectors.preparation.series import SeriesPreparation
from detectors.preparation.table import TablePreparation
from detectors.preparation.text import TextPreparation

COLUMNS = ["row", "score", "base", "part", "contribution", "actual", "expected"]


def explanation_table(preparation: Preparation, data: DataSet, rows: NDArray[np.intp], found: Explanation) -> pd.DataFrame:
    """What each part of the `rows` of `data` added to their scores: `COLUMNS`, the strongest part of each row first.

    ``base`` is the score of what the row was compared with; base and contributions sum to the score, but for a small rest.
    ``actual`` and ``expected`` are in the data's units, where a part is a column of a table; None elsewhere.
    """
    parts = [_parts(preparation, data, rows, found, place) for place in range(len(rows))]
    tables = []
    for place, (names, actual, expected) in enumerate(parts):
        values = found.values[place][: len(names)]
        order = np.argsort(-np.abs(values), kind="stable")
        tables.append(pd.DataFrame({
            "row": int(rows[place]), "score": found.scores[place], "base": found.bases[place],
            "part": np.array(names, dtype=object)[order], "contribution": values[order],
            "actual": np.array(actual, dtype=object)[order], "expected": np.array(expected, dtype=object)[order],
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def _parts(
    preparation: Preparation, data: DataSet, rows: NDArray[np.intp], found: Explanation, place: int
) -> tuple[list[str], list[Any], list[Any]]:
    """Names, actual and expected values of the units of one row."""
    if isinstance(preparation, TablePreparation):
        names = preparation.columns
        actual = data.frame(names, rows[place : place + 1]).astype(object).iloc[0].tolist()
        expected = preparation.encoding.restore(found.expected[place : place + 1])
        return names, actual, [_plain(expected[name].iloc[0]) for name in names]
    if isinstance(preparation, SeriesPreparation):
        names = _stretches(preparation)
    elif isinstance(preparation, TextPreparation):
        text = preparation.texts(data, rows[place : place + 1])[0]
        names = [str(text)[start:end] for start, end in preparation.spans(text)]
    elif isinstance(preparation, ImagesPreparation):
        side = range(1, preparation.grid + 1)
        names = [f"region {row},{column} of {preparation.grid}×{preparation.grid}" for row in side for column in side]
    else:
        names = [str(unit + 1) for unit in range(found.values.shape[1])]
    return names, [None] * len(names), [None] * len(names)


def _stretches(preparation: SeriesPreparation) -> list[str]:
    """The parts of a window in the order of its units: each column's stretches of steps, counted from the window's first."""
    segments = preparation.segments
    bounds = [
        (int(np.flatnonzero(segments == part)[0]) + 1, int(np.flatnonzero(segments == part)[-1]) + 1)
        for part in range(preparation.n_segments)
    ]
    return [f"{column}, steps {first}–{last} of {preparation.window_}" for column in preparation.columns for first, last in bounds]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value
