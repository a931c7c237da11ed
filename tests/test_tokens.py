"""Detectors on tokens: what their scores mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectors.tokens.classifier import Classifier
from detectors.tokens.language_model import LanguageModel
from detectors.tokens.length import Length
from detectors.tokens.tfidf_logistic import TfidfLogistic

POSITIONS = 24
SMALL = {"cell": "rnn", "embedding": 8, "units": 16, "batch_size": 32, "learning_rate": 0.02, "epochs": 8}


def padded(texts: list[Any]) -> np.ndarray:
    return np.stack([np.pad(np.asarray(text), (0, POSITIONS - len(text))) for text in texts]).astype(np.float32)


def sentences(rows: int, seed: int) -> list[np.ndarray]:
    """3 to 24 words of twenty: after a word comes the next one, or with a chance of one in five any other."""
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(rows):
        text = [int(chance.integers(20))]
        for _ in range(int(chance.integers(2, POSITIONS))):
            text.append(int(chance.integers(20)) if chance.random() < 0.2 else (text[-1] + 1) % 20)
        found.append(2 + np.array(text))
    return found


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1])


# ── a model of language ──


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return LanguageModel(seed=1, **SMALL).fit(padded(sentences(400, seed=1)))


NONSENSE = 2 + np.random.default_rng(2).permutation(20)[:12]


@pytest.mark.slow
def test_length_alone_does_not_decide_how_surprising_a_text_is(model: LanguageModel) -> None:
    X = padded(sentences(300, seed=3))
    assert abs(rank_correlation(model.score(X), (X > 0).sum(axis=1))) < 0.35
    long = X[(X > 0).sum(axis=1) > 20]
    assert model.score(padded([NONSENSE]))[0] > np.quantile(model.score(long), 0.95)


@pytest.mark.slow
def test_a_word_out_of_its_place_is_the_most_surprising_one(model: LanguageModel) -> None:
    text = padded([[5, 6, 7, 8, 15, 16, 17]])
    surprise = model.element_scores(text)[0]
    assert surprise[1:7].argmax() == 3  # the first word may be any
    assert not surprise[7:].any()


@pytest.mark.slow
def test_the_surprises_at_the_words_make_the_score(model: LanguageModel) -> None:
    plain = LanguageModel(seed=1, **SMALL | {"epochs": 1}, worst_weight=0.0, shrinkage=0.0).fit(padded(sentences(60, seed=1)))
    X = padded(sentences(5, seed=4))
    np.testing.assert_allclose(plain.score(X), plain.element_scores(X).sum(axis=1) / (X > 0).sum(axis=1), rtol=1e-9)


@pytest.mark.slow
def test_unknown_words_are_more_surprising_than_rare_ones_and_a_larger_id_is_unknown(model: LanguageModel) -> None:
    usual, unknown, larger = padded([[5, 6, 7, 8, 9, 10], [5, 6, 1, 8, 1, 10], [5, 6, 99, 8, 500, 10]])
    assert model.score(unknown[None])[0] > model.score(usual[None])[0]
    np.testing.assert_array_equal(model.score(larger[None]), model.score(unknown[None]))


@pytest.mark.slow
def test_a_text_without_words_is_neither_usual_nor_unusual(model: LanguageModel) -> None:
    scores = model.training_scores_
    assert scores.min() < model.score(padded([[]]))[0] < scores.max()


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru", "transformer"])
def test_every_kind_of_network_finds_nonsense(cell: str) -> None:
    values = SMALL | {"cell": cell, "units": 32, "epochs": 10}
    detector = LanguageModel(seed=1, **values).fit(padded(sentences(300, seed=1)))
    usual = padded(sentences(100, seed=3))
    assert detector.score(padded([NONSENSE]))[0] > np.quantile(detector.score(usual), 0.9)
    assert detector.layers_table()[0] == {"layer": "words", "shape": str(POSITIONS), "parameters": 0}


@pytest.mark.slow
def test_words_that_are_not_predicted_one_by_one_still_have_a_probability() -> None:
    X = padded(sentences(100, seed=1))
    detector = LanguageModel(seed=1, **SMALL | {"epochs": 2}, predicted_words=5).fit(X)
    # All words after a first one: the probabilities of everything that could come add up to 1, but for the unknown word.
    nexts = padded([[5, word] for word in range(2, 22)])
    assert np.exp(-detector.element_scores(nexts)[:, 1]).sum() == pytest.approx(1, abs=0.05)


# ── with labels ──


def labelled(rows: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """Texts of twenty words; every sixth also says one of three others and is an anomaly."""
    texts, y = sentences(rows, seed=5), (np.arange(rows) % 6 == 0).astype(int)
    chance = np.random.default_rng(6)
    for row in np.flatnonzero(y):
        texts[row][chance.integers(len(texts[row]))] = 30 + chance.integers(3)
    return padded(texts), y


@pytest.mark.slow
@pytest.mark.parametrize(
    "detector",
    [
        TfidfLogistic(seed=1),
        Classifier(seed=1, cell="transformer", embedding=16, units=32, epochs=20, batch_size=32, learning_rate=0.01, patience=20),
    ],
    ids=lambda detector: detector.name(),
)
def test_what_is_learned_from_labels_holds_for_other_texts(detector: Any) -> None:
    X, y = labelled()
    scores = detector.fit(X, y=y).training_scores_  # by detectors that learned from other rows
    above = (scores[y == 1][:, None] > scores[y == 0][None, :]).mean()
    assert above > 0.9
    assert (scores >= 0).all() and (scores <= 1).all()


# ── length ──


def test_a_text_far_from_the_usual_length_is_unusual_in_either_direction_unless_only_one_is_asked_for() -> None:
    X = padded([[2] * n for n in (7, 8, 8, 8, 9, 9, 10)])
    short, usual, long = padded([[2] * n for n in (1, 8, 24)])
    rows = np.stack([short, usual, long])
    far = Length().fit(X).score(rows)
    assert far[1] < 0.5 < min(far[0], far[2])
    assert np.argsort(Length(unusual="long").fit(X).score(rows)).tolist() == [0, 1, 2]
    assert np.argsort(Length(unusual="short").fit(X).score(rows)).tolist() == [2, 1, 0]


def test_texts_that_are_all_of_one_length_make_every_other_length_unusual() -> None:
    detector = Length().fit(padded([[2] * 8] * 5))
    assert detector.score(padded([[2] * 8, [2] * 9])).tolist() == pytest.approx([0, 1.52], abs=0.01)
