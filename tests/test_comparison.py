"""Runs side by side: agreement in order and in flags, what one alone flags, settings that differ, one run out of several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from detectors import comparison
from detectors.errors import DataError
from detectors.ranks import rank_correlation, ranks
from detectors.runs.combine import combined
from detectors.runs.request import FitWhere, RunRequest

#: What three runs flag of five rows.
FLAGS = np.array([[1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 0, 0, 0, 0]], dtype=bool)


def test_equal_values_share_their_mean_rank() -> None:
    assert ranks([30.0, 10.0, 30.0, 20.0]).tolist() == [3.5, 1.0, 3.5, 2.0]


def test_rank_correlation_is_spearmans() -> None:
    chance = np.random.default_rng(0)
    one, other = chance.normal(size=200).round(1), chance.normal(size=200).round(1)
    assert rank_correlation(one, one + other) == pytest.approx(spearmanr(one, one + other).statistic, abs=1e-12)
    assert rank_correlation(one, np.ones(200)) == 0.0


def test_orders_that_are_turned_round_correlate_with_minus_one_and_constant_scores_with_nothing() -> None:
    scores = [np.arange(5.0), -np.arange(5.0), np.exp(np.arange(5.0)), np.ones(5)]
    found = comparison.rank_correlations(scores)
    np.testing.assert_allclose(found[0], [1, -1, 1, 0], atol=1e-12)
    assert found[3, 3] == 1.0


def test_shared_flags_are_the_part_of_the_flags_of_either() -> None:
    np.testing.assert_allclose(comparison.shared_shares(FLAGS), [[1, 1 / 3, 1 / 2], [1 / 3, 1, 1 / 2], [1 / 2, 1 / 2, 1]])
    assert comparison.flagged_by_both(FLAGS).tolist() == [[2, 1, 1], [1, 2, 1], [1, 1, 1]]


def test_runs_that_flag_nothing_agree() -> None:
    assert comparison.shared_shares(np.zeros((2, 4), dtype=bool)).tolist() == [[1, 1], [1, 1]]


def test_what_only_one_run_flags_and_what_all_do() -> None:
    assert [comparison.only_flagged(FLAGS, run).tolist() for run in range(3)] == [[1], [2], []]
    assert comparison.agreed(FLAGS).tolist() == [0]


def test_places_count_from_one_for_the_most_unusual() -> None:
    assert comparison.places(np.array([2, 0, 1]), np.array([0, 1, 2])).tolist() == [2, 3, 1]


def test_a_picture_of_many_rows_holds_every_flag_it_has_room_for_and_some_others() -> None:
    flags = np.zeros((2, 100_000), dtype=bool)
    flags[0, :300] = True
    rows = comparison.points_to_draw(flags)
    assert len(rows) == comparison.MOST_POINTS
    assert rows[:300].tolist() == list(range(300))
    assert len(np.unique(rows)) == len(rows)
    flags[1] = True
    assert len(comparison.points_to_draw(flags)) == comparison.MOST_POINTS


def test_settings_that_differ_are_told_apart_from_those_that_only_one_has() -> None:
    settings = [{"seed": 0, "trees": 100, "epochs": 5, "rate": 1}, {"seed": 0, "trees": 200, "rate": 1}, {"seed": 0}]
    assert comparison.differing(settings) == {"trees": [100, 200, "–"]}
    assert comparison.their_own(settings) == {"epochs": [5, "–", "–"]}


FOREST = RunRequest("d1", "isolation_forest", {"a": "feature"}, parameters={"trees": 50}, preparation={"scaling": "robust"})
NEAREST = replace(FOREST, detector="nearest_neighbours", parameters={"neighbours": 7})


def test_runs_that_see_the_same_become_the_members_of_an_ensemble() -> None:
    asked = combined([FOREST, NEAREST])
    assert asked.detector == "ensemble"
    assert asked.parameters["members"] == [
        {"detector": "isolation_forest", "parameters": {"trees": 50}},
        {"detector": "nearest_neighbours", "parameters": {"neighbours": 7}},
    ]
    assert (asked.data_id, asked.preparation, asked.roles) == ("d1", {"scaling": "robust"}, {"a": "feature"})


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (replace(NEAREST, representation="windows"), "different forms"),
        (replace(NEAREST, preparation={"scaling": "none"}), "different forms"),
        (replace(NEAREST, fit_where=FitWhere("label", "0")), "learned from different rows"),
        (replace(NEAREST, roles={"a": "ignored", "b": "feature"}), "learned from different rows"),
    ],
)
def test_runs_that_see_something_else_are_not_combined_and_it_is_said_why(other: RunRequest, says: str) -> None:
    with pytest.raises(DataError, match=says):
        combined([FOREST, other])
