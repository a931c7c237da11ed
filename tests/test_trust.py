"""Putting back the parts that an explanation names undoes the score, and parts drawn by chance do not."""

import numpy as np
import pytest

from detectors.explanations.shapley import Explainer, Game
from detectors.explanations.trust import PutBack, counts_of, put_back, rows_to_check

#: Ten parts, of which a score reads the fourth alone; what is expected is 0 everywhere.
PARTS, READ = 10, 3


def game(score, parts=PARTS, usual=None):
    return Game(np.arange(parts), score, np.zeros_like if usual is None else lambda _rows: None, np.zeros((3, parts), np.float32) if usual is None else usual)  # fmt: skip


def reads_one_part(rows):
    return np.square(rows[:, READ]).astype(np.float64)


def rows(count=40, parts=PARTS):
    return np.random.default_rng(1).uniform(1, 3, (count, parts)).astype(np.float32)


def test_the_named_part_undoes_everything_and_a_part_by_chance_a_tenth():
    one = game(reads_one_part)
    found = put_back(one, rows(), Explainer(one).many(rows()).values, seed=0)
    assert found.counts.tolist() == [0, 1, 2, 3, 4, 5, 7, 10]
    assert found.quarters(found.heaviest).tolist() == [[0.0, *[1.0] * 7]] * 3
    assert found.undone(found.by_chance)[:, :, 1].mean() == pytest.approx(1 / PARTS, abs=0.06)
    assert found.undone(found.by_chance)[:, :, -1] == pytest.approx(1)  # all ten put back are the background


def test_an_explanation_that_names_the_wrong_part_is_found_out():
    wrong = np.zeros((40, PARTS))
    wrong[:, 0] = 1
    found = put_back(game(reads_one_part), rows(), wrong, seed=0)
    assert found.quarters(found.heaviest)[1, 1] == 0


def test_rows_that_fall_below_the_cut_off_are_counted():
    one = game(reads_one_part)
    found = put_back(one, rows(), Explainer(one).many(rows()).values, seed=0)
    assert found.below(found.heaviest, 0.5).tolist() == [0.0, *[1.0] * 7]
    assert found.below(found.by_chance, 0.5)[1] < 0.3
    assert np.isnan(found.below(found.heaviest, 1e9)).all()  # no row lies above it


def test_constant_scores_have_no_excess_that_could_be_undone():
    flat = game(lambda rows: np.ones(len(rows)))
    found = put_back(flat, rows(5), np.zeros((5, PARTS)), seed=0)
    assert not found.has_excess.any()
    assert len(found.undone(found.heaviest)) == 0


def test_parts_that_are_as_they_were_expected_are_not_drawn():
    few = rows(6)
    few[:, 5:] = 0  # what is expected
    found = put_back(game(reads_one_part), few, np.ones((6, PARTS)), seed=0)
    assert found.counts.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.undone(found.by_chance)[:, :, -1] == pytest.approx(1)


def test_backgrounds_of_several_rows_are_averaged():
    usual = np.zeros((3, PARTS), np.float32)
    usual[:, READ] = [0, 1, 2]  # scores 0, 1 and 4
    found = put_back(game(reads_one_part, usual=usual), np.full((2, PARTS), 3, np.float32), np.eye(PARTS)[[READ, READ]], seed=0)
    assert found.bases == pytest.approx([5 / 3, 5 / 3])
    assert found.heaviest[:, 1] == pytest.approx([5 / 3, 5 / 3])


def test_one_part_can_be_put_back_where_there_is_only_one():
    found = put_back(game(lambda rows: rows[:, 0].astype(np.float64), parts=1), np.ones((2, 1), np.float32), np.ones((2, 1)), seed=0)
    assert found.counts.tolist() == [0, 1]


def test_dear_scores_allow_fewer_rows_and_never_too_few():
    assert rows_to_check(30, scores=10**9) == 100
    assert rows_to_check(30, scores=0) == 20
    assert counts_of(2).tolist() == [0, 1, 2]


def test_it_survives_being_written_as_arrays():
    one = game(reads_one_part)
    found = put_back(one, rows(3), np.zeros((3, PARTS)), seed=0)
    assert (PutBack.of(found.arrays()).by_chance == found.by_chance).all()


def test_chance_draws_from_all_columns_where_the_background_was_chosen_column_by_column():
    alike = np.repeat(np.arange(10.0), 4).reshape(10, 4).astype(np.float32)
    apart = lambda rows: (rows.max(axis=1) - rows.min(axis=1)).astype(np.float64)  # noqa: E731
    game = Game(np.arange(4), apart, lambda rows: None, alike, levels=(1.0,))
    rows = np.array([[4, 4, 4, 9]], dtype=np.float32)
    found = put_back(game, rows, Explainer(game).many(rows).values, seed=0)
    assert found.heaviest[0, :2].tolist() == [5, 0]  # the only column that is otherwise
    assert found.by_chance[0, :, 1].max() == 5  # some other one was drawn
