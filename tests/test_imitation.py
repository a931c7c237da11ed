"""A shallow tree finds the rule behind flags, says it in round numbers, and says how well it imitates."""

import json

import numpy as np
import pytest

from detectors.errors import DataError
from detectors.explanations.imitation import Imitation, imitate, roundest
from detectors.preparation.described import described_texts, described_windows
from detectors.trees import Cut

ROWS = 600


def whole_numbers(columns=3):
    return np.random.default_rng(0).integers(0, 10, (ROWS, columns)).astype(np.float32)


def in_words(number, value):
    return Cut("xyz"[number], float(value))


def imitated(X, flagged):
    return imitate(X, flagged, np.ones(len(X)), in_words)


def rules(found):
    ends = [rule for rule in found.tree.rules() if rule.end.anomalies]
    return [" and ".join(sorted(str(condition) for condition in rule.conditions)) for rule in ends]


def test_the_rule_x_above_5_is_found_and_said_as_such():
    X = whole_numbers()
    found = imitated(X, X[:, 0] > 5)
    assert rules(found) == ["x > 5"]
    assert (found.fidelity.reproduced, found.fidelity.right, found.fidelity.balanced_accuracy, found.fidelity.f1) == (1, 1, 1, 1)
    assert found.flags == (False, False, True)


def test_fidelity_is_measured_on_rows_that_the_tree_was_not_grown_on():
    X = whole_numbers()
    found = imitated(X, X[:, 0] > 5)
    assert found.tree.nodes[0].total + found.fidelity.rows == pytest.approx(0.8 * ROWS, abs=2)  # a fifth chose between trees


def test_two_columns_make_two_conditions_and_no_more():
    X = whole_numbers()
    found = imitated(X, (X[:, 0] > 5) & (X[:, 1] <= 2))
    assert rules(found) == ["x > 5 and y ≤ 2"]
    assert found.fidelity.f1 == 1


def test_flags_without_a_rule_are_imitated_badly():
    flagged = np.random.default_rng(5).random(ROWS) < 0.1
    found = imitated(whole_numbers(), flagged)
    assert found.fidelity.f1 < 0.4
    assert found.fidelity.balanced_accuracy < 0.65


def test_too_few_flags_are_refused_in_words():
    X = whole_numbers()
    with pytest.raises(DataError, match="Only 3 rows are flagged, and 10 are needed"):
        imitated(X, np.arange(ROWS) < 3)
    with pytest.raises(DataError, match="All but 2 rows are flagged"):
        imitated(X, np.arange(ROWS) >= 2)
    with pytest.raises(DataError, match="do not differ"):
        imitated(np.ones((ROWS, 2), np.float32), np.arange(ROWS) < 50)


def test_a_row_that_stands_for_many_counts_as_many():
    X = np.repeat(np.array([[0.0], [1.0]], np.float32), 100, axis=0)
    flagged = np.arange(200) % 2 == 0
    weights = np.where(X[:, 0] == 1, np.where(flagged, 1.0, 99.0), np.where(flagged, 99.0, 1.0))
    found = imitate(X, flagged, weights, in_words)
    assert found.fidelity.right == pytest.approx(0.99, abs=0.02)


@pytest.mark.parametrize(
    ("low", "high", "round_number"),
    [(5, 6, 5), (17.3, 22.9, 20), (-22.9, -17.3, -20), (4.9, 5.01, 5), (-3, 4, 0), (9398.2, 9412.0, 9400), (0.123, 0.1234, 0.123)],
)
def test_a_question_is_asked_in_the_roundest_number_there_is(low, high, round_number):
    assert roundest(low, high) == round_number


def test_an_imitation_survives_being_sent():
    X = whole_numbers()
    found = imitated(X, X[:, 0] > 5)
    assert Imitation.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_texts_are_told_apart_by_their_words_and_their_length():
    texts = [["good", "day"], ["bad", "bad", "xyzzy"]]
    found = described_texts(texts, known=["good", "day", "bad"])
    assert found.X[:, 0].tolist() == [2, 3]
    assert found.X[:, 1].tolist() == pytest.approx([0, 100 / 3])
    asked = [str(found.in_words(number, 0.5).words(high=True)) for number in range(found.X.shape[1])]
    assert asked[2:] == ["it holds “bad”", "it holds “day”", "it holds “good”", "it holds “xyzzy”"]
    assert str(found.in_words(2, 0.5).words(high=False)) == "it does not hold “bad”"
    assert found.X[:, 2].tolist() == [0, 1]


def test_windows_are_told_apart_by_what_columns_do_in_them():
    windows = np.array([[[0.0], [4.0]], [[1.0], [1.0]]], np.float32)
    found = described_windows(windows, windows[:, -1], ["level"])
    asked = [str(found.in_words(number, 3.0).words(high=True)) for number in range(3)]
    assert asked == ["level > 3", "mean of level > 3", "spread of level > 3"]
    assert found.X[:, :3].tolist() == [[4, 2, 2], [1, 1, 0]]
