"""What takes longer than a moment is asked for first."""

from __future__ import annotations

import streamlit as st

from detectors.messages import N_
from detectors.storage.records import RunRecord
from pages.shared import state
from pages.shared.engine import workbench
from pages.shared.language import say

#: Seconds that somebody waits for without being asked.
PATIENCE_S = 4.0


def may_work(run: RunRecord, scores: int, what: str) -> bool:
    """Whether so many scores of a run may be worked out now: at once where that is quick, else when somebody has asked for it."""
    seconds = workbench().seconds_to_score(run.id, scores)
    key = f"{what}_{run.id}"
    if seconds <= PATIENCE_S or state.is_asked_for(key):
        return True
    st.caption(say(N_("This takes about {seconds} seconds with this detector."), seconds=round(seconds)))
    st.button(say(N_("Work it out")), key=f"ask_{key}", icon=":material/play_arrow:", on_click=state.ask_for, args=(key,))
    return False
