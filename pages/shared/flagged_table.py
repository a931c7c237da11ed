"""The flagged rows in original values, with score, rank and the columns that weigh most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors import flagged
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord
from pages.shared import engine, results, state
from pages.shared.language import plain


def listed_table(data_set: DataSetRecord, run: RunRecord, rows: NDArray[np.intp], ranks: Mapping[str, NDArray[np.intp]], key: str) -> None:
    """Some rows in original values, with their rank in several runs; each can be opened, as `run` explains it."""
    values = engine.data_rows(data_set.id, tuple(int(row) for row in rows))
    ours = {"row": rows + 1, **{f"{plain(N_('rank'))} · {name}": places for name, places in ranks.items()}}
    named = {flagged.free_name(name, values.columns): column for name, column in ours.items()}
    table = pd.concat([pd.DataFrame(named), values.reset_index(drop=True)], axis=1)
    button = flagged.free_name("open", table.columns)
    table.insert(0, button, plain(N_("Why?")))
    key = f"listed_{key}_{run.id}_{hash(rows.tobytes())}"

    def open_row() -> None:
        state.go("explain", run=run.id, row=int(rows[state.typed(f"{key}_click").row]))

    config = st.column_config
    numbers = {name: config.NumberColumn(name, format="localized", width="small" if name == next(iter(named)) else 170) for name in named}
    opening = config.ButtonColumn(plain(N_("explain")), on_click=open_row, key=f"{key}_click", type="tertiary", pinned=True, width="small")
    st.dataframe(
        table,
        hide_index=True,
        height=min(35 * (len(table) + 1) + 4, 420),
        key=key,
        column_config={button: opening, **numbers},
        alt=plain(N_("Rows of {name}"), name=data_set.name),
    )


def learned_columns(run_id: str, rows: NDArray[np.intp]) -> dict[str, list[Any]]:
    """What a detector that learns from labels says of `rows` beside their score: the likeliest kind, and whether they were held out."""
    found: dict[str, list[Any]] = {}
    if (kinds := results.kind_names(run_id, rows)) is not None:
        found["kind"] = kinds
    if (held_out := results.held_out_rows(run_id)) is not None:
        found["held out"] = np.asarray(held_out[rows]).tolist()
    return found
