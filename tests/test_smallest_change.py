"""The smallest change that un-flags a row: only what has to change, no further than it has to, and scored as it stands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.explanations.smallest_change import Flagged, Move, smallest_change
from detectors.explanations.stand_in import StandIn, smallest_by_stand_in
from detectors.explanations.ways import Around, Way, by_clock, by_digits, by_whole_digits, left_out, straight
from detectors.preparation.changed_series import Surroundings, stretches
from detectors.preparation.columns import ColumnEncoding
from detectors.preparation.series import SeriesPreparation, Windows
from detectors.preparation.steps import Steps
from detectors.preparation.table import TablePreparation
from tests.tables import read_in


def squared_length(rows: np.ndarray) -> np.ndarray:
    return np.square(rows, dtype=np.float64).reshape(len(rows), -1).sum(axis=1)


def flagged(row: list[float], cut_off: float = 10.0, score=squared_length) -> Flagged:
    return Flagged(np.array(row, dtype=np.float32), score, cut_off)


def number_ways(row: list[float], options: list[float], **more) -> list[Way]:
    """Every number of the row can be moved to each of the options and to all between them."""
    write = lambda values: np.asarray(values, dtype=np.float32)[:, None]  # noqa: E731
    return [Way.line(place, np.array([place]), np.array(options), write, start=value, **more) for place, value in enumerate(row)]


# ── which parts, and how far ──


def test_the_one_column_that_is_out_of_place_is_all_that_changes_and_no_further_than_it_must():
    row = [9.0, 1.0, 2.0]  # 81 + 1 + 4; the others alone are 5, so 9 may be at most the root of 5
    found = smallest_change(flagged(row), number_ways(row, [-4.0, 0.0, 4.0]), most=3)
    assert [move.way.part for move in found.moves] == [0]
    assert found.score <= 10 and found.score == pytest.approx(squared_length(found.row[None])[0])
    assert found.moves[0].value == pytest.approx(5**0.5, rel=0.02)
    assert squared_length(np.array([[found.moves[0].value + 0.05, 1, 2]]))[0] > 10  # a little less would not have been enough


def test_it_says_how_far_the_change_may_go():
    row = [9.0, 1.0, 2.0]
    far = smallest_change(flagged(row), number_ways(row, [-9.0, -2.0, 0.0, 2.0, 4.0]), most=1).moves[0]
    assert far.until == -2 and not far.only_this  # -9 would be as bad as 9
    near = smallest_change(flagged(row), number_ways(row, [0.0, 2.0, 4.0]), most=1).moves[0]
    assert near.until is None and not near.only_this  # everything that was tried beyond it is enough: at most 2.2
    alone = smallest_change(flagged(row), number_ways(row, [-9.0, 0.0]), most=1).moves[0]
    assert alone.until == 0


def test_two_columns_change_where_no_single_one_is_enough():
    row = [5.0, 5.0, 1.0]
    found = smallest_change(flagged(row), number_ways(row, [0.0, 2.0, 4.0]), most=3)
    assert {move.way.part for move in found.moves} == {0, 1}
    assert found.score <= 10 and found.others == ()
    values = {move.way.part: move.value for move in found.moves}
    for part, value in values.items():  # each is as near to where it was as the other allows
        less = [values.get(0), values.get(1), 1.0]
        less[part] += 0.05 * (5 - value)
        assert squared_length(np.array([less]))[0] > 10


def test_nothing_is_claimed_where_a_few_columns_are_not_enough():
    row = [5.0, 5.0, 5.0, 5.0]
    assert smallest_change(flagged(row), number_ways(row, [0.0]), most=2) is None
    assert smallest_change(flagged(row), [], most=2) is None


def test_other_columns_that_would_do_on_their_own_are_told_the_smallest_first():
    row = [3.0, 2.0, 1.0]  # 14: any of the first two may go to 0, and the second has less far to go to be enough
    found = smallest_change(flagged(row), number_ways(row, [0.0]), most=2)
    parts = [found.moves[0].way.part, *(move.way.part for move in found.others)]
    assert parts == [0, 1]  # 3 → 5^.5 is a move of 0.76, 2 → 0 one of 2
    assert found.moves[0].cost < found.others[0].cost


def test_a_category_becomes_the_most_usual_one_that_is_enough():
    surprise = {"red": 9.0, "blue": 1.0, "green": 1.0, "pink": 7.0}
    write = lambda values: np.array([[surprise[value]] for value in values], dtype=np.float32)  # noqa: E731
    values = np.array(["pink", "green", "blue"], dtype=object)
    way = Way.choice(0, np.array([0]), values, write, extra=np.array([0.1, 0.7, 0.2]))
    found = smallest_change(flagged([9.0], cut_off=5, score=lambda rows: rows[:, 0].astype(float)), [way], most=1)
    assert found.moves[0].value == "blue"  # pink is not enough, green is rarer


def test_a_word_that_is_left_out_is_left_out_everywhere():
    row = np.array([3, 4, 3, 5], dtype=np.float32)
    ways = [left_out(0, np.array([0, 2]), 0.0), left_out(1, np.array([1]), 0.0), left_out(3, np.array([3]), 0.0)]
    found = smallest_change(Flagged(row, lambda rows: (rows == 3).sum(axis=1).astype(float), 0.5), ways, most=2)
    assert [move.way.part for move in found.moves] == [0]
    assert found.row.tolist() == [0, 4, 0, 5]


def test_a_region_moves_only_part_of_the_way_where_that_is_enough():
    row, towards = np.array([4, 4, 1], dtype=np.float32), np.zeros(3, dtype=np.float32)
    way = straight(0, np.array([0, 1]), row, towards)
    found = smallest_change(Flagged(row, squared_length, 10.0), [way], most=1)
    assert found.moves[0].value == pytest.approx(1 - (9 / 32) ** 0.5, abs=0.01)  # both to 2.12, whose squares are 9 together
    assert way.cost(1.0) == pytest.approx(32**0.5)


# ── the numbers it says ──


def test_whole_numbers_stay_whole_and_others_are_as_round_as_they_can_be():
    row = [9.0, 1.0, 2.0]
    whole = smallest_change(flagged(row), number_ways(row, [0.0], step=1.0, rounder=by_whole_digits), most=1).moves[0]
    assert whole.value == 2  # the root of 5 is 2.24
    rounded = smallest_change(flagged(row), number_ways(row, [0.0], rounder=by_digits), most=1).moves[0]
    assert rounded.value == 2.2


def test_rounding_never_turns_back():
    assert by_digits(21.234, up=True)[:3] == [30, 22, 21.3]
    assert by_digits(21.234, up=False)[:3] == [20, 21, 21.2]
    assert by_digits(-0.0567, up=True)[:2] == [-0.05, -0.056]
    assert by_whole_digits(37.0, up=True) == [37]
    assert by_whole_digits(1234567.0, up=False)[:2] == [1_000_000, 1_200_000]
    assert by_clock(90_000.5, up=True)[:3] == [172_800, 90_000 + 3600, 90_060]


# ── what a column could hold ──


def around(encoding: ColumnEncoding, frame: pd.DataFrame, row: int, expected: int = 0) -> Around:
    X = encoding.transform(frame)
    return Around(row, X[row], X[expected], np.ones(len(encoding.columns)), np.arange(len(frame) - 1))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataSet, TablePreparation, Around]:
    """Ten normal rows, and a last one that has no amount, a day of its own and a city that nobody else is in."""
    frame = pd.DataFrame(
        {
            "amount": [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, None],
            "visits": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 90],
            "day": pd.date_range("2024-01-01", periods=11).where(np.arange(11) < 10, pd.Timestamp("2030-06-01")),
            "city": ["Ulm"] * 6 + ["Rome"] * 4 + ["Atlantis"],
            "member": [True, False] * 5 + [True],
        }
    )
    folder = read_in(frame, tmp_path_factory.mktemp("mixed"))
    data = DataSet(folder, dict.fromkeys(frame.columns, "feature"))
    preparation = TablePreparation().fit(data, np.ones(11, dtype=bool))
    return data, preparation, around(preparation.encoding, data.frame(preparation.columns), 10)


def test_a_column_can_only_become_what_normal_rows_hold(mixed):
    data, preparation, item = mixed
    ways = {preparation.columns[way.part]: way for way in preparation.ladders(data, item)[0].ways}
    assert (ways["visits"].values.min(), ways["visits"].values.max(), ways["visits"].step) == (1, 10, 1)
    assert ways["amount"].start is None and ways["amount"].values.max() == 10.5  # missing: no way leads from there
    assert ways["day"].step == 86_400
    assert set(ways["city"].values) == {"Ulm", "Rome"}
    assert ways["city"].costs[0] < ways["city"].costs[1]  # Ulm is the more frequent one
    assert [bool(value) for value in ways["member"].values] == [False]


def test_what_a_changed_column_is_scored_as_is_what_the_preparation_makes_of_such_a_row(mixed):
    data, preparation, item = mixed
    frame = data.frame(preparation.columns)
    ways = {preparation.columns[way.part]: way for way in preparation.ladders(data, item)[0].ways}
    changed = frame.iloc[[10]].assign(visits=7, city="Rome", amount=2.5, member=False, day=pd.Timestamp("2024-01-03"))
    row = item.actual.copy()
    day = pd.Timestamp("2024-01-03").timestamp()
    for name, value in {"visits": 7.0, "city": "Rome", "amount": 2.5, "member": False, "day": day}.items():
        row[ways[name].places] = ways[name].write(np.array([value], dtype=object if name == "city" else None))[0]
    np.testing.assert_array_equal(row, preparation.encoding.transform(changed)[0])


def test_changes_are_told_in_the_datas_own_terms(mixed):
    data, preparation, item = mixed
    ladder = preparation.ladders(data, item)[0].ways
    cases = {
        "visits": (8.0, "visits were at most 8 (it is 90)"),
        "amount": (2.5, "amount were 2.5 (it is missing)"),
        "day": (pd.Timestamp("2024-01-09").timestamp(), "day were 2024-01-09 or earlier (it is 2030-06-01)"),
        "city": ("Ulm", "city were Ulm (it is Atlantis)"),
        "member": (False, "member were false (it is true)"),
    }
    for way in ladder:
        value, sentence = cases[preparation.columns[way.part]]
        assert str(preparation.told(data, item, [Move(way, value, only_this=False)])[0]) == sentence
    visits = next(way for way in ladder if preparation.columns[way.part] == "visits")
    assert str(preparation.told(data, item, [Move(visits, 8.0, until=3.0, only_this=False)])[0]) == "visits were between 3 and 8 (it is 90)"
    assert str(preparation.told(data, item, [Move(visits, 8.0)])[0]) == "visits were 8 (it is 90)"


# ── series ──


class StepScores:
    """A detector whose window score, and score of each step, is how large its values are."""

    def score(self, windows):
        return np.abs(windows, dtype=np.float64).mean(axis=(1, 2))

    def element_scores(self, windows):
        return np.abs(windows, dtype=np.float64).mean(axis=2)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataSet, SeriesPreparation]:
    chance = np.random.default_rng(3)
    values = chance.normal(0, 1, (120, 2))
    values[60:63, 1] += 12
    frame = pd.DataFrame(values, columns=["level", "flow"]).assign(time=pd.date_range("2024-01-01", periods=120, freq="h"))
    data = DataSet(read_in(frame, tmp_path_factory.mktemp("series")), {"level": "feature", "flow": "feature", "time": "time"})
    preparation = SeriesPreparation(window=8, smoothing=0.5).fit(data, np.ones(120, dtype=bool))
    return data, preparation


@pytest.mark.parametrize("row", [0, 5, 61, 119])
def test_an_unchanged_window_is_scored_as_its_row_was(series, row):
    data, preparation = series
    detector, items = StepScores(), preparation.items(data)
    scores = items.row_scores(detector, detector.score(items.at(np.arange(len(items)))), Progress())
    window = preparation.explained(data, np.array([row]), detector)
    assert preparation.rescored(data, row, detector, window)[0] == pytest.approx(scores[row])


def test_a_changed_window_is_scored_as_if_the_series_had_been_like_that(series):
    data, preparation = series
    detector, steps = StepScores(), preparation.items(data).steps
    window = preparation.explained(data, np.array([61]), detector)
    changed = window.copy()
    changed[:, :, 1] = 0
    there = preparation.items(data).places(preparation.items(data).that_explain(np.array([61]))[0])[0]
    before, after = (preparation.rescored(data, 61, detector, rows)[0] for rows in (window, changed))
    values = steps.values.copy()
    values[there, 1] = 0
    whole = Windows(Steps(values, steps.bounds, steps.of_row), 8, 100, preparation)
    assert after == pytest.approx(whole.row_scores(detector, detector.score(whole.at(np.arange(120))), Progress())[61])
    assert after < before


def test_surroundings_end_with_the_series():
    steps = Steps(np.zeros((100, 2), dtype=np.float32), np.array([0, 40, 100]), np.arange(100))
    around_step = Surroundings.of(steps, 42, window=8, reach=2)
    assert around_step.start == 40 and len(around_step.values) == 13  # to two steps and a window further
    assert len(Surroundings.of(steps, 99, window=8, reach=2).values) == 100 - (99 - 2 - 16)


def test_parts_of_a_window_that_touch_are_told_as_one():
    def move(part: int) -> Move:
        return Move(straight(part, np.array([0]), np.zeros(1, np.float32), np.ones(1, np.float32)), 1.0)

    segments = np.array([0, 0, 1, 1, 2, 2])  # two columns: parts 0 to 5, then 6 to 8 in both columns, then 9 and 10 whole columns
    assert [(s.column, s.first, s.last) for s in stretches([move(4), move(3)], 2, segments)] == [(1, 0, 3)]
    assert [(s.column, s.first, s.last) for s in stretches([move(0), move(2)], 2, segments)] == [(0, 0, 1), (0, 4, 5)]
    assert [(s.column, s.first, s.last) for s in stretches([move(7)], 2, segments)] == [(0, 2, 3), (1, 2, 3)]
    assert [(s.column, s.first, s.last) for s in stretches([move(10)], 2, segments)] == [(1, 0, 5)]


def test_a_slow_score_is_only_asked_whether_it_is_enough():
    asked = []

    def slow(rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        return 3 + 0.5 * squared_length(rows)

    row = [9.0, 1.0, 2.0]
    stand_in = StandIn(squared_length, np.zeros(3, dtype=np.float32))
    found = smallest_by_stand_in(flagged(row, cut_off=8.0, score=slow), stand_in, number_ways(row, [-4.0, 0.0, 4.0]), most=2)
    assert [move.way.part for move in found.moves] == [0]
    assert found.score <= 8 and found.score == pytest.approx(8, abs=0.2)  # 3 + half of 10
    assert sum(asked) < 10
    flagged_anyway = StandIn(squared_length, np.full(3, 9, dtype=np.float32))
    assert smallest_by_stand_in(flagged(row, cut_off=8.0, score=slow), flagged_anyway, number_ways(row, [0.0]), most=2) is None
