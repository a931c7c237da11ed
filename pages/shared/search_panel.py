"""The searches of a data set: how far each is, what its trials reached, the best settings so far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from detectors import charts, registry
from detectors.messages import N_
from detectors.runs.searches import MOST, asked_search, best_of, read_trials, trials_of
from detectors.runs.study import Tried
from detectors.runs.trials import OBJECTIVES, SAYS_LITTLE
from detectors.storage.records import DataSetRecord, RunRecord
from pages.shared import state
from pages.shared.context import detector_title, state_text
from pages.shared.engine import workbench
from pages.shared.language import clock, escape, plain, say, say_message, translate
from pages.shared.look import palette, show_chart
from pages.shared.running import progress_of, until_ended
from pages.shared.search_form import setting_text

#: Seconds between two looks at a search that is not over.
LOOK_S = 1.0

#: Earlier searches that are offered.
EARLIER = 10

#: The same as `OBJECTIVES`, in as few words as fit beside an axis.
AXES = {"average_precision": N_("average precision"), "planted_recall": N_("planted anomalies found")}

STATES = {
    "done": N_("to the end"),
    "given up": N_("given up"),
    "failed": N_("failed"),
    "running": N_("running"),
}


def searches(data_set: DataSetRecord) -> None:
    """The newest search of a data set, and the earlier ones folded away; nothing where there is none."""
    found = workbench().searches(data_set.id)
    if not found:
        return
    st.subheader(plain(N_("Search")), anchor=False)
    for search in [one for one in found if not one.ended] or found[:1]:
        _panel(search)
    shown = {one.id for one in found if not one.ended} or {found[0].id}
    for search in [one for one in found if one.id not in shown][:EARLIER]:
        folded = st.expander(_head(search), key=f"search_{search.id}", on_change="rerun")
        if folded.open:
            with folded:
                _found(search)


def _panel(search: RunRecord) -> None:
    if search.ended:
        _framed(search)
        return
    until_ended(search, _framed, LOOK_S)


def _framed(search: RunRecord) -> None:
    with st.container(border=True, key=f"search_{search.id}"):
        _found(search)


def _head(search: RunRecord) -> str:
    """Which search it is, and how far."""
    folder = workbench().run_folder(search.id)
    ended = sum(one.state != "running" and not one.lost for one in trials_of(folder))
    count = say(N_("{ended} of at most {trials} trials"), ended=ended, trials=asked_search(folder).trials)
    return f"**{escape(detector_title(search))}, {escape(clock(search.created))}** · {escape(state_text(search.state))} · {count}"


def _found(search: RunRecord) -> None:
    folder = workbench().run_folder(search.id)
    tried = [one for one in trials_of(folder) if not one.lost]
    best = best_of(tried)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_head(search), width="stretch")
        _buttons(search, best)
    if search.message is not None:
        st.caption(":red[" + say_message(search.message) + "]")
    _current(search)
    objective = read_trials(folder).get("objective")
    if objective is None:
        return
    _what_judges(objective, best)
    if best is not None:
        _best(search, tried, best)
    if any(one.steps or one.value is not None for one in tried):
        show_chart(_chart(tried, objective), key=f"trials_{search.id}")
    _all_trials(search, tried)


def _buttons(search: RunRecord, best: Tried | None) -> None:
    if best is not None and workbench().records.run(best.run) is not None:
        label = say(N_("Open the best run"))
        if st.button(label, key=f"open_best_{search.id}", icon=":material/chevron_right:", icon_position="right"):
            state.go("threshold", run=best.run)
    if not search.ended:
        stopping = workbench().run_folder(search.id).stop_mode() is not None
        st.button(
            say(N_("Stop search")), key=f"stop_search_{search.id}", icon=":material/stop:", disabled=stopping,
            help=say(N_("The trial that runs is dropped; what the others reached is kept, and the search can go on later.")),
            on_click=lambda: workbench().stop_run(search.id, "discard"),
        )  # fmt: skip
    elif search.state in ("stopped", "failed"):
        label = say(N_("Go on searching"))
        st.button(label, key=f"go_on_{search.id}", icon=":material/replay:", on_click=lambda: workbench().start_again(search.id))


def _current(search: RunRecord) -> None:
    """How far the trial is that runs, with Stop for it alone."""
    if search.ended:
        return
    runs = workbench().records.runs(search.data_id, of_run=search.id)
    current = next((run for run in runs if not run.ended), None)
    if current is not None:
        progress_of(current)
    else:
        st.progress(0.0, text=say(N_("choosing the next settings …")))


def _what_judges(objective: str, best: Tried | None) -> None:
    text = say(N_("Judged by: {objective}."), objective=plain(OBJECTIVES[objective]))
    if objective == "average_precision":
        text += " " + say(N_("The settings are chosen by these labels: expect a little less on new data."))
    else:
        text += " " + say(N_("Some hundred are planted: small differences may be chance."))
        if best is not None and best.value is not None and best.value < SAYS_LITTLE:
            few = N_(
                "With no settings yet does this detector find many of them: they say little of its settings, and another detector may suit better."
            )
            text += " " + say(few)
    st.caption(text)


def _best(search: RunRecord, tried: Sequence[Tried], best: Tried) -> None:
    """The best so far beside the defaults, and its settings."""
    default = next((one.value for one in tried if one.value is not None and dict(one.parameters) == dict(tried[0].parameters)), None)
    with st.container(horizontal=True, gap="large", vertical_alignment="top"):
        gain = None if default is None or best.value is None else best.value - default
        st.metric(
            say(N_("Best so far") if not search.ended else N_("Best")), f"{best.value:.4f}", delta=None if not gain else f"{gain:+.4f}",
            width=150, help=say(N_("Below it, how much more than the defaults.")),
        )  # fmt: skip
        st.metric(say(N_("Defaults")), "–" if default is None else f"{default:.4f}", width=130)
        with st.container(gap="xxsmall"):
            first = dict(tried[0].parameters) == dict(best.parameters)
            sentence = (
                N_("No settings reached more than the defaults.")
                if first
                else N_("Settings of trial {trial}, what differs from the defaults in bold:")
            )
            if (best.value or 0) >= MOST:
                sentence = N_("No settings could reach more than trial {trial} did:")
            st.caption(say(sentence, trial=best.number))
            st.markdown(" · ".join(_setting(search, name, value) for name, value in best.parameters.items()))


def _setting(search: RunRecord, name: str, value: object) -> str:
    field = registry.get(search.representation, search.detector).fields[name]
    text = f"{say(field.title)} {escape(_value_text(search, name, value))}"
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"**{text}**" if value != default else text


def _value_text(search: RunRecord, name: str, value: object) -> str:
    titles = registry.get(search.representation, search.detector).fields[name].choice_titles or {}
    return plain(titles[value]) if isinstance(value, str) and value in titles else setting_text(value)


def _chart(tried: Sequence[Tried], objective: str) -> charts.Chart:
    latest = [one.value if one.value is not None else list(one.steps.values())[-1] if one.steps else np.nan for one in tried]
    done = np.array([one.value is not None for one in tried])
    return charts.trials(np.array(latest, dtype=float), done, palette(), objective=AXES[objective], translate=translate)


def _all_trials(search: RunRecord, tried: Sequence[Tried]) -> None:
    """Every trial with its settings; a finished one that is picked can be opened."""
    folded = st.expander(say(N_("All trials")), key=f"all_trials_{search.id}", on_change="rerun")
    if not folded.open:
        return
    with folded:
        picked = st.dataframe(
            _table(search, tried), hide_index=True, on_select="rerun", selection_mode="single-row", key=f"trials_table_{search.id}",
            column_config={"reached": st.column_config.NumberColumn(format="%.4f")}, alt=plain(N_("All trials of the search")),
        )  # fmt: skip
        rows = picked["selection"]["rows"]
        chosen = tried[rows[0]] if rows and rows[0] < len(tried) else None
        st.caption(say(N_("Pick a trial that learned from all rows to open it. All of them are on Compare, too.")))
        if (
            chosen is not None
            and chosen.value is not None
            and st.button(say(N_("Open trial {trial}"), trial=chosen.number), key=f"open_trial_{search.id}")
        ):
            state.go("threshold", run=chosen.run)


def _table(search: RunRecord, tried: Sequence[Tried]) -> pd.DataFrame:
    fields = registry.get(search.representation, search.detector).fields
    names = list(tried[0].parameters) if tried else []
    return pd.DataFrame({
        "trial": [one.number for one in tried],
        "state": [plain(STATES[one.state]) for one in tried],
        "reached": [one.value for one in tried],
        "on parts of the rows": [", ".join(f"{value:.4f}" for value in one.steps.values()) for one in tried],
        **{plain(fields[name].title): [_value_text(search, name, one.parameters[name]) for one in tried] for name in names},
        "seconds": [round(one.seconds, 1) for one in tried],
    })  # fmt: skip
