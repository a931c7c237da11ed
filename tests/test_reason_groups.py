"""Flagged rows are put together by why they were flagged."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.explanations.groups import MOST_COMPARED, Causes, ReasonGroup, clusters, groups_of, one_column_alarm
from detectors.explanations.reasons import Reason


def high(column: str, weight: float) -> Reason:
    return Reason(column, weight, 9.0, 1.0)


def grouped(found: list[list[Reason]]) -> tuple[Causes, list[ReasonGroup]]:
    causes = Causes.of(found)
    return causes, groups_of(causes, clusters(causes.shares))


def names(group: ReasonGroup) -> list[str]:
    return [str(cause) for cause in group.causes]


def test_a_cause_says_the_column_and_the_side_but_not_the_amount() -> None:
    assert str(Reason("amount", 1, 9400.0, 120.0).cause) == str(Reason("amount", 2, 500.0, 100.0).cause) == "amount higher than expected"
    assert str(Reason("amount", 1, 4.0, 120.0).cause) == "amount lower than expected"
    assert str(Reason("country", 1, "NL", "DE").cause) == str(Reason("country", 1, "FR", "DE").cause) == "country other than expected"
    assert str(Reason("amount", 1, None, 120.0).cause) == "amount missing"


def test_shares_of_a_row_sum_to_one_and_a_row_without_reasons_has_none() -> None:
    causes = Causes.of([[high("a", 3), high("b", 1)], []])
    assert causes.shares.tolist() == [[0.75, 0.25], [0, 0]]


def test_rows_with_the_same_causes_are_one_group_named_by_them_the_largest_first() -> None:
    found = [[high("a", 1.0)]] * 2 + [[high("b", 2.0), high("c", 1.8)]] * 5 + [[Reason("a", 1.0, 1.0, 9.0)]]
    _, groups = grouped(found)
    assert [names(group) for group in groups] == [
        ["b higher than expected", "c higher than expected"],
        ["a higher than expected"],
        ["a lower than expected"],
    ]
    assert [group.members.tolist() for group in groups] == [[2, 3, 4, 5, 6], [0, 1], [7]]


def test_the_most_typical_row_comes_first() -> None:
    found = [[high("a", 1.0), high("b", 0.9)], [high("a", 1.0)], [high("a", 1.0)], [high("a", 1.0)]]
    assert grouped(found)[1][0].members[-1] == 0


def test_what_has_no_reason_or_fits_into_none_of_the_largest_groups_is_left_over_last() -> None:
    found = [[high(f"column {number % 12}", 1.0)] for number in range(24)] + [[]]
    _, groups = grouped(found)
    assert len(groups) == 11
    assert groups[-1].causes == () and groups[-1].members.tolist() == [10, 11, 22, 23, 24]


def test_single_rows_are_groups_of_their_own_only_where_there_are_few_groups() -> None:
    found = [[high(f"column {number}", 1.0)] for number in range(11)]
    assert [group.causes for group in grouped(found)[1]] == [()]
    assert len(grouped(found[:10])[1]) == 10


def test_of_very_many_rows_all_join_a_group() -> None:
    found = [[high("ab"[number % 2], 1.0)] for number in range(2 * MOST_COMPARED)]
    _, groups = grouped(found)
    assert [len(group.members) for group in groups] == [MOST_COMPARED, MOST_COMPARED]
    assert all(len(set(group.members % 2)) == 1 for group in groups)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row_are_grouped_too(rows: int) -> None:
    assert len(grouped([[high("a", 1.0)]] * rows)[1]) == rows


def test_a_column_behind_almost_all_flags_is_an_alarm() -> None:
    found = [[high("created_at", 3.0), high("a", 1.0)]] * 28 + [[high("a", 1.0)]] * 2
    alarm = one_column_alarm(found, columns=5)
    assert alarm is not None
    assert (alarm.column, round(alarm.share, 3), alarm.rows) == ("created_at", 0.933, 30)


@pytest.mark.parametrize(
    ("found", "columns"),
    [
        ([[high("a", 3.0)]] * 15 + [[high("b", 3.0)]] * 15, 5),
        ([[high("a", 1.1), high("b", 1.0), high("c", 1.0)]] * 30, 5),
        ([[high("a", 3.0)]] * 30, 2),
        ([[high("a", 3.0)]] * 19, 5),
    ],
    ids=["two columns", "not alone", "two columns in all", "few rows"],
)
def test_no_alarm(found: list[list[Reason]], columns: int) -> None:
    assert one_column_alarm(found, columns) is None


def test_overlaps_do_not_change_the_shares() -> None:
    causes = Causes.of([[high("a", 3), high("b", 1)]] * 3)
    before = causes.shares.copy()
    clusters(causes.shares)
    assert np.array_equal(causes.shares, before)
