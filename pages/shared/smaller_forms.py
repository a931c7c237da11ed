"""Making a saved detector smaller: every form is measured first, and the one that is chosen becomes the next version."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from detectors.detector_file.forms_measured import Measured
from detectors.errors import AnomalystError
from detectors.messages import N_, Message, shown
from detectors.storage.tables import DetectorRecord
from detectors.workbench.saved import Entitled
from detectors.workbench.shrinking import FormsMeasured
from pages.shared import state
from pages.shared.engine import workbench
from pages.shared.language import escape, file_size, plain, say, say_message, translate

#: Ranks that agree less make another list.
SAME_ORDER = 0.99


@st.cache_data(show_spinner=False, max_entries=20)
def measured(detector_id: str) -> FormsMeasured:
    return workbench().measure_forms(detector_id)


@st.dialog(plain(N_("Make smaller")), width="large")
def make_smaller(record: DetectorRecord) -> None:
    """The forms beside each other, and saving one of them."""
    st.markdown(f"**{escape(record.called)}** · {escape(record.title)} · {file_size(record.size)}")
    try:
        with st.spinner(say(N_("Measuring every form …"))):
            found = measured(record.id)
    except AnomalystError as error:
        st.error(say_message(error.message), icon=":material/error:")
        return
    engine = not _leaves_engine_out(found)
    _table(found, engine=engine)
    chosen = _choice(found)
    if chosen.form.of_weights and chosen.cut_off != found.forms[0].cut_off:
        told = N_("All scores move a little: the cut-off goes from {before} to {after}, so that as many rows are flagged as before.")
        st.markdown(":material/info: " + say(told, before=found.forms[0].cut_off, after=chosen.cut_off))
    _save(record, chosen, engine=engine)


def _leaves_engine_out(found: FormsMeasured) -> bool:
    if not found.engine_bytes:
        return False
    told = N_(
        "Without it the file scores where Anomalyst is installed: here, on the command line, in Python. Only the `score.py` inside needs it."
    )
    label = say(N_("Leave out the source for `score.py` ({size})"), size=file_size(found.engine_bytes))
    return st.toggle(label, len(found.forms) == 1, key="without_engine", help=say(told))


def _table(found: FormsMeasured, *, engine: bool) -> None:
    before = found.forms[0]
    if len(found.forms) == 1:
        st.caption(say(N_("It holds no network: there are no weights to make smaller. Trees and kept rows stay as they are.")))
    frame = pd.DataFrame([_row(each, before, 0 if engine else found.engine_bytes) for each in found.forms])
    percent = st.column_config.ProgressColumn(plain(N_("Of before")), format="percent", min_value=0.0, max_value=1.0, width=110)
    config = {
        "form": st.column_config.TextColumn(plain(N_("Weights")), width="medium"),
        "size": st.column_config.NumberColumn(plain(N_("File")), format="bytes", width=90),
        "share": percent,
        "speed": st.column_config.NumberColumn(plain(N_("Rows/s")), format="compact", width=80),
        "agreement": st.column_config.TextColumn(
            plain(N_("Ranks agree")), width=105, alignment="right", help=plain(N_("Spearman's rank correlation with the scores of the file as it is; 1: the same order."))
        ),
        "largest": st.column_config.TextColumn(
            plain(N_("Largest move")), width=110, alignment="right", help=plain(N_("By how many places the rank of a row changed at most."))
        ),
        "changed": st.column_config.TextColumn(
            plain(N_("Change sides")), width=110, alignment="right", help=plain(N_("Rows that are newly flagged (+) and no longer flagged (−)."))
        ),
    }  # fmt: skip
    in_view = frame if len(found.forms) > 1 else frame[["form", "size", "share", "speed"]]
    st.dataframe(in_view, hide_index=True, height="content", column_config=config, alt=plain(N_("Forms of the detector, measured")))
    on = (
        say(N_("Measured on {rows} rows of {name}, {flagged} of them flagged."), rows=before.rows, name=found.data, flagged=before.flagged)
        if found.data is not None
        else say(
            N_("Its run is not here: measured on the {rows} rows that the file itself holds. The cut-off stays as it is."), rows=before.rows
        )
    )
    if len(found.forms) > 1:
        on += " " + say(N_("Weights are brought back to 32 bits when the file is opened, so it scores as fast as before."))
    if any(each.agreement < SAME_ORDER for each in found.forms if each.form.pruned):
        on += " " + say(N_("Zeros change the order most: nothing is learned anew after them."))
    st.caption(on)


def _row(each: Measured, before: Measured, left_out: int) -> dict[str, object]:
    size = each.file_bytes - left_out
    is_first = each is before
    return {
        "form": each.form.title.text(translate), "size": size, "share": round(size / before.file_bytes, 2), "speed": each.rows_per_s,
        "agreement": "" if is_first else f"{each.agreement:.5f}", "largest": "" if is_first else shown(each.largest),
        "changed": "" if is_first else f"+{each.entering} −{each.leaving}",
    }  # fmt: skip


def _choice(found: FormsMeasured) -> Measured:
    if len(found.forms) == 1:
        return found.forms[0]
    titles = [each.form.title.text(translate) for each in found.forms]
    picked = st.radio(say(N_("Take")), range(len(titles)), 1, format_func=titles.__getitem__, key="smaller_form", horizontal=True)
    return found.forms[picked]


def _save(record: DetectorRecord, chosen: Measured, *, engine: bool) -> None:
    nothing = not chosen.form.of_weights and engine
    with st.container(horizontal=True, vertical_alignment="bottom"):
        proposed = Message(N_("Smaller form of {name}"), {"name": record.called}).text(translate)
        note = st.text_input(say(N_("Note")), proposed, key=f"smaller_note_{record.id}")
        pressed = st.button(
            say(N_("Save as the next version")), type="primary", icon=":material/save:", key="save_smaller", disabled=nothing,
            help=say(N_("Leave something out first.")) if nothing else None,
        )  # fmt: skip
    st.caption(say(N_("{name} stays: retire it when the smaller one has proved itself."), name=record.called))
    if not pressed:
        return
    try:
        with st.spinner(say(N_("Writing the file …"))):
            author = state.author() or workbench().settings.author
            saved = workbench().save_smaller(record.id, chosen, Entitled(record.name, note, author), engine=engine)
    except AnomalystError as error:
        st.error(say_message(error.message), icon=":material/error:")
        return
    state.note(Message(N_("Saved as {name} ({size})."), {"name": saved.called, "size": file_size(saved.size)}))
    st.rerun()
