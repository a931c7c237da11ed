"""What verdicts say of a run: precision of the first rows, anomalies that are left, a threshold that follows."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.verdict_estimates import from_verdicts, precision_at


def said(*anomalies: bool) -> np.ndarray:
    return np.array(anomalies, dtype=bool)


def test_the_precision_is_of_judged_rows_alone_and_grows_surer_with_them():
    ranks = np.array([1, 2, 3, 4, 30])
    ten, flagged = precision_at(ranks, said(True, True, True, False, False), 40, 1000)
    assert (ten.first, ten.judged, ten.anomalies, ten.share) == (10, 4, 3, 0.75)
    assert (flagged.first, flagged.judged, flagged.anomalies) == (40, 5, 3)
    few, many = (precision_at(np.arange(1, count + 1), np.arange(count) % 2 == 0, 100, 1000)[-1] for count in (4, 80))
    assert few.share == many.share == 0.5
    assert few.interval.low < 0.2
    assert 0.35 < many.interval.low < 0.5 < many.interval.high < 0.65
    assert few.interval.high > 0.8


def test_where_all_of_the_first_were_judged_their_precision_is_known():
    found = precision_at(np.arange(1, 11), np.arange(10) < 6, 10, 1000)
    assert (found[0].interval.low, found[0].interval.high) == (0.6, 0.6)


def test_nothing_is_said_of_first_rows_none_of_which_was_judged():
    assert precision_at(np.array([500]), said(True), 40, 1000)[0].first == 500


def test_confirmed_anomalies_leave_more_to_be_found_than_false_alarms_do():
    ranks = np.arange(1, 21)
    good, bad = (from_verdicts(ranks, np.full(20, true), 50, 1000) for true in (True, False))
    assert good.flagged.count > 15
    assert bad.flagged.count < 2
    assert good.flagged.low <= good.flagged.count <= good.flagged.high <= 50
    assert good.best > 50
    assert bad.expected_precision < 0.05


def test_the_threshold_goes_to_where_verdicts_turn_from_anomaly_to_normal():
    ranks = np.concatenate([np.arange(1, 41), np.arange(41, 241, 5)])
    found = from_verdicts(ranks, ranks <= 40, 200, 2000)
    assert 30 <= found.best <= 70
    assert found.expected_precision > 0.6
    assert found.expected_recall > 0.6


def test_verdicts_that_say_the_usual_is_anomalous_do_not_turn_the_order_round():
    found = from_verdicts(np.array([1, 2, 3, 900, 950, 990]), said(False, False, False, True, True, True), 50, 1000)
    assert np.isfinite(found.others.count)
    assert found.others.high <= 1000


@pytest.mark.parametrize("flagged", [0, 1, 1000])
def test_any_number_of_flagged_rows_is_survived(flagged):
    found = from_verdicts(np.array([1, 5]), said(True, False), flagged, 1000)
    assert found.flagged.count + found.others.count <= 998
    assert flagged or found.flagged.count == 0
