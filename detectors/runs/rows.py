"""Which rows of a data set a run learns from, and what the label, where there is one, says of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors import roles
from detectors.arrays import drawn
from detectors.base import Detector
from detectors.data_set import DataSet
from detectors.errors import DataError
from detectors.frames import value_key
from detectors.kinds import KINDS
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.runs.held_out import held_out
from detectors.runs.relearning import Relearning
from detectors.runs.request import RunRequest
from detectors.timeline import Timeline, timeline


@dataclass(frozen=True)
class Rows:
    """The rows of the data: which to learn from, and what is known of them."""

    fitted: NDArray[np.bool_]
    """(rows,)"""
    kinds: NDArray[np.int8] | None
    """(rows,): 0 normal, 1 an anomaly of the first kind, 2 of the second …, -1 unknown; None without a label column."""
    kind_names: list[str]
    """The kinds of anomalies that the label names; empty where it names none."""

    @property
    def labels(self) -> NDArray[np.int8] | None:
        """1 anomaly, 0 normal, -1 unknown; None without a label column."""
        return None if self.kinds is None else np.minimum(self.kinds, np.int8(1))


def rows_to_learn(request: RunRequest, source: DataSet, detector: Detector, relearning: Relearning | None = None) -> Rows:
    """Which rows `detector` is to learn from, and what the label, where there is one, says of every row.

    `relearning` says which rows, in place of the request, where a run learns anew with new rows and verdicts.

    Raises:
        DataError: there is none to learn from.
    """
    frame = source.frame(_columns_needed(request))
    kinds, names = _kinds(request, frame)
    if relearning is not None and detector.supervised:
        kinds, names = relearning.labelled(kinds, names)
    fitted = (rule_rows(request, source) if relearning is None else relearning.learned) & _can_be_learned(detector, kinds)
    ordered = KINDS[request.kind].ordered
    if not ordered:  # a window needs all of its steps: of a series, windows are drawn and not rows
        fitted = _mask(sampled(request, np.flatnonzero(fitted)), source.rows)
    if isinstance(detector, LabelledDetector) and kinds is not None:
        fitted &= ~held_out(kinds, fitted, detector.held_out_share, request.seed, _time_order(source) if ordered else None)
    return Rows(fitted, kinds, names)


def rule_rows(request: RunRequest, source: DataSet) -> NDArray[np.bool_]:
    """Which rows a request says are to be learned from, (rows,), before a sample of them is drawn."""
    where = request.fit_where
    frame = source.frame([where.column] if where else [])
    return fit_rows(request, frame, source.rows) & leading_rows(request, source)


def rows_to_judge(request: RunRequest, source: DataSet) -> Rows:
    """No row to learn from, and what the label, where there is one, says of every row: of data that a saved detector scores."""
    kinds, names = _kinds(request, source.frame(_columns_needed(request))) if request.label is not None else (None, [])
    return Rows(np.zeros(source.rows, dtype=bool), kinds, names)


def _can_be_learned(detector: Detector, labels: NDArray[np.int8] | None) -> NDArray[np.bool_] | bool:
    """A detector that learns from labels can learn from labelled rows only.

    Raises:
        DataError: there is no label.
    """
    if not detector.supervised:
        return True
    if labels is None:
        raise DataError(
            N_("{title} learns from known anomalies, and no column is the label. Give one the role label on the Data page."),
            title=detector.title,
        )
    return labels >= 0


def fit_rows(request: RunRequest, frame: pd.DataFrame, rows: int) -> NDArray[np.bool_]:
    """Which of so many `rows` to learn from, (rows,); `frame` holds the column that says it, where one does.

    Raises:
        DataError: no row has the value that was asked for.
    """
    where = request.fit_where
    if where is None:
        return np.ones(rows, dtype=bool)
    chosen = np.asarray(matches(frame[where.column], where.value))
    if not chosen.any():
        raise DataError(
            N_("No row has `{value}` in column `{column}`, so there is nothing to learn from. Choose another value."),
            value=where.value,
            column=where.column,
        )
    return chosen


def leading_rows(request: RunRequest, source: DataSet) -> NDArray[np.bool_]:
    """Which rows come first in time, as large a share of each entity as was asked for, (rows,); all where nothing was."""
    if request.fit_first is None:
        return np.ones(source.rows, dtype=bool)
    found = _timeline(source)
    leading = np.zeros(source.rows, dtype=bool)
    for first, stop in pairwise(found.bounds):
        leading[found.order[first : first + max(1, round((stop - first) * request.fit_first))]] = True
    return leading


def _timeline(source: DataSet) -> Timeline:
    time, entity = (next(iter(source.columns(role)), None) for role in ("time", "entity"))
    columns = [name for name in (time, entity) if name is not None] or list(source.roles)[:1]
    return timeline(source.frame(columns), time, entity)


def _time_order(source: DataSet) -> NDArray[np.intp]:
    """The rows in the order of time, entity after entity."""
    return _timeline(source).order


def sampled(request: RunRequest, positions: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of the ascending `positions` as many as were asked for, drawn at random; all of them where nothing was."""
    if request.fit_sample is None:
        return positions
    return positions[drawn(len(positions), request.fit_sample, request.seed)]


def _mask(positions: NDArray[np.intp], rows: int) -> NDArray[np.bool_]:
    mask = np.zeros(rows, dtype=bool)
    mask[positions] = True
    return mask


def matches(values: pd.Series, text: str) -> NDArray[np.bool_]:
    """Which values read as `text`, (rows,).

    Numbers are compared as numbers (0 and 0.0 are the same), moments as moments, ``true`` and ``false`` (1 and 0) in
    upper or lower case, text as it stands. A missing value matches nothing.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.to_numpy(dtype="datetime64[us]") == _moment(text)
    number = _number(text)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return np.asarray((values == number).fillna(False), dtype=bool) if number is not None else np.zeros(len(values), dtype=bool)
    codes, different = pd.factorize(values, use_na_sentinel=True)
    chosen = [_reads_as(value, text, number) for value in different]
    return np.array([*chosen, False], dtype=bool)[codes]  # a missing value has the code -1


def _reads_as(value: object, text: str, number: np.int64 | np.float64 | None) -> bool:
    if isinstance(value, bool | np.bool_):
        return value_key(value) == text.lower() or number == bool(value)
    return value_key(value) == text


def _number(text: str) -> np.int64 | np.float64 | None:
    """The number that `text` is; whole ones as such, because float64 has no room for every digit of the largest."""
    for kind in (np.int64, np.float64):
        try:
            return kind(text)
        except (ValueError, OverflowError):
            continue
    return None


def _moment(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "us")
    except ValueError:
        return np.datetime64("NaT", "us")


def _columns_needed(request: RunRequest) -> list[str]:
    """The label and the column that chooses the rows, each where there is one."""
    needed = [request.label, request.fit_where.column if request.fit_where else None]
    return list(dict.fromkeys(column for column in needed if column is not None))


def _kinds(request: RunRequest, frame: pd.DataFrame) -> tuple[NDArray[np.int8] | None, list[str]]:
    if request.label is None:
        return None, []
    return roles.anomaly_kinds(frame[request.label], request.anomaly)
