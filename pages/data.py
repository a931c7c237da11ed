"""Data: upload a file, see what is in it, and say what each column is for."""

from __future__ import annotations

import zlib
from typing import Any

import pandas as pd
import streamlit as st

from detectors import kinds, roles
from detectors.errors import AnomalystError
from detectors.frames import value_counts
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.profile import ColumnProfile
from detectors.storage.records import DataSetRecord
from pages.shared import engine, state
from pages.shared.as_command import data_as_command
from pages.shared.checks import checks_card
from pages.shared.data_set_list import data_set_list
from pages.shared.detector_choice import score_offer
from pages.shared.empty import tell_missing_data
from pages.shared.engine import workbench
from pages.shared.import_preview import import_preview, offer_reading_differently, read_differently
from pages.shared.importing import follow_import, uploader
from pages.shared.keeping import attempt, entry_menu
from pages.shared.language import escape, plain, say, say_message
from pages.shared.look import page_head, palette
from pages.shared.values import value_text
from pages.shared.views import view_of

#: Rows of the preview.
PREVIEWED = 100

#: A table of more columns than this scrolls, in so many pixels.
MOST_IN_FULL, TALLEST = 30, 1100

#: Values of a label that are named for each of the two kinds.
MOST_LABELS_NAMED = 6


def samples() -> None:
    st.caption(say(N_("No file at hand? Try a sample:")))
    with st.container(horizontal=True):
        for sample in engine.samples():
            if st.button(say(sample.title), key=f"try_{sample.name}"):
                with st.spinner(say(N_("Making the sample …"))):
                    record = workbench().import_sample(sample.name)
                state.select(data=record.id)
                st.rerun()


def heading(record: DataSetRecord) -> None:
    """What was read, and the way on."""
    report = engine.report(record.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escape(record.name), anchor=False, width="stretch")
        read_differently(record)
        score_offer(record)
        if st.button(say(N_("Continue to Train")), type="primary", icon=":material/arrow_forward:", icon_position="right", key="continue"):
            state.go("train")
        entry_menu(record)
    if record.note:
        st.caption(escape(record.note))
    facts = [
        say(N_("{rows} {items}"), rows=report.rows, items=plain(KINDS[record.kind].items)),
        say(N_("{columns} columns"), columns=report.columns),
        escape(report.format),
    ]
    facts += [
        escape(fact) for fact in (report.encoding, report.delimiter and plain(DELIMITERS.get(report.delimiter, report.delimiter))) if fact
    ]
    if report.options.get("decimal") == "comma":
        facts.append(say(N_("decimal comma")))
    if report.options.get("sheet"):
        facts.append(say(N_("sheet {sheet}"), sheet=report.options["sheet"]))
    facts.append(say(N_("read in {seconds} s"), seconds=round(report.seconds, 1)))
    st.caption(" · ".join(facts))
    if report.notes:
        with st.expander(
            say(N_("{count} notes from reading"), count=len(report.notes)), icon=":material/info:", expanded=len(report.notes) < 4
        ):
            for note in report.notes:
                st.markdown("- " + say_message(note))


def kind_choice(record: DataSetRecord) -> None:
    """What the data are worked on as, where there is a choice."""
    possible = workbench().possible_kinds(record.id)
    if len(possible) < 2:
        return
    key = f"kind_{record.id}_{record.kind}"
    st.segmented_control(
        say(N_("Work on it as")),
        possible,
        default=record.kind,
        required=True,
        format_func=lambda name: plain(KINDS[name].title),
        key=key,
        help=" · ".join(say(KINDS[name].title) + ": " + say(KINDS[name].summary) for name in possible),
        on_change=lambda: attempt(lambda: workbench().set_kind(record.id, state.typed(key))),
    )


DELIMITERS = {",": N_("comma"), ";": N_("semicolon"), "\t": N_("tab"), "|": N_("vertical bar")}

