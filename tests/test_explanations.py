"""SHAP values point at the column that was changed, add up to the score, and become sentences."""

import numpy as np
import pandas as pd
import pytest

from detectors.base import Detector
from detectors.explanations.background import backgrounds, usual_rows
from detectors.explanations.reasons import Reason, reasons
from detectors.explanations.shapley import Explainer, Explanation, rank_correlation
from detectors.explanations.store import load_explanations, save_explanations


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
    return Explainer(detector, USUAL, ORIGINS, seed=1)


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


def test_a_reconstructing_detector_is_compared_with_its_own_expectation():
    row = np.array([[4, 4, 4]], dtype=np.float32)
    far_away = np.full((9, 3), 50, dtype=np.float32)
    assert backgrounds(Reconstructing().fit(np.ones((4, 3))), row, far_away, 3).tolist() == [[[0, 0, 0]]]


def test_others_are_compared_with_the_nearest_usual_rows():
    usual = np.array([[0, 0, 0], [1, 1, 1], [9, 9, 9]], dtype=np.float32)
    nearest = backgrounds(SquaredLength().fit(usual), np.array([[8, 8, 8]], dtype=np.float32), usual, 2)
    assert sorted(nearest[0, :, 0].tolist()) == [1, 9]


def test_usual_rows_are_those_with_the_lower_scores():
    assert usual_rows(np.array([5.0, 1.0, 2.0, 9.0]), seed=0).tolist() == [1, 2]


def test_rank_correlation_is_1_for_equal_orders_and_minus_1_for_reversed_ones():
    values = np.array([[1.0, 2.0, 3.0]])
    assert rank_correlation(values, 10 * values) == 1
    assert rank_correlation(values, -values) == -1


def test_reasons_name_the_heaviest_columns_with_actual_and_expected():
    actual = pd.DataFrame({"amount": [9400.0], "city": ["Rome"], "age": [41]})
    expected = pd.DataFrame({"amount": [120.4], "city": ["Ulm"], "age": [41.0]})
    found = reasons(np.array([[5.0, 1.0, -3.0]]), ["amount", "city", "age"], actual, expected)[0]
    assert [reason.column for reason in found] == ["amount", "city"]  # what lowered the score is no reason
    assert [str(reason.message) for reason in found] == ["amount 9\u202f400, expected about 120.4", "city Rome, expected Ulm"]


def test_a_missing_value_and_an_expected_value_read_as_such():
    assert str(Reason("amount", 1.0, None, 3.0).message) == "amount missing"
    assert str(Reason("city", 1.0, "Ulm", "Ulm").message) == "city Ulm, unusual together with the rest"


def test_explanations_are_kept_and_found_again(tmp_path):
    made = Explanation(np.array([[1.0, 2.0]]), np.array([0.5]), np.array([3.5]), np.ones((1, 2), dtype=np.float32))
    save_explanations(tmp_path, np.array([7]), made)
    rows, found = load_explanations(tmp_path)
    assert rows.tolist() == [7]
    assert found.residuals.tolist() == [0]
    assert found.and_also(made).at(np.array([1, 0])).values.tolist() == [[1, 2], [1, 2]]
