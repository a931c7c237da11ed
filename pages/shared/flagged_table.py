"""The flagged rows in original values, with score, rank and the columns that weigh most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors import flagged
from detectors.errors import AnomalystError
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine, results, state
from pages.shared.engine import workbench
from pages.shared.language import plain, say, say_message
from pages.shared.stability_card import solidity_column, solidity_found

#: Rows on one page of the table, and rows on each side of the cut-off when the closest are shown.
PAGE_ROWS, CLOSEST_ROWS = 50, 50


def flagged_table(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """A page of the flagged rows, the most unusual first; or the rows on both sides of the cut-off."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader(say(N_("{count} flagged rows"), count=threshold.flagged), anchor=False, width="stretch")
        pages = max(1, -(-threshold.flagged // PAGE_ROWS))
        page = page_by_score(pages)
    ranking = engine.ranking(run.id)
    if page is not None:
        ranks = np.arange((page - 1) * PAGE_ROWS, min(page * PAGE_ROWS, threshold.flagged))
    else:
        ranks = flagged.around(threshold.flagged, len(ranking), 2 * CLOSEST_ROWS)
    if not len(ranks):
        st.info(say(N_("No row is flagged at this cut-off. Move the line to the left to flag some.")))
        return
    _show(data_set, run, ranking[ranks], ranks, threshold)


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


def page_by_score(pages: int) -> int | None:
    """Lets choose between the most unusual first, on so many `pages`, and the closest to the cut-off: the page, from 1, or None."""
    by_score, closest = plain(N_("Most unusual")), plain(N_("Closest to the cut-off"))
    order = st.segmented_control(
        say(N_("Order")),
        [by_score, closest],
        default=by_score,
        required=True,
        key="order",
        label_visibility="collapsed",
        width="content",
    )
    if order != by_score:
        return None
    return int(st.pagination(pages, key=f"page_{pages}")) if pages > 1 else 1


def _show(data_set: DataSetRecord, run: RunRecord, rows: NDArray[np.intp], ranks: NDArray[np.intp], threshold: ThresholdRecord) -> None:
    positions = tuple(int(row) for row in rows)
    scores = np.asarray(workbench().run_folder(run.id).array("scores")[rows])
    found: dict[str, list[Any]] = {"why": _reasons(run, data_set, positions)}
    found |= {"state": np.where(scores > threshold.cut_off, "●", "○").tolist()}
    found |= learned_columns(run.id, rows) | solidity_found(run, threshold, rows)
    table = flagged.flagged_frame(engine.data_rows(data_set.id, positions), rows, ranks, scores, found)
    button = flagged.free_name("open", table.columns)
    table.insert(0, button, plain(N_("Why?")))
    names = list(table.columns)
    config = st.column_config

    def open_row() -> None:
        state.go("explain", row=int(rows[state.typed("open_row_click").row]))

    st.dataframe(
        table,
        hide_index=True,
        height=min(35 * (len(table) + 1) + 4, 560),
        key="flagged_rows",
        column_config={
            button: config.ButtonColumn(
                plain(N_("explain")), on_click=open_row, key="open_row_click", type="tertiary", pinned=True, width="small"
            ),
            names[1]: config.NumberColumn(plain(N_("rank")), format="localized", pinned=True, width="small"),
            names[2]: config.NumberColumn(plain(N_("row")), format="localized", width="small"),
            names[3]: config.NumberColumn(plain(N_("score")), format="%.4g", width="small"),
            names[4]: config.TextColumn(plain(N_("what weighs most")), width=420),
            names[5]: config.TextColumn("", help=say(N_("● flagged, ○ not flagged")), width=30),
            **_learned_config(names),
            **({names[len(found) + 3]: solidity_column()} if "solidity" in found else {}),
        },
        alt=plain(N_("Flagged rows of {name}"), name=data_set.name),
    )


def _learned_config(names: list[str]) -> dict[str, Any]:
    config = st.column_config
    kind_help, held_out_help = (
        say(N_("The kind of anomaly that it would most likely be.")),
        say(N_("Not learned from: figures are for these rows.")),
    )
    shown = {
        "kind": config.TextColumn(plain(N_("kind")), help=kind_help, width=130),
        "held out": config.CheckboxColumn(plain(N_("held out")), help=held_out_help, width="small"),
    }
    return {name: shown[title] for title in shown for name in names[6:8] if name in (title, flagged.OURS.format(name=title))}


def learned_columns(run_id: str, rows: NDArray[np.intp]) -> dict[str, list[Any]]:
    """What a detector that learns from labels says of `rows` beside their score: the likeliest kind, and whether they were held out."""
    found: dict[str, list[Any]] = {}
    if (kinds := results.kind_names(run_id, rows)) is not None:
        found["kind"] = kinds
    if (held_out := results.held_out_rows(run_id)) is not None:
        found["held out"] = np.asarray(held_out[rows]).tolist()
    return found


def _reasons(run: RunRecord, data_set: DataSetRecord, positions: tuple[int, ...]) -> list[str]:
    """The reasons as one text a row; where they cannot be had, the page says so and the rows are shown without."""
    try:
        texts = engine.reason_texts(run.id, data_set.id, positions)
    except AnomalystError as error:
        st.caption(say_message(error.message))
        texts = [[]] * len(positions)
    if any(not found for found in texts):
        st.caption(say(N_("In a table this wide reasons are worked out for a few rows at a time. Open a row to see its own.")))
    return [" · ".join(filter(None, found)) for found in texts]
