"""The rows in question, with score, rank and reasons, in original values: for the table, the gallery, the download."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Scores
from detectors.explanations.reasons import NAMED_COLUMNS
from detectors.explanations.shapley import Explanation
from detectors.frames import iter_rows
from detectors.messages import Translate
from detectors.preparation import load_preparation
from detectors.preparation.contract import Reason
from detectors.runs.folder import RunFolder

#: Put behind a column of ours whose name the data already use.
OURS = "{name} (Anomalyst)"


def reasons_of(run: RunFolder, data: Path, rows: NDArray[np.intp], explanation: Explanation) -> Sequence[Sequence[Reason]]:
    """The reasons for `rows`, positions in the data, from their explanation."""
    preparation = load_preparation(run.result / "preparation")
    return preparation.reasons(run.request().source(data), rows, explanation.values, explanation.expected)


def reason_texts(found: Sequence[Sequence[Reason]], translate: Translate = str) -> list[list[str]]:
    """For every row exactly `NAMED_COLUMNS` sentences, empty where there are fewer reasons."""
    texts = [[reason.message.text(translate) for reason in row] for row in found]
    return [row + [""] * (NAMED_COLUMNS - len(row)) for row in texts]


def free_name(name: str, taken: Iterable[str]) -> str:
    """`name`, or `name` marked as ours until no column in `taken` is called so."""
    others = set(taken)
    while name in others:
        name = OURS.format(name=name)
    return name


def reason_columns(texts: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """The reasons as columns of their own, strongest first: ``reason 1``, ``reason 2`` …"""
    return {f"reason {place + 1}": [row[place] for row in texts] for place in range(NAMED_COLUMNS)}


def flagged_frame(
    values: pd.DataFrame, rows: NDArray[np.intp], ranks: NDArray[np.intp], scores: Scores, found: Mapping[str, Sequence[Any]]
) -> pd.DataFrame:
    """Rank and row (both from 1), score, what was `found` about each row, then the original columns.

    Args:
        values: the rows' original values, (rows, columns).
        rows: their positions in the data, from 0.
        ranks: their ranks among all rows, from 0, the most unusual first.
        scores: their scores.
        found: further columns of ours, such as `reason_columns`.
    """
    ours: dict[str, Any] = {"rank": ranks + 1, "row": rows + 1, "score": scores, **found}
    named = {free_name(name, values.columns): column for name, column in ours.items()}
    return pd.concat([pd.DataFrame(named), values.reset_index(drop=True)], axis=1)


def flagged_frames(data: Path, rows: NDArray[np.intp], scores: Scores, found: Mapping[str, Sequence[Any]]) -> Iterator[pd.DataFrame]:
    """The same for all flagged `rows` of the data set in the folder `data`, the most unusual first, a part of them at a time."""
    start = 0
    for values in iter_rows(data, rows):
        part = slice(start, start + len(values))
        ranks = np.arange(start, start + len(values))
        yield flagged_frame(values, rows[part], ranks, scores[part], {name: texts[part] for name, texts in found.items()})
        start += len(values)
