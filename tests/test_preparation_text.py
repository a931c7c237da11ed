"""Texts become ids or vectors, and what is said of them is said in their words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import reading
from detectors.base import Detector, Progress
from detectors.data_set import DataSet
from detectors.errors import DataError, StorageError
from detectors.explanations.shapley import Explainer
from detectors.preparation import Preparation, load_preparation
from detectors.preparation.text import TextPreparation
from detectors.preparation.text_vectors import TextVectors
from detectors.registry import for_kind
from detectors.runs.execute import execute, save
from detectors.runs.explained import ExplainedRun, game_of
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest

ROLES = {"text": "text", "label": "label"}
SEASONS = ["snow falls and the lake is frozen", "the sun is warm and the lake is blue", "leaves fall and the wind is cold"]
ODD = "quantum giraffes!!!! juggle, juggle teapots"
TEXTS = [*SEASONS * 20, ODD, None]


def data_set(folder: Path, texts: list[str | None] = TEXTS) -> DataSet:
    frame = pd.DataFrame({"text": texts, "label": [int(text == ODD) for text in texts]})
    frame.to_csv(folder / "texts.csv", index=False)
    reading.read_file(folder / "texts.csv", folder / "data", name="texts.csv")
    return DataSet(folder / "data", ROLES)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return data_set(tmp_path_factory.mktemp("texts"))


def fitted(preparation: Preparation, data: DataSet) -> Preparation:
    return preparation.fit(data, np.arange(data.rows) < len(SEASONS) * 20)


def test_there_is_one_item_a_row_with_the_ids_of_its_words(data: DataSet) -> None:
    preparation = fitted(TextPreparation(length=9), data)
    X = preparation.items(data).X
    assert X.shape == (62, 9)
    assert (X[:3] > 1).sum(axis=1).tolist() == [7, 9, 7]
    assert X[60].tolist() == [1, 1, 1, 1, 1, 1, 1, 0, 0]  # words that no training text holds
    assert not X[61].any()  # a missing text


def test_only_the_rows_to_learn_from_make_the_vocabulary(data: DataSet) -> None:
    learned = TextPreparation().fit(data, np.arange(data.rows) % 3 == 0)
    assert "snow" in learned.vocabulary_.words
    assert "sun" not in learned.vocabulary_.words


def test_texts_without_any_word_are_refused(tmp_path: Path) -> None:
    data = data_set(tmp_path, ["  x", None, None])
    with pytest.raises(DataError, match="None of the 2 texts holds a word"):
        TextPreparation().fit(data, np.array([False, True, True]))


def test_a_hidden_word_leaves_no_gap(data: DataSet) -> None:
    preparation = TextPreparation(length=5)
    holes = np.array([[0, 7, 0, 8, 9], [7, 8, 0, 0, 0], [0, 0, 0, 0, 0]], np.float32)
    assert preparation.finish(holes).tolist() == [[7, 8, 9, 0, 0], [7, 8, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_a_span_is_where_the_word_at_its_position_stands() -> None:
    text = "See www.example.org\n and  12:30 🙂"
    spans = TextPreparation(length=4).spans(text)
    assert [text[start:end] for start, end in spans] == ["See", "www.example.org", "and", "12:30"]  # cut to four
    assert TextPreparation().spans(None) == []


def test_reasons_are_words_as_they_are_written_with_their_repetitions_together(data: DataSet) -> None:
    preparation = fitted(TextPreparation(length=8), data)
    # quantum giraffes !!! juggle , juggle teapots
    values = np.array([[1.0, 3.0, 2.5, 2.0, -4.0, 2.0, 0.0, 0.0]])
    found = preparation.reasons(data, np.array([60]), values, np.zeros((1, 8), np.float32))[0]
    assert [(reason.word, reason.weight) for reason in found] == [("juggle", 4.0), ("giraffes", 3.0), ("!!!!", 2.5)]
    assert str(found[0].message) == "the word “juggle”"
    names, weights = preparation.by_word(ODD, values[0])
    assert names == ["juggle", "giraffes", "!!!!", "quantum", "teapots", ","]
    assert weights.tolist() == [4.0, 3.0, 2.5, 1.0, 0.0, -4.0]


def test_nothing_that_lowers_the_score_is_a_reason_and_a_missing_text_has_none(data: DataSet) -> None:
    preparation = fitted(TextPreparation(length=8), data)
    values = np.array([[-1.0] * 8, [0.0] * 8])
    assert preparation.reasons(data, np.array([60, 61]), values, np.zeros((2, 8), np.float32)) == [[], []]


def test_a_very_long_word_is_quoted_in_part(tmp_path: Path) -> None:
    data = data_set(tmp_path, ["see https://example.org/" + "a" * 500, "see it"])
    preparation = TextPreparation(length=2).fit(data, np.ones(2, bool))
    reason = preparation.reasons(data, np.array([0]), np.array([[0.0, 1.0]]), np.zeros((1, 2), np.float32))[0][0]
    assert len(str(reason.message)) < 80


def test_words_are_weighed_over_many_texts(data: DataSet) -> None:
    preparation = fitted(TextPreparation(length=8), data)
    values = np.zeros((2, 8))
    values[0, [0, 2, 3]] = 6.0, -1.0, 1.0  # snow, and, the
    values[1, [0, 1]] = -2.0, 4.0  # leaves, fall
    names, weights = preparation.weigh(data, np.array([0, 2]), values)
    assert names[:3] == ["snow", "fall", "leaves"]
    assert weights[:3].tolist() == [3.0, 2.0, 1.0]
    assert weights[names.index("and")] == 0.5


# ── vectors ──


def test_a_text_of_unknown_words_lies_farther_out_than_any_other(data: DataSet) -> None:
    preparation = fitted(TextVectors(), data)
    X = preparation.items(data).X
    assert preparation.names is not None
    assert preparation.names[0] == "topic 1"
    assert X.shape == (62, len(preparation.names))
    assert np.linalg.norm(X[60]) > 3 * np.linalg.norm(X[:60], axis=1).max()
    assert not X[61].any()


def test_what_is_explained_of_a_vector_is_words(data: DataSet) -> None:
    preparation = fitted(TextVectors(length=20), data)
    ids = preparation.explained(data, np.array([0, 60]), None)
    assert ids.shape == (2, 20)
    np.testing.assert_array_equal(preparation.finish(ids), preparation.items(data).X[[0, 60]])


@pytest.mark.parametrize("kind", [TextPreparation, TextVectors])
def test_a_preparation_survives_saving(kind: type[TextPreparation], data: DataSet, tmp_path: Path) -> None:
    preparation = fitted(kind(length=12), data)
    preparation.save(tmp_path)
    loaded = load_preparation(tmp_path)
    assert type(loaded) is kind
    np.testing.assert_array_equal(loaded.items(data).X, preparation.items(data).X)


def test_topics_that_do_not_fit_the_vocabulary_are_refused(data: DataSet, tmp_path: Path) -> None:
    fitted(TextVectors(), data).save(tmp_path)
    np.savez(tmp_path / "text_vectors.npz", rarity=np.ones(5), directions=np.ones((4, 2)))
    with pytest.raises(StorageError, match="missing or damaged"):
        load_preparation(tmp_path)


# ── explained ──


class OddWords(Detector):
    """Counts words that are unknown, and how often one follows another: only then does the order count."""

    title = "Odd words"
    asked = 0

    @classmethod
    def representation(cls) -> str:
        return "tokens"

    def _fit(self, X, progress):
        pass

    def _score(self, X):
        self.asked += len(X)
        unknown = X == 1
        return unknown.sum(axis=1) + 2.0 * (unknown[:, 1:] & unknown[:, :-1]).sum(axis=1)


def odd_words(data: DataSet) -> tuple[OddWords, Explainer, np.ndarray]:
    preparation = fitted(TextPreparation(), data)
    X = preparation.items(data).X
    detector = OddWords().fit(X)
    detector.asked = 0
    return detector, Explainer(game_of(detector, preparation, X[:5])), preparation.explained(data, np.array([0, 60, 61]), detector)


def test_words_that_are_not_there_weigh_nothing_and_the_others_add_up(data: DataSet) -> None:
    _, explainer, rows = odd_words(data)
    for found in (explainer.many(rows), explainer.row(rows[1])):
        one = found if len(found.values) == 1 else found.at(np.array([1]))
        assert one.bases[0] == 0
        assert one.scores[0] == 7 + 2 * 6
        assert one.residuals[0] == pytest.approx(0)
        assert (one.values[0, :7] > 0).all()
        assert not one.values[0, 7:].any()


def test_explaining_costs_as_many_scores_as_a_text_has_words(data: DataSet) -> None:
    detector, explainer, rows = odd_words(data)
    explainer.many(rows)
    longest, words_of_all = 16, 7 + 7  # every batch is padded to 16
    assert detector.asked <= (2 * 7 + 2) * longest * 2 + words_of_all
    detector.asked = 0
    explainer.row(rows[1])
    assert detector.asked < 4 * (2 * 7 + 1) + 16 * 4
    explainer.row(rows[2])  # and a missing text is explained as well


def test_a_text_has_the_same_values_alone_and_beside_longer_ones(data: DataSet) -> None:
    _, explainer, rows = odd_words(data)
    together = explainer.many(rows)
    for row in range(3):
        np.testing.assert_array_equal(explainer.many(rows[row : row + 1]).values[0], together.values[row])


@pytest.mark.slow
@pytest.mark.parametrize(("representation", "name"), [("tokens", "length"), ("tokens", "tfidf_logistic"), ("vectors", "isolation_forest")])
def test_a_run_on_texts_can_be_opened_to_explain_its_words(representation: str, name: str, tmp_path: Path) -> None:
    data = data_set(tmp_path, [*TEXTS, ODD, ODD])
    run = RunFolder(tmp_path / "run")
    request = RunRequest(data_id="d", detector=name, roles=ROLES, kind="text", representation=representation, preparation={"length": 16})
    run.ask(request)
    run.result.mkdir()
    save(execute(request, data.folder, Progress()), run.result, Progress())
    opened = ExplainedRun.open(run.path, data.folder)
    found = opened.row(0).explanation
    assert found.scores[0] == pytest.approx(float(opened.detector.score(opened.preparation.finish(opened.explained(np.array([0]))))[0]))
    assert found.residuals[0] == pytest.approx(0, abs=1e-6)
    assert not found.values[0, 7:].any()


def test_a_text_can_be_given_to_detectors_on_tokens_and_on_vectors() -> None:
    found = {(detector.representation(), detector.name()) for detector in for_kind("text")}
    assert {("tokens", "language_model"), ("vectors", "isolation_forest"), ("vectors", "autoencoder")} <= found
