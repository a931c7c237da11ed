"""The report of quality: ranks over sets."""

from __future__ import annotations

from benchmarks.shared.quality_report import mean_ranks


def test_a_mean_rank_counts_from_one_for_the_best_and_equal_figures_share_theirs() -> None:
    figures = {"ours": {"a": 0.9, "b": 0.5}, "theirs": {"a": 0.8, "b": 0.5}, "third": {"a": 0.7, "b": 0.9}}
    assert mean_ranks(figures) == {"ours": 1.75, "theirs": 2.25, "third": 2.0}


def test_a_method_that_missed_a_set_has_no_rank_and_takes_none_from_others() -> None:
    figures = {"ours": {"a": 0.9, "b": 0.5}, "theirs": {"a": 0.8, "b": 0.6}, "part": {"a": 1.0}}
    assert mean_ranks(figures) == {"ours": 1.5, "theirs": 1.5}
    assert mean_ranks({"alone": {"a": 0.9}}) == {}
