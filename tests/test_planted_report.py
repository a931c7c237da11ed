"""The report of planted values: what counts as named first, and how the bars are judged."""

from __future__ import annotations

import numpy as np

from benchmarks.shared.planted_report import Outcome, by_table, hits, verdict


def test_the_planted_column_is_first_or_among_three_and_equal_values_share_the_place() -> None:
    values = np.array([[5.0, 1, 2, 0], [5.0, 1, 2, 0], [1.0, 1, 1, 1]])
    assert hits(values[:1], np.array([0])) == [1, 1]
    assert hits(values[1:2], np.array([3])) == [0, 0]
    assert hits(values[2:], np.array([2])) == [0.25, 0.75]


def outcome(name: str, ours: list[float], z_scores: list[float]) -> Outcome:
    return Outcome("auto", name, 10, 100, {"ours": ours, "z_scores": z_scores, "network": [0, 0]}, 1.0, 0.1, 0.01)


def test_a_bar_counts_rows_of_all_tables_and_every_table_must_keep_up() -> None:
    good = [outcome("a", [8, 10], [7, 9]), outcome("b", [7, 8], [7, 8])]
    words, met = verdict(good, "auto")
    assert met and "auto: 0.75 / 0.90" in words
    words, met = verdict([*good, outcome("c", [9, 10], [10, 10])], "auto")
    assert not met and "(c)" in words
    assert "behind" in by_table([outcome("c", [9, 10], [10, 10])], "auto")
