"""Texts into words, words into ids, ids into vectors."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from detectors.errors import DataError, StorageError
from detectors.network.term_weights import TermWeights
from detectors.network.topics import TopicVectors
from detectors.preparation.vocabulary import Vocabulary
from detectors.preparation.words import forms, words

# ── words ──


def test_words_are_lower_cased_and_keep_their_apostrophe() -> None:
    assert forms("Don't say L’Été twice") == ["don't", "say", "l'été", "twice"]


def test_links_addresses_and_numbers_become_one_word_each() -> None:
    assert forms("See https://example.org/a?b=1 or www.example.org") == ["see", "<link>", "or", "<link>"]
    assert forms("Write to ann.lee@example.co.uk or @ann_lee") == ["write", "to", "<address>", "or", "<address>"]
    assert forms("1,000 at 12:30 for £5.50") == ["<number>", "at", "<number>", "for", "£", "<number>"]
    assert forms("4you 2nd") == ["4you", "2nd"]


def test_signs_and_emoji_are_words_and_a_long_row_of_one_sign_is_cut_to_three() -> None:
    assert forms("No! Why??") == ["no", "!", "why", "??"]
    assert forms("No!!!!!!") == forms("No!!!") == ["no", "!!!"]
    assert forms("fine 🙂") == ["fine", "🙂"]


def test_chinese_is_cut_into_words_and_other_scripts_at_spaces() -> None:
    assert forms("我来到北京清华大学。Hello 5元") == ["我", "来到", "北京", "清华大学", "。", "hello", "<number>", "元"]
    assert forms("Привет мир, नमस्ते दुनिया") == ["привет", "мир", ",", "नमस्ते", "दुनिया"]


def test_every_word_stands_where_its_span_says() -> None:
    text = "Call ＡＢＣ at 12:30!!!! 我来到北京 &amp; e.g. www.example.org 🙂"
    found = words(text)
    assert [text[word.start : word.end] for word in found[:5]] == ["Call", "ＡＢＣ", "at", "12:30", "!!!!"]
    assert [text[word.start : word.end] for word in found if word.form == "北京"] == ["北京"]
    assert all(before.end <= after.start for before, after in pairwise(found))


@pytest.mark.parametrize("missing", [None, float("nan"), "", "   "])
def test_a_missing_text_has_no_words(missing: object) -> None:
    assert words(missing) == []


def test_what_is_no_text_is_read_as_it_is_written() -> None:
    assert forms(12.5) == ["<number>"]


def test_texts_made_to_be_slow_are_not() -> None:
    began = perf_counter()
    for text in ("a." * 50_000, "1-" * 50_000 + "x", "x@" * 50_000, "a" * 100_000, "&" * 100_000, "'a" * 50_000):
        words(text)
    assert perf_counter() - began < 10


# ── vocabulary ──

TEXTS = [["the", "cat"], ["the", "dog"], ["the", "cat", "sat"]] * 20 + [["once"]]


def test_the_most_widespread_words_come_first_and_single_ones_are_left_out() -> None:
    assert Vocabulary.learn(TEXTS).words == ["the", "cat", "dog", "sat"]
    assert Vocabulary.learn(TEXTS, most=2).words == ["the", "cat"]


def test_of_few_texts_every_word_is_kept() -> None:
    assert Vocabulary.learn([["a", "b"], ["a"]]).words == ["a", "b"]


def test_ids_are_0_for_no_word_1_for_an_unknown_one_and_long_texts_are_cut() -> None:
    vocabulary = Vocabulary.learn(TEXTS, length=3)
    ids = vocabulary.to_ids([["cat", "bird"], [], ["the", "the", "cat", "sat"]])
    assert ids.dtype == np.float32
    assert ids.tolist() == [[3, 1, 0], [0, 0, 0], [2, 2, 3]]
    assert [vocabulary.to_words(row) for row in ids] == [["cat", "<unknown>"], [], ["the", "the", "cat"]]


def test_a_vocabulary_survives_json() -> None:
    vocabulary = Vocabulary.learn(TEXTS, length=3)
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


def test_texts_without_a_word_are_refused() -> None:
    with pytest.raises(DataError, match="None of the 2 texts holds a word"):
        Vocabulary.learn([[], []])


def test_a_vocabulary_does_not_change_from_process_to_process() -> None:
    script = "from detectors.preparation.vocabulary import Vocabulary; print(Vocabulary.learn([list('badcfe')] * 2).words)"
    ended = [subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert ended[0] == ended[1] == "['a', 'b', 'c', 'd', 'e', 'f']\n"


# ── vectors ──


def ids_of_two_topics(rows: int = 100) -> np.ndarray:
    """Texts of 6 words, each from one of two groups of ten."""
    chance = np.random.default_rng(0)
    return (2 + 10 * chance.integers(2, size=(rows, 1)) + chance.integers(10, size=(rows, 6))).astype(np.float32)


def test_weights_are_those_of_scikit_learn() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    ids = ids_of_two_topics()
    texts = [" ".join(f"word{int(i)}" for i in row) for row in ids]
    vectorizer = TfidfVectorizer(sublinear_tf=True).fit(texts)
    order = [vectorizer.vocabulary_[f"word{i}"] for i in range(2, 22)]
    ours = TermWeights.fit(ids).transform(ids).toarray()[:, 2:]
    np.testing.assert_allclose(ours, vectorizer.transform(texts).toarray()[:, order], atol=1e-12)


def test_the_direction_says_which_topic() -> None:
    ids = ids_of_two_topics()
    vectors = TopicVectors.fit(ids, topics=2).transform(ids)[:, :2]
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    first = ids[:, 0] < 12
    within = directions[first] @ directions[first].mean(axis=0)
    assert within.min() > (directions[first] @ directions[~first].mean(axis=0)).max()


def test_the_less_topics_hold_of_a_text_the_farther_out_it_lies() -> None:
    ids = ids_of_two_topics()
    vectors = TopicVectors.fit(ids, topics=5)
    usual, partly, never = vectors.transform(np.array([ids[0], [*ids[0, :4], 1, 99], [1, 1, 99, 1, 98, 1]], np.float32))
    assert usual[-1] < partly[-1] < never[-1]
    assert never[-1] == pytest.approx(10)  # the farthest there is
    assert np.linalg.norm(usual[:-1]) == pytest.approx(usual[-1], rel=1e-5)


def test_zeros_anywhere_are_words_that_are_not_there() -> None:
    ids = ids_of_two_topics()
    vectors = TopicVectors.fit(ids, topics=5)
    holes, short = np.array([[0, 2, 0, 3, 0, 4], [2, 3, 4, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(vectors.transform(holes[None]), vectors.transform(short[None]), atol=1e-7)
    assert not vectors.transform(np.zeros((1, 6), np.float32)).any()


def test_a_vector_does_not_depend_on_the_texts_beside_it() -> None:
    ids = ids_of_two_topics()
    vectors = TopicVectors.fit(ids, topics=5)
    np.testing.assert_array_equal(vectors.transform(ids)[7:8], vectors.transform(ids[7:8]))


def test_vectors_survive_saving_and_say_when_their_file_is_damaged(tmp_path: Path) -> None:
    ids = ids_of_two_topics()
    vectors = TopicVectors.fit(ids)
    vectors.save(tmp_path)
    np.testing.assert_array_equal(TopicVectors.load(tmp_path).transform(ids), vectors.transform(ids))
    (tmp_path / "text_vectors.npz").write_bytes(b"no archive")
    with pytest.raises(StorageError, match="missing or damaged"):
        TopicVectors.load(tmp_path)


@pytest.mark.parametrize("rows", [2, 3])
def test_the_fewest_texts_have_vectors(rows: int) -> None:
    ids = np.array([[2, 3], [2, 0], [0, 0]], np.float32)[:rows]
    assert np.isfinite(TopicVectors.fit(ids).transform(ids)).all()
