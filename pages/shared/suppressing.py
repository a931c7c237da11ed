"""Silencing rows like one that is normal: the rule, what else it would silence, and the rules there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors.errors import AnomalystError
from detectors.explanations.reasons import Reason
from detectors.flagged import reasons_of
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.profile import ColumnProfile
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.storage.tables import SuppressionRecord
from detectors.suppressions import Bound, Suppression, like_row
from detectors.verdicts import ANOMALY, NORMAL
from detectors.workbench.suppressing import Given, suppression_of
from pages.shared import engine, state
from pages.shared.author import author
from pages.shared.engine import workbench
from pages.shared.flags import flags_key, flags_of
from pages.shared.language import clock, escape, plain, say, say_message, translate

#: Columns that a rule asks about unless others are chosen: those that raised the score most, and at least this share of the most.
FIRST_COLUMNS, HEAVY = 2, 0.2

#: Rows that are named of those a rule would silence although they were marked an anomaly.
NAMED = 5

#: Rows among which a rule that is being made is tried, beside the flagged ones.
TRIED = 50_000


@dataclass(frozen=True)
class Looked:
    """The row that a rule is made from, and the flagged rows of its run, the most unusual first."""

    data_set: DataSetRecord
    run: RunRecord
    row: int
    flagged: NDArray[np.intp]


def suppression_form(looked: Looked) -> None:
    """Makes a rule from a row; closed until it is asked for."""
    verdict = workbench().verdicts(looked.data_set.id).get(looked.row)
    is_normal = verdict is not None and verdict.verdict == NORMAL
    items = plain(KINDS[looked.run.kind].items)
    label = N_("Silence {items} like this one") if is_normal else N_("Silence {items} like this one, if it is normal")
    form = st.expander(say(label, items=items), icon=":material/notifications_off:", key="suppression_form", on_change="rerun")
    if form.open:
        with form:
            _form(looked)


def _form(looked: Looked) -> None:
    profiles = {profile.name: profile for profile in engine.profile(looked.data_set.id)}
    roles = looked.run.request["roles"]
    columns = [name for name in profiles if roles.get(name) not in ("label", "time")]
    chosen = st.multiselect(
        say(N_("Alike in")), columns, _heaviest(looked, columns), key=f"like_{looked.run.id}_{looked.row}", format_func=str,
        help=say(N_("Rows are silenced that are like this one in every one of these columns.")),
    )  # fmt: skip
    bounds = _bounds(looked, [profiles[name] for name in chosen])
    if not bounds:
        st.caption(say(N_("Choose at least one column.")))
        return
    try:
        _preview(looked, Suppression(bounds))
    except AnomalystError as error:
        st.warning(say_message(error.message))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"suppression_note_{looked.row}"
        st.text_input(say(N_("Why is this normal?")), key=key, max_chars=300, placeholder=plain(N_("for whoever comes after you")))
        st.button(
            say(N_("Silence them")), key="suppress", icon=":material/notifications_off:", on_click=_suppress, args=(looked, bounds, key)
        )  # fmt: skip


def _suppress(looked: Looked, bounds: Sequence[Bound], note_key: str) -> None:
    note = str(state.typed(note_key) or "")  # what was typed last, also where nobody pressed Enter
    try:
        workbench().suppress(looked.run.id, bounds, Given(looked.row, note, author()))
    except AnomalystError as error:
        state.refuse(error.message)
        return
    state.note(Message(N_("Silenced from now on. Threshold lists all suppressions, and takes them back.")))


def _heaviest(looked: Looked, columns: Sequence[str]) -> list[str]:
    """The columns that raised the row's score most; of texts and pictures the first column that there is."""
    rows = np.array([looked.row], dtype=np.intp)
    explanation = workbench().explanations(looked.run.id, looked.data_set.id, rows)
    found = reasons_of(workbench().run_folder(looked.run.id), workbench().data_folder(looked.data_set.id), rows, explanation)[0]
    named = [reason for reason in found if isinstance(reason, Reason) and reason.column in columns]
    heavy = [reason.column for reason in named if reason.weight >= HEAVY * named[0].weight]
    return heavy[:FIRST_COLUMNS] or list(columns[:1])


