"""Intervals hold what they say, kinds are told apart, stretches count once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detectors.anomaly_kinds import kinds_of
from detectors.event_metrics import event_figures
from detectors.intervals import (
    area_intervals,
    confusion_intervals,
    confusion_intervals_of_stretches,
    share_interval,
    stretches,
)
from detectors.metrics import Confusion, auroc, average_precision


def labelled(rows: int, seed: int = 1, share: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    labels = chance.random(rows) < share
    return labels, chance.normal(size=rows) + 1.5 * labels


def test_a_share_has_an_interval_that_stays_within_0_and_1():
    assert share_interval(5, 10).low == pytest.approx(0.237, abs=0.001)  # Wilson's own figures
    assert share_interval(5, 10).high == pytest.approx(0.763, abs=0.001)
    assert share_interval(10, 10).high == 1.0
    assert share_interval(10, 10).low == pytest.approx(0.722, abs=0.001)


def test_intervals_agree_with_drawing_the_rows_one_by_one():
    labels, scores = labelled(600)
    found = area_intervals(labels, scores, np.ones(600, dtype=bool))
    chance = np.random.default_rng(9)
    drawn = [chance.integers(0, 600, 600) for _ in range(1000)]
    for name, figure in (("auroc", auroc), ("average_precision", average_precision)):
        low, high = np.quantile([figure(labels[rows], scores[rows]) for rows in drawn], (0.025, 0.975))
        assert found[name].low == pytest.approx(low, abs=0.02)
        assert found[name].high == pytest.approx(high, abs=0.02)
        assert found[name].low < figure(labels, scores) < found[name].high


def test_intervals_hold_the_true_figure_about_95_times_in_100():
    """Two normal distributions 1.5 apart: the area is Φ(1.5 / √2) = 0.8556."""
    held = 0
    for seed in range(30):
        labels, scores = labelled(400, seed)
        span = area_intervals(labels, scores, np.ones(400, dtype=bool))["auroc"]
        held += span.low <= 0.8556 <= span.high
    assert held >= 26


def test_more_rows_make_narrower_intervals_and_a_half_needs_no_luck():
    counts = {size: confusion_intervals(Confusion(5 * size, 5 * size, 5 * size, 85 * size)) for size in (1, 100)}
    assert counts[100]["precision"].low == pytest.approx(0.47, abs=0.01)
    assert counts[1]["precision"].low < counts[100]["precision"].low
    assert counts[1]["accuracy"].high - counts[1]["accuracy"].low > 5 * (counts[100]["accuracy"].high - counts[100]["accuracy"].low)


def test_rows_that_come_together_make_wider_intervals():
    labels = np.repeat(np.arange(100) % 10 == 0, 20)
    flagged = np.repeat(np.arange(100) % 20 == 0, 20)  # every other stretch of anomalies is found, whole
    stretch = stretches(2000, np.array([0, 2000]))
    outcomes = (labels & flagged, flagged & ~labels, labels & ~flagged, ~labels & ~flagged)
    by_stretch = np.stack([np.bincount(stretch[chosen], minlength=100) for chosen in outcomes], axis=1)
    alone = confusion_intervals(Confusion(*by_stretch.sum(axis=0).tolist()))["recall"]
    together = confusion_intervals_of_stretches(by_stretch)["recall"]
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_areas_of_stretches_are_those_of_their_rows():
    labels, scores = labelled(1000)
    found = area_intervals(labels, scores, np.ones(1000, dtype=bool), stretches(1000, np.array([0, 400, 1000])))
    assert found["auroc"].low < auroc(labels, scores) < found["auroc"].high


def test_a_stretch_never_reaches_into_another_entity():
    stretch = stretches(1000, np.array([0, 95, 1000]), count=10)
    assert stretch[94] != stretch[95]
    assert np.bincount(stretch).max() == 100


def test_rows_without_a_label_and_labels_of_one_kind_have_no_interval():
    labels, scores = labelled(50)
    known = ~labels
    assert area_intervals(labels, scores, known) == {}
    assert confusion_intervals(Confusion(0, 0, 0, 0)) == {}
    assert "precision" not in confusion_intervals(Confusion(0, 0, 3, 40))


# ── kinds ──


def test_each_kind_of_anomaly_is_held_against_the_normal_rows():
    names = pd.Series(["ok", "ok", "ok", "ok", "loud", "loud", "broken"])
    anomalous = np.array([False] * 4 + [True] * 3)
    scores = np.array([1.0, 2.0, 3.0, 4.0, 9.0, 8.0, 2.5])
    loud, broken = kinds_of(names, anomalous, scores, np.ones(7, dtype=bool))
    assert (loud.name, loud.auroc, loud.flagged(4.0), loud.flagged(8.0)) == ("loud", 1.0, 2, 1)
    assert (broken.name, broken.auroc, broken.flagged(4.0)) == ("broken", 0.5, 0)


def test_one_kind_alone_and_rows_that_are_not_judged_tell_nothing():
    names = pd.Series([0, 1, 2, 0])
    anomalous = np.array([False, True, True, False])
    assert len(kinds_of(names, anomalous, np.arange(4.0), np.ones(4, dtype=bool))) == 2
    assert kinds_of(names, anomalous, np.arange(4.0), np.array([True, True, False, True])) == []


# ── events ──


def steps(*marked: int, rows: int = 20) -> np.ndarray:
    found = np.zeros(rows, dtype=bool)
    found[list(marked)] = True
    return found


EVERYTHING, ONE = np.ones(20, dtype=bool), np.array([0, 20])


def test_a_stretch_counts_once_and_the_delay_is_to_its_first_flag():
    found = event_figures(steps(2, 3, 4, 10, 11, 12, 13), steps(4, 12, 13, 17), EVERYTHING, ONE)
    assert (found.events, found.found, found.recall) == (2, 2, 1.0)
    assert (found.alarms, found.right) == (3, 2)
    assert found.delay == 2.0


def test_flagging_one_step_of_a_long_stretch_is_no_better_than_flagging_it_all():
    one = event_figures(steps(*range(5, 15)), steps(9), EVERYTHING, ONE)
    whole = event_figures(steps(*range(5, 15)), steps(*range(5, 15)), EVERYTHING, ONE)
    assert (one.recall, one.precision, one.delay) == (1.0, 1.0, 4.0)
    assert (whole.recall, whole.precision, whole.delay) == (1.0, 1.0, 0.0)


def test_short_gaps_do_not_part_an_alarm_and_entities_do():
    flagged = steps(3, 5, 9, 10)
    assert event_figures(steps(3), flagged, EVERYTHING, ONE, gap=1).alarms == 2
    assert event_figures(steps(3), flagged, EVERYTHING, ONE, gap=3).alarms == 1
    assert event_figures(steps(3), flagged, EVERYTHING, np.array([0, 10, 20]), gap=3).alarms == 2


def test_chance_is_what_the_same_alarms_reach_at_another_time():
    found = event_figures(steps(0, 1, 2, 3, 4), steps(*range(10, 20)), EVERYTHING, ONE)
    assert found.recall == 0.0
    assert found.chance_recall == pytest.approx(14 / 20, abs=0.1)  # of 20 places for a stretch of 5, 14 touch the 10 flagged steps
    assert event_figures(steps(0), steps(), EVERYTHING, ONE).precision is None


def test_alarms_where_nothing_has_a_label_are_left_out():
    known = EVERYTHING.copy()
    known[15:] = False
    assert event_figures(steps(2), steps(2, 17), known, ONE).alarms == 1
