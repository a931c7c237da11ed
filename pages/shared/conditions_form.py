"""A form for conditions on columns: one line each, and an empty one for the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from detectors.conditions import COMPARISONS, LARGEST_WEIGHT, LONGEST_VALUE, MOST_CONDITIONS
from detectors.messages import N_
from detectors.params import Field
from detectors.profile import ColumnProfile
from pages.shared.language import escape, plain, say

#: How values of each type can be compared.
OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "text": ("is", "is not", "contains", "is missing"),
    "boolean": ("is", "is not", "is missing"),
    "number": (">", ">=", "<", "<=", "is", "is not", "is missing"),
    "date": (">", ">=", "<", "<=", "is", "is not", "is missing"),
}

#: Widths in pixels of column, comparison, value and weight.
WIDTHS = (260, 170, 240, 110)


def conditions_form(field: Field, start: Sequence[Sequence[Any]], key: str, columns: Sequence[ColumnProfile]) -> list[list[Any]] | None:
    """The conditions that were put together, from `start` on; None where there is none yet, or one has no value yet.

    A line whose column is taken away counts no more; there is always an empty line for the next one.
    """
    st.markdown(f"**{say(field.title)}**", help=say(field.help))
    profiles = {profile.name: profile for profile in columns}
    lines: list[list[Any] | None] = []
    for place in range(MOST_CONDITIONS):
        begun = list(start[place]) if place < len(start) else None
        chosen, line = _line(f"{key}_{place}", begun, profiles, is_first=place == 0)
        if chosen:
            lines.append(line)
        elif f"{key}_{place + 1}_column" not in st.session_state and place >= len(start):
            break
    if not lines:
        st.caption(say(N_("Begin with a column. The next line comes by itself.")))
    elif None in lines:
        st.caption(say(N_("A condition has no value yet.")))
    whole = [line for line in lines if line is not None]
    return whole if whole and len(whole) == len(lines) else None


def _line(key: str, start: list[Any] | None, profiles: Mapping[str, ColumnProfile], *, is_first: bool) -> tuple[bool, list[Any] | None]:
    """Whether a column was chosen, and the condition, where it is whole."""
    names, shown = list(profiles), "visible" if is_first else "collapsed"
    begun = names.index(start[0]) if start and start[0] in names else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        column = st.selectbox(
            say(N_("Column")), names, begun, format_func=str, key=f"{key}_column", placeholder=plain(N_("Add a condition …")),
            label_visibility=shown, width=WIDTHS[0],
        )  # fmt: skip
        if column is None:
            return False, None
        kind = profiles[column].type
        comparisons = list(OF_TYPE[kind])
        compared = comparisons.index(start[1]) if start and start[1] in comparisons else 0
        comparison = st.selectbox(
            say(N_("Comparison")), comparisons, compared, format_func=lambda word: plain(COMPARISONS[word]), key=f"{key}_comparison_{kind}",
            label_visibility=shown, width=WIDTHS[1],
        )  # fmt: skip
        value: Any = ""
        if comparison != "is missing":
            value = _value(f"{key}_value_{column}", profiles[column], comparison, start[2] if start else None, shown)
        weight = st.number_input(
            say(N_("Weight")), 0.1, LARGEST_WEIGHT, float(start[3]) if start and len(start) > 3 else 1.0, step=1.0, format="%g",
            key=f"{key}_weight", label_visibility=shown, width=WIDTHS[3], help=say(N_("How much a row's score grows where it meets the condition.")),
        )  # fmt: skip
    return True, None if value is None or (value == "" and comparison != "is missing") else [column, comparison, value, weight]


def _value(key: str, profile: ColumnProfile, comparison: str, start: Any, shown: Any) -> Any:
    """A value of the column's type: typed, or one of those there are."""
    label = say(N_("Value"))
    if profile.type == "number":
        begun = float(start) if isinstance(start, int | float) else None
        return st.number_input(
            label, value=begun, format="%g", key=key, label_visibility=shown, width=WIDTHS[2], placeholder=_range(profile)
        )
    if profile.type == "date" or comparison == "contains":
        hint = _range(profile) if profile.type == "date" else plain(N_("a part of the text"))
        return st.text_input(label, str(start or ""), LONGEST_VALUE, key=key, label_visibility=shown, width=WIDTHS[2], placeholder=hint)
    options = ["true", "false"] if profile.type == "boolean" else [str(value) for value in profile.bars.values]
    if start is not None and str(start) not in options:
        options.append(str(start))
    return st.selectbox(
        label, options, options.index(str(start)) if start is not None else None, format_func=escape, key=f"{key}_chosen",
        accept_new_options=profile.type == "text", label_visibility=shown, width=WIDTHS[2], placeholder=plain(N_("choose or type")),
    )  # fmt: skip


def _range(profile: ColumnProfile) -> str:
    """From where to where the column's values go, as a hint."""
    if profile.low is None or profile.high is None:
        return ""
    low, high = (f"{end:.4g}" if isinstance(end, float) else str(end)[:10] for end in (profile.low, profile.high))
    return f"{low} … {high}"