def _bounds(looked: Looked, profiles: Sequence[ColumnProfile]) -> tuple[Bound, ...]:
    """What the analyst made of the bounds that rows like this one meet."""
    row = engine.data_rows(looked.data_set.id, (looked.row,))
    values = {profile.name: row[profile.name].iloc[0] for profile in profiles}
    types: dict[str, Any] = {profile.name: profile.type for profile in profiles}
    middles = workbench().middles(looked.data_set.id, [profile.name for profile in profiles if profile.type == "number"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return tuple(_bound(looked, number, bound) for number, bound in enumerate(like_row(values, types, middles)))


def _bound(looked: Looked, number: int, bound: Bound) -> Bound:
    """One condition as the analyst leaves it."""
    key = f"bound_{looked.run.id}_{looked.row}_{bound.column}_{number}"
    label = escape(plain(SIDES[bound.comparison], column=bound.column))
    if bound.comparison == "is missing":
        st.caption(label)
        return bound
    if bound.type == "number":
        number_typed = st.number_input(label, value=float(bound.value), key=key, format="%g", width=260)
        return bound if number_typed is None else replace(bound, value=number_typed)
    typed = st.text_input(label, str(bound.value), key=key, width=360)
    other = bound.type == "text" and typed != str(bound.value)
    return replace(bound, comparison="contains" if other else bound.comparison, value=typed or bound.value)


#: What stands over the value of a bound.
SIDES = {
    ">=": N_("{column} at least"), "<=": N_("{column} at most"), "<": N_("{column} before"), ">": N_("{column} more than"),
    "is": N_("{column} is, or a part of it"), "is not": N_("{column} is not"), "contains": N_("{column} contains"), "is missing": N_("{column} is missing"),
}  # fmt: skip


def _preview(looked: Looked, rule: Suppression) -> None:
    """How many flagged rows it would silence, how many of all, and whether any of them is an anomaly to somebody."""
    rows = np.arange(looked.data_set.rows)
    sample = rows if len(rows) <= TRIED else np.sort(np.random.default_rng(0).choice(rows, TRIED, replace=False))
    of_flagged = looked.flagged[workbench().silenced(looked.data_set.id, [rule], looked.flagged) >= 0]
    of_all = int((workbench().silenced(looked.data_set.id, [rule], sample) >= 0).sum())
    told = N_("Would silence {silenced} of {flagged} flagged {items}, and {all} of {rows} in all.")
    if len(sample) < len(rows):
        told = N_("Would silence {silenced} of {flagged} flagged {items}, and {all} of {rows} drawn at random.")
    items = plain(KINDS[looked.run.kind].items)
    st.markdown(say(told, silenced=len(of_flagged), flagged=len(looked.flagged), items=items, all=of_all, rows=len(sample)))
    marked = workbench().verdicts(looked.data_set.id).rows(ANOMALY)
    wrongly = marked[workbench().silenced(looked.data_set.id, [rule], marked) >= 0]
    if len(wrongly):
        rows_text = ", ".join(f"{row + 1}" for row in wrongly[:NAMED].tolist()) + (" …" if len(wrongly) > NAMED else "")
        st.warning(
            say(
                N_("{count} of them were marked an anomaly: {rows}. Make the rule narrower, or look at them first."),
                count=len(wrongly),
                rows=rows_text,
            ),
            icon=":material/warning:",
        )
    else:
        st.caption(say(N_("None of them was marked an anomaly.")))


def suppression_list(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """The rules of a run, with what each silences of what would be flagged, and the way to take it back; nothing where there are none."""
    records = workbench().all_suppressions(run.id)
    if not records:
        return
    flags, key = flags_of(threshold), flags_key(threshold)
    rules = sum(record.withdrawn is None for record in records)
    label = (
        N_("{rules} suppressions silence {count} {items} that would be flagged")
        if rules != 1
        else N_("One suppression silences {count} {items} that would be flagged")
    )
    told = say(label, rules=rules, count=flags.silenced, items=plain(KINDS[run.kind].items))
    with st.expander(told, icon=":material/notifications_off:", key="suppressions"):
        for record in records:
            _line(record, _would_silence(data_set.id, record.id, key, suppression_of(record), flags.above))


@st.cache_data(show_spinner=False, max_entries=100)
def _would_silence(data_id: str, suppression_id: str, key: str, _rule: Suppression, _rows: NDArray[np.intp]) -> int:
    """How many of the rows above the cut-off a suppression silences by itself; `key` names them."""
    return int((workbench().silenced(data_id, [_rule], _rows) >= 0).sum())


def _line(record: SuppressionRecord, count: int) -> None:
    said = plain(N_(" and ")).join(bound.message.text(translate) for bound in suppression_of(record).bounds)
    facts = [say(N_("{count} flagged"), count=count), say(N_("by {author}, {when}"), author=record.author, when=clock(record.created))]
    facts += [say(N_("from row {row}"), row=record.row + 1)] if record.row is not None else []
    facts += [f"“{escape(record.note)}”"] if record.note else []
    facts += [say(N_("withdrawn {when}"), when=clock(record.withdrawn))] if record.withdrawn is not None else []
    with st.container(horizontal=True, vertical_alignment="center"):
        struck = "~~" if record.withdrawn is not None else ""
        st.markdown(f"{struck}{escape(said)}{struck}  \n:gray[{' · '.join(facts)}]", width="stretch")
        back = record.withdrawn is not None
        st.button(
            say(N_("Put back")) if back else say(N_("Withdraw")), key=f"withdraw_{record.id}", on_click=_withdraw, args=(record.id,), kwargs={"back": back}
        )  # fmt: skip


def _withdraw(suppression_id: str, *, back: bool) -> None:
    try:
        workbench().withdraw(suppression_id, back=back)
    except AnomalystError as error:
        state.refuse(error.message)
