"""On Score: the detector in use and the retrained one on the same rows, and which of them goes on."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from detectors.errors import AnomalystError
from detectors.messages import N_, Message
from detectors.runs.relearning import Counts, Relearning
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.storage.tables import DetectorRecord
from detectors.workbench.switching import Beside
from pages.shared import state
from pages.shared.author import author
from pages.shared.both_detectors import Two, both_detectors
from pages.shared.context import told_apart
from pages.shared.engine import workbench
from pages.shared.language import clock, plain, say, say_message
from pages.shared.running import progress_of, until_ended


def switch_panel(record: DetectorRecord, run: RunRecord, batches: Sequence[RunRecord]) -> None:
    """What was learned from, both on a batch of the reader's choice, and the switch."""
    two = Two(record, run, plain(N_("{name}, retrained"), name=record.name))
    with st.container(border=True, key="switch_panel"):
        _learned(two)
        data_id = _choose(two, batches)
        beside = None if data_id is None else workbench().beside(run.id, data_id)
        is_compared = beside is not None and beside.done
        if data_id is not None and beside is not None and not _scored(two, beside):
            return
        if beside is not None and is_compared:
            both_detectors(two, beside)
        _decide(two, is_compared)


def _learned(two: Two) -> None:
    found = Relearning.load(workbench().run_folder(two.run.id).path)
    told = found.told if found is not None else {}
    counts = Counts(**told["counts"]) if "counts" in told else None
    with st.container(horizontal=True, vertical_alignment="center"):
        sentence = N_("**{name} has been retrained** ({time}) from {names}: {learned} {items} learned from. {old} is still in its place.")
        st.markdown(
            say(
                sentence, name=two.old.name, time=clock(two.run.created), names=" + ".join(told.get("names", [])), old=two.old.called,
                learned=counts.learned if counts else 0, items=two.items,
            ),
            width="stretch",
        )  # fmt: skip
        st.button(
            say(N_("Open its threshold")), key="open_retrained", type="tertiary", icon=":material/chevron_right:", icon_position="right",
            on_click=_open, args=(two.run.id,),
        )  # fmt: skip


def _open(run_id: str) -> None:
    try:
        workbench().carry_threshold(run_id)
    except AnomalystError as error:
        state.refuse(error.message)
    state.go("threshold", run=run_id)


# ── on which rows ──


def _choose(two: Two, batches: Sequence[RunRecord]) -> str | None:
    """The batch to compare on; one that neither learned from is proposed. None where there is no batch."""
    found = {run.data_id: data for run in batches if (data := workbench().records.data_set(run.data_id)) is not None}
    if not found:
        st.info(say(N_("Choose new data above and score them with {name}: then both can be compared on them."), name=two.old.called))
        return None
    learned = {data_id: workbench().who_learned(two.run.id, data) for data_id, data in found.items()}
    judged = workbench().judged(found)  # where more was judged, it can be said who is right
    fair = sorted((data_id for data_id in found if not any(learned[data_id])), key=lambda data_id: judged.get(data_id, 0))
    asked = [data_id for data_id in workbench().compared_on(two.run.id) if data_id in found]
    first = next(iter([*asked, *reversed(fair), *reversed(list(found))]))
    names = told_apart({data_id: _named(two, data, learned[data_id], judged.get(data_id, 0)) for data_id, data in found.items()})
    picked: str = st.selectbox(
        say(N_("Compare both on")), list(found), list(found).index(first), format_func=names.__getitem__, key=f"compare_on_{two.run.id}_{len(found)}_{first}"
    )  # fmt: skip
    if any(learned[picked]):
        _unfair(two, learned[picked], is_better=bool(fair))
    return picked


def _named(two: Two, data: DataSetRecord, learned: tuple[bool, bool], judged: int) -> str:
    told = {
        (False, False): N_("neither has learned from it"), (True, True): N_("both have learned from it"),
        (False, True): N_("the retrained one learned from it"), (True, False): N_("{old} learned from it"),
    }[learned]  # fmt: skip
    count = " · " + plain(N_("{count} judged"), count=judged) if judged else ""
    return f"{data.name} · {plain(told, old=two.old.called)}{count}"


def _unfair(two: Two, learned: tuple[bool, bool], *, is_better: bool) -> None:
    """Says plainly that one of them has seen these rows before, and what to do."""
    told = {
        (True, True): N_("Both have learned from these {items}: what they flag here says little about new ones."),
        (False, True): N_("The retrained one has learned from these {items}, {old} has not: having seen them makes it look better than it is."),
        (True, False): N_("{old} has learned from these {items}, the retrained one has not: having seen them makes it look better than it is."),
    }[learned]  # fmt: skip
    more = (
        N_("Better: a batch that neither has learned from.")
        if is_better
        else N_("Better: score a further batch with {old}, and compare on that.")
    )
    st.warning(say(told, items=two.items, old=two.old.called) + " " + say(more, old=two.old.called), icon=":material/balance:")


def _scored(two: Two, beside: Beside) -> bool:
    """Whether the page goes on: both have scored, or nobody asked yet and the button is there. While they score, it waits."""
    waiting = [run for run in (beside.old, beside.new) if run is not None and not run.ended]
    if waiting:
        until_ended(waiting[0], progress_of)
        return False
    if beside.done:
        return True
    if st.button(say(N_("Let both look at it")), key="compare_both", icon=":material/compare_arrows:"):
        try:
            with st.spinner(say(N_("Writing the file …"))):
                workbench().compare_on(two.run.id, beside.data_id)
        except AnomalystError as error:
            st.error(say_message(error.message), icon=":material/error:")
            return True
        st.rerun()
    return True


# ── the decision ──


def _decide(two: Two, is_compared: bool) -> None:
    st.divider()
    key = f"switch_note_{two.run.id}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(say(N_("Why")), key=key, placeholder=plain(N_("Kept as the note of the new version")), width="stretch", max_chars=400)
        retire = st.checkbox(say(N_("Retire {name}"), name=two.old.called), True, key=f"switch_retire_{two.run.id}")
        st.button(
            say(N_("Switch")), key="switch", icon=":material/published_with_changes:", disabled=not is_compared, on_click=_switch,
            args=(two, key, retire),
            help=say(N_("Saves the retrained one as the next version of {name}."), name=two.old.name) if is_compared else say(N_("Compare both first.")),
        )  # fmt: skip
        st.button(
            say(N_("Discard")), key="discard_retrained", icon=":material/delete:", on_click=_discard, args=(two,),
            help=say(N_("Moves the retrained run, and the rows that were put together for it, to the bin.")),
        )  # fmt: skip
    if not is_compared:
        st.caption(say(N_("Nothing has changed yet: {name} goes on scoring until you switch."), name=two.old.called))


def _switch(two: Two, key: str, retire: bool) -> None:
    note = " ".join(str(state.typed(key) or "").split())
    told = plain(N_("Retrained from {name} by {author}."), name=two.old.called, author=author())
    try:
        now = workbench().switch(two.run.id, " · ".join(filter(None, [note, told])), retire=retire)
    except AnomalystError as error:
        state.refuse(error.message)
        return
    state.choose_saved(now.id)
    state.note(Message(N_("{name} is in its place now."), {"name": now.called}))


def _discard(two: Two) -> None:
    try:
        gone = workbench().discard_retrained(two.run.id)
    except AnomalystError as error:
        state.refuse(error.message)
        return
    state.offer_undo(gone, Message(N_("The retrained {name} is in the bin."), {"name": two.old.name}))
