"""Detectors made of others: who learns from what, how scores are made comparable and joined, what is kept and told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors import registry
from detectors.errors import DetectorError, ParameterError
from detectors.runs.request import RunRequest
from detectors.together.detector import Asked, most_unusual, rank_correlation
from detectors.together.surprise import Surprise
from detectors.together.views import NormalRanks
from detectors.vectors.auto import Auto
from detectors.vectors.ensemble import Ensemble

CHEAP = ["ecod", "hbos"]


def cloud(rows: int = 200, columns: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


def ensemble(X: np.ndarray, **parameters: object) -> Ensemble:
    return registry.create("vectors", "ensemble", **{"members": CHEAP, **parameters}).fit(X)


def test_a_score_above_all_but_one_in_a_hundred_is_as_surprising_as_that_is_rare() -> None:
    surprise = Surprise.fit(np.arange(1000.0))
    assert surprise.of(np.array([500.0]))[0] == pytest.approx(np.log(2), abs=0.01)
    assert surprise.of(np.array([0.0]))[0] == 0
    beyond = surprise.of(np.array([1000.0, 2000.0, 4000.0]))
    assert (np.diff(beyond) > 1).all()


def test_ranks_that_are_shared_correlate_fully_whatever_the_scale() -> None:
    assert rank_correlation(np.array([1.0, 2, 3, 4]), np.array([1.0, 10, 100, 1000])) == pytest.approx(1)
    assert rank_correlation(np.array([1.0, 2, 3, 4]), np.array([4.0, 3, 2, 1])) == pytest.approx(-1)
    assert rank_correlation(np.ones(4), np.array([4.0, 3, 2, 1])) == 0


def test_the_most_unusual_tenth_of_twenty_rows_are_two() -> None:
    assert np.flatnonzero(most_unusual(np.arange(20.0), 0.1)).tolist() == [18, 19]


def test_columns_by_rank_do_not_mind_how_far_out_a_value_is() -> None:
    X = cloud()
    far = X.copy()
    far[0, 0], X[0, 0] = 1e6, 100
    view = NormalRanks().fit(X, 0, None)
    np.testing.assert_array_equal(view.transform(X), NormalRanks().fit(far, 0, None).transform(far))
    assert view.transform(X).max() == view.transform(X)[0, 0] == pytest.approx(2.81, abs=0.01)  # half of one row in 200


def test_the_mean_of_calibrated_scores_is_that_of_its_members() -> None:
    X = cloud()
    alone = [registry.create("vectors", name).fit(X) for name in CHEAP]
    surprises = [Surprise.fit(each.training_scores_).of(each.score(X)) for each in alone]
    np.testing.assert_allclose(ensemble(X).score(X), np.mean(surprises, axis=0))
    np.testing.assert_allclose(ensemble(X, joined="maximum").score(X), np.max(surprises, axis=0))
    ranks = ensemble(X, joined="ranks").score(X)
    assert ranks.min() >= 0 and ranks.max() <= 1


def test_draws_of_rows_and_columns_are_members_of_their_own() -> None:
    together = ensemble(cloud(), draws=3, rows_share=0.5, columns_share=0.5)
    members = together.members_table()
    assert [(member["name"], member["rows_share"], member["columns"]) for member in members] == [("ecod", 0.5, 2), ("hbos", 0.5, 2)] * 3
    assert together.training_scores_.shape == (200,)


def test_a_run_asks_for_members_with_parameters_of_their_own() -> None:
    members = [{"detector": "nearest_neighbours", "parameters": {"neighbours": 3}}, {"detector": "hbos", "parameters": {"bins": 5}}]
    asked = RunRequest.from_json(RunRequest("data", "ensemble", {}, parameters={"members": members}).to_json())
    detector = registry.create(asked.representation, asked.detector, **asked.parameters).fit(cloud())
    assert [member.detector.parameters["neighbours"] for member in detector._members[:1]] == [3]
    assert detector._members[1].detector.parameters["bins"] == 5


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ("no_such_detector", "no detector `no_such_detector`"),
        ({"detector": "hbos", "parameters": {"colour": 1}}, "no parameter `colour`"),
        ({"detector": "hbos", "parameters": {"bins": 0}}, "`bins` must be"),
        ({"detector": "rolling_zscore", "representation": "windows"}, "takes windows"),
        ("stack", "learns from labels"),
    ],
)
def test_a_member_that_cannot_be_is_refused_before_anything_is_read(member: object, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        registry.create("vectors", "ensemble", members=[member])


def test_without_a_way_to_create_others_it_says_so() -> None:
    with pytest.raises(DetectorError, match="no way to create them"):
        Ensemble(members=CHEAP).fit(cloud())


def test_windows_are_flattened_for_members_on_vectors() -> None:
    X = np.random.default_rng(0).normal(size=(60, 5, 2)).astype(np.float32)
    both = [{"detector": "hbos", "representation": "vectors"}, "rolling_zscore"]
    together = registry.create("windows", "ensemble", members=both).fit(X)
    flat = registry.create("vectors", "hbos").fit(X.reshape(60, 10))
    np.testing.assert_array_equal(together._members[0].detector.training_scores_, flat.training_scores_)
    assert together.spoken_steps(5) == registry.create("windows", "rolling_zscore").spoken_steps(5)


def labelled() -> tuple[np.ndarray, np.ndarray]:
    """Rows whose anomalies lie far out in the first column: tails find them; a detector that sees nothing does not."""
    X = cloud(300)
    y = np.arange(300) % 15 == 0
    X[y, 0] += 6
    return X, y


def test_a_stack_trusts_the_member_that_finds_the_labelled_rows_and_none_negatively() -> None:
    X, y = labelled()
    members = [
        {"detector": "zscore", "parameters": {"over_columns": "largest"}},
        {"detector": "principal_components", "parameters": {"variance": 0.3}},
    ]
    stack = registry.create("vectors", "stack", members=members).fit(X, y=y)
    found, other = (member["weight"] for member in stack.members_table())
    assert found > other >= 0
    assert stack.score(X)[y].min() > np.median(stack.score(X)[~y])
    assert stack.training_scores_.min() >= 0 and stack.training_scores_.max() <= 1


def test_a_stack_has_members_that_learn_from_labels_themselves() -> None:
    X, y = labelled()
    inner = {"detector": "stack", "parameters": {"members": CHEAP}}
    stack = registry.create("vectors", "stack", members=["ecod", inner]).fit(X, y=y)
    assert [member["name"] for member in stack.members_table()] == ["ecod", "stack"]


def test_a_member_that_leaves_rows_out_learns_without_those_that_were_unusual_at_first_look() -> None:
    X = cloud(100)
    X[:10] += 20
    together = registry.create("vectors", "auto").fit(X)
    seen = {member.asked.name: member.detector for member in together._members if member.asked.without}
    assert seen["nearest_neighbours"].rows_.shape == (70, 4)
    assert seen["principal_components"].mean_.max() < 1  # all ten would move it by two


def test_a_group_of_anomalies_among_the_training_rows_is_found_and_its_neighbours_are_not_trusted() -> None:
    usual, group = cloud(600, seed=1), 7 + 0.05 * cloud(30, seed=2)
    together = registry.create("vectors", "auto").fit(np.concatenate([usual, group]))
    assert together.trust_ < 0.5
    assert together.training_scores_[600:].min() > np.quantile(together.training_scores_[:600], 0.95)
    clean = registry.create("vectors", "auto").fit(usual)
    assert clean.trust_ > together.trust_
    weights = [member["weight"] for member in clean.members_table()]
    assert sum(weights) == pytest.approx(1, abs=0.01)


def test_what_each_member_gave_survives_saving(tmp_path: Path) -> None:
    together = registry.create("vectors", "auto").fit(cloud(80))
    together.save(tmp_path)
    loaded = registry.load(tmp_path)
    assert isinstance(loaded, Auto)
    assert loaded.members_table() == together.members_table()
    assert loaded.trust_ == together.trust_


def test_what_is_asked_of_a_member_says_what_it_sees() -> None:
    assert Asked("vectors", "hbos").sees == ("as_it_is", 0.0)
    assert Asked("vectors", "hbos", without=0.3).sees != Asked("vectors", "hbos").sees


def test_the_one_that_decides_by_itself_is_offered_first() -> None:
    assert [registry.for_kind(kind)[0].name() for kind in ("table", "series", "images", "text")] == ["auto"] * 4
