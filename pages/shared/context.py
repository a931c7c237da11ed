"""The context bar: one line, always true, that says what is being looked at and switches it from anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import streamlit as st

from detectors import registry
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.records import RunRecord, ThresholdRecord
from pages.shared import state
from pages.shared.author import author_menu
from pages.shared.engine import workbench
from pages.shared.language import clock, escape, percent, plain, say
from pages.shared.moves import unkept

#: Data sets and runs offered for switching; all of them are on Home and on Train.
OFFERED = 15

KIND_ICONS = {
    "table": ":material/table_rows:",
    "series": ":material/show_chart:",
    "images": ":material/imagesmode:",
    "text": ":material/notes:",
}


def context_bar() -> None:
    """Shows the chosen data set, run and threshold, each with a menu of the others."""
    data_set = state.data_set()
    if data_set is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="context_bar"):
        _data_menu(
            data_set.id,
            data_set.kind,
            say(N_("{name} · {rows} {items}"), name=data_set.name, rows=data_set.rows, items=plain(KINDS[data_set.kind].items)),
        )
        _run_menu(data_set.id, state.run())
        run, threshold = state.run(), state.threshold()
        if run is not None and threshold is not None:
            st.button(
                _threshold_text(run, threshold),
                key="context_threshold",
                type="tertiary",
                icon=":material/tune:",
                on_click=lambda: state.go("threshold"),
                help=say(N_("The threshold that you are looking at. Open it to move it.")),
            )
        st.space("stretch")
        author_menu()


def detector_title(run: RunRecord) -> str:
    """The title of a run's detector, in the reader's language."""
    return plain(registry.get(run.representation, run.detector).title)


def run_title(run: RunRecord) -> str:
    """What a run is called: the name it was given, else its detector, and which trial of a search it is."""
    trial = run.request.get("trial")
    title = detector_title(run)
    return run.name or (title if trial is None else plain(N_("{detector}, trial {trial}"), detector=title, trial=trial))


def run_text(run: RunRecord) -> str:
    """A run in a few words: its name or detector, time and, while it is not done, its state."""
    text = f"{run_title(run)}, {clock(run.created)}"
    return text if run.state == "done" else f"{text} ({state_text(run.state)})"


def state_text(name: str) -> str:
    """The state of a run as a word for the reader."""
    words = {
        "queued": N_("waiting"),
        "running": N_("running"),
        "done": N_("done"),
        "failed": N_("failed"),
        "interrupted": N_("interrupted"),
        "stopped": N_("stopped"),
    }
    return plain(words[name])


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """The names by id; those that several ids share end with the beginning of their id."""
    shared = {name for name, count in Counter(names.values()).items() if count > 1}
    return {key: f"{name} · {key[:4]}" if name in shared else name for key, name in names.items()}


def _data_menu(chosen: str, kind: str, label: str) -> None:
    names = told_apart({record.id: f"{record.name} · {clock(record.created)}" for record in workbench().records.data_sets()[:OFFERED]})
    picked = st.menu_button(
        label,
        list(names),
        format_func=lambda data_id: escape(names[data_id]),
        key="context_data",
        type="tertiary",
        icon=KIND_ICONS[kind],
        help=say(N_("The data set you are looking at. Choose another one.")),
    )
    if picked and picked != chosen:
        state.select(data=picked)
        st.rerun()


def _run_menu(data_id: str, chosen: RunRecord | None) -> None:
    runs = workbench().records.runs(data_id, trials=False, most=OFFERED)
    if chosen is not None and chosen.of_run is not None:  # a trial that was opened from its search
        runs = [chosen, *runs]
    names = told_apart({run.id: run_text(run) for run in runs})
    if not names:
        return
    picked = st.menu_button(
        escape(run_text(chosen)) if chosen else say(N_("Choose a run")),
        list(names),
        format_func=lambda run_id: escape(names[run_id]),
        key="context_run",
        type="tertiary",
        icon=":material/model_training:",
        help=say(N_("The run you are looking at. Choose another one.")),
    )
    if picked and (chosen is None or picked != chosen.id):
        state.select(run=picked)
        st.rerun()


def _threshold_text(run: RunRecord, threshold: ThresholdRecord) -> str:
    rows = (run.summary or {}).get("rows", 0)
    cut_off = plain(N_("{cut_off}"), cut_off=threshold.cut_off)
    if threshold.segments:
        cut_off = plain(N_("by {column}"), column=threshold.segments["column"])
    text = say(
        N_("cut-off {cut_off} · {flagged} flagged ({share})"),
        cut_off=cut_off,
        flagged=threshold.flagged,
        share=percent(threshold.flagged / rows) if rows else "–",
    )
    return f"{text} · {say(N_('not kept'))}" if unkept(threshold) else text
