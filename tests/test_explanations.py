"""SHAP values point at the column that was changed, add up to the score, and become sentences."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from detectors.base import Detector
from detectors.explanations.background import nearest_rows, usual_rows, within_usual
from detectors.explanations.reasons import Reason, reasons
from detectors.explanations.shapley import Explainer, Explanation, Game, rank_correlation
from detectors.explanations.store import load_explanations, save_explanations
from detectors.preparation.table import TablePreparation
from detectors.runs.explained import game_of
from pages.shared.values import value_texts


class SquaredLength(Detector):
    """Scores a row by its squared distance from the origin: SHAP values can be worked out by hand."""

    title, family = "Squared length", "Test"

    @classmethod
    def representation(cls) -> str:
        return "vectors"

    def _fit(self, X, progress):
        pass

    def _score(self, X):
        return np.square(X).sum(axis=1).astype(np.float64)


class Reconstructing(SquaredLength):
    """The same, expecting zeros."""

    def _expected(self, X):
        return np.zeros_like(X)


ORIGINS = np.array([0, 1, 1])
USUAL = np.zeros((5, 3), dtype=np.float32)


def explainer(kind=SquaredLength):
    detector = kind().fit(np.ones((4, 3)))
    return Explainer(Game(ORIGINS, detector.score, detector.expected, USUAL), seed=1)


def test_values_of_one_row_are_each_columns_share_of_the_score():
    found = explainer().row(np.array([3.0, 1.0, 2.0], dtype=np.float32))
    assert found.values[0] == pytest.approx([9, 5])  # 3² and 1² + 2², one-hot numbers summed onto their column
    assert (found.bases[0], found.scores[0]) == (0, 14)
    assert found.residuals[0] == pytest.approx(0)


def test_many_rows_at_once_get_the_values_they_get_alone():
    rows = np.array([[3, 1, 2], [0, 0, 1], [5, 0, 0]], dtype=np.float32)
    together = explainer(Reconstructing).many(rows)
    assert together.values == pytest.approx(np.array([[9, 5], [0, 1], [25, 0]]))
    assert (explainer(Reconstructing).many(rows[1:2]).values == together.values[1:2]).all()


def test_both_methods_agree_on_the_order_of_columns():
    rows = np.array([[3, 1, 2], [0, 0, 1]], dtype=np.float32)
    assert explainer().agreement(rows) == pytest.approx(1)


def test_a_detector_with_gradients_is_explained_by_them_in_rows_of_any_shape():
    units = np.array([[0, 1], [1, 2]])
    length = lambda rows: np.square(rows).sum(axis=(1, 2)).astype(np.float64)  # noqa: E731
    game = Game(units, length, np.zeros_like, np.zeros((1, 2, 2), np.float32), gradients=lambda rows: 2.0 * rows)
    found = Explainer(game).row(np.array([[3, 1], [2, 5]], dtype=np.float32))
    assert found.values[0] == pytest.approx([9, 5, 25])  # the path integral of a square is the square
    assert found.residuals[0] == pytest.approx(0, abs=1e-6)
    by_permutation = Explainer(replace(game, gradients=None)).row(np.array([[3, 1], [2, 5]], dtype=np.float32))
    assert by_permutation.values[0] == pytest.approx([9, 5, 25])


def test_a_reconstructing_detector_is_compared_with_its_own_expectation():
    row = np.array([[4, 4, 4]], dtype=np.float32)
    far_away = np.full((9, 3), 50, dtype=np.float32)
    detector = Reconstructing().fit(np.ones((4, 3)))
    assert Game(ORIGINS, detector.score, detector.expected, far_away).backgrounds(row, 3).tolist() == [[[0, 0, 0]]]


def test_what_is_expected_of_an_extreme_row_is_no_more_extreme_than_usual_rows():
    """The network rebuilds half of the value 40: a row with 20 in its place would be as unusual, and the column would speak for the row."""

    class Halving(SquaredLength):
        def _expected(self, X):
            return X / 2

        def _score(self, X):
            return np.where(np.abs(X).max(axis=1) > 10, 50 + np.square(X[:, 1:]).sum(axis=1), np.square(X).sum(axis=1)).astype(np.float64)

    detector = Halving().fit(np.ones((4, 3)))
    usual = np.array([[-1, -1, -1], [2, 2, 2]], dtype=np.float32)
    game = game_of(detector, TablePreparation(), usual)
    row = np.array([[40, 1, 1]], dtype=np.float32)
    assert game.expected(row).tolist() == [[2, 0.5, 0.5]]
    found = Explainer(replace(game, units=ORIGINS), seed=1).row(row[0])
    assert found.values[0].argmax() == 0 and found.bases[0] == pytest.approx(4.5)
    windows = np.full((1, 4, 2), 9, dtype=np.float32)
    assert within_usual(windows, USUAL) is windows  # of windows most is given, not expected


def test_others_are_compared_with_the_nearest_usual_rows():
    usual = np.array([[0, 0, 0], [1, 1, 1], [9, 9, 9]], dtype=np.float32)
    nearest = nearest_rows(np.array([[8, 8, 8]], dtype=np.float32), usual, 2)
    assert sorted(nearest[0, :, 0].tolist()) == [1, 9]


def test_usual_rows_are_those_with_the_lower_scores():
    assert usual_rows(np.array([5.0, 1.0, 2.0, 9.0]), 3, seed=0).tolist() == [1, 2]


def test_rank_correlation_is_1_for_equal_orders_and_minus_1_for_reversed_ones():
    values = np.array([[1.0, 2.0, 3.0]])
    assert rank_correlation(values, 10 * values) == 1
    assert rank_correlation(values, -values) == -1


def test_ties_share_a_rank():
    # ranks 1, 2.5, 2.5 against 1, 2, 3: covariance 1.5, variances 1.5 and 2
    assert rank_correlation(np.array([[1.0, 2.0, 2.0]]), np.array([[1.0, 2.0, 3.0]])) == pytest.approx(1.5 / 3**0.5)
    assert rank_correlation(np.array([[0.0, 5.0, 0.0, 0.0]]), np.array([[0.0, 7.0, 0.0, 0.0]])) == 1


def test_rows_without_an_order_agree_only_with_each_other():
    flat, rising = np.full((1, 3), 0.1), np.array([[1.0, 2.0, 3.0]])
    assert rank_correlation(flat, 2 * flat) == 1
    assert rank_correlation(flat, rising) == 0
    assert rank_correlation(np.concatenate([flat, rising]), np.concatenate([rising, rising])) == 0.5


def test_reasons_name_the_heaviest_columns_with_actual_and_expected():
    actual = pd.DataFrame({"amount": [9400.0], "city": ["Rome"], "age": [41]})
    expected = pd.DataFrame({"amount": [120.4], "city": ["Ulm"], "age": [41.0]})
    found = reasons(np.array([[5.0, 1.0, -3.0]]), ["amount", "city", "age"], actual, expected)[0]
    assert [reason.column for reason in found] == ["amount", "city"]  # what lowered the score is no reason
    assert [str(reason.message) for reason in found] == ["amount 9\u202f400, expected about 120.4", "city Rome, expected Ulm"]


def test_a_missing_value_and_an_expected_value_read_as_such():
    assert str(Reason("amount", 1.0, None, 3.0).message) == "amount missing"
    assert str(Reason("city", 1.0, "Ulm", "Ulm").message) == "city Ulm, unusual together with the rest"


@pytest.mark.parametrize(
    ("actual", "expected", "sentence"),
    [
        (pd.Timestamp("2024-05-01"), pd.Timestamp("2023-02-03 04:05:06"), "x 2024-05-01, expected 2023-02-03"),
        (pd.Timestamp("2024-05-01 12:30"), pd.Timestamp("2023-02-03"), "x 2024-05-01 12:30:00, expected 2023-02-03"),
        (pd.Timestamp("2024-05-01"), pd.Timestamp("2024-05-01 00:00:03"), "x 2024-05-01, unusual together with the rest"),
        (pd.NaT, pd.Timestamp("2024-05-01"), "x missing"),
        (True, np.bool_(False), "x true, expected false"),
        (np.bool_(True), True, "x true, unusual together with the rest"),
        (12345678901234567, 3.0, "x 12\u202f345\u202f678\u202f901\u202f234\u202f567, expected about 3"),
    ],
)
def test_dates_and_booleans_read_as_dates_and_booleans(actual, expected, sentence):
    assert str(Reason("x", 1.0, actual, expected).message) == sentence


@pytest.mark.parametrize(
    ("actual", "expected", "sentence"),
    [
        (40.0, 40.003, "x 40, expected about 40.003"),
        (1234567, 1234567.4, "x 1\u202f234\u202f567, expected about 1\u202f234\u202f567.4"),
        (0.123456, 0.123454, "x 0.12346, expected about 0.12345"),
        (40.0, 40.0000000001, "x 40, unusual together with the rest"),
        (40.0, 41.0, "x 40, expected about 41"),
    ],
)
def test_values_that_differ_never_read_alike(actual, expected, sentence):
    assert str(Reason("x", 1.0, actual, expected).message) == sentence


def test_the_table_shows_the_same_digits_as_the_sentence():
    assert value_texts(40.0, 40.003) == ("40", "40.003")
    assert value_texts(None, 40.003) == ("missing", "40")
    assert value_texts(True, False) == ("true", "false")


def test_explanations_are_kept_and_found_again(tmp_path):
    made = Explanation(np.array([[1.0, 2.0]]), np.array([0.5]), np.array([3.5]), np.ones((1, 2), dtype=np.float32))
    save_explanations(tmp_path, np.array([7]), made)
    rows, found = load_explanations(tmp_path)
    assert rows.tolist() == [7]
    assert found.residuals.tolist() == [0]
    assert found.and_also(made).at(np.array([1, 0])).values.tolist() == [[1, 2], [1, 2]]
