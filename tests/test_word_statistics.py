"""Rare words and word order: numbers small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import registry
from detectors.network.word_counts import RunningWords

#: Ids 2 to 5 stand for words, 1 for an unknown one, 0 for none.
USUAL, BACKWARDS = [2, 3, 4, 5], [5, 4, 3, 2]


def texts(*rows: list[int]) -> np.ndarray:
    longest = max(len(row) for row in rows)
    return np.array([row + [0] * (longest - len(row)) for row in rows], dtype=np.float32)


def test_words_are_counted_in_their_own_text() -> None:
    words = RunningWords.of(texts([2, 3, 2], [2, 0, 9]), size=4)
    assert words.word.tolist() == [2, 3, 2, 2, 1]  # 9 was not there in training: unknown
    assert words.before.tolist() == [0, 2, 3, 0, 2]
    assert words.in_own_text(words.word).tolist() == [2, 1, 2, 1, 1]
    assert words.lengths.tolist() == [3, 2]


def test_a_word_surprises_by_the_share_of_texts_that_have_it() -> None:
    detector = registry.create("tokens", "rare_words", measure="total").fit(texts([2, 3], [2, 3], [2, 4]))
    shares = np.array([[3.5 / 4, 2.5 / 4], [3.5 / 4, 0.5 / 4]])  # half a text added to those that have it, one to all
    np.testing.assert_allclose(detector.score(texts([2, 3], [2, 1])), -np.log(shares).sum(axis=1))


def test_a_training_text_does_not_count_itself_as_one_that_has_its_words() -> None:
    detector = registry.create("tokens", "rare_words", measure="total").fit(texts([2, 3], [2, 3], [2, 4]))
    shares = np.array([[2.5 / 3, 1.5 / 3], [2.5 / 3, 1.5 / 3], [2.5 / 3, 0.5 / 3]])
    np.testing.assert_allclose(detector.training_scores_, -np.log(shares).sum(axis=1))


def test_the_rarer_half_of_the_words_decides_alone() -> None:
    detector = registry.create("tokens", "rare_words", shrinkage=0).fit(texts([2, 3], [2, 3], [2, 4]))
    np.testing.assert_allclose(detector.score(texts([2, 3], [2, 4])), -np.log([2.5 / 4, 1.5 / 4]))


def test_the_same_words_in_an_unusual_order_are_unusual() -> None:
    detector = registry.create("tokens", "word_order").fit(texts(*[USUAL] * 20))
    forwards, backwards = detector.score(texts(USUAL, BACKWARDS))
    assert backwards > forwards


def test_a_pair_of_words_that_only_the_text_itself_has_does_not_speak_for_it() -> None:
    detector = registry.create("tokens", "word_order").fit(texts(*[USUAL] * 20, BACKWARDS))
    assert detector.training_scores_.argmax() == 20


def test_the_word_out_of_order_is_marked() -> None:
    for name in ("word_order", "auto"):
        detector = registry.create("tokens", name).fit(texts(*[USUAL] * 20))
        marks = detector.element_scores(texts([2, 3, 2, 0]))
        assert marks.argmax() == 2, name
        assert marks[0, 3] == 0, name


def test_auto_looks_at_length_topics_words_and_order() -> None:
    detector = registry.create("tokens", "auto").fit(texts(*[USUAL] * 20, BACKWARDS))
    assert [member["name"] for member in detector.members_table()] == ["length", "ecod", "local_outlier_factor", "word_order", "rare_words"]
    assert detector.training_scores_.argmax() == 20


@pytest.mark.parametrize("rough", [False, True])
def test_auto_on_pictures_looks_at_features_and_at_pixels(rough: bool) -> None:
    seen = {asked.view for asked in registry.create("pixels", "auto", rough=rough)._asked(np.zeros((2, 16, 16, 1), np.float32))}
    assert seen == {"rough_features" if rough else "learned_features", "few_pixels"}


def test_a_covariance_of_few_rows_is_told_as_if_without_the_row_itself() -> None:
    X = np.random.default_rng(0).normal(size=(30, 10)).astype(np.float32)
    X[0] *= 3
    itself = registry.create("vectors", "robust_covariance").fit(X)
    others = registry.create("vectors", "robust_covariance").fit(X[1:])
    as_unseen, plain = others.score(X[:1])[0], itself.score(X[:1])[0]
    assert abs(itself.training_scores_[0] / as_unseen - 1) < abs(plain / as_unseen - 1) / 2
