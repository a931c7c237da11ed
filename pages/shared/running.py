"""The run that is waiting or running: how far it is, its losses as they come, and Stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from detectors import charts, registry
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord
from pages.shared import state
from pages.shared.context import run_title
from pages.shared.engine import workbench
from pages.shared.language import clock, escape, plain, say, translate
from pages.shared.look import palette, show_chart
from pages.shared.queue_list import place_text, runs_before, withdraw_button

#: Seconds between two looks at a running run.
LOOK_S = 0.5

PHASES = {
    "reading": N_("reading the data"),
    "preparing": N_("preparing the data"),
    "trying": N_("learning from a part of the rows first"),
    "fitting_first": N_("learning for the first time"),
    "scoring_first": N_("looking for the most unusual rows, to drop them"),
    "fitting": N_("learning"),
    "cross_validating": N_("scoring what was learned from by detectors that learned from the rest"),
    "scoring": N_("scoring"),
    "explaining": N_("explaining the most unusual rows"),
}


def until_ended(run: RunRecord, show: Callable[[RunRecord], None], every_s: float = LOOK_S) -> None:
    """Shows an unfinished run again and again, as it is now; the whole page once it has ended."""

    @st.fragment(run_every=every_s)
    def live() -> None:
        now = workbench().records.run(run.id)
        if now is None or now.ended:
            st.rerun(scope="app")
        show(now)

    live()


def running_run(data_set: DataSetRecord) -> str | None:
    """Shows an unfinished run of this data set, where there is one, until it has ended; gives its id.

    The trials of a search are shown with it.
    """
    unended = [run for run in workbench().records.runs(data_set.id, trials=False) if not run.ended]
    if not unended:
        return None
    run = next((run for run in unended if run.id == state.selection().run), unended[-1])
    until_ended(run, _running)
    return run.id


def _running(now: RunRecord) -> None:
    with st.container(border=True, key="running"):
        progress_of(now)
        _losses(now)
        if now.state == "queued":
            runs_before(now)


def progress_of(run: RunRecord) -> None:
    """How far an unfinished run is, in one line, with Stop."""
    progress = workbench().run_folder(run.id).progress()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escape(run_title(run))}, {escape(clock(run.created))}** · {_figures(run, progress)}", width="stretch")
        if run.state == "queued":
            withdraw_button(run, "running" if run.of_run is None else "trial")
            return
        keep = plain(N_("keep what was learned")), plain(N_("discard"))
        choice = st.segmented_control(
            say(N_("When stopped")),
            keep,
            default=keep[0],
            required=True,
            key=f"keep_{run.id}",
            label_visibility="collapsed",
            width="content",
        )
        discarding = workbench().run_folder(run.id).stop_mode() == "discard"
        if st.button(say(N_("Stop")), key="stop" if run.of_run is None else f"stop_{run.id}", icon=":material/stop:", disabled=discarding):
            workbench().stop_run(run.id, "keep" if choice == keep[0] else "discard")
    st.progress(_covered(progress) if progress else 0.0)


def _figures(run: RunRecord, progress: dict[str, Any]) -> str:
    """What is being done, in one line: phase, epoch, rows a second, time left."""
    if workbench().run_folder(run.id).stop_mode():
        return say(N_("stopping …"))
    if run.state == "queued" or not progress:
        return place_text(run)
    parts = [say(PHASES[progress["phase"]])]
    done, total = progress["done"], progress["total"]
    covered = _covered(progress)
    if progress["phase"] in ("fitting", "fitting_first"):
        counted = registry.get(run.representation, run.detector).step_name
        parts.append(say(counted, done=min(done + ("step" in progress), total), total=total))
    if "rows_per_s" in progress:
        parts.append(say(N_("{count} rows/s"), count=round(progress["rows_per_s"])))
    if 0 < covered < 1:
        spent = progress["at"] - progress["phase_started"]
        left = spent * (1 - covered) / covered - (time.time() - progress["at"])
        parts.append(say(N_("at most {seconds} s left"), seconds=max(1, round(left))))
    return " · ".join(parts)


def _covered(progress: dict[str, Any]) -> float:
    """The share of the phase that is done, the part of an epoch included."""
    done = progress["done"] + (progress["step"] / progress["steps"] if "step" in progress else 0)
    return float(min(1.0, done / max(1, progress["total"])))


def _losses(run: RunRecord) -> None:
    losses = workbench().run_folder(run.id).losses()
    if losses:
        show_chart(charts.losses(losses, palette(), translate=translate), key=f"losses_{run.id}")
