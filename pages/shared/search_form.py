"""Above Train: lets the settings be searched for. Says what is searched, by what it is judged, and how often."""

from __future__ import annotations

import streamlit as st

from detectors import registry
from detectors.messages import N_
from detectors.runs.request import RunRequest
from detectors.runs.searches import FEWEST_TRIALS, MOST_TRIALS, TRIALS, SearchRequest
from detectors.search_space import Dimension, Options, search_space
from pages.shared.engine import workbench
from pages.shared.language import escape, plain, say
from pages.shared.values import value_text

#: Minutes of training after which no other trial begins, unless something else is asked; 0 stands for no limit.
MINUTES = 30

LONGEST_MINUTES = 10_000

BY_LABELS = N_("Judged by the average precision of the known anomalies, on the rows that judge a training.")
BY_PLANTED = N_(
    "Judged without labels: known kinds of anomaly are planted in rows that are not learned from, and the share of them that is found counts. "
    "That suits data that are learned from rows known to be usual; where many anomalies are among those, settings that find single "
    "planted ones may miss groups of real ones, and labels judge better."
)


def search_form(request: RunRequest, *, ready: bool) -> None:
    """The form, folded away; `ready`: the settings above it are complete. Nothing for a detector without settings to vary."""
    detector = registry.get(request.representation, request.detector)
    if not search_space(detector):
        return
    folded = st.expander(say(N_("Search for better settings")), icon=":material/manage_search:", key="search_form", on_change="rerun")
    if not folded.open:
        return
    with folded:
        if ready:
            _ask(request, search_space(detector, request.parameters))
        else:
            st.caption(say(N_("Complete the settings above first: the search starts from them.")))


def _ask(request: RunRequest, space: list[Dimension]) -> None:
    st.caption(
        say(BY_LABELS if request.label else BY_PLANTED)
        + " "
        + say(N_("The first trial takes the defaults. One that promises little on a part of the rows is given up. What is varied:"))
    )
    st.markdown(" · ".join(_range_text(request, dimension) for dimension in space))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        trials = st.number_input(say(N_("Trials")), FEWEST_TRIALS, MOST_TRIALS, TRIALS, key="search_trials", width=150)
        minutes = st.number_input(
            say(N_("Minutes at most")), 0, LONGEST_MINUTES, MINUTES, key="search_minutes", width=170,
            help=say(N_("After so many minutes of training no other trial begins. 0: the number of trials alone decides.")),
        )  # fmt: skip
        anew = request.start_from is None
        begin = st.button(say(N_("Start the search")), key="start_search", icon=":material/manage_search:", disabled=not anew)
    if not anew:
        st.caption(say(N_("A search learns anew: it cannot start from an earlier run.")))
    if begin:
        workbench().start_search(SearchRequest(request, int(trials), float(minutes) or None))
        st.rerun()


def _range_text(request: RunRequest, dimension: Dimension) -> str:
    """A setting and what is tried of it."""
    field = registry.get(request.representation, request.detector).fields[dimension.name]
    if isinstance(dimension, Options):
        titles = dict(field.choice_titles or {})
        tried = ", ".join(plain(titles[value]) if value in titles else setting_text(value) for value in dimension.values)
    else:
        tried = plain(N_("{low} to {high}"), low=dimension.low, high=dimension.high)
    return f"**{say(field.title)}** {escape(tried)}"


def setting_text(value: object) -> str:
    """One value of a setting: a list of sizes with commas between."""
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, list | tuple) else value_text(value)
