"""Shuffling the part that a detector reads moves scores and flags, and shuffling any other moves none."""

import numpy as np
import pytest

from detectors.explanations.permutation_importance import Sample, Shuffled, rows_and_repeats, shuffle
from detectors.explanations.shapley import Game

PARTS, READ = 4, 2


def game(score):
    return Game(np.arange(PARTS), score, lambda _rows: None, np.zeros((3, PARTS), np.float32))


def reads_one_part(rows):
    return np.abs(rows[:, READ]).astype(np.float64)


def shuffled(score=reads_one_part, **more):
    rows = np.arange(40 * PARTS, dtype=np.float32).reshape(40, PARTS)
    of_unit = np.broadcast_to(np.arange(PARTS), rows.shape)
    sample = Sample(np.arange(40), np.full(40, 1 / 40))
    return shuffle(game(score), rows, of_unit, sample, n_parts=PARTS, repeats=3, **more)


def test_only_the_part_that_is_read_matters():
    found = shuffled()
    assert np.flatnonzero(found.importance).tolist() == [READ]
    assert np.flatnonzero(found.lost(100.0)).tolist() == [READ]
    assert np.flatnonzero(found.gained(100.0)).tolist() == [READ]


def test_constant_scores_are_moved_by_nothing():
    assert shuffled(lambda rows: np.ones(len(rows))).importance.tolist() == [0.0] * PARTS


def test_what_hides_a_part_stands_in_its_place():
    found = shuffled(hidden=0.0)
    assert found.moved.shape == (PARTS, 1, 40)
    assert found.moved[READ].max() == 0
    assert found.lost(1.0)[READ] == pytest.approx(1)


def test_a_change_counts_by_how_many_rows_it_stands_for():
    # Two rows: the first, one of a hundred, changes by 50, the second, the rest of them, by 1.
    found = Shuffled(np.arange(2), np.array([0.01, 0.99]), np.array([60.0, 1.0]), np.array([[[10.0, 2.0]]]))
    assert found.importance[0] == pytest.approx(0.01 * 50 + 0.99 * 1)
    assert (found.lost(20.0)[0], found.gained(20.0)[0]) == (1.0, 0.0)
    assert np.isnan(found.lost(100.0)[0])  # no row is flagged
    assert (found.lost(np.array([20.0, 0.5]))[0], found.lost(np.array([5.0, 3.0]))[0]) == (
        pytest.approx(0.01),
        0.0,
    )  # cut-offs of their own


def test_a_sample_is_half_flagged_rows_and_stands_for_all():
    sample = Sample.of(np.arange(950, 1000), rows=1000, most=100, seed=0)
    assert (sample.rows >= 950).sum() == 50 and len(set(sample.rows.tolist())) == 100
    assert sample.weights.sum() == pytest.approx(1)
    assert sample.weights[sample.rows >= 950].sum() == pytest.approx(0.05)


def test_a_sample_of_few_flagged_rows_is_filled_up_with_others():
    sample = Sample.of(np.arange(2), rows=30, most=20, seed=0)
    assert len(sample.rows) == 20 and (sample.rows < 2).sum() == 2
    everything = Sample.of(np.arange(2), rows=30, most=100, seed=0)
    assert everything.weights == pytest.approx(np.full(30, 1 / 30))


def test_many_parts_are_shuffled_among_fewer_rows_and_never_too_few():
    assert rows_and_repeats(30, 61_000) == (300, 5)
    assert rows_and_repeats(1000, 1000) == (40, 1)
