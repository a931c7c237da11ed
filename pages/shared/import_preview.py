"""A file before it is read: its first rows as they would be, what is doubted about them, and how they could be read instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from detectors.errors import AnomalystError
from detectors.messages import N_
from detectors.params import Field
from detectors.reading import Preview, ReadingOptions
from detectors.storage.records import DataSetRecord
from pages.shared import engine, state
from pages.shared.engine import workbench
from pages.shared.form import field_grid
from pages.shared.importing import read_again
from pages.shared.language import plain, say, say_message

_GONE = N_("The uploaded file is kept for {days} days after it was last read, and is gone. Upload it again to read it differently.")

#: What a column of each type is called, one and several.
TYPES = {"number": N_("numbers: {count}"), "date": N_("dates: {count}"), "yes / no": N_("yes / no: {count}"), "text": N_("texts: {count}")}


def read_differently(record: DataSetRecord) -> None:
    """Offers to read the file of a data set in another way, while it is kept; nothing where there is nothing to choose."""
    options = engine.report(record.id).options
    if not options:
        return
    source = workbench().original(record.content_hash)
    if source is None and record.name in {sample.file_name for sample in engine.samples()}:
        return  # was never uploaded
    about = N_("Another delimiter, sheet, decimal mark … The file is read again, as a new data set.")
    clicked = st.button(
        say(N_("Read it differently")),
        key="read_differently",
        type="tertiary",
        icon=":material/rule_settings:",
        disabled=source is None,
        help=say(about) if source else say(_GONE, days=workbench().settings.originals_days),
    )
    if clicked and source is not None:
        state.pend(state.Pending(source, record.name, options))
        st.rerun()


def offer_reading_differently() -> None:
    """Offers to look at the file that was just refused, where it might be read in another way."""
    refused = state.take_offered_reading()
    if refused is not None:
        st.button(
            say(N_("Read it differently")),
            key="read_refused_differently",
            icon=":material/rule_settings:",
            help=say(N_("Shows how the file begins, and lets you choose another delimiter, line of the names, sheet …")),
            on_click=state.pend,
            args=(refused,),
        )


def import_preview(pending: state.Pending) -> None:
    """The first rows of a file with a form of its options. Import reads it so; Cancel leaves everything as it was."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(say(N_("How is {name} to be read?"), name=pending.name), anchor=False, width="stretch")
        buttons = st.container(horizontal=True, width="content")
        with buttons:
            if st.button(say(N_("Cancel")), type="tertiary", key="cancel_import_preview"):
                state.end_pending()
                st.rerun()
    if not pending.source.exists():
        st.error(say(_GONE, days=workbench().settings.originals_days), icon=":material/error:")
        return
    for doubt in pending.doubts:
        st.warning(say_message(doubt), icon=":material/help:")
    options = _chosen(pending)
    preview = _preview(pending, options)
    if preview is not None:
        _rows(preview)
    with buttons:
        if st.button(say(N_("Import")), type="primary", icon=":material/check:", key="import_as_shown", disabled=preview is None):
            read_again(pending.source, pending.name, ReadingOptions(**options))
            st.rerun()


def _chosen(pending: state.Pending) -> dict[str, Any]:
    """The options as the form has them. Another sheet begins with what is found on it."""
    start, sheet = dict(pending.options), {}
    sheets = _sheets(pending)
    if "sheet" in start and not sheets:  # not even one could be looked at: it may be named
        sheet = field_grid({"sheet": ReadingOptions.fields["sheet"]}, start, "reading")
    elif len(sheets) > 1:
        sheet = field_grid({"sheet": replace(ReadingOptions.fields["sheet"], choices=sheets)}, start, "reading")
        if sheet["sheet"] != start["sheet"]:
            other = _preview(pending, sheet)
            start = dict(other.options) if other else start
    fields: dict[str, Field] = {name: ReadingOptions.fields[name] for name in start if name != "sheet"}
    return {**start, **sheet, **field_grid(fields, start, f"reading_{sheet.get('sheet', '')}")}


def _sheets(pending: state.Pending) -> tuple[str, ...]:
    """The sheets of a workbook that hold data; none where it is no workbook, or cannot be read as it was."""
    if "sheet" not in pending.options:
        return ()
    try:
        return _looked_at(pending, {"sheet": pending.options["sheet"]}).sheets
    except AnomalystError:  # told where the rows would be
        return ()


def _preview(pending: state.Pending, options: Mapping[str, Any]) -> Preview | None:
    """The file as it would be read; None where it cannot be, and the page says why."""
    try:
        return _looked_at(pending, options)
    except AnomalystError as error:
        st.error(say_message(error.message), icon=":material/error:")
        return None


def _looked_at(pending: state.Pending, options: Mapping[str, Any]) -> Preview:
    with st.spinner(say(N_("Looking at {name} …"), name=pending.name)):
        return engine.reading_preview(pending.source, pending.name, dict(options))


def _rows(preview: Preview) -> None:
    rows = preview.rows
    counts = Counter(_type(rows[column]) for column in rows.columns)
    facts = [
        say(N_("The first {rows} rows as they would be read"), rows=len(rows)),
        say(N_("{columns} columns"), columns=len(rows.columns)),
    ]
    st.caption(" · ".join([*facts, *(say(TYPES[name], count=counts[name]) for name in TYPES if counts[name])]))
    shown = rows.copy()
    for column in rows.columns:
        if _type(rows[column]) == "date" and _are_days(rows[column]):
            shown[column] = rows[column].dt.date
    st.dataframe(shown, hide_index=True, alt=plain(N_("The first rows as they would be read")))
    for note in preview.notes:
        st.caption("- " + say_message(note))


def _are_days(values: pd.Series) -> bool:
    """Whether all of the moments are midnights, so that the hours say nothing."""
    return bool((values.dropna() == values.dropna().dt.normalize()).all())


def _type(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values):
        return "yes / no"
    if pd.api.types.is_numeric_dtype(values):
        return "number"
    return "date" if pd.api.types.is_datetime64_any_dtype(values) else "text"
