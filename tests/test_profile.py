"""Profiles: numbers small enough to check by hand."""

from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from detectors import tally
from detectors.errors import StorageError
from detectors.profile import ColumnProfile, load_profile, profile_column, save_profiles


def profile(values: list[object], kind: pa.DataType) -> ColumnProfile:
    return profile_column("x", pa.chunked_array([pa.array(values, kind)]))


def test_a_number_column_is_counted_and_measured() -> None:
    found = profile([4, 1, None, 1], pa.int64())
    assert (found.type, found.integer, found.missing, found.distinct, found.example) == ("number", True, 1, 2, "4")
    assert (found.low, found.high, found.mean) == (1, 4, 2.0)


def test_bins_reach_from_the_low_to_the_high_quantile_and_count_what_lies_outside() -> None:
    """Of 0 … 1000 the 0.5 % quantile is 5 and the 99.5 % quantile 995: 5 values lie below, 5 above, 991 inside."""
    bars = profile(list(range(1001)), pa.int64()).bars
    assert (bars.low, bars.high, bars.below, bars.above) == (5.0, 995.0, 5, 5)
    assert len(bars.counts) == 16
    assert sum(bars.counts) == 991
    assert max(bars.counts) - min(bars.counts) <= 1


def test_one_value_far_out_does_not_press_the_others_into_one_bin() -> None:
    bars = profile([*range(1000), 10**9], pa.float64()).bars
    assert bars.above >= 1
    assert min(bars.counts) > 50


def test_infinite_values_are_counted_and_left_out_of_the_rest() -> None:
    found = profile([1.0, 3.0, float("inf"), float("-inf")], pa.float64())
    assert (found.infinite, found.low, found.high, found.mean, found.distinct) == (2, 1.0, 3.0, 2.0, 4)


def test_the_largest_numbers_have_a_mean() -> None:
    assert profile([1.7e308, 1.7e308], pa.float64()).mean == 1.7e308


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us"), pa.string()])
def test_a_column_with_nothing_in_it_has_a_profile(kind: pa.DataType) -> None:
    found = profile([None, None], kind)
    assert (found.missing, found.distinct, found.example, found.low, found.bars.counts) == (2, 0, None, None, [])


def test_a_constant_column_has_one_bin() -> None:
    bars = profile([7.0] * 5, pa.float64()).bars
    assert (bars.counts, bars.low, bars.high, bars.below, bars.above) == ([5], 7.0, 7.0, 0, 0)


@pytest.mark.parametrize(
    ("values", "increasing"),
    [([1, 2, 5], True), ([1, 2, 2], False), ([1, 3, 2], False), ([1, None, 2], False), ([1], False)],
)
def test_increasing_means_that_every_value_is_larger_than_the_one_before(values: list[object], increasing: bool) -> None:
    assert profile(values, pa.int64()).increasing is increasing


def test_text_shows_its_eight_most_frequent_values_and_the_rest_as_one() -> None:
    """k occurs eleven times, j ten times … a once."""
    values: list[object] = [letter for count, letter in enumerate("abcdefghijk", start=1) for _ in range(count)]
    bars = profile(values, pa.string()).bars
    assert bars.values == ["k", "j", "i", "h", "g", "f", "e", "d"]
    assert bars.counts == [11, 10, 9, 8, 7, 6, 5, 4]
    assert bars.rest == 3 + 2 + 1


def test_the_longest_text_is_measured_in_characters() -> None:
    assert profile(["ä", "äöü"], pa.string()).longest == 3


def test_booleans_are_counted() -> None:
    found = profile([True, False, True, None], pa.bool_())
    assert (found.type, found.distinct, found.bars.values, found.bars.counts) == ("boolean", 2, ["True", "False"], [2, 1])


def test_dates_are_measured_in_the_words_of_dates() -> None:
    days = [datetime.datetime(2024, 1, day) for day in (1, 2, 3)]
    found = profile(days, pa.timestamp("us"))
    assert (found.type, found.low, found.high, found.mean) == ("date", "2024-01-01T00:00:00", "2024-01-03T00:00:00", "2024-01-02T00:00:00")
    assert found.increasing
    assert str(found.bars.low).startswith("2024-01-01")


def test_a_moment_far_beyond_the_calendar_has_a_profile() -> None:
    assert profile([10**18], pa.timestamp("us")).example == "33658-09-27T01:46:40"


def test_profiles_survive_being_kept(tmp_path: Path) -> None:
    kept = [profile([1.5, None, float("inf")], pa.float64()), profile(["a"], pa.string()), profile([None], pa.bool_())]
    save_profiles(kept, tmp_path)
    assert load_profile(tmp_path) == kept


def test_a_damaged_profile_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "profile.json").write_text("[{", encoding="utf-8")
    with pytest.raises(StorageError, match=r"`profile\.json` of this data set is missing or damaged"):
        load_profile(tmp_path)


@pytest.fixture
def small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of 100 rows, and at most 20 different values counted one by one."""
    monkeypatch.setattr(tally, "SAMPLE_ROWS", 100)
    monkeypatch.setattr(tally, "FEW_VALUES", 20)


def in_parts(values: list[object], kind: pa.DataType) -> ColumnProfile:
    """The profile of values that come in parts of 70."""
    return profile_column("x", pa.chunked_array([pa.array(values[start : start + 70], kind) for start in range(0, len(values), 70)]))


def test_of_many_different_values_the_distinct_ones_and_the_bars_come_from_a_sample_and_the_rest_from_all(small_samples) -> None:
    """0 … 999 and a gap: the ends and the mean are exact, though the sample holds a tenth of them."""
    found = in_parts([None, *range(1000)], pa.int64())
    assert (found.sampled, found.missing, found.low, found.high, found.mean) == (100, 1, 0, 999, pytest.approx(499.5))
    assert 95 <= found.distinct <= 100
    assert sum(found.bars.counts) + found.bars.below + found.bars.above == found.distinct
    assert found == in_parts([None, *range(1000)], pa.int64())


def test_a_few_different_values_are_counted_in_all_rows_however_many(small_samples) -> None:
    found = in_parts([*["a"] * 700, *["b"] * 300, "c"], pa.string())
    assert (found.sampled, found.distinct, found.bars.values, found.bars.counts) == (None, 3, ["a", "b", "c"], [700, 300, 1])
    numbers = in_parts([*[1.5] * 700, *[2.5] * 300], pa.float64())
    assert (numbers.sampled, numbers.distinct, numbers.bars.counts[0], numbers.bars.counts[-1]) == (None, 2, 700, 300)


def test_growth_is_followed_from_part_to_part(small_samples) -> None:
    assert in_parts(list(range(200)), pa.int64()).increasing
    assert not in_parts([*range(70), *range(69, 200)], pa.int64()).increasing


def test_a_column_of_long_texts_has_a_sample_that_fits_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty texts of a hundred characters, of which a thousand bytes are afforded: ten of them."""
    monkeypatch.setattr(tally, "SAMPLE_BYTES", 1000)
    monkeypatch.setattr(tally, "FEW_VALUES", 20)
    found = in_parts([f"{number:0100}" for number in range(40)], pa.string())
    assert (found.sampled, found.distinct, found.longest) == (10, 10, 100)
