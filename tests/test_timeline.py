"""The order of a series, its step and what is wrong with it, in plain numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detectors.geometry.periods import dominant_period
from detectors.timeline import Flaw, events, flaws, read_times, timeline

EVERY_HOUR = pd.date_range("2026-01-01", periods=5, freq="h")


def test_rows_are_ordered_by_entity_then_by_time() -> None:
    frame = pd.DataFrame({"at": [3, 1, 2, 1, 2], "machine": ["a", "b", "a", "a", "b"]})
    found = timeline(frame, "at", "machine")
    assert found.order.tolist() == [3, 2, 0, 1, 4]
    assert found.bounds.tolist() == [0, 3, 5]
    assert found.seconds.tolist() == [1, 2, 3, 1, 2]
    assert found.usual_step == 1


def test_without_a_time_the_rows_keep_their_order() -> None:
    found = timeline(pd.DataFrame({"value": [5, 4, 3]}), None, None)
    assert (found.order.tolist(), found.bounds.tolist(), found.seconds) == ([0, 1, 2], [0, 3], None)
    assert flaws(found) == []


def test_gaps_duplicates_disorder_and_unread_times_are_named_with_the_first_row() -> None:
    times = ["2026-01-01 00:00", "2026-01-01 01:00", "2026-01-01 01:00", "2026-01-01 02:00", "2026-01-01 07:00", "2026-01-01 03:00", "soon"]
    found = flaws(timeline(pd.DataFrame({"at": times}), "at", None))
    assert found == [Flaw("unread", 1, 6), Flaw("gap", 1, 4), Flaw("duplicate", 2, 2), Flaw("out_of_order", 1, 4)]


@pytest.mark.parametrize(
    ("values", "first", "is_date"),
    [
        (pd.Series(EVERY_HOUR), 1767225600, True),
        (pd.Series(EVERY_HOUR.tz_localize("Europe/Berlin")), 1767222000, True),
        (pd.Series(["1 January 2026 00:00", "2026-01-01T01:00+00:00"]), 1767225600, True),
        (pd.Series([1767225600, 1767229200]), 1767225600, True),
        (pd.Series([1767225600000, 1767229200000]), 1767225600, True),
        (pd.Series([1767225600000000000, 1767229200000000000]), 1767225600, True),
        (pd.Series([10, 20]), 10, False),
        (pd.Series([0.5, 0.75]), 0.5, False),
    ],
)
def test_times_are_read_in_common_forms(values: pd.Series, first: float, is_date: bool) -> None:
    seconds, date = read_times(values)
    assert (seconds[0], date) == (first, is_date)
    assert seconds[1] > seconds[0]


def test_the_dominant_period_of_a_wave_is_its_length() -> None:
    steps = np.arange(600)
    wave = np.sin(2 * np.pi * steps / 24) + 0.01 * steps + 0.1 * np.random.default_rng(0).normal(size=600)
    assert dominant_period(wave[:, None].astype(np.float32)) == 24


def test_noise_and_constants_have_no_period() -> None:
    assert dominant_period(np.random.default_rng(0).normal(size=(500, 1)).astype(np.float32)) is None
    assert dominant_period(np.ones((500, 2), np.float32)) is None
    assert dominant_period(np.ones((3, 1), np.float32)) is None


def test_neighbouring_flags_are_one_event_unless_the_gap_or_the_entity_parts_them() -> None:
    flagged = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 1], dtype=bool)
    bounds = np.array([0, 8, 10])
    assert events(flagged, bounds, gap=0) == [(1, 2), (4, 4), (7, 7), (8, 9)]
    assert events(flagged, bounds, gap=1) == [(1, 4), (7, 7), (8, 9)]
    assert events(flagged, bounds, gap=2) == [(1, 7), (8, 9)]
    assert events(np.zeros(3, dtype=bool), np.array([0, 3]), gap=1) == []
