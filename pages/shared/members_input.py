"""A widget to choose the members of an ensemble or a stack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from detectors import registry
from detectors.errors import ParameterError
from detectors.messages import N_
from detectors.params import MembersField
from detectors.together.detector import Together
from pages.shared.language import escape, plain, say, say_message


def members_input(name: str, field: MembersField, value: Sequence[Any], key: str) -> list[Any] | None:
    """Several of the detectors there are, those of `value` at first; None, with a word about it, where none or too many are chosen."""
    words = start_words(value)
    options = [*words, *(word for word in _offered(field) if word not in words)]
    picked = st.multiselect(say(field.title), options, words, format_func=lambda word: _title(field, word), key=key, help=say(field.help))
    try:
        return list(field.check(name, [_member(word) for word in picked]))
    except ParameterError as error:
        st.caption(f":red[{say_message(error.message)}]")
        return None


def start_words(value: Sequence[Any]) -> list[str]:
    """A word for each member: its name, or JSON where it is more than that."""
    return [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False, sort_keys=True) for each in value]


def _offered(field: MembersField) -> list[str]:
    """The names of the detectors that can be members; those made of others are not offered."""
    found = [detector for (representation, _), detector in registry.detectors().items() if representation == field.representation]
    return [each.name() for each in found if not issubclass(each, Together) and (field.with_labels or not each.supervised)]


def _member(word: str) -> Any:
    return json.loads(word) if word.startswith("{") else word


def _title(field: MembersField, word: str) -> str:
    chosen = _member(word)
    name = chosen if isinstance(chosen, str) else chosen["detector"]
    representation = field.representation if isinstance(chosen, str) else chosen.get("representation", field.representation)
    found = registry.detectors().get((representation, name))
    title = escape(name) if found is None else plain(found.title)
    if isinstance(chosen, str) or not chosen.get("parameters"):
        return (
            title
            if representation == field.representation
            else say(N_("{title}, on {representation}"), title=title, representation=representation)
        )
    return say(N_("{title}, with its own settings"), title=title)
