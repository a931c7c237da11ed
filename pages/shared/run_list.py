"""The runs of a data set: state, outcome, and what can be done with each."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from detectors import charts
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import state
from pages.shared.context import run_title, state_text
from pages.shared.engine import workbench
from pages.shared.keeping import entry_menu
from pages.shared.language import clock, escape, percent, plain, say, say_message, translate
from pages.shared.look import palette, show_chart
from pages.shared.members import members_table
from pages.shared.queue_list import place_text, withdraw_button
from pages.shared.starting import started_from
from pages.shared.tree_panel import tree_panel
from pages.shared.values import value_text

#: Runs shown; all of them are in the Library.
SHOWN = 20

ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/autorenew:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "interrupted": ":material/power_off:",
    "stopped": ":material/cancel:",
}


def run_list(data_set: DataSetRecord, without: str | None = None) -> None:
    """One line a run, newest first; details fold out. The run `without`, and trials of searches, are shown elsewhere on the page."""
    runs = [run for run in workbench().records.runs(data_set.id, trials=False, most=SHOWN + 1) if run.id != without]
    if not runs and without is None:
        st.caption(say(N_("No runs on this data yet.")))
    for run in runs[:SHOWN]:
        _line(run, workbench().records.threshold(run.id))
    if len(runs) > SHOWN:
        st.button(say(N_("All runs are in the Library")), key="to_library", type="tertiary", on_click=lambda: state.go("library"))


def _line(run: RunRecord, threshold: ThresholdRecord | None) -> None:
    with st.container(border=True, key=f"run_{run.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{ICONS[run.state]} **{escape(run_title(run))}** {escape(clock(run.created))}", width="content")
            st.markdown(_outcome(run, threshold), width="stretch")
            if run.state == "done":
                if st.button(say(N_("See the scores")), key=f"open_{run.id}", icon=":material/chevron_right:", icon_position="right"):
                    state.go("threshold", run=run.id)
            elif run.state in ("failed", "interrupted", "stopped"):
                st.button(say(N_("Start again")), key=f"again_{run.id}", icon=":material/replay:", on_click=_start_again, args=(run.id,))
            elif run.state == "queued":
                withdraw_button(run, "list")
            entry_menu(run)
        if run.note:
            st.caption(escape(run.note))
        if run.state == "done":
            _details(run)


def _start_again(run_id: str) -> None:
    workbench().start_again(run_id)
    state.select(run=run_id)


def _outcome(run: RunRecord, threshold: ThresholdRecord | None) -> str:
    if run.message is not None:
        return say(N_("{state}:"), state=state_text(run.state)) + " " + say_message(run.message)
    if run.state == "queued":
        return place_text(run)
    if run.state != "done" or threshold is None:
        return say(N_("{state}"), state=state_text(run.state))
    summary = run.summary or {}
    text = say(
        N_("{flagged} of {rows} flagged ({share}) · {seconds} s"),
        flagged=threshold.flagged,
        rows=summary["rows"],
        share=percent(threshold.flagged / summary["rows"]),
        seconds=round(sum(summary["seconds"].values()), 1),
    )
    if run.request.get("fit_sample") is not None:
        text += " · " + say(N_("learned from {fitted} rows"), fitted=summary["fitted_rows"])
    if summary.get("dropped_rows"):
        text += " · " + say(N_("trained again without {dropped} rows"), dropped=summary["dropped_rows"])
    if run.request.get("start_from") is not None:
        text += " · " + say(N_("started from {earlier}"), earlier=started_from(run.request["start_from"]))
    return text + (" · " + say(N_("stopped early")) if summary.get("stopped_early") else "")


def _details(run: RunRecord) -> None:
    summary = run.summary or {}
    details = st.expander(say(N_("Details")), key=f"details_{run.id}", on_change="rerun")
    if not details.open:
        return
    with details:
        if summary.get("members"):
            st.caption(say(N_("What it is made of")))
            members_table(summary["members"])
        tree_panel(run, "details")
        left, right = st.columns(2)
        with left:
            losses = workbench().run_folder(run.id).losses()
            if losses:
                show_chart(charts.losses(losses, palette(), translate=translate), key=f"losses_{run.id}")
            st.caption(say(N_("Settings")))
            settings = {**summary["parameters"], **summary["preparation"], "seed": run.request.get("seed", 0)}
            frame = pd.DataFrame({"setting": list(settings), "value": [value_text(value) for value in settings.values()]})
            st.dataframe(frame, hide_index=True, height="content", alt=plain(N_("Settings of the run")))
        with right:
            if summary["layers"]:
                st.caption(say(N_("The network, layer by layer")))
                st.dataframe(pd.DataFrame(summary["layers"]), hide_index=True, height="content", alt=plain(N_("Layers of the network")))
            seconds = {name: round(value, 2) for name, value in summary["seconds"].items()}
            st.caption(say(N_("Seconds: {seconds}"), seconds=", ".join(f"{name} {value}" for name, value in seconds.items())))
            fitted = N_("Learned from {fitted} rows of other data") if run.task == "score" else N_("Fitted on {fitted} of {rows} rows")
            st.caption(say(fitted, fitted=summary["fitted_rows"], rows=summary["rows"]))
            if summary.get("prepared_rows", summary["fitted_rows"]) < summary["fitted_rows"]:
                prepared = N_("Filled and scaled by what {prepared} of these rows, drawn at random, say")
                st.caption(say(prepared, prepared=summary["prepared_rows"]))
