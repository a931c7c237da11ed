"""Which rows came before those of a new series: it is seen after them, as it would be in one file."""

from __future__ import annotations

import streamlit as st

from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.storage.tables import DetectorRecord
from detectors.workbench.following import RowsBefore
from pages.shared.context import told_apart
from pages.shared.engine import workbench
from pages.shared.language import clock, plain, say

HELP = N_(
    "A time step is judged by the steps before it. The first ones of a file have none there, so they are seen best after the "
    "rows that came before: those of the training, or of the file before this one. Only the new rows get scores."
)


def rows_before(detector: DetectorRecord, data_set: DataSetRecord) -> str | None:
    """Asks what a new series follows on from, and proposes what ends where it begins; gives the id of that data set."""
    found = {each.record.id: each for each in workbench().rows_before(detector.id, data_set.id)}
    if not found:
        return None
    proposed = next((data_id for data_id, each in found.items() if each.how.at_once), None)
    names = told_apart({data_id: _named(each) for data_id, each in found.items()})
    choices = ["", *names]
    picked = st.selectbox(
        say(N_("These rows follow on from")), choices, choices.index(proposed or ""),
        format_func=lambda data_id: names[data_id] if data_id else plain(N_("nothing: this is where the series begins")),
        key=f"before_{detector.id}_{data_set.id}_{len(choices)}", help=say(HELP), width=520,
    )  # fmt: skip
    if proposed is not None and picked == proposed:
        st.caption(":material/link: " + say(N_("{name} ends right before these rows begin."), name=found[proposed].record.name))
    return picked or None


def told_before(run: RunRecord) -> str:
    """In a sentence, after which rows a run has seen its own; empty where after none."""
    before = run.request.get("before")
    if not before:
        return ""
    earlier = workbench().records.data_set(str(before))
    if earlier is None:
        return say(N_("Seen after rows of a data set that is not here any more."))
    return say(N_("Seen after the rows of {name}."), name=earlier.name)


def _named(each: RowsBefore) -> str:
    return f"{each.record.name} · {clock(each.record.created)}"