ALL_ANOMALIES = N_(
    "No figures can say how good the flags are, because all values of `{column}` are read as anomalies. Name the normal value "
    "`normal` or 0 in the file and upload it again, or name the anomaly with --anomaly on the command line."
)
ALL_NORMAL = N_(
    "No figures can say how good the flags are, because all values of `{column}` are read as normal. Give the anomalies another "
    "value in the file and upload it again, or name the anomaly with --anomaly on the command line."
)

ROLE_NAMES = {
    "feature": N_("feature"),
    "text": N_("text"),
    "time": N_("time"),
    "entity": N_("entity"),
    "label": N_("label"),
    "id": N_("id"),
    "ignored": N_("ignored"),
}

ROLE_HELP = {
    "feature": N_("feature: learned from"),
    "text": N_("text: what is read"),
    "time": N_("time: when a row was measured"),
    "entity": N_("entity: which machine, account or place a row is about"),
    "label": N_("label: known anomalies, for judging, and for detectors that learn from them"),
    "id": N_("id: names a row"),
    "ignored": N_("ignored: left out"),
}

TYPE_NAMES = {"number": N_("number"), "boolean": N_("yes / no"), "date": N_("date"), "text": N_("text")}


def column_table(record: DataSetRecord, profiles: list[ColumnProfile]) -> pd.DataFrame:
    """One row a column: what it holds and what it is for."""
    proposed = {role.column: role for role in KINDS[record.kind].propose(profiles, record.rows)}
    return pd.DataFrame(
        {
            "column": [profile.name for profile in profiles],
            "role": [plain(ROLE_NAMES[record.roles.get(profile.name, "ignored")]) for profile in profiles],
            "type": [plain(TYPE_NAMES[profile.type]) for profile in profiles],
            "missing": [profile.missing for profile in profiles],
            "distinct": [profile.distinct for profile in profiles],
            "distribution": [list(profile.bars.counts) for profile in profiles],
            "example": [value_text(profile.example) for profile in profiles],
            "reason": [proposed[profile.name].reason.text() for profile in profiles],
        }
    )


def roles_editor(record: DataSetRecord, profiles: list[ColumnProfile]) -> None:
    """The columns as a table whose roles can be changed; a change is kept at once.

    The key changes with the roles that are kept, and with every refusal, so that the table never shows an edit again
    that was refused, or that was made before someone else's.
    """
    table = column_table(record, profiles)
    key = f"roles_{record.id}_{zlib.crc32(repr(sorted(record.roles.items())).encode()):x}_{state.refusals()}"
    st.data_editor(
        table,
        key=key,
        hide_index=True,
        height="content" if len(profiles) <= MOST_IN_FULL else TALLEST,
        disabled=[name for name in table.columns if name != "role"],
        column_config=column_config(record.kind),
        alt=plain(N_("The columns of {name} with their roles"), name=record.name),
        on_change=take_roles,
        args=(record.id, profiles, key),
    )


def sample_note(profiles: list[ColumnProfile]) -> None:
    """Says where not all rows were looked at."""
    rows = max((profile.sampled or 0 for profile in profiles), default=0)
    if rows:
        note = N_(
            "Where a column has many different values, they and its distribution come from a sample of {rows} rows; all else from every row."
        )
        st.caption(say(note, rows=rows))


def take_roles(data_id: str, profiles: list[ColumnProfile], key: str) -> None:
    """Keeps the roles that were just picked; the page shows why where they cannot be worked with."""
    record = workbench().records.data_set(data_id)
    if record is None:
        return
    by_title = {plain(title): name for name, title in ROLE_NAMES.items()}
    chosen = dict(record.roles)
    for row, changed in state.typed(key)["edited_rows"].items():
        column, role = profiles[int(row)].name, by_title[changed["role"]]
        single = KINDS[record.kind].single
        for other, its_role in chosen.items():
            if role == its_role and role in single and other != column:
                sentence = N_("{other} is ignored now: one column is the {role}, and it is {column}.")
                st.toast(say(sentence, other=other, role=plain(ROLE_NAMES[role]), column=column))
        chosen = roles.with_role(chosen, column, role, single)
    try:
        kinds.check_roles(record.kind, chosen, profiles)
        workbench().records.set_roles(data_id, chosen, was=record.roles)
    except AnomalystError as error:
        state.refuse(error.message)


