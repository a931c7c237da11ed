"""Many rows explained, part by part, and what they hold there. Kept by run and threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors.explanations.held import shades
from detectors.flags import Flags, sampled
from detectors.storage.records import RunRecord, ThresholdRecord
from pages.shared import engine
from pages.shared.engine import ColumnWeights, workbench
from pages.shared.flags import flags_key, flags_of
from pages.shared.language import plain
from pages.shared.values import value_text

#: Rows that are not flagged and stand beside those that are.
MOST_OTHERS = 300


@dataclass(frozen=True)
class ExplainedRows:
    """SHAP values of some rows, summed over the units of each part, and what the rows hold in these parts."""

    rows: NDArray[np.intp]
    """Positions in the data."""
    names: list[str]
    """Of the parts: columns, places of a picture, words."""
    values: NDArray[np.float64]
    """(rows, parts)"""
    held: pd.DataFrame
    """(rows, parts)"""

    def texts(self, parts: NDArray[np.intp]) -> NDArray[np.object_]:
        """What the rows hold in some parts, (rows, parts), to read; empty where a text does not hold a word."""
        return np.array([[value_text(value) for value in self.held.iloc[:, part]] for part in parts], dtype=object).T

    def shades(self, parts: NDArray[np.intp]) -> NDArray[np.float64]:
        """From 0, low, to 1, high, (rows, parts); NaN where what is held has no order."""
        return np.stack([shades(self.held.iloc[:, part]) for part in parts], axis=1)


def weights_of(run: RunRecord, threshold: ThresholdRecord) -> ColumnWeights:
    """What weighs most over the flagged rows, kept by run and threshold."""
    return engine.column_weights(run.id, run.data_id, flags_of(threshold))


def flagged_explained(run: RunRecord, threshold: ThresholdRecord) -> ExplainedRows:
    """The flagged rows that are explained, the most unusual first."""
    return _flagged_explained(run.id, run.data_id, flags_key(threshold), flags_of(threshold))


def others_explained(run: RunRecord, threshold: ThresholdRecord) -> ExplainedRows:
    """Rows that are not flagged, spread evenly over their ranks; none where all are flagged."""
    return _others_explained(run.id, run.data_id, flags_key(threshold), flags_of(threshold))


@st.cache_data(show_spinner=False, max_entries=10)
def _flagged_explained(run_id: str, data_id: str, key: str, _flags: Flags) -> ExplainedRows:
    found = engine.column_weights(run_id, data_id, _flags)
    return _by_part(run_id, data_id, found.positions, found.values, found.names)


@st.cache_data(show_spinner=False, max_entries=10)
def _others_explained(run_id: str, data_id: str, key: str, _flags: Flags) -> ExplainedRows:
    others = _flags.order[len(_flags.above) :]
    most = min(MOST_OTHERS, max(engine.SMALLEST_SAMPLE, workbench().rows_at_once(run_id) // 2))
    rows = np.asarray(others[sampled(len(others), most)])
    names = engine.column_weights(run_id, data_id, _flags).names
    values = (
        workbench().explanations(run_id, data_id, rows).values if len(rows) else np.empty((0, engine.preparation(run_id).units.max() + 1))
    )
    return _by_part(run_id, data_id, rows, values, names)


def both_explained(run: RunRecord, threshold: ThresholdRecord) -> tuple[ExplainedRows, NDArray[np.bool_]]:
    """Flagged rows, then others; and which are flagged, (rows,)."""
    one = flagged_explained(run, threshold)
    other = others_explained(run, threshold)
    held = pd.concat([one.held, other.held], ignore_index=True)
    together = ExplainedRows(np.concatenate([one.rows, other.rows]), one.names, np.concatenate([one.values, other.values]), held)
    return together, np.arange(len(together.rows)) < len(one.rows)


def part_names(names: list[str]) -> list[str]:
    """The names of parts in the reader's language: of the places of a picture they are ours, all others are the data's."""
    return [plain(name.replace("{", "{{").replace("}", "}}")) for name in names]


def _by_part(run_id: str, data_id: str, rows: NDArray[np.intp], values: NDArray[np.float64], names: list[str]) -> ExplainedRows:
    preparation, source = engine.preparation(run_id), engine.source(run_id, data_id)
    parts = preparation.parts_of(source, rows, names)
    sums = np.zeros((len(rows), len(names)))
    belongs = np.nonzero(parts >= 0)
    np.add.at(sums, (belongs[0], parts[belongs]), values[belongs])
    return ExplainedRows(rows, names, sums, preparation.held(source, rows, names))
