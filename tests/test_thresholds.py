"""Rules turn scores into a cut-off; a row is flagged when its score is greater."""

import json

import numpy as np
import pytest

from detectors.errors import AnomalystError, DataError, ParameterError
from detectors.thresholds import RULES, Threshold, applicable, consider, cut_off, flagged_count, threshold
from detectors.thresholds.mad import median_distance

ONE_TO_TEN = np.arange(1.0, 11.0)
CONSTANT = np.full(20, 3.0)


@pytest.mark.parametrize("percent", [0, 5, 29, 50, 93.7, 99, 99.9, 100])
def test_a_percentile_is_the_one_numpy_gives(percent):
    scores = np.sort(np.random.default_rng(0).lognormal(size=101))
    assert cut_off("percentile", percent, scores) == pytest.approx(np.percentile(scores, percent), rel=1e-12)


def test_the_95th_percentile_of_a_hundred_and_one_scores_flags_five():
    scores = np.arange(101.0)
    assert cut_off("percentile", 95, scores) == 95.0
    assert flagged_count(scores, 95.0) == 5


def test_the_29th_percentile_lies_exactly_on_a_score():
    assert flagged_count(np.arange(101.0), cut_off("percentile", 29, np.arange(101.0))) == 71


def test_a_higher_percentile_never_flags_more():
    scores = np.sort(np.random.default_rng(1).normal(size=500).round(1))
    counts = [flagged_count(scores, cut_off("percentile", percent, scores)) for percent in range(101)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 0


@pytest.mark.parametrize("rows", range(1, 11))
def test_the_rule_for_rows_flags_exactly_as_many_where_scores_differ(rows):
    assert flagged_count(ONE_TO_TEN, cut_off("rows", rows, ONE_TO_TEN)) == rows


def test_the_cut_off_for_rows_is_midway_between_neighbours():
    assert cut_off("rows", 3, ONE_TO_TEN) == 7.5


def test_equal_scores_at_the_border_are_left_out_together():
    scores = np.array([1.0, 2.0, 5.0, 5.0, 5.0, 8.0, 9.0])
    assert [flagged_count(scores, cut_off("rows", rows, scores)) for rows in (2, 3, 4, 5)] == [2, 2, 2, 5]


def test_two_neighbouring_floats_are_told_apart():
    scores = np.array([0.5, 1.0, np.nextafter(1.0, 2.0)])
    assert flagged_count(scores, cut_off("rows", 1, scores)) == 1


def test_equal_highest_scores_are_not_split():
    with pytest.raises(DataError, match="3 highest scores are equal, so 2 of them cannot"):
        cut_off("rows", 2, np.array([1.0, 9.0, 9.0, 9.0]))


def test_more_rows_than_there_are_cannot_be_flagged():
    with pytest.raises(DataError, match="11 rows cannot be flagged: there are only 10"):
        cut_off("rows", 11, ONE_TO_TEN)


def test_median_deviations_are_counted_from_the_median():
    # median 5.5, absolute deviations .5 .5 1.5 1.5 2.5 2.5 3.5 3.5 4.5 4.5, their median 2.5
    assert cut_off("mad", 2, ONE_TO_TEN) == pytest.approx(5.5 + 2 * 1.4826 * 2.5)


@pytest.mark.parametrize("rows", [1, 2, 3, 10, 101, 1000])
@pytest.mark.parametrize("digits", [0, 1, 9])
def test_the_median_distance_is_the_one_numpy_gives(rows, digits):
    scores = np.sort(np.random.default_rng(rows).lognormal(size=rows).round(digits))
    middle = np.percentile(scores, 50)
    assert median_distance(scores, middle) == pytest.approx(np.median(np.abs(scores - middle)), rel=1e-12, abs=1e-12)


def test_quartile_ranges_are_counted_from_the_upper_quartile():
    # quartiles 3.25 and 7.75
    assert cut_off("iqr", 1.5, ONE_TO_TEN) == pytest.approx(7.75 + 1.5 * 4.5)


def test_a_manual_cut_off_is_taken_as_given():
    assert cut_off("manual", 7, ONE_TO_TEN) == 7.0
    assert flagged_count(ONE_TO_TEN, 7.0) == 3


@pytest.mark.parametrize("rule", ["rows", "mad", "iqr"])
def test_a_rule_that_needs_differences_refuses_equal_scores_in_words(rule):
    with pytest.raises(DataError, match="equal"):
        cut_off(rule, RULES[rule].parameter.low + 1, CONSTANT)


def test_a_percentile_of_equal_scores_flags_nothing():
    assert flagged_count(CONSTANT, cut_off("percentile", 95, CONSTANT)) == 0


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_invents_a_cut_off_without_scores(rule):
    with pytest.raises(DataError, match="no scores"):
        cut_off(rule, RULES[rule].parameter.default, np.array([]))


@pytest.mark.parametrize(("rule", "value"), [("percentile", 101), ("rows", 0), ("rows", 2.5), ("mad", -1), ("manual", float("nan"))])
def test_a_value_outside_its_limits_is_refused(rule, value):
    with pytest.raises(ParameterError):
        cut_off(rule, value, ONE_TO_TEN)


def test_an_unknown_rule_is_answered_with_those_there_are():
    with pytest.raises(ParameterError, match=r"There is no rule `luck`\. The rules are percentile, rows"):
        cut_off("luck", 1, ONE_TO_TEN)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_declared_with_words_and_a_default_within_its_limits(rule):
    declared = RULES[rule]
    assert declared.title and declared.help and declared.label and declared.parameter.help
    assert declared.parameter.check(rule, declared.parameter.default) == declared.parameter.default


def test_a_threshold_survives_json():
    kept = threshold("rows", 3, ONE_TO_TEN)
    assert Threshold.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    assert str(kept.label()) == "top 3"


def test_a_threshold_keeps_every_parameter_of_its_rule_and_reads_records_from_before_there_were_several():
    kept = threshold("tail", 1, np.sort(np.random.default_rng(0).exponential(size=1000)), {"level": 90.0})
    assert kept.to_json()["more"] == {"level": 90.0}
    assert Threshold.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    assert "more" not in threshold("rows", 3, ONE_TO_TEN).to_json()
    assert Threshold.from_json({"rule": "tail", "value": 1, "cut_off": 5.0}).more == {"level": 95.0}


def test_a_parameter_that_a_rule_does_not_have_is_refused():
    with pytest.raises(ParameterError, match="no parameter `level`"):
        cut_off("rows", 3, ONE_TO_TEN, {"level": 90.0})


def test_a_threshold_of_an_unknown_rule_is_not_read():
    with pytest.raises(AnomalystError):
        Threshold.from_json({"rule": "luck", "value": 1, "cut_off": 1})


def test_only_rules_that_can_be_applied_are_offered():
    offered = applicable(CONSTANT, {"percentile": 95, "rows": 3, "mad": 3, "iqr": 1.5})
    assert [found.rule for found in offered] == ["percentile"]


def test_scores_are_left_as_they_were():
    scores = np.sort(np.random.default_rng(2).normal(size=50))
    before = scores.copy()
    scores.flags.writeable = False
    for rule, declared in RULES.items():
        consider(rule, declared.parameter.default, scores)
    assert (scores == before).all()