@st.cache_data(show_spinner=False, max_entries=20)
def label_reading(data_id: str, column: str) -> roles.LabelReading:
    return roles.read_label_counts(*value_counts(workbench().data_folder(data_id), column))


def label_note(record: DataSetRecord) -> None:
    """How the values of the label are read, and a warning where nothing can be judged by them."""
    for column in roles.labels(record.roles):
        found = label_reading(record.id, column)
        parts = label_parts(N_("{value} is normal ({rows} rows)"), N_("{count} other values are normal"), found.normal)
        parts += label_parts(N_("{value} is an anomaly ({rows} rows)"), N_("{count} other values are anomalies"), found.anomalies)
        if found.unknown:
            parts.append(say(N_("{rows} rows have no label"), rows=found.unknown))
        st.caption(escape(column) + ": " + ", ".join(parts))
        if found.is_one_sided:
            st.warning(say(ALL_NORMAL if found.normal else ALL_ANOMALIES, column=column), icon=":material/warning:")


def label_parts(named: str, others: str, values: dict[str, int]) -> list[str]:
    first = list(values.items())[:MOST_LABELS_NAMED]
    parts = [say(named, value=value, rows=rows) for value, rows in first]
    return parts + ([say(others, count=len(values) - len(first))] if len(values) > len(first) else [])


def column_config(kind: str) -> dict[str, Any]:
    config = st.column_config
    role_help = " · ".join(say(ROLE_HELP[role]) for role in KINDS[kind].roles)
    titles = [plain(ROLE_NAMES[role]) for role in KINDS[kind].roles]
    return {
        "column": config.TextColumn(plain(N_("Column")), pinned=True),
        "role": config.SelectboxColumn(plain(N_("Role")), options=titles, required=True, help=role_help),
        "type": config.TextColumn(plain(N_("Type"))),
        "missing": config.NumberColumn(plain(N_("Missing")), format="localized"),
        "distinct": config.NumberColumn(plain(N_("Distinct")), format="localized"),
        "distribution": config.BarChartColumn(plain(N_("Distribution")), y_min=0, color=palette().normal),
        "example": config.TextColumn(plain(N_("Example"))),
        "reason": config.TextColumn(plain(N_("Why this role")), width="large"),
    }


page_head(N_("Data"), N_("Upload a file, see what is in it, and say what each column is for."))
if refused := state.take_refusal():
    st.error(say_message(refused), icon=":material/error:")
    offer_reading_differently()
opened, pending, reading = state.data_set(), state.pending(), None
if pending is not None and state.current_import() is None:
    import_preview(pending)
elif pending is not None:
    reading = uploader()
elif opened is None:
    tell_missing_data()
    reading = uploader()
    samples()
    data_set_list(say(N_("Or go on with")))
else:
    heading(opened)
    column_profiles = engine.profile(opened.id)
    kind_choice(opened)
    view_of(opened.kind).data(opened)
    checks_card(opened)
    roles_editor(opened, column_profiles)
    sample_note(column_profiles)
    label_note(opened)
    with st.expander(say(N_("First {count} rows"), count=min(PREVIEWED, opened.rows)), icon=":material/table_rows:"):
        st.dataframe(engine.first_rows(opened.id, PREVIEWED), hide_index=True, alt=plain(N_("The first rows of {name}"), name=opened.name))
    data_as_command(opened)
    st.subheader(say(N_("Other data")), anchor=False)
    reading = uploader()
    samples()
follow_import(reading)
