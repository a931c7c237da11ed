"""Rows of a table beside each other, column by column, with what differs marked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors.messages import N_
from detectors.runs.normal_rows import Neighbours
from pages.shared import engine
from pages.shared.language import plain, say
from pages.shared.look import palette
from pages.shared.values import value_text

#: Height in pixels of the table at most.
MOST_HEIGHT = 430


def rows_beside(data_id: str, row: int, weighed: tuple[list[str], NDArray[np.float64]], found: Neighbours) -> None:
    """The `row` and its neighbours in original values, the columns that weigh most first: `weighed` are columns and SHAP values."""
    columns, values = weighed
    order = np.argsort(-values, kind="stable")
    frame = engine.data_rows(data_id, (row, *(int(other) for other in found.rows)))
    titles = [plain(N_("Row {row} (this one)"), row=row + 1), *(plain(N_("Row {row}"), row=int(other) + 1) for other in found.rows)]
    table = pd.DataFrame({plain(N_("Column")): [columns[place] for place in order]})
    for number, title in enumerate(titles):
        table[title] = [value_text(frame[columns[place]].iloc[number]) for place in order]
    differs = found.differs[:, order].T
    alt = plain(N_("Row {row} and the most similar normal rows, column by column"), row=row + 1)
    st.dataframe(
        table.style.apply(lambda _: _marks(differs, len(table)), axis=None),
        hide_index=True,
        height=min(36 * (len(table) + 1) + 4, MOST_HEIGHT),
        column_config={name: st.column_config.TextColumn(name, pinned=name == table.columns[0]) for name in table.columns},
        alt=alt,
    )
    shared = int((~differs).any(axis=1).sum())
    st.caption(say(N_("Marked: differs from this row by more than rows usually differ there. Nearest first.")) if shared else "")


def _marks(differs: NDArray[np.bool_], rows: int) -> NDArray[np.object_]:
    marks = np.full((rows, differs.shape[1] + 2), "", dtype=object)
    marks[:, 2:][differs] = f"background-color: {palette().flagged}33; font-weight: 600"
    return marks
