"""What weighs most over all flagged rows: on average, in every row, and in groups of them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from detectors import charts
from detectors.explanations.held import largest_groups
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine
from pages.shared.all_flagged.explained_rows import ExplainedRows, flagged_explained, part_names
from pages.shared.all_flagged.opening import selected_rows
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart
from pages.shared.values import value_text
from pages.shared.views import view_of

#: Parts and rows in the swarm.
MOST_PARTS, MOST_ROWS = 12, 300

#: Groups that stand side by side, and different values of a column that can be compared.
MOST_GROUPS, MOST_VALUES = 8, 50


def weights_panel(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """Means as bars, then every row as a point, then groups side by side."""
    view_of(run.kind).weights(data_set, run, threshold)
    found = flagged_explained(run, threshold)
    selected = show_chart(charts.beeswarm(*_swarm(found, run.kind), palette(), translate=translate), key=f"swarm_{run.id}", selects=True)
    st.caption(_told(run.kind))
    selected_rows(selected, data_set, run, threshold, key="swarm")
    _groups(data_set, found)


def _swarm(found: ExplainedRows, kind: str) -> tuple[list[str], charts.Swarm]:
    parts = np.argsort(-np.abs(found.values).mean(axis=0), kind="stable")[:MOST_PARTS]
    rows = np.linspace(0, len(found.rows) - 1, min(len(found.rows), MOST_ROWS)).astype(np.intp)
    drawn = ExplainedRows(found.rows[rows], found.names, found.values[rows], found.held.iloc[rows])
    texts = drawn.texts(parts)
    if kind == "text":  # a text that does not hold a word has no point there
        texts[drawn.held.iloc[:, parts].isna().to_numpy()] = ""
    names = part_names([found.names[part] for part in parts])
    return names, charts.Swarm(drawn.rows, drawn.values[:, parts], drawn.shades(parts), texts)


def _told(kind: str) -> str:
    """What a point means, and what can be done with it."""
    colours = {
        "images": N_("Blue is a dark place, amber a bright one."),
        "text": N_("A text that does not hold the word has no point; amber where it is there more often."),
    }
    named = {"item": plain(KINDS[kind].item), "items": plain(KINDS[kind].items)}
    meaning = say(N_("One point a flagged {item}: right of the line it was made more unusual, left of it less."), **named)
    opening = say(N_("Click a point to open its {item}, with Shift several."), **named)
    return " ".join([meaning, say(colours.get(kind, N_("Blue is low for its column, amber high, grey has no order."))), opening])


def _groups(data_set: DataSetRecord, found: ExplainedRows) -> None:
    """What weighs most in each group of flagged rows, by a column that says the group."""
    columns = [
        profile.name
        for profile in engine.profile(data_set.id)
        if profile.type in ("text", "boolean") and 1 < profile.distinct <= MOST_VALUES
    ]
    columns += [name for name, role in data_set.roles.items() if role in ("label", "entity") and name not in columns]
    if not columns:
        return
    column = st.selectbox(
        say(N_("Compare groups by")), columns, index=None, format_func=str, key=f"groups_{data_set.id}", width=320,
        placeholder=plain(N_("a column")), help=say(N_("A column of few values, whether it was learned from or not.")),
    )  # fmt: skip
    if column is None:
        return
    groups = largest_groups(engine.column_of(data_set.id, column, tuple(int(row) for row in found.rows)), MOST_GROUPS)
    if not groups:
        st.info(say(N_("No flagged row has a value in this column.")))
        return
    weights = np.stack([np.abs(found.values[chosen]).mean(axis=0) for _, chosen in groups])
    names, counts = [value_text(value) for value, _ in groups], [int(chosen.sum()) for _, chosen in groups]
    show_chart(charts.weights_by_group(part_names(found.names), names, counts, weights, palette(), by=column), key="weights_by_group")
    st.caption(
        say(N_("Each part's share of all that moved the scores of the group's flagged rows, either way. In brackets how many rows."))
    )
