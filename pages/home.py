"""Home: what this is, samples to try, and what was done before."""

from __future__ import annotations

import streamlit as st

from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.reading import Sample
from pages.shared import engine, state
from pages.shared.context import KIND_ICONS, run_title, state_text
from pages.shared.data_set_list import data_set_list
from pages.shared.engine import workbench
from pages.shared.keeping import entry_menu, shown_refusal
from pages.shared.language import clock, escape, percent, plain, say

#: Recent runs shown.
RECENT = 8


def sample_card(sample: Sample) -> None:
    with st.container(border=True, height="stretch", key=f"sample_{sample.name}"):
        st.markdown(f"{KIND_ICONS[sample.kind]} **{say(sample.title)}**")
        st.caption(say(sample.description))
        st.caption(
            say(
                N_("{kind} · {rows} {items}"), kind=plain(KINDS[sample.kind].title), rows=sample.rows, items=plain(KINDS[sample.kind].items)
            )
        )
        st.space("stretch")
        if st.button(say(N_("Try it")), key=f"try_{sample.name}", width="stretch"):
            with st.spinner(say(N_("Making the sample …"))):
                record = workbench().import_sample(sample.name)
            state.go("data", data=record.id)


def recent_runs() -> None:
    data_sets = {record.id: record for record in workbench().records.data_sets()}
    runs = [run for run in workbench().records.runs(trials=False, most=RECENT) if run.data_id in data_sets]
    if not runs:
        st.caption(say(N_("Nothing yet. Runs that you train will be listed here.")))
        return
    thresholds = workbench().records.thresholds()
    judged = workbench().judged({run.data_id for run in runs})
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center", key=f"recent_{run.id}"):
            threshold, rows = thresholds.get(run.id), (run.summary or {}).get("rows")
            outcome = state_text(run.state)
            if threshold and rows:
                count = judged.get(run.data_id, 0)
                told = N_("{flagged} flagged ({share}), {count} judged") if count else N_("{flagged} flagged ({share})")
                outcome = say(told, flagged=threshold.flagged, share=percent(threshold.flagged / rows), count=count)
            st.markdown(f"**{escape(data_sets[run.data_id].name)}** — {escape(run_title(run))} — {outcome}", width="stretch")
            st.caption(escape(clock(run.created)), width="content")
            done = run.state == "done"
            if st.button(say(N_("Open")), key=f"open_{run.id}", type="tertiary", icon=":material/chevron_right:", icon_position="right"):
                state.go("threshold" if done else "train", run=run.id)
            entry_menu(run)


st.title(say(N_("Find what is unusual in your data")), anchor=False)
st.markdown(
    say(
        N_(
            "Upload a table, a time series, pictures or texts, train a detector, drag the threshold over the scores, see why each one was flagged, "
            "and take what is flagged away. No machine learning needed; your data stays on this machine."
        )
    )
)
if st.button(say(N_("Open your data")), type="primary", icon=":material/upload_file:", key="open_your_data"):
    state.go("data")

st.subheader(say(N_("Or try a sample")), anchor=False)
with st.grid(3):
    for sample in engine.samples():
        sample_card(sample)

shown_refusal()
st.subheader(say(N_("Recent runs")), anchor=False)
recent_runs()
data_set_list(say(N_("Data sets")))
if st.button(say(N_("All data sets and runs, and the bin")), type="tertiary", icon=":material/inventory_2:", key="to_library"):
    state.go("library")
