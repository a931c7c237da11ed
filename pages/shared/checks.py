"""What the checks found in a data set, each with what helps, and what was done about it, with a way back."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from detectors.checks import CHECKED_KINDS, Finding, Remedy, columns_needed, rows_looked_at
from detectors.errors import AnomalystError
from detectors.messages import N_
from detectors.storage.choices import Applied
from detectors.storage.records import DataSetRecord
from pages.shared import engine, state
from pages.shared.engine import workbench
from pages.shared.language import escape, say, say_message

#: Findings that are shown before the others are folded away.
FIRST = 6

MARKS = {"serious": ":material/error:", "notable": ":material/info:", "idea": ":material/lightbulb:"}


def checks_card(record: DataSetRecord) -> None:
    """The card of the checks; nothing where no column of this kind of data is checked."""
    if record.kind not in CHECKED_KINDS:
        return
    with st.spinner(say(N_("Checking the data …"))):
        found, applied = engine.findings(record), workbench().choices(record.id).applied
    with st.container(border=True, key="checks", gap="xsmall"):
        st.markdown(f"**{say(N_('Checks'))}**")
        for finding in found[:FIRST]:
            _finding(record, finding)
        if len(found) > FIRST:
            with st.expander(say(N_("{count} more"), count=len(found) - FIRST), key="more_checks"):
                for finding in found[FIRST:]:
                    _finding(record, finding)
        if not found:
            st.caption(":material/check: " + say(N_("Nothing was found that would mislead a detector.")))
        if applied:
            _what_was_done(record, applied)
        looked_at = rows_looked_at(record.rows, len(columns_needed(record.roles)))
        if looked_at < record.rows:
            basis = N_("Missing and different values are counted over all {rows} rows; everything else is seen in {sample} of them.")
            st.caption(say(basis, rows=record.rows, sample=looked_at))


def _finding(record: DataSetRecord, finding: Finding) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, key=f"check_{_word(finding.key)}"):
        colour = "red" if finding.severity == "serious" else "gray"
        st.markdown(f":{colour}[{MARKS[finding.severity]}] {say_message(finding.message)}", width="stretch")
        for number, remedy in enumerate(finding.remedies):
            st.button(
                say(remedy.title), key=f"remedy_{_word(finding.key)}_{number}", width="content", on_click=_apply, args=(record.id, finding, remedy),
                help=say(remedy.help) or None,
            )  # fmt: skip


def _what_was_done(record: DataSetRecord, applied: Sequence[Applied]) -> None:
    """What was done about findings, each with the way back."""
    with st.container(horizontal=True, vertical_alignment="center", key="done"):
        st.caption(":material/check: " + say(N_("Done:")), width="content")
        for done in applied:
            column = done.key.partition(" ")[2]
            label = say(done.title) + (f" · {escape(column)}" if column else "")
            st.button(
                label, key=f"undo_{_word(done.key)}", type="tertiary", icon=":material/undo:", help=say(N_("Take this back")),
                on_click=_undo, args=(record.id, done.key),
            )  # fmt: skip


def _apply(data_id: str, finding: Finding, remedy: Remedy) -> None:
    try:
        workbench().apply(data_id, finding, remedy)
    except AnomalystError as error:
        state.refuse(error.message)


def _undo(data_id: str, key: str) -> None:
    try:
        workbench().undo(data_id, key)
    except AnomalystError as error:
        state.refuse(error.message)


def _word(key: str) -> str:
    """A finding's key as part of a widget's: column names may hold anything."""
    return "".join(letter if letter.isalnum() and letter.isascii() else f"_{ord(letter):x}" for letter in key)
