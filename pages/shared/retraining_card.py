"""On Score: a detector is retrained with the rows of before, those of batches that it has scored, and the verdicts on both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from detectors import registry
from detectors.errors import AnomalystError, Discarded
from detectors.imports import Import
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.storage.tables import DetectorRecord
from detectors.workbench.retraining import Origin, Plan, Wanted
from pages.shared import state
from pages.shared.context import told_apart
from pages.shared.engine import kept_by_id, workbench
from pages.shared.flags import kept_flags_stamp
from pages.shared.importing import PHASES as READING_PHASES
from pages.shared.language import clock, plain, say, say_message
from pages.shared.retraining_counts import counts_text
from pages.shared.running import progress_of, until_ended
from pages.shared.switch_panel import switch_panel

#: Seconds between two looks at what is going on.
LOOK_S = 0.7

#: What is done with flagged rows of which nobody said anything.
LEAVE_OUT, LEARN_FROM = N_("leave out"), N_("learn from")


def retraining_card(record: DetectorRecord, data_id: str | None) -> None:
    """Retraining from the batches that a detector has scored: asked for, going on, or done and to be compared. Nothing before the first."""
    batches = _batches(record.id)
    latest = next(iter(workbench().retrained(record.id)), None)
    if not batches and latest is None:
        return
    st.subheader(say(N_("Retrain")), anchor=False)
    if _going_on(record, latest):
        return
    is_open = latest is not None and latest.state == "done" and workbench().switched(latest.id) is None
    if latest is not None and is_open:
        switch_panel(record, latest, batches)
        if not batches or not st.toggle(say(N_("Retrain once more, from other rows")), key=f"retrain_again_{record.id}"):
            return
    elif latest is not None:
        _ended(latest)
    if record.retired is not None:
        st.caption(
            say(N_("It is retired. Restore it to retrain it: both have to score the same rows before one takes the place of the other."))
        )
    elif batches:
        with st.container(border=True, key="retrain"):
            _form(record, batches, data_id)


def learned_note(record: DetectorRecord, data_set: DataSetRecord) -> None:
    """Says of rows that a retrained detector has learned from that they are no new ones."""
    if data_set.content_hash in workbench().learned_content(str(record.origin.get("run", ""))):
        told = N_(
            "{name} has learned from these rows: they are part of what it was retrained with. What it flags here says little about new ones."
        )
        st.info(say(told, name=record.called), icon=":material/info:")


def _batches(detector_id: str) -> list[RunRecord]:
    """The latest scoring of each data set that is still here, the oldest first."""
    done = [run for run in workbench().scored_by(detector_id) if run.state == "done"]
    latest = {run.data_id: run for run in done if workbench().records.data_set(run.data_id) is not None}
    return list(latest.values())


# ── going on, or ended ──


def _going_on(record: DetectorRecord, latest: RunRecord | None) -> bool:
    """Shows how far putting rows together, or the training, is; whether one of them goes on."""
    begun = state.current_retraining(record.id)
    if begun is not None and begun.has_ended:
        state.end_retraining()
        try:
            begun.result()
        except Discarded:
            st.caption(say(N_("Cancelled: nothing was put together, and nothing is learned.")))
        except AnomalystError as error:
            st.error(say_message(error.message), icon=":material/error:")
        begun = None
        latest = next(iter(workbench().retrained(record.id)), None)
    if begun is None and (latest is None or latest.ended):
        return False
    if begun is not None:
        _putting_together(begun)
    elif latest is not None:
        until_ended(latest, progress_of)
    return True


def _putting_together(begun: Import) -> None:
    @st.fragment(run_every=LOOK_S)
    def live() -> None:
        if begun.has_ended:
            st.rerun(scope="app")
        phase = say(READING_PHASES.get(begun.progress.phase, N_("putting rows together")))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(begun.progress.share, text=say(N_("Putting the rows of {name} together"), name=begun.name) + f" · {phase}")
            st.button(say(N_("Cancel")), key="cancel_retraining", icon=":material/close:", on_click=begun.cancel)

    live()


def _ended(latest: RunRecord) -> None:
    """What became of the latest retraining, where nothing is left to decide."""
    became = workbench().switched(latest.id) if latest.state == "done" else None
    if became is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(say(N_("Retrained {time}; since then {name} is in its place."), time=clock(latest.created), name=became.called), width="content")  # fmt: skip
            st.button(
                say(N_("Look at {name}"), name=became.called), key="to_successor", type="tertiary", icon=":material/arrow_forward:",
                on_click=lambda: state.choose_saved(became.id),
            )  # fmt: skip
    elif latest.message is not None:
        st.error(say(N_("The retraining of {time} did not end well."), time=clock(latest.created)) + " " + say_message(latest.message), icon=":material/error:")  # fmt: skip


# ── asked for ──


def _form(record: DetectorRecord, batches: Sequence[RunRecord], data_id: str | None) -> None:
    origin = workbench().origin(record.id)
    items = plain(KINDS[record.kind].items) if record.kind in KINDS else ""
    st.caption(say(N_("Learns anew, as it was asked for then. Nothing takes the place of {name} before you have seen both on the same {items} and say so."), name=record.called, items=items))  # fmt: skip
    chosen = _choose_batches(record, batches, data_id)
    with_old = _old_rows(record, origin, items)
    if not chosen:
        st.info(say(N_("Choose at least one batch.")))
        return
    shifted = [run for run in chosen if _is_shift(run.id)]
    with_flagged = _flagged_choice(record, chosen, shifted, items)
    plan = _planned(record, Wanted(record.id, tuple(run.id for run in chosen), with_old, with_flagged), items)
    if origin.from_verdicts:
        st.info(say(N_("It learned from verdicts. What that began with is learned anew; after that, **Learn from my verdicts** on Threshold goes on from there.")), icon=":material/school:")  # fmt: skip
    _counted(plan, items)
    if st.button(say(N_("Retrain")), key="start_retraining", icon=":material/model_training:", disabled=plan.counts.learned < 2):
        state.begin_retraining(record.id, workbench().start_retraining(plan))
        st.rerun()


def _choose_batches(record: DetectorRecord, batches: Sequence[RunRecord], data_id: str | None) -> list[RunRecord]:
    by_id = {run.id: run for run in batches}
    names = told_apart({run.id: f"{_name(run)} · {clock(run.created)}" for run in batches})
    first = next((run.id for run in batches if run.data_id == data_id), batches[-1].id)
    picked = st.multiselect(
        say(N_("Batches with new rows")), list(by_id), [first], format_func=names.__getitem__, key=f"retrain_batches_{record.id}_{len(by_id)}_{first}",
        help=say(N_("Leave one out to compare both on rows that neither has learned from.")),
    )  # fmt: skip
    return [run for run in batches if run.id in picked]


def _name(run: RunRecord) -> str:
    data_set = workbench().records.data_set(run.data_id)
    return data_set.name if data_set is not None else "–"


def _old_rows(record: DetectorRecord, origin: Origin, items: str) -> bool:
    """Whether the rows of before are learned from again; why they cannot be, where they are not here."""
    if origin.data is None:
        assert origin.why_not is not None
        st.warning(say_message(origin.why_not) + " " + say(N_("New {items} alone are learned from."), items=items), icon=":material/info:")
        return False
    told = N_("Together with what it learned from: {rows} {items} of {name}")
    return st.checkbox(say(told, rows=origin.data.rows, items=items, name=origin.data.name), True, key=f"retrain_old_{record.id}")


def _flagged_choice(record: DetectorRecord, chosen: Sequence[RunRecord], shifted: Sequence[RunRecord], items: str) -> bool:
    """Whether flagged rows of which nobody said anything are learned from. Where everything has moved, they are what is usual now."""
    if registry.get(chosen[0].representation, chosen[0].detector).supervised:
        st.caption(say(N_("Verdicts are labels for it, beside those in the label column; what is neither labelled nor judged is not learned from.")))  # fmt: skip
        return False
    options = [LEAVE_OUT, LEARN_FROM]
    picked = st.segmented_control(
        say(N_("Flagged {items} without a verdict"), items=items), options, default=LEARN_FROM if shifted else LEAVE_OUT, required=True,
        format_func=plain, key=f"retrain_flagged_{record.id}_{len(shifted)}",
        help=say(N_("Judged anomalies are left out in any case, and what was judged normal is learned from.")),
    )  # fmt: skip
    if shifted:
        told = N_("Most scores of {names} have moved: what is flagged there is largely what has become usual. Without it, the detector would stay as it was.")  # fmt: skip
        st.caption(":material/moving: " + say(told, names=", ".join(_name(run) for run in shifted)))
    return bool(picked == LEARN_FROM)


@st.cache_data(show_spinner=False, max_entries=100)
def _is_shift(run_id: str) -> bool:
    run = workbench().records.run(run_id)
    found = workbench().drift_of_scores(run) if run is not None else None
    return found is not None and found.verdict in ("shift", "moved")


def _planned(record: DetectorRecord, wanted: Wanted, items: str) -> Plan:
    """The plan; where rows are there already, with the choice of taking them once."""
    with st.spinner(say(N_("Counting {items} …"), items=items)):
        plan = _plan(wanted, _stamp(wanted))
    there, rows = sum(plan.placed.there_already), sum(len(kept) for kept in plan.placed.kept[-len(wanted.batches) :])
    if not there:
        return plan
    if KINDS[plan.request.kind].ordered:
        st.warning(say(N_("{count} of {rows} new {items} have a time that is there already: the earlier ones stay."), count=there, rows=rows, items=items), icon=":material/content_copy:")  # fmt: skip
        return plan
    said = ":material/content_copy: " + say(N_("{count} of {rows} new {items} are there already, value for value."), count=there, rows=rows, items=items)  # fmt: skip
    if plan.once:
        st.warning(said)
    else:
        st.caption(said)
    key = f"retrain_once_{record.id}_{'_'.join(wanted.batches)}_{wanted.with_old}"
    once = st.checkbox(say(N_("Take them once: learned from twice, they would weigh double")), plan.once, key=key)
    return plan if once == plan.once else _plan(replace(wanted, once=once), _stamp(wanted))


def _stamp(wanted: Wanted) -> str:
    """What a plan depends on beside what is wanted: what was said, and which thresholds and suppressions were kept."""
    bench, origin = workbench(), workbench().origin(wanted.detector_id)
    if origin.data is not None:
        bench.follow_marks(str(origin.run_id))
    runs = [bench.records.run(run_id) for run_id in wanted.batches]
    data_ids = [run.data_id for run in runs if run is not None] + ([origin.data.id] if origin.data is not None else [])
    return repr([[bench.latest_mark(data_id) for data_id in data_ids], kept_flags_stamp(wanted.batches)])


@kept_by_id(6)
def _plan(wanted: Wanted, stamp: str) -> Plan:
    return workbench().plan_retraining(wanted)


def _counted(plan: Plan, items: str) -> None:
    """What would be learned from, in one line."""
    supervised = registry.get(plan.request.representation, plan.request.detector).supervised
    st.markdown(counts_text(plan.counts, items, with_flagged=plan.wanted.with_flagged, supervised=supervised))
