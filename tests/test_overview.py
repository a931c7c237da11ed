"""The overview in plain numbers: what lies in every bucket, whatever is missing."""

import time

import numpy as np
import pytest

from detectors.overview import Grid, any_in, extremes, first_flagged, grid, grid_around, highest, means, score_axis

NAN = np.nan


def test_a_range_that_fits_is_given_step_by_step():
    found = grid(10, 20, 100, 1000)
    assert found == Grid(10, 20, 1)
    np.testing.assert_array_equal(found.starts, range(10, 20))


@pytest.mark.parametrize("start, stop, most", [(0, 1000, 300), (7, 993, 10), (5, 6, 2), (0, 0, 2), (990, 1000, 3)])
def test_buckets_cover_the_range_and_are_never_too_many(start, stop, most):
    found = grid(start, stop, most, 1000)
    assert found.start <= start and stop <= found.stop <= 1000
    assert len(found.starts) <= most


def test_a_moved_range_shares_its_buckets_with_the_one_before():
    one, other = grid(100, 1100, 100, 5000), grid(250, 1250, 100, 5000)
    assert one.width == other.width
    shared = [set(found.starts.tolist()) for found in (one, other)]
    assert {start for start in shared[0] if other.start <= start} <= shared[1]


def test_a_range_beyond_the_series_ends_with_it():
    assert grid(-50, 2000, 5000, 100) == Grid(0, 100, 1)


def test_what_lies_beside_a_range_gets_the_buckets_that_are_left():
    assert grid_around(480, 520, 101, 1000, margin=0.1) == Grid(450, 550, 1)
    found = grid_around(400, 600, 101, 1000, margin=0.1)
    assert found.width == 3
    assert found.start <= 380 and found.stop >= 620
    assert len(found.starts) <= 101
    assert grid_around(0, 1000, 101, 1000, margin=0.1) == Grid(0, 1000, 10)


def test_the_lowest_and_the_highest_of_every_bucket():
    low, high = extremes(np.array([3.0, 1, 2, 9, 8, 7, 5]), Grid(0, 7, 3))
    assert low.tolist() == [1, 7, 5]
    assert high.tolist() == [3, 9, 5]


def test_missing_values_count_for_nothing_and_a_bucket_of_them_is_missing():
    values = np.array([NAN, 4.0, 2, NAN, NAN, NAN, 1])
    low, high = extremes(values, Grid(0, 7, 3))
    np.testing.assert_array_equal(low, [2, NAN, 1])
    np.testing.assert_array_equal(high, [4, NAN, 1])
    np.testing.assert_array_equal(means(values, Grid(0, 7, 3)), [3, NAN, 1])


def test_buckets_from_the_middle_hold_what_lies_there():
    values = np.arange(100.0)
    assert highest(values, Grid(20, 50, 10)).tolist() == [29, 39, 49]
    assert means(values, Grid(20, 50, 10)).tolist() == [24.5, 34.5, 44.5]


def test_whole_numbers_have_extremes_and_means_too():
    values = np.arange(6)
    assert [part.tolist() for part in extremes(values, Grid(0, 6, 2))] == [[0, 2, 4], [1, 3, 5]]
    assert means(values, Grid(0, 6, 2)).tolist() == [0.5, 2.5, 4.5]


def test_a_single_flagged_step_flags_its_bucket():
    flags = np.zeros(10, bool)
    flags[7] = True
    assert any_in(flags, Grid(0, 10, 3)).tolist() == [False, False, True, False]


@pytest.mark.parametrize("start, stop, first", [(0, 9, 2), (3, 4, 2), (5, 7, None), (5, 9, 7), (0, 2, None)])
def test_a_stretch_is_found_by_its_first_step(start, stop, first):
    flags = np.array([0, 0, 1, 1, 1, 0, 0, 1, 1], bool)
    assert first_flagged(flags, start, stop) == first


def test_a_stretch_may_begin_with_the_series():
    assert first_flagged(np.ones(5, bool), 3, 4) == 0


def test_scores_over_more_than_two_decades_stand_on_a_logarithmic_axis():
    assert score_axis(np.array([0.01, 0.1, 1, 10]), 2.0).logarithmic
    assert not score_axis(np.array([1.0, 2, 50]), 2.0).logarithmic
    assert not score_axis(np.array([-1.0, 0.001, 50]), 2.0).logarithmic


def test_the_axis_of_scores_has_room_for_the_cut_off_and_none_for_missing_scores():
    assert score_axis(np.array([NAN, 1.0, 2.0]), 5.0).high == 5
    axis = score_axis(np.array([NAN, NAN]), None)
    assert (axis.low, axis.high) == (0, 1)
    flat = score_axis(np.zeros(4), None)
    assert flat.high > flat.low


def test_six_lanes_of_a_million_steps_take_no_time():
    lanes = np.random.default_rng(0).normal(size=(6, 1_000_000))
    buckets = grid(0, 1_000_000, 1200, 1_000_000)
    for values in lanes:
        extremes(values, buckets)
    began = time.perf_counter()
    for values in lanes:
        extremes(values, buckets)
        means(values, buckets)
    assert time.perf_counter() - began < 0.5  # about 15 ms; a loop over steps would take many seconds
