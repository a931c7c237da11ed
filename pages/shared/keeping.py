"""Names, notes, deleting and having back, wherever a data set or a run is listed."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import streamlit as st

from detectors.errors import AnomalystError
from detectors.library import LONGEST_NAME, LONGEST_NOTE
from detectors.messages import N_, Message
from detectors.storage.bin import Chosen
from detectors.storage.records import DataSetRecord, RunRecord
from pages.shared import engine, state
from pages.shared.context import detector_title, run_text
from pages.shared.engine import workbench
from pages.shared.language import say, say_message


def entry_menu(record: DataSetRecord | RunRecord) -> None:
    """A quiet menu: the name, a note, and Delete. Made only once somebody opens it."""
    menu = st.popover("", icon=":material/more_vert:", type="tertiary", key=f"menu_{record.id}", on_change="rerun")
    if not menu.open:
        return
    is_data = isinstance(record, DataSetRecord)
    library = workbench().library
    with menu:
        if isinstance(record, DataSetRecord):
            _field(record.id, "name", record.name, library.rename_data_set)
        else:
            _field(record.id, "name", record.name, library.rename_run, placeholder=detector_title(record))
        _field(record.id, "note", record.note, library.note_data_set if is_data else library.note_run)
        chosen = Chosen(data=(record.id,)) if is_data else Chosen(runs=(record.id,))
        runs = len(workbench().records.runs(record.id)) if is_data else 0
        if runs:
            st.caption(say(N_("With it goes 1 run.")) if runs == 1 else say(N_("With it go {runs} runs."), runs=runs))
        elif not is_data and not record.ended:
            st.caption(say(N_("It is stopped first.")))
        st.button(say(N_("Delete")), key=f"delete_{record.id}", icon=":material/delete:", on_click=delete, args=(chosen,), width="stretch")


def _field(record_id: str, what: str, text: str, keep: Callable[[str, str], None], placeholder: str = "") -> None:
    """A field that keeps what is typed; its key changes with what is kept, so that it never shows an old text again."""
    key = f"{what}_{record_id}_{zlib.crc32(text.encode()):x}_{state.refusals()}"
    asked = {"key": key, "on_change": lambda: attempt(lambda: keep(record_id, state.typed(key) or ""))}
    if what == "name":
        st.text_input(say(N_("Name")), text, max_chars=LONGEST_NAME, placeholder=placeholder, **asked)
    else:
        st.text_area(say(N_("Note")), text, max_chars=LONGEST_NOTE, height=90, **asked)


def attempt(change: Callable[[], object]) -> None:
    """Does what a click asks; where it cannot be done, the page says why."""
    try:
        change()
    except AnomalystError as error:
        state.refuse(error.message)


def shown_refusal() -> None:
    """The sentence of what the last click could not do, where there is one."""
    if refused := state.take_refusal():
        st.error(say_message(refused), icon=":material/error:")


# ── deleting and having back ──


def delete(chosen: Chosen) -> None:
    """Moves to the bin, and offers to undo it."""
    sentence = _what_went(chosen)
    moved = workbench().library.delete(chosen)
    if moved:
        state.offer_undo(moved, sentence)
    else:
        state.refuse(Message(N_("This is no longer there: it was deleted in the meantime.")))


def restore(chosen: Chosen) -> None:
    attempt(lambda: workbench().library.restore(chosen))
    state.forget_undo()


def purge(chosen: Chosen) -> None:
    """Deletes for good what is in the bin, also from what the server has kept of it."""
    workbench().library.purge(chosen)
    engine.forget_kept()
    state.forget_undo()
    state.leave(chosen)


def undo_bar() -> None:
    """What was just deleted, with the way back."""
    undoable = state.undoable()
    if undoable is None:
        return
    moved, sentence = undoable
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="undo_bar"):
        st.markdown(f":material/delete: {say_message(sentence)}", width="stretch")
        st.button(say(N_("Undo")), key="undo", icon=":material/undo:", on_click=restore, args=(moved,))
        st.button("", key="undo_close", icon=":material/close:", type="tertiary", help=say(N_("Close")), on_click=state.forget_undo)


def _what_went(chosen: Chosen) -> Message:
    """What is being moved to the bin, in a sentence; to be asked before it goes."""
    records = workbench().records
    if len(chosen.data) + len(chosen.runs) == 1:
        return _what_one_went(chosen)
    if not chosen.data:
        return Message(N_("{runs} runs are in the bin."), {"runs": len(chosen.runs)})
    runs = sum(len(records.runs(data_id)) for data_id in chosen.data)
    return Message(N_("{data_sets} data sets are in the bin, with their runs ({runs})."), {"data_sets": len(chosen.data), "runs": runs})


def _what_one_went(chosen: Chosen) -> Message:
    records = workbench().records
    if chosen.runs:
        run = records.run(chosen.runs[0])
        return Message(N_("{name} is in the bin."), {"name": run_text(run) if run else ""})
    data_set, runs = records.data_set(chosen.data[0]), len(records.runs(chosen.data[0]))
    sentence = {0: N_("{name} is in the bin."), 1: N_("{name} is in the bin, with its run.")}
    values = {"name": data_set.name if data_set else "", "runs": runs}
    return Message(sentence.get(runs, N_("{name} is in the bin, with its {runs} runs.")), values)
