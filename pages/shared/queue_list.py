"""Who is before a waiting run: what is done first, and what of it can be withdrawn."""

from __future__ import annotations

import streamlit as st

from detectors.messages import N_
from detectors.storage.records import RunRecord
from pages.shared.context import run_text
from pages.shared.engine import workbench
from pages.shared.language import say

TASKS = {
    "train": N_("{run} on {data_set}"),
    "score": N_("{data_set}, scored by a saved detector: {run}"),
    "reasons": N_("the reasons of {run} on {data_set}"),
    "refits": N_("refits of {run} on {data_set}"),
    "search": N_("a search for settings: {run} on {data_set}"),
}


def place_text(run: RunRecord) -> str:
    """Where a waiting run stands in the queue."""
    before = len(workbench().runs_before(run.id))
    if before == 0:
        return say(N_("waiting for the trainer …"))
    return say(N_("waiting · 1 run before this one")) if before == 1 else say(N_("waiting · {runs} runs before this one"), runs=before)


def runs_before(run: RunRecord) -> None:
    """One line for each run that is done before `run`; those that wait and are the reader's own can be withdrawn."""
    for position, run_id in enumerate(workbench().runs_before(run.id), 1):
        before = workbench().records.run(run_id)
        with st.container(horizontal=True, vertical_alignment="center", key=f"before_{run.id}_{run_id}"):
            if before is None:
                st.caption(say(N_("{position}. a run of somebody else"), position=position), width="stretch")
                continue
            st.caption(f"{position}\\. {_name(before)}", width="stretch")
            if before.state == "queued":
                withdraw_button(before, "before")


def withdraw_button(run: RunRecord, place: str) -> None:
    """Takes a waiting run out of the queue; `place` tells apart the buttons that one page has for it."""
    st.button(
        say(N_("Withdraw")),
        key=f"withdraw_{place}_{run.id}",
        type="tertiary",
        icon=":material/playlist_remove:",
        help=say(N_("Takes this run out of the queue. It can be started again.")),
        on_click=lambda: workbench().stop_run(run.id, "discard"),
    )


def _name(run: RunRecord) -> str:
    data_set = workbench().records.data_set(run.data_id)
    return say(TASKS[run.task], run=run_text(run), data_set=data_set.name if data_set else "–")
