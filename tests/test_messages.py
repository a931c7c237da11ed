"""Sentences for people: templates that a translator can find, and values that fit them."""

from __future__ import annotations

import ast
import copy
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from detectors import errors
from detectors.errors import AnomalystError, DataError, ParameterError
from detectors.messages import N_, Message, shown
from tests.sources import calls, shown_path, source_files

PROGRAM = source_files("app.py", "detectors", "pages")

#: Calls that carry a sentence with named values: ``DataError(N_("… {rows} …"), rows=3)``.
CARRIERS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, AnomalystError)}

#: Keywords of declarations whose text is shown to people.
SHOWN_KEYWORDS = {"title", "help"}
DECLARATIONS = {"integer", "number", "switch", "choice", "integers", "Preset"}


def carriers() -> Iterator[tuple[Path, ast.Call]]:
    for path in PROGRAM:
        yield from ((path, call) for called, call in calls(path) if called.split(".")[-1] in CARRIERS and call.args)


def marked_text(node: ast.expr) -> str | None:
    """The template in ``N_("…")``; None for anything else."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "N_" and isinstance(node.args[0], ast.Constant):
        return str(node.args[0].value)
    return None


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_a_sentence_is_put_together_only_when_it_is_shown() -> None:
    message = Message(N_("{rows} rows of `{name}` were read."), {"rows": 12, "name": "bank.csv"})
    assert message.text() == "12 rows of `bank.csv` were read."
    german = {"{rows} rows of `{name}` were read.": "Von `{name}` wurden {rows} Zeilen gelesen."}
    assert message.text(translate=german.__getitem__) == "Von `bank.csv` wurden 12 Zeilen gelesen."


def test_the_page_decides_how_a_value_is_shown() -> None:
    assert Message("{name}", {"name": "a*b"}).text(show=lambda value: str(value).replace("*", "\\*")) == "a\\*b"


def test_a_value_with_braces_is_shown_as_it_is() -> None:
    assert Message("`{name}` is empty.", {"name": "{rows}"}).text() == "`{rows}` is empty."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8925, "8\u202f925"),
        (-1_000_000, "-1\u202f000\u202f000"),
        (999, "999"),
        (0.416789, "0.4168"),
        (2.0, "2"),
        (True, "True"),
        ("1000", "1000"),
    ],
)
def test_numbers_are_shown_short_and_words_as_they_are(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_message_comes_back_from_json_with_template_and_values() -> None:
    message = Message("{rows} rows", {"rows": 3})
    assert Message.from_json(message.to_json()) == message


def test_an_error_reads_as_its_sentence_and_keeps_template_and_values() -> None:
    error = DataError("`{name}` has {rows} rows.", name="a.csv", rows=0)
    assert str(error) == "`a.csv` has 0 rows."
    assert error.message == Message("`{name}` has {rows} rows.", {"name": "a.csv", "rows": 0})


def test_a_copied_error_keeps_class_and_sentence() -> None:
    copied = copy.deepcopy(ParameterError("`{name}` is unknown.", name="epochs"))
    assert type(copied) is ParameterError
    assert str(copied) == "`epochs` is unknown."


def test_every_marked_template_is_written_out_where_it_is_marked() -> None:
    assembled = [
        f"{shown_path(path)}, line {call.lineno}: {ast.unparse(call)}"
        for path in PROGRAM
        for called, call in calls(path)
        if called == "N_" and [isinstance(word, ast.Constant) and isinstance(word.value, str) for word in call.args] != [True]
    ]
    assert assembled == [], "a translator finds only text that stands in the source as it is"


def test_every_error_for_people_carries_a_marked_template() -> None:
    unmarked = [
        f"{shown_path(path)}, line {call.lineno}: {ast.unparse(call.args[0])}"
        for path, call in carriers()
        if isinstance(call.args[0], ast.Constant | ast.JoinedStr | ast.BinOp)
    ]
    assert unmarked == []


def test_every_error_has_exactly_the_values_that_its_template_names() -> None:
    misfits = []
    for path, call in carriers():
        template = marked_text(call.args[0])
        given = {word.arg for word in call.keywords}
        if template is not None and None not in given and placeholders(template) != given:
            misfits.append(f"{shown_path(path)}, line {call.lineno}: {sorted(placeholders(template) ^ given, key=str)}")
    assert misfits == []


def test_every_title_and_help_of_a_declaration_is_marked() -> None:
    unmarked = [
        f"{shown_path(path)}, line {call.lineno}: {word.arg}={ast.unparse(word.value)}"
        for path in PROGRAM
        for called, call in calls(path)
        if called in DECLARATIONS
        for word in call.keywords
        if word.arg in SHOWN_KEYWORDS and isinstance(word.value, ast.Constant | ast.JoinedStr)
    ]
    assert unmarked == []
