"""What is inside a data set: the figures of its pictures, of each of its columns of texts, of its times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.contents.figures import PICTURES, TEXTS, TIMES
from detectors.contents.pictures import picture_figures
from detectors.contents.texts import hashes, repeated, text_figures
from detectors.contents.times import Times, times_of
from detectors.data_set import DataSet

#: Items that are looked at, evenly drawn, and texts that are held against those before them.
MOST_ITEMS, MOST_COMPARED = 50_000, 4_000_000


@dataclass(frozen=True)
class Measured:
    """The figures of one thing: of the pictures, of a column of texts, or of the times."""

    what: str
    """``images``, ``text`` or ``series``: which figures these are."""
    figures: pd.DataFrame
    """A row for each item that was looked at."""
    column: str = ""
    """The column of texts."""
    times: Times = field(default_factory=Times)


def measured(kind: str, data: DataSet, preparation: Mapping[str, Any], fitted: NDArray[np.bool_] | None = None) -> list[Measured]:
    """What is inside `data`, in all rows or in those where `fitted`, (rows,), is true.

    Args:
        preparation: what the detector's preparation says of itself; its vocabulary is told from it.
    """
    if kind == "images":
        found = picture_figures(data, drawn_rows(data.rows, fitted))
        return [Measured(PICTURES, found)]
    if kind == "series":
        count = data.rows if fitted is None else int(fitted.sum())
        times = times_of(data, fitted, max(1, -(-count // MOST_ITEMS)))
        return [Measured(TIMES, times.figures, times=times)]
    return [Measured(TEXTS, _of_texts(data, name, vocabulary_of(preparation), fitted), name) for name in data.columns("text")]


def drawn_rows(rows: int, fitted: NDArray[np.bool_] | None = None, most: int = MOST_ITEMS) -> NDArray[np.intp]:
    """Positions of the rows that are looked at: all, or so many evenly drawn ones."""
    places = np.arange(rows) if fitted is None else np.flatnonzero(fitted)
    return places if len(places) <= most else places[np.linspace(0, len(places) - 1, most).astype(np.intp)]


def vocabulary_of(preparation: Mapping[str, Any]) -> frozenset[str] | None:
    """The words that a preparation of texts knows; None for any other."""
    kept = preparation.get("vocabulary")
    return None if kept is None else frozenset(str(word) for word in kept["words"])


def _of_texts(data: DataSet, column: str, vocabulary: frozenset[str] | None, fitted: NDArray[np.bool_] | None) -> pd.DataFrame:
    rows = drawn_rows(data.rows, fitted)
    texts: list[str | None] = []
    told, compared = [], 0
    for place, frame in data.blocks([column]):
        values = frame[column].astype(object).where(frame[column].notna(), None)
        inside = rows[np.searchsorted(rows, place.start) : np.searchsorted(rows, place.stop)] - place.start
        texts += [None if value is None else str(value) for value in values.iloc[inside]]
        chosen = np.arange(len(frame)) if fitted is None else np.flatnonzero(fitted[place])
        if compared < MOST_COMPARED:
            told.append((chosen + place.start, hashes(values.iloc[chosen])))
            compared += len(chosen)
    places = np.concatenate([part for part, _ in told]) if told else np.zeros(0, np.intp)
    again = np.zeros(data.rows, dtype=bool)
    again[places] = repeated(np.concatenate([part for _, part in told])) if told else False
    return text_figures(texts, vocabulary, again[rows])
