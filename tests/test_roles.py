"""Roles: what is proposed for which column and why, which choices are refused, and what a label means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from detectors.errors import DataError
from detectors.kinds import KINDS, check_roles
from detectors.profile import ColumnProfile, profile_column
from detectors.roles import Role, anomaly_labels, check, check_anomaly, propose_table, read_label, with_role

ROWS = 40


def role_of(name: str, values: list[Any]) -> Role:
    """The role proposed for one column, beside a feature."""
    return propose_table([profile_of(name, values), profile_of("other", [1.5, 2.5] * (len(values) // 2))], len(values))[0]


def profile_of(name: str, values: list[Any]) -> ColumnProfile:
    kind = pa.string() if values[0] is None else None  # a column of gaps is kept as text
    return profile_column(name, pa.chunked_array([pa.array(values, kind)]))


ALTERNATING = [0, 1] * (ROWS // 2)
SHUFFLED = [(7 * row) % ROWS for row in range(ROWS)]
SENTENCES = [f"the customer called {row} times and was not pleased at all" for row in range(ROWS)]


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("label", ALTERNATING, "label"),
        ("Is Fraud", ["yes", "no"] * (ROWS // 2), "label"),
        ("y", [row / 3 for row in range(ROWS)], "feature"),  # measures something: too many values for a label
        ("y", [row % 5 for row in range(ROWS)], "feature"),  # a coordinate as likely as a label
        ("class", [row % 5 for row in range(ROWS)], "label"),
        ("amount", SHUFFLED, "feature"),
        ("customer_id", SHUFFLED, "id"),
        ("customerId", SHUFFLED, "id"),
        ("CLIENTNUM", SHUFFLED, "id"),
        ("customer_id", ALTERNATING, "feature"),  # does not name a row
        ("paid", SHUFFLED, "feature"),  # ends in id, but is a word
        ("sensor_no", [row + 0.5 for row in range(ROWS)], "feature"),  # a measurement
        ("anything", list(range(ROWS)), "id"),  # counts the rows
        ("code", [f"A-{row}" for row in SHUFFLED], "id"),
        ("comment", SENTENCES, "ignored"),
        ("colour", ["red", "green"] * (ROWS // 2), "feature"),
        ("file", ["april.csv", "may.csv"] * (ROWS // 2), "id"),  # which file of several a row came from
        ("file", ["thin", "thick"] * (ROWS // 2), "feature"),
        ("country", ["DE"] * ROWS, "ignored"),
        ("empty", [None] * ROWS, "ignored"),
        ("day", list(pd.date_range("2024-01-01", periods=ROWS)), "ignored"),
        ("member", [True, False] * (ROWS // 2), "feature"),
    ],
)
def test_the_role_of_a_column_follows_from_its_name_and_values(name: str, values: list[Any], role: str) -> None:
    proposed = role_of(name, values)
    assert proposed.role == role
    assert "{" not in str(proposed.reason)
    assert str(proposed.reason).endswith(".")


def test_at_most_one_column_is_the_label_and_it_is_the_one_with_the_clearest_name() -> None:
    roles = propose_table([profile_of("class", ALTERNATING), profile_of("is_fraud", ALTERNATING)], ROWS)
    assert [role.role for role in roles] == ["feature", "label"]


def test_a_label_that_never_changes_is_no_label() -> None:
    assert role_of("label", [0] * ROWS).role == "ignored"


def test_five_rows_that_happen_to_grow_are_not_a_counter() -> None:
    assert role_of("amount", [1, 2, 5, 7]).role == "feature"


def test_a_reason_shows_the_columns_own_numbers() -> None:
    assert str(role_of("price", [-5.0, 34516.0] * 20).reason) == "Numbers from -5 to 34\u202f516."


PROFILES = [profile_of("a", ALTERNATING), profile_of("b", SHUFFLED), profile_of("c", SHUFFLED)]


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"a": "label", "b": "ignored", "c": "id"}, "No column is a feature"),
        ({"a": "label", "b": "label", "c": "feature"}, "`a` and `b` both have the role label"),
        ({"a": "feature", "d": "feature"}, "There is no column `d`. The columns are a, b, c."),
        ({"a": "feature", "b": "target"}, "`target` is no role for column `b`"),
        ({}, "No column is a feature"),
    ],
)
def test_roles_that_cannot_be_worked_with_are_refused(roles: dict[str, str], words: str) -> None:
    with pytest.raises(DataError) as refused:
        check_roles("table", roles, PROFILES)
    assert words in str(refused.value)


def test_a_column_with_two_roles_is_refused() -> None:
    with pytest.raises(DataError, match="Column `a` was given 2 roles"):
        check([Role("a", "feature"), Role("a", "id")], PROFILES, ["feature", "id"], ["label"])


def test_what_is_proposed_can_be_worked_with() -> None:
    for kind in KINDS.values():
        proposed = {role.column: role.role for role in kind.propose([*PROFILES, profile_of("note", SENTENCES)], ROWS)}
        check_roles(kind.name, proposed, [*PROFILES, profile_of("note", SENTENCES)])


@pytest.mark.parametrize(
    ("values", "anomalies"),
    [
        ([0, 1, 2], [False, True, True]),
        ([0.0, 1.0], [False, True]),
        (["0", "0.0", "1"], [False, False, True]),
        ([True, False], [True, False]),
        (["Normal", "GOOD", " ok ", "no", "False", "benign", "crack"], [False] * 6 + [True]),
        (["N", "f", "Negative", "none", "Legit", "genuine", "inlier", "Y"], [False] * 7 + [True]),
        (["normal.", "neptune."], [False, True]),
    ],
)
def test_zero_and_the_usual_words_mean_normal_and_all_others_an_anomaly(values: list[Any], anomalies: list[bool]) -> None:
    found, known = anomaly_labels(pd.Series(values))
    assert found.tolist() == anomalies
    assert known.all()


@pytest.mark.parametrize(
    ("values", "anomaly", "anomalies"),
    [
        (["normal", "scratch", "Crack"], "crack", [False, False, True]),
        ([1, 2, 1], "1", [True, False, True]),
        ([1.0, 2.0], 1, [True, False]),
        (["no", "yes"], "no", [True, False]),
    ],
)
def test_a_named_anomaly_is_the_only_one(values: list[Any], anomaly: object, anomalies: list[bool]) -> None:
    assert anomaly_labels(pd.Series(values), anomaly)[0].tolist() == anomalies


@pytest.mark.parametrize(
    "values", [[1.0, np.nan, 0.0], ["bad", None, "good"], [True, None, False], ["bad", " ", "good"], ["bad", ".", "good"]]
)
def test_a_missing_label_is_neither_normal_nor_known(values: list[Any]) -> None:
    found, known = anomaly_labels(pd.Series(values))
    assert found.tolist() == [True, False, False]
    assert known.tolist() == [True, False, True]


def test_a_label_is_read_value_by_value_the_most_frequent_first() -> None:
    reading = read_label(pd.Series([0, 1, 0, 2, 2, 2, 0, 0, None]))
    assert reading.normal == {"0": 4}
    assert list(reading.anomalies.items()) == [("2", 3), ("1", 1)]
    assert (reading.unknown, reading.is_one_sided) == (1, False)


@pytest.mark.parametrize(
    ("values", "one_sided"), [(["sane", "odd"], True), (["good", "ok"], True), (["good", "odd"], False), ([None], False)]
)
def test_a_label_whose_values_all_read_the_same_cannot_judge(values: list[Any], one_sided: bool) -> None:
    assert read_label(pd.Series(values, dtype=object)).is_one_sided == one_sided


def test_an_anomaly_that_the_label_does_not_hold_is_refused() -> None:
    check_anomaly(pd.Series(["sane", "Odd"]), "state", "odd")
    with pytest.raises(DataError, match=r"No row has `broken` in the label `state`\. Its values are sane, Odd\."):
        check_anomaly(pd.Series(["sane", "Odd", None]), "state", "broken")


def test_a_second_label_takes_the_place_of_the_first() -> None:
    roles = {"a": "label", "b": "feature", "c": "id"}
    assert with_role(roles, "b", "label") == {"a": "ignored", "b": "label", "c": "id"}
    assert with_role(roles, "a", "label") == roles
    assert with_role(roles, "b", "id") == {"a": "label", "b": "id", "c": "id"}
    assert roles["a"] == "label"


def test_a_column_whose_sampled_values_all_differ_names_the_row() -> None:
    """Of 400 rows, 40 were looked at, and had 40 different values."""
    sampled = replace(profile_of("customer_id", SHUFFLED), sampled=ROWS)
    assert propose_table([sampled], 10 * ROWS)[0].role == "id"
    assert propose_table([profile_of("customer_id", SHUFFLED)], 10 * ROWS)[0].role == "feature"
    assert "40 different values in 40 rows" in propose_table([sampled], 10 * ROWS)[0].reason.text()
