"""A row is compared with usual variants of itself: as little is changed as makes it usual, and only what is changed has a weight."""

import numpy as np
import pytest

from detectors.explanations.background import donor_rows
from detectors.explanations.shapley import Explainer, Game
from detectors.explanations.variants import Usual
from detectors.preparation.images_vectors import ImagesVectors
from detectors.preparation.table import TablePreparation
from detectors.preparation.text import TextPreparation
from detectors.runs.explained import has_variants, levels_of

THREE = np.arange(3)

#: Rows whose three columns are alike: 0 0 0, 1 1 1, … 9 9 9.
ALIKE = np.repeat(np.arange(10.0), 3).reshape(10, 3).astype(np.float32)


def spread(rows):
    """How far the columns of a row are apart."""
    return (rows.max(axis=1) - rows.min(axis=1)).astype(np.float64)


def length(rows):
    return np.square(rows, dtype=np.float64).sum(axis=1)


def explainer(score, usual, levels=(1.0,), units=THREE):
    return Explainer(Game(units, score, lambda rows: None, usual, levels=levels), seed=1)


def test_the_one_column_that_does_not_go_with_the_others_has_all_the_weight():
    found = explainer(spread, ALIKE).row(np.array([4, 4, 9], dtype=np.float32))
    assert found.values[0] == pytest.approx([0, 0, 5])
    assert (found.bases[0], found.scores[0]) == (0, 5)
    assert found.expected[0].tolist() == [4, 4, 4]


def test_columns_that_would_each_be_enough_share_the_weight():
    rows = np.array([[4, 9]], dtype=np.float32)
    found = explainer(spread, ALIKE[:, :2], units=np.arange(2)).row(rows[0])
    assert found.values[0] == pytest.approx([2.5, 2.5])
    assert found.expected[0].tolist() == [9, 4]  # either the one is wrong, or the other


def test_where_one_column_is_not_enough_others_follow_until_the_row_is_usual():
    found = explainer(length, np.zeros((5, 3), dtype=np.float32)).row(np.array([5, 7, 0.5], dtype=np.float32))
    assert found.values[0] == pytest.approx([25, 49, 0.25 * found.values[0, 2] / 0.25])
    assert found.bases[0] <= 1
    assert found.residuals[0] == pytest.approx(0)


def test_all_numbers_of_a_column_are_changed_together():
    usual = np.array([[0, 1, 0], [0, 1, 0]], dtype=np.float32)
    found = Usual(usual, np.array([0, 1, 1]), lambda rows: rows[:, 2].astype(np.float64), (0.5,))
    assert np.unique(found.variants(np.array([[3, 0, 1]], dtype=np.float32))[0], axis=0).tolist() == [[3, 1, 0]]


def test_a_row_has_the_variants_that_it_has_alone():
    rows = np.random.default_rng(0).normal(0, 4, size=(20, 30)).astype(np.float32)
    usual = Usual(np.random.default_rng(1).normal(size=(50, 30)).astype(np.float32), np.arange(30), length, (20.0, 60.0))
    together = usual.variants(rows)
    assert all((usual.variants(rows[place : place + 1])[0] == together[place]).all() for place in range(20))
    assert (length(together.reshape(-1, 30)) <= 60).all()


def test_many_rows_have_the_values_that_shap_finds_one_by_one():
    rows = np.array([[4, 4, 9], [0, 0, 1], [1, 8, 1], [2, 5, 9]], dtype=np.float32)
    assert explainer(spread, ALIKE).agreement(rows) == pytest.approx(1)


def test_a_row_as_usual_as_can_be_has_no_weights():
    found = explainer(length, np.zeros((5, 3), dtype=np.float32)).many(np.zeros((1, 3), dtype=np.float32))
    assert found.values.tolist() == [[0, 0, 0]] and found.bases.tolist() == [0]


def test_values_are_taken_from_all_but_the_most_unusual_rows():
    assert donor_rows(np.arange(20.0), 3, seed=0).tolist() == list(range(19))
    assert levels_of(np.arange(21.0)) == (10, 19)


def test_rows_of_tables_have_variants_and_texts_and_pictures_have_none():
    assert [has_variants(kind()) for kind in (TablePreparation, TextPreparation, ImagesVectors)] == [True, False, False]
