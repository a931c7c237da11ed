"""What a detector does over all flagged rows: what weighs most, by value, as rules, when shuffled, and whether explanations hold."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared.all_flagged.dependence import dependence_panel
from pages.shared.all_flagged.imitation import imitation_panel
from pages.shared.all_flagged.shuffling import shuffling_panel
from pages.shared.all_flagged.trust import trust_panel
from pages.shared.all_flagged.weights import weights_panel
from pages.shared.language import plain, say

Panel = Callable[[DataSetRecord, RunRecord, ThresholdRecord], None]

#: What can be looked at: its name, what shows it, and the kinds of data of which it has no meaning.
_PANELS: dict[str, tuple[str, Panel, frozenset[str]]] = {
    "weights": (N_("What weighs most"), weights_panel, frozenset()),
    "dependence": (N_("By value"), dependence_panel, frozenset({"text"})),
    "rules": (N_("As rules"), imitation_panel, frozenset({"images"})),
    "shuffling": (N_("When shuffled"), shuffling_panel, frozenset()),
    "trust": (N_("Trust check"), trust_panel, frozenset()),
}

_LEFT_OUT = N_("When left out")


def all_flagged(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """One panel at a time, chosen by name: only what is looked at is worked out."""
    names = [name for name, (_, _, without) in _PANELS.items() if run.kind not in without]
    titles = {name: _PANELS[name][0] for name in names}
    if run.kind == "text":
        titles["shuffling"] = _LEFT_OUT
    chosen: str = st.segmented_control(
        say(N_("What is shown of all flagged")),
        names,
        default=names[0],
        required=True,
        format_func=lambda name: plain(titles[name]),
        key=f"all_flagged_{run.kind}",
        label_visibility="collapsed",
        width="content",
    )
    with st.container(key=f"panel_{chosen}"):
        _PANELS[chosen][1](data_set, run, threshold)
