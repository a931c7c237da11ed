"""The one workbench of this server, and what pages read of it again and again, kept by id."""

from __future__ import annotations

import atexit
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors import flagged, registry
from detectors.checks import Finding
from detectors.data_set import DataSet
from detectors.flagged import reasons_of
from detectors.flags import Flags, sampled
from detectors.frames import load_rows, value_counts, value_key
from detectors.preparation import Preparation, load_preparation
from detectors.profile import ColumnProfile
from detectors.reading import Preview, ReadingOptions, Report, Sample, load_samples
from detectors.runs.request import RunRequest
from detectors.settings import Settings
from detectors.storage.arrivals import MEGABYTE, Room
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.workbench import Workbench
from pages.shared.language import plain, translate

#: Flagged rows that stand for all of them at least, however wide the table.
SMALLEST_SAMPLE = 20

#: Seconds for which the size of everything is not measured again.
SIZE_S = 10

_workbenches: list[Workbench] = []
_kept: list[Any] = []
_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class ColumnWeights:
    """Mean absolute SHAP value of each name over `rows` rows; `agreement` is a rank correlation over `compared` rows."""

    names: list[str]
    weights: NDArray[np.float64]
    rows: int
    agreement: float
    compared: int
    positions: NDArray[np.intp]
    """(rows,): the rows, by their positions in the data."""
    values: NDArray[np.float64]
    """(rows, units): their SHAP values."""


@st.cache_resource(show_spinner=False)
def workbench() -> Workbench:
    """The workbench of this server; made at the first page, ended with the server."""
    made = Workbench(Settings.from_environment())
    _workbenches.append(made)
    atexit.register(close_workbench)
    return made


def close_workbench() -> None:
    """Ends trainer and answerer, where there are any."""
    while _workbenches:
        _workbenches.pop().close()


def start_workbench() -> None:
    """Starts trainer and answerer, so that what waits goes on."""
    workbench().start()


def incoming_room() -> Room:
    """What may come into the workspace at once."""
    settings = workbench().settings
    return Room(workbench().workspace.incoming, settings.largest_mb * MEGABYTE, settings.keep_free_mb * MEGABYTE)


def samples() -> list[Sample]:
    """The samples on which some detector can work."""
    return [sample for sample in load_samples() if registry.for_kind(sample.kind)]


@st.cache_data(show_spinner=False, ttl=SIZE_S)
def bytes_kept() -> int:
    """Bytes on the disk of all that is kept."""
    return workbench().library.bytes_kept()


def kept_by_id(most: int) -> Callable[[_Function], _Function]:
    """Keeps the latest objects that a function makes of ids, as they are, until something is deleted for good."""

    def keeping(function: _Function) -> _Function:
        kept = st.cache_resource(show_spinner=False, max_entries=most)(function)
        _kept.append(kept)
        return kept

    return keeping


def forget_kept() -> None:
    """Lets go of all that was kept by id, because something was deleted for good. The rest is read again when needed."""
    st.cache_data.clear()
    for kept in _kept:
        kept.clear()


@st.cache_data(show_spinner=False, max_entries=20)
def report(data_id: str) -> Report:
    return workbench().report(data_id)


@st.cache_data(show_spinner=False, max_entries=20)
def reading_preview(source: Path, name: str, options: dict[str, Any]) -> Preview:
    """The first rows of an uploaded file as they would be read with these options; `source` is named by its content."""
    return workbench().preview_file(source, name, ReadingOptions(**options))


@st.cache_data(show_spinner=False, max_entries=20)
def profile(data_id: str) -> list[ColumnProfile]:
    return workbench().profile(data_id)


@st.cache_data(show_spinner=False, max_entries=20)
def first_rows(data_id: str, count: int) -> pd.DataFrame:
    """The first rows of a data set."""
    rows = min(count, report(data_id).rows)
    return load_rows(workbench().data_folder(data_id), np.arange(rows))


@st.cache_data(show_spinner=False, max_entries=100)
def data_rows(data_id: str, rows: tuple[int, ...]) -> pd.DataFrame:
    """Rows of a data set by their positions, in that order."""
    return load_rows(workbench().data_folder(data_id), np.array(rows, dtype=np.intp))


@st.cache_data(show_spinner=False, max_entries=20)
def column_of(data_id: str, column: str, rows: tuple[int, ...]) -> pd.Series:
    """The values of one column at some rows."""
    return load_rows(workbench().data_folder(data_id), np.array(rows, dtype=np.intp), [column])[column]


def ranking(run_id: str) -> NDArray[np.intp]:
    """Positions of a finished run's rows, the most unusual first; a memory map."""
    folder = workbench().run_folder(run_id)
    return folder.array("ranking") if folder.has("ranking") else _ranking(run_id)


@st.cache_resource(show_spinner=False, max_entries=5)
def _ranking(run_id: str) -> NDArray[np.intp]:
    """The same of a run that was done before rankings were kept."""
    return np.argsort(workbench().run_folder(run_id).array("scores"), kind="stable")[::-1]


