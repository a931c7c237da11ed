"""Flags, segments and positions, in numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detectors.errors import DataError
from detectors.flags import Flags, entering, leaving
from detectors.position import Position
from detectors.segments import MISSING, Segments, SegmentScores, cut_offs_by_row, rates
from detectors.storage.records import ThresholdRecord
from tests.tables import read_in

SCORES = np.array([1.0, 9.0, 3.0, 7.0, 5.0])
RANKING = np.array([1, 3, 4, 2, 0])


def test_a_row_with_a_lower_cut_off_is_flagged_before_a_higher_score_that_is_not():
    flags = Flags.by_row(SCORES, RANKING, np.array([0.5, 8.0, 2.0, 8.0, 8.0]))
    assert flags.order.tolist() == [1, 2, 0, 3, 4]
    assert flags.rows.tolist() == [1, 2, 0]
    assert flags.mask.tolist() == [True, True, True, False, False]
    assert flags.cut_off_at(np.array([2, 3])).tolist() == [2.0, 8.0]


def test_equal_cut_offs_flag_what_one_cut_off_does():
    one, several = Flags(RANKING, 2, 6.0), Flags.by_row(SCORES, RANKING, np.full(5, 6.0))
    assert (one.order.tolist(), one.count) == (several.order.tolist(), several.count)
    assert one.cut_off_at(np.array([0, 1])).tolist() == [6.0, 6.0]
    assert (one.are_by_row, several.are_by_row) == (False, True)


def test_rows_enter_where_the_cut_off_falls_and_leave_where_it_rises():
    high, low = Flags(RANKING, 1, 8.0), Flags(RANKING, 3, 4.0)
    assert low.order[entering(low, high)].tolist() == [3, 4]
    assert leaving(low, high).tolist() == []
    assert high.order[leaving(high, low)].tolist() == [3, 4]
    assert entering(high, low).tolist() == []


def test_with_segments_rows_enter_and_leave_at_once():
    before, now = Flags(RANKING, 2, 6.0), Flags.by_row(SCORES, RANKING, np.array([9.0, 8.0, 2.0, 8.0, 8.0]))
    assert now.order[entering(now, before)].tolist() == [2]
    assert now.order[leaving(now, before)].tolist() == [3]


def test_the_closest_are_nearest_to_their_own_cut_off_in_terms_of_their_own_segment():
    scores = np.array([1.0, 2.0, 3.0, 100.0, 200.0, 300.0])
    flags = Flags.by_row(scores, np.argsort(-scores), np.array([2.5, 2.5, 2.5, 290.0, 290.0, 290.0]))
    assert flags.rows.tolist() == [5, 2]
    assert flags.order[flags.closest(scores, 2)].tolist() == [5, 4]  # 10 of 90 above and 90 of 90 below; 2 is 0.5 of 0.5 above
    assert sorted(flags.closest(scores, 10).tolist()) == [0, 1, 2, 3, 4, 5]


def segments(tmp_path, values) -> Segments:
    return Segments.of(read_in(pd.DataFrame({"country": values, "n": range(len(values))}), tmp_path), "country")


def test_segments_are_the_values_of_a_column_the_most_frequent_first(tmp_path):
    found = segments(tmp_path, ["b", "a", "a", None, "a", "b"])
    assert found.names == ("a", "b", MISSING)
    assert found.codes.tolist() == [1, 0, 0, 2, 0, 1]
    assert found.sizes.tolist() == [3, 2, 1]


def test_a_column_with_too_many_values_makes_no_segments(tmp_path, monkeypatch):
    monkeypatch.setattr("detectors.segments.MOST_SEGMENTS", 2)
    with pytest.raises(DataError, match="`country` has more than 2 different values"):
        segments(tmp_path, ["a", "b", "c"])


def test_the_same_rule_is_applied_within_each_segment_and_small_ones_have_the_common_cut_off(monkeypatch):
    monkeypatch.setattr("detectors.segments.FEWEST_ROWS", 2)
    found = Segments("country", ("a", "b", "c"), np.array([0, 1, 0, 1, 2]))
    by_segment = SegmentScores.of(found, SCORES, np.array([True, True, True, True, True]))
    assert [part.tolist() for part in by_segment.scores] == [[1.0, 3.0], [7.0, 9.0], [5.0]]
    own = by_segment.own_cut_offs(lambda scores, training: float(training[0]), {})
    assert own == {"a": 1.0, "b": 7.0}
    cut_offs = cut_offs_by_row(found, own, 6.0)
    assert cut_offs.tolist() == [1.0, 7.0, 1.0, 7.0, 6.0]
    flags = Flags.by_row(SCORES, RANKING, cut_offs)
    assert flags.rows.tolist() == [1, 2]
    assert [(rate.name, rate.rows, rate.flagged) for rate in rates(found, flags)] == [("a", 2, 1), ("b", 2, 1), ("c", 1, 0)]
    assert by_segment.own_cut_offs(lambda scores, training: 0.0, {"c": 4.5})["c"] == 4.5  # by hand, however few


def test_only_rows_that_were_learned_from_give_a_cut_off(monkeypatch):
    monkeypatch.setattr("detectors.segments.FEWEST_ROWS", 1)
    found = Segments("country", ("a", "b"), np.array([0, 1, 0, 1, 0]))
    by_segment = SegmentScores.of(found, SCORES, np.array([True, False, True, False, False]))
    assert [part.tolist() for part in by_segment.training] == [[1.0, 3.0], []]
    assert by_segment.own_cut_offs(lambda scores, training: float(training[-1]), {}) == {"a": 3.0}


def test_a_rule_that_cannot_be_applied_to_a_segment_leaves_it_the_common_cut_off(monkeypatch):
    monkeypatch.setattr("detectors.segments.FEWEST_ROWS", 1)
    by_segment = SegmentScores.of(Segments("country", ("a", "b"), np.array([0, 1, 0, 1, 0])), SCORES, np.ones(5, bool))

    def only_large(scores, training):
        if len(scores) < 3:
            raise DataError("too few")
        return 2.0

    assert by_segment.own_cut_offs(only_large, {}) == {"a": 2.0}


def test_the_flag_rate_of_a_segment_has_an_interval_that_narrows_with_its_rows():
    found = Segments("country", ("a", "b"), np.array([0] * 400 + [1] * 40))
    ranking = np.concatenate([np.arange(20), np.arange(400, 402), np.arange(20, 400), np.arange(402, 440)])
    large, small = rates(found, Flags(ranking, 22, 0.5))
    assert (large.rate, small.rate) == (0.05, 0.05)
    assert 0.03 < large.interval.low < 0.05 < large.interval.high < 0.08
    assert small.interval.low < large.interval.low < large.interval.high < small.interval.high


@pytest.mark.parametrize(
    "position",
    [
        Position("percentile", 95.0),
        Position("manual", 0.1 + 0.2),
        Position("rows", 40.0, (("rate", 0.01),), "Land & Söhne", (("", 2.5), ("a=b&c", 1e-300))),
    ],
)
def test_a_position_survives_its_url(position):
    assert Position.from_url(position.to_url()) == position


@pytest.mark.parametrize(
    "url",
    [
        {}, {"rule": "rows"}, {"rule": "rows", "at": "many"}, {"rule": "rows", "at": "nan"}, {"rule": "rows", "at": "1", "own": "["},
        {"rule": "rows", "at": "1", "by": "c", "own": '{"a":"x"}'}, {"at": "1"}, {"rule": "rows", "at": "1", "more": "[1]"},
        {"rule": "rows", "at": "1", "by": "c", "own": '{"a":Infinity}'},
    ],
)  # fmt: skip
def test_a_url_that_names_no_position_is_none(url):
    assert Position.from_url(url) is None


def test_a_position_is_that_of_the_record_that_was_made_of_it():
    record = ThresholdRecord("r", "rows", 40, 0.5, 12, segments={"column": "c", "cut_offs": {"a": 1.0}, "by_hand": {"a": 1.0}})
    assert Position.of(record) == Position("rows", 40.0, (), "c", (("a", 1.0),))
    assert Position.of(record).with_own("a", None).with_own("b", 2).by_hand == (("b", 2.0),)
    assert Position.of(record).with_rule("percentile", 95).column == "c"
    assert Position.of(record).with_segments(None) == Position("rows", 40.0)


def test_silenced_rows_come_after_the_flagged_ones_and_are_not_counted() -> None:
    scores = np.array([1.0, 9.0, 8.0, 7.0, 2.0])
    flags = Flags(np.array([1, 2, 3, 4, 0]), 3, 5.0).without(np.array([False, True, False]))
    assert (flags.count, flags.silenced) == (2, 1)
    assert flags.rows.tolist() == [1, 3]
    assert flags.silenced_rows.tolist() == [2]
    assert flags.above.tolist() == [1, 3, 2]
    assert flags.order.tolist() == [1, 3, 2, 4, 0]
    assert np.flatnonzero(scores > flags.ordered(np.arange(5))).tolist() == [1, 3]
