"""Score: a saved detector looks at new data. First what is unlike what it learned from, then the scores as a run."""

from __future__ import annotations

import streamlit as st

from detectors import charts
from detectors.errors import AnomalystError
from detectors.gate import Gate, ScoreDrift
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.storage.tables import DetectorRecord
from pages.shared import state
from pages.shared.as_command import scoring_as_command
from pages.shared.batches import batches_over_time
from pages.shared.detector_choice import about, choose, need_detector, new_file
from pages.shared.engine import workbench
from pages.shared.gate_table import drift_table, gate_table
from pages.shared.importing import follow_import
from pages.shared.language import clock, plain, say, say_message, translate
from pages.shared.look import page_head, palette, show_chart
from pages.shared.problems import shown_problems
from pages.shared.queue_list import place_text
from pages.shared.retraining_card import learned_note, retraining_card
from pages.shared.rows_before import rows_before, told_before
from pages.shared.running import PHASES, until_ended
from pages.shared.side_by_side import comparable
from pages.shared.starting import train_from_saved


@st.cache_data(show_spinner=False, max_entries=20)
def gate_between(detector_id: str, data_id: str) -> Gate:
    return workbench().gate(detector_id, data_id)


def scoring(record: DetectorRecord, data_set: DataSetRecord, gate: Gate) -> None:
    """The button, how far it is, and what came of it."""
    runs = [run for run in workbench().scored_by(record.id) if run.data_id == data_set.id]
    latest = runs[-1] if runs else None
    if latest is not None and not latest.ended:
        until_ended(latest, _under_way)
        return
    items = plain(KINDS[record.kind].items) if record.kind in KINDS else ""
    if latest is not None and latest.state == "done":
        _scored(record, data_set, latest)
    elif latest is not None and latest.state == "stopped":
        st.markdown(
            ":material/stop_circle: " + say(N_("The scoring of {time} was stopped; nothing of it was kept."), time=clock(latest.created))
        )
    elif latest is not None and latest.message is not None:
        st.error(say_message(latest.message), icon=":material/error:")
    again, before = latest is not None and latest.state == "done", rows_before(record, data_set)
    if st.button(
        say(N_("Score again") if again else N_("Score {rows} {items}"), rows=data_set.rows, items=items), key="score",
        type="secondary" if again else "primary", icon=":material/play_arrow:",
        disabled=bool(gate.stops) or record.retired is not None, help=say(N_("See above what stops it.")) if gate.stops else None,
    ):  # fmt: skip
        try:
            workbench().score_after(record.id, data_set.id, before)
        except AnomalystError as error:
            st.error(say_message(error.message), icon=":material/error:")
            return
        st.rerun()


def _under_way(run: RunRecord) -> None:
    progress = workbench().run_folder(run.id).progress()
    done, total = progress.get("done", 0), progress.get("total") or 1
    told = say(PHASES.get(progress.get("phase", ""), N_("scoring"))) if progress else place_text(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, done / total), text=told)
        if st.button(say(N_("Stop")), key="stop_scoring", icon=":material/stop:"):
            workbench().stop_run(run.id, "discard")


def _scored(record: DetectorRecord, data_set: DataSetRecord, run: RunRecord) -> None:
    """What the scores say as a whole, and the way to the flags."""
    found = workbench().drift_of_scores(run)
    with st.container(border=True, key="scored"):
        if found is not None:
            _scores_told(found)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                say(N_("Open its flags")), key="open_flags", type="primary", icon=":material/flag:",
                on_click=lambda: state.go("threshold", run=run.id),
            )  # fmt: skip
            st.button(
                say(N_("Train on this data")), key="train_here", icon=":material/model_training:", on_click=lambda: state.go("train"),
                help=say(N_("Where the data have moved for good: train anew, then compare both on the same rows.")),
            )  # fmt: skip
            train_from_saved(record, run.data_id)
            if len(comparable(run.data_id)) > 1:
                st.button(
                    say(N_("Compare with other runs")), key="compare_here", icon=":material/compare_arrows:",
                    on_click=lambda: state.go("compare"),
                )  # fmt: skip
            st.caption(say(N_("Scored {time}: a run like any other, with threshold, explanations, verdicts and download."), time=clock(run.created)) + " " + told_before(run))  # fmt: skip
    scoring_as_command(data_set, run)


def _scores_told(found: ScoreDrift) -> None:
    show = {"shift": st.warning, "moved": st.warning, "more": st.info, "fewer": st.info, "as expected": st.success}[found.verdict]
    icon = {"shift": ":material/moving:", "moved": ":material/moving:", "as expected": ":material/check_circle:"}.get(
        found.verdict, ":material/info:"
    )
    show(say_message(found.message), icon=icon)
    title = Message(N_("Scores then and now"))
    show_chart(charts.drift_bars(found.drift, palette(), title=title, translate=translate), key="score_drift")
    told = N_("Distance of all scores {all}, of those below the cut-off {below}. Detectors score what they learned from a little lower than new rows, so a small distance says nothing.")  # fmt: skip
    st.caption(say(told, all=f"{found.drift.distance:.2f}", below=f"{found.below:.2f}"))


page_head(N_("Score"), N_("Let a saved detector look at new data: first what is unlike what it learned from, then the scores."))
chosen, new_data = choose(need_detector())
reading = new_file(new_data)
with shown_problems():
    about(chosen)
    if new_data is None:
        st.info(say(N_("Choose the new data, or open a new file.")), icon=":material/arrow_upward:")
    else:
        st.subheader(say(N_("Is this like what it learned from?")), anchor=False)
        with st.spinner(say(N_("Comparing …"))):
            at_the_gate = gate_between(chosen.id, new_data.id)
        learned_note(chosen, new_data)
        gate_table(at_the_gate, chosen.kind)
        drift_table(at_the_gate, chosen.kind)
        st.subheader(say(N_("Scores")), anchor=False)
        scoring(chosen, new_data, at_the_gate)
    batches_over_time(chosen.id, float(workbench().detector_manifest(chosen.id).scores.get("flagged", 0.0)))
    retraining_card(chosen, new_data.id if new_data is not None else None)
follow_import(reading)
