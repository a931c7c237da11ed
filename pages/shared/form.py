"""A form made from declared parameters: one widget a field, basic ones first, advanced ones folded away."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from detectors.errors import ParameterError
from detectors.messages import N_
from detectors.params import Field, MembersField, Parametrised
from detectors.profile import ColumnProfile
from pages.shared.conditions_form import conditions_form
from pages.shared.language import escape, plain, say, say_message
from pages.shared.members_input import members_input, start_words


def parameter_form(
    declared: type[Parametrised], start: Mapping[str, Any], key: str, without: Collection[str] = (), columns: Sequence[ColumnProfile] = ()
) -> dict[str, Any]:
    """Shows the fields of `declared`, starting from `start` where it names a value; gives the values chosen.

    Args:
        declared: a detector or a preparation.
        start: values to start from instead of the defaults, such as those of a preset.
        key: makes the widgets' keys; another `start` needs another key.
        without: fields that are left out, and keep their default.
        columns: what conditions can be on.
    """
    basic = {name: field for name, field in declared.fields.items() if not field.advanced and name not in without}
    advanced = {name: field for name, field in declared.fields.items() if field.advanced and name not in without}
    values: dict[str, Any] = {}
    for name in [name for name, field in basic.items() if field.type == "conditions"]:
        field = basic.pop(name)
        values[name] = conditions_form(field, start.get(name, field.default), f"{key}_{name}", columns)
    values |= _grouped(basic, start, key)
    if advanced:
        label = say(N_("Advanced · {count} settings, {differing} changed"), count=len(advanced), differing=_differing(advanced, start, key))
        with st.expander(label, icon=":material/tune:", key=f"{key}_advanced"):
            values |= _grouped(advanced, start, key)
    return values


def _grouped(fields: Mapping[str, Field], start: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The fields of each group under its title, those without one first."""
    values: dict[str, Any] = {}
    for group in sorted(dict.fromkeys(field.group for field in fields.values()), key=bool):
        if group:
            st.markdown(f"**{say(group)}**")
        values |= field_grid({name: field for name, field in fields.items() if field.group == group}, start, key)
    return values


def changed_settings(declared: type[Parametrised], start: Mapping[str, Any], key: str) -> int:
    """How many fields of a form that is shown later differ from their defaults."""
    return _differing(declared.fields, start, key)


def _differing(fields: Mapping[str, Field], start: Mapping[str, Any], key: str) -> int:
    chosen = {name: st.session_state.get(f"{key}_{name}", start.get(name, field.default)) for name, field in fields.items()}
    return sum(_differs(field, chosen[name]) for name, field in fields.items())


def field_grid(fields: Mapping[str, Field], start: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Shows `fields` in rows of four, starting from `start` where it names a value; gives the values chosen.

    What may hold many words, the members of an ensemble, has a row of its own above.
    """
    wide = {name: field for name, field in fields.items() if isinstance(field, MembersField)}
    values = {name: _widget(name, field, start.get(name, field.default), f"{key}_{name}") for name, field in wide.items()}
    with st.grid(4):
        narrow = {name: field for name, field in fields.items() if name not in wide}
        return values | {name: _widget(name, field, start.get(name, field.default), f"{key}_{name}") for name, field in narrow.items()}


def _widget(name: str, field: Field, value: Any, key: str) -> Any:
    label, help_text = say(field.title), say(field.help)
    if field.type == "boolean":
        return st.toggle(label, value, key=key, help=help_text)
    if field.type == "choice":
        titles = dict(field.choice_titles or {})
        options = list(field.choices)
        return st.selectbox(label, options, options.index(value), format_func=lambda word: plain(titles[word]), key=key, help=help_text)
    if field.type == "text":
        return _text_input(field, value, key)
    if isinstance(field, MembersField):
        return members_input(name, field, value, key)
    if field.type == "integers":
        return _list_input(name, field, st.text_input(label, json.dumps(list(value)), key=key, help=help_text))
    return number_field(field, value, key)


def _text_input(field: Field, value: str, key: str) -> str:
    """A text to type, or one of those there are."""
    label, help_text, options = say(field.title), say(field.help), list(field.choices)
    if not options:
        return st.text_input(label, value, max_chars=int(field.high or 0), key=key, help=help_text)
    return st.selectbox(label, options, options.index(value) if value in options else 0, format_func=escape, key=key, help=help_text)


def number_field(field: Field, value: float, key: str, **options: Any) -> Any:
    """A widget for a whole number or a number within its declared limits; `options` go to the widget."""
    whole = field.type == "integer"
    kind = int if whole else float
    return st.number_input(
        say(field.title),
        kind(field.low or 0),
        kind(field.high or 0),
        kind(value),
        step=1 if whole else _step(field, value),
        format="%d" if whole else "%g",
        key=key,
        help=say(field.help),
        **options,
    )


def _list_input(name: str, field: Field, text: str) -> Any:
    try:
        return field.parse(name, text if text.strip().startswith("[") else f"[{text}]")
    except ParameterError as error:
        st.caption(f":red[{say_message(error.message)}]")
        return None


def _differs(field: Field, value: Any) -> bool:
    shown = json.dumps(list(field.default)) if field.type == "integers" else field.default
    if isinstance(field, MembersField):
        shown = start_words(field.default)
    return bool(value not in (field.default, shown))


def _step(field: Field, value: float) -> float:
    """A step that suits the value's size: 1 for 95, 0.1 for 3, 0.0001 for a learning rate of 0.001."""
    span = (field.high or 1) - (field.low or 0)
    size = abs(value) or (span if math.isfinite(span) else 1.0)
    return float(10.0 ** (math.floor(math.log10(size)) - 1))