@st.cache_data(show_spinner=False, max_entries=500)
def row_explanation(run_id: str, data_id: str, row: int) -> dict[str, NDArray[Any]]:
    """One row explained, as named arrays: values, base, score, expected, actual and, where the detector has some, elements."""
    return dict(workbench().explain_row(run_id, data_id, row))


@st.cache_data(show_spinner=False, max_entries=100)
def reason_texts(run_id: str, data_id: str, rows: tuple[int, ...]) -> list[list[str]]:
    """For every row the columns that weigh most, as short sentences; none for rows whose explanation would take long."""
    positions = workbench().explained_at_once(run_id, np.array(rows, dtype=np.intp))
    explanation = workbench().explanations(run_id, data_id, positions)
    found = reasons_of(workbench().run_folder(run_id), workbench().data_folder(data_id), positions, explanation)
    texts = dict(zip(positions.tolist(), flagged.reason_texts(found, translate), strict=True))
    return [texts.get(row, []) for row in rows]


@st.cache_data(show_spinner=False, max_entries=20)
def main_reasons(run_id: str, data_id: str, rows: tuple[int, ...], reasons_done: int) -> dict[int, str]:
    """The cause that weighs most in each row, as a sentence; rows whose explanation would take long are left out.

    `reasons_done` runs have explained rows: what was kept before another one had is no longer all that is known.
    """
    positions = workbench().explained_at_once(run_id, np.array(rows, dtype=np.intp))
    if not len(positions):
        return {}
    explanation = workbench().explanations(run_id, data_id, positions)
    found = reasons_of(workbench().run_folder(run_id), workbench().data_folder(data_id), positions, explanation)
    return {row: reasons[0].cause.text(translate) for row, reasons in zip(positions.tolist(), found, strict=True) if reasons}


@st.cache_data(show_spinner=False, max_entries=100)
def unit_values(run_id: str, data_id: str, rows: tuple[int, ...]) -> dict[int, NDArray[np.float64]]:
    """SHAP values of the units of each row, (units,), by row; rows whose explanation would take long are left out."""
    positions = workbench().explained_at_once(run_id, np.array(rows, dtype=np.intp))
    values = workbench().explanations(run_id, data_id, positions).values
    return dict(zip(positions.tolist(), values, strict=True))


@st.cache_data(show_spinner=False, max_entries=50)
def preview(request: RunRequest, rows: tuple[int, ...]) -> dict[str, NDArray[Any]]:
    """What the preparation that a training asks for makes of some rows."""
    return workbench().preview(request, rows)


def findings(record: DataSetRecord) -> list[Finding]:
    """What the checks say of a data set as it is now."""
    choices = json.dumps([record.kind, record.roles, dict(workbench().choices(record.id).preparation)])
    return _findings(record.id, choices, record)


@st.cache_data(show_spinner=False, max_entries=50)
def _findings(data_id: str, choices: str, _record: DataSetRecord) -> list[Finding]:
    return workbench().findings(_record)


def has_expectation(run: RunRecord) -> bool:
    """Whether the detector of a run expects something in a row's place."""
    return registry.get(run.representation, run.detector).knows_expected()


def column_weights(run_id: str, data_id: str, flags: Flags) -> ColumnWeights:
    """What weighs most over the flagged rows, by the faster method, and how far that agrees with shap's."""
    most = max(SMALLEST_SAMPLE, workbench().rows_at_once(run_id))
    return _column_weights(run_id, data_id, tuple(flags.rows[sampled(flags.count, most)].tolist()))


@st.cache_data(show_spinner=False, max_entries=20)
def _column_weights(run_id: str, data_id: str, chosen: tuple[int, ...]) -> ColumnWeights:
    rows = np.array(chosen, dtype=np.intp)
    explanation, agreement = workbench().explain_rows(run_id, data_id, rows, compare=True)
    names, weights = preparation(run_id).weigh(source(run_id, data_id), rows, explanation.values)
    return ColumnWeights(names, weights, len(rows), agreement["agreement"], agreement["compared"], rows, explanation.values)


def score_name(run: RunRecord) -> str:
    """What the scores of a run are, in the reader's language: "reconstruction error"."""
    return plain(registry.get(run.representation, run.detector).score_name)


def preparation(run_id: str) -> Preparation:
    """The preparation of a finished run."""
    return load_preparation(workbench().run_folder(run_id).result / "preparation")


def source(run_id: str, data_id: str) -> DataSet:
    """The data set of a run as its preparation sees it."""
    return workbench().run_folder(run_id).request().source(workbench().data_folder(data_id))


@st.cache_data(show_spinner=False, max_entries=50)
def column_values(data_id: str, column: str) -> list[str]:
    """The different values of a column, the most frequent first, as the text by which rows can be chosen."""
    return [value_key(value) for value in value_counts(workbench().data_folder(data_id), column)[0].index]
