"""Rows of the data as items to judge: original values behind score, rank, solidity and reasons."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors.errors import AnomalystError
from detectors.messages import N_, shown
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine, results, state
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.language import plain, say, say_message
from pages.shared.stability_card import solidity
from pages.shared.triage.items import Action, Column, Item, Listed
from pages.shared.values import value_text

#: Columns of the data that are listed; Explain and the download have all.
MOST_COLUMNS = 24

#: Characters of a cell, of the sentence of reasons.
LONGEST_CELL, LONGEST_WHY = 60, 240

#: Before all other columns, because they say which row it is.
FIRST_ROLES = {"id": 0, "label": 1, "time": 2, "entity": 3}


def listed_rows(
    data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord, ranks: NDArray[np.intp], *, with_reasons: bool = True
) -> Listed:
    """The rows at some places (from 0) in the order of the flags."""
    flags = flags_of(threshold)
    rows = np.asarray(flags.order[ranks])
    positions = tuple(int(row) for row in rows)
    values = engine.data_rows(data_set.id, positions)
    why = reasons_told(run, data_set, positions) if with_reasons else None
    names = shown_columns(data_set, [str(name) for name in values.columns], why or [])
    own = _own_columns(run, threshold, rows, ranks, why)
    columns = [*own, *(Column(name, "number" if pd.api.types.is_numeric_dtype(values[name]) else "text") for name in names)]
    cells = [*own.values(), *([short(value_text(value)) for value in values[name]] for name in names)]
    items = [
        Item(str(row), [(row, row)], plain(N_("row {row}"), row=row + 1), bool(rank < flags.count), line)
        for row, rank, line in zip(positions, ranks, zip(*cells, strict=True), strict=True)
    ]
    return Listed("table", items, columns, [explain_action(rows, run)], remark=_left_out(len(values.columns) - len(names)))


def _scores(run: RunRecord, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.asarray(workbench().run_folder(run.id).array("scores")[rows])


def explain_action(rows: NDArray[np.intp], run: RunRecord) -> Action:
    """Opens Explain for the row that stands for an item."""

    def explain(place: int) -> None:
        state.go("explain", run=run.id, row=int(rows[place]))

    return Action("explain", plain(N_("why?")), explain, "Enter")


def short(text: str, longest: int = LONGEST_CELL) -> str:
    """Text that fits into a cell."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def reasons_told(run: RunRecord, data_set: DataSetRecord, positions: tuple[int, ...]) -> list[list[str]]:
    """The reasons of each row; where they cannot be had, the page says so and the rows are shown without."""
    try:
        texts = engine.reason_texts(run.id, data_set.id, positions)
    except AnomalystError as error:
        st.caption(say_message(error.message))
        return [[]] * len(positions)
    if any(not found for found in texts):
        st.caption(say(N_("In a table this wide reasons are worked out for a few rows at a time. Open a row to see its own.")))
    return texts


def shown_columns(data_set: DataSetRecord, names: list[str], why: list[list[str]]) -> list[str]:
    """Of many columns those that say which row it is and those that reasons name most often, in the order of the data."""
    if len(names) <= MOST_COLUMNS:
        chosen = names
    else:
        named = Counter(name for texts in why for text in texts for name in names if text.startswith(f"{name} "))
        role = {name: FIRST_ROLES.get(data_set.roles.get(name, ""), len(FIRST_ROLES)) for name in names}
        chosen = sorted(names, key=lambda name: (role[name], -named[name]))[:MOST_COLUMNS]
    first = [name for name in names if name in chosen and data_set.roles.get(name) in ("id", "label")]
    return first + [name for name in names if name in chosen and name not in first]


def _own_columns(
    run: RunRecord, threshold: ThresholdRecord, rows: NDArray[np.intp], ranks: NDArray[np.intp], why: list[list[str]] | None
) -> dict[Column, list[Any]]:
    """What was found of each row, by column."""
    scores = _scores(run, rows)
    own: dict[Column, list[Any]] = {
        Column(plain(N_("rank")), "number"): [shown(int(rank) + 1) for rank in ranks],
        Column(plain(N_("row")), "number"): [shown(int(row) + 1) for row in rows],
        Column(plain(N_("score")), "number"): [value_text(float(score)) for score in scores],
    }
    if (sure := solidity(run, threshold, rows)) is not None:
        help_text = N_("The share of the refits in which it would be flagged: 100 % is solid, less than 90 % borderline.")
        own[Column(plain(N_("solidity")), "share", plain(help_text))] = sure.tolist()
    if why is not None:
        own[Column(plain(N_("what weighs most")), "words")] = [short(" · ".join(filter(None, texts)), LONGEST_WHY) for texts in why]
    return own | _learned(run.id, rows)


def learned_columns(run_id: str, rows: NDArray[np.intp]) -> dict[str, list[Any]]:
    """What a detector that learns from labels says of `rows` beside their score: the likeliest kind, and whether they were held out."""
    found: dict[str, list[Any]] = {}
    if (kinds := results.kind_names(run_id, rows)) is not None:
        found["kind"] = kinds
    if (held_out := results.held_out_rows(run_id)) is not None:
        found["held out"] = np.asarray(held_out[rows]).tolist()
    return found


def _learned(run_id: str, rows: NDArray[np.intp]) -> dict[Column, list[Any]]:
    """The same, to be listed."""
    found = learned_columns(run_id, rows)
    own: dict[Column, list[Any]] = {}
    if "kind" in found:
        own[Column(plain(N_("kind")), help=plain(N_("The kind of anomaly that it would most likely be.")))] = found["kind"]
    if "held out" in found:
        help_text = plain(N_("Not learned from: figures are for these rows."))
        own[Column(plain(N_("held out")), help=help_text)] = ["✓" if out else "" for out in found["held out"]]
    return own


def _left_out(count: int) -> str:
    return say(N_("{count} further columns are not listed; Explain and the download have all."), count=count) if count > 0 else ""
