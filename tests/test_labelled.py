"""Detectors that learn from labels: judged by rows they do not know, true probabilities, kinds of anomalies, readable trees."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from detectors import registry
from detectors.base import Lesson, Progress
from detectors.calibration import Calibration
from detectors.command_line import Training, train
from detectors.errors import StorageError
from detectors.labelled import folds
from detectors.roles import anomaly_kinds
from detectors.runs.execute import execute, save
from detectors.runs.folder import RunFolder
from detectors.runs.held_out import FEWEST_HELD_OUT, held_out
from detectors.runs.request import FitWhere, RunRequest
from detectors.trees import Cut, Node, WordedTree
from tests.tables import read_in

TELLERS = ("logistic_regression", "decision_tree", "gradient_boosted_trees", "multilayer_classifier")


def two_kinds(rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Rows of four numbers; the first 30 are high in the first number (kind 1), the next 30 low in the second (kind 2)."""
    X = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    y = np.zeros(rows, dtype=np.int8)
    X[:30, 0] += 6
    X[30:60, 1] -= 6
    y[:30], y[30:60] = 1, 2
    return X, y


def payments(rows: int = 300, frauds: int = 60) -> pd.DataFrame:
    """Half of the frauds are large, the other half come from abroad; no honest payment is either."""
    chance = np.random.default_rng(3)
    frame = pd.DataFrame({"amount": chance.uniform(1, 100, rows).round(2), "country": "AA", "label": "normal"})
    frame.loc[: frauds // 2 - 1, ["amount", "label"]] = [900.0, "large"]
    frame.loc[frauds // 2 : frauds - 1, ["country", "label"]] = ["XX", "abroad"]
    frame["month"] = np.arange(rows) % 2 + 1
    return frame.sample(frac=1, random_state=1, ignore_index=True)


ROLES = {"amount": "feature", "country": "feature", "label": "label"}


def request(**changes) -> RunRequest:
    return RunRequest(**{"data_id": "d", "detector": "decision_tree", "roles": ROLES, "seed": 3, **changes})


# ── held-out rows ──


def test_a_share_of_normal_rows_and_of_each_kind_is_held_out_and_the_same_seed_holds_out_the_same():
    kinds = np.repeat(np.array([0, 1, 2, -1], dtype=np.int8), [100, 50, 20, 10])
    held = held_out(kinds, kinds >= 0, 0.2, 7)
    assert [int(held[kinds == kind].sum()) for kind in (0, 1, 2, -1)] == [20, 10, 4, 0]
    assert (held == held_out(kinds, kinds >= 0, 0.2, 7)).all()
    assert (held != held_out(kinds, kinds >= 0, 0.2, 8)).any()


def test_with_too_few_anomalies_none_are_held_out():
    kinds = np.array([0] * 100 + [1] * (5 * FEWEST_HELD_OUT - 3), dtype=np.int8)
    assert not held_out(kinds, kinds >= 0, 0.2, 7).any()
    assert held_out(np.append(kinds, [1] * 3).astype(np.int8), np.ones(len(kinds) + 3, dtype=bool), 0.2, 7).any()


def test_where_other_labelled_rows_are_left_out_already_none_are_held_out_of_the_rest():
    kinds = np.array([0] * 100 + [1] * 100, dtype=np.int8)
    assert not held_out(kinds, np.arange(200) % 2 == 0, 0.2, 7).any()


def test_of_a_series_whole_stretches_are_held_out_and_no_event_is_cut():
    kinds = np.zeros(2000, dtype=np.int8)
    for start in range(35, 2000, 100):
        kinds[start : start + 10] = 1
    held = held_out(kinds, np.ones(2000, dtype=bool), 0.2, 7, np.arange(2000))
    events = held.copy()
    assert all(events[start : start + 10].all() or not events[start : start + 10].any() for start in range(35, 2000, 100))
    assert 2 * np.count_nonzero(np.diff(held.astype(int)) == 1) < held.sum() / 10
    assert 0.1 < held[kinds == 1].mean() < 0.3


def test_rows_of_a_group_are_judged_together_and_each_part_has_its_share_of_each_label():
    y = np.tile(np.array([0, 0, 1, 0], dtype=np.int8), 30)
    groups = np.repeat(np.arange(12), 10)
    parts = folds(y, 3, 0, groups)
    assert all(len(set(parts[groups == group])) == 1 for group in range(12))
    assert np.bincount(folds(y, 3, 0)[y == 1]).tolist() == [10, 10, 10]


# ── probabilities ──


@pytest.mark.parametrize("way", ["platt", "isotonic"])
def test_a_calibrated_probability_is_as_often_right_as_it_says_and_keeps_the_order(way):
    chance = np.random.default_rng(0)
    truth = chance.uniform(0.02, 0.5, 20_000)
    is_anomaly = chance.random(20_000) < truth
    odds = 20 * truth / (1 - truth)  # as if anomalies were twenty times as frequent
    scores = odds / (1 + odds)
    found = Calibration.fit(way, scores, is_anomaly)
    assert found is not None
    calibrated = found.of(scores)
    assert np.abs(calibrated - truth).mean() < 0.02
    assert (np.argsort(calibrated, kind="stable") == np.argsort(scores, kind="stable")).all()
    again = Calibration.from_json(json.loads(json.dumps(found.to_json())))
    assert (again.of(scores) == calibrated).all()


def test_scores_that_are_worse_than_chance_are_not_turned_around():
    scores = np.linspace(0.1, 0.9, 100)
    assert Calibration.fit("platt", scores, scores < 0.5) is None


# ── kinds ──


def test_a_label_that_names_several_kinds_is_read_with_the_most_frequent_first():
    codes, names = anomaly_kinds(pd.Series(["normal", "Leak", "jam", "leak", None]))
    assert codes.tolist() == [0, 1, 2, 1, -1]
    assert names == ["Leak", "jam"]
    assert anomaly_kinds(pd.Series([0, 1, 1]))[1] == []
    codes, names = anomaly_kinds(pd.Series(["normal", "leak", "jam"]), anomaly="jam")
    assert (codes.tolist(), names) == ([0, 0, 1], [])


@pytest.mark.parametrize("name", TELLERS)
def test_each_kind_is_told_of_rows_that_were_not_learned_from_and_survives_saving(name, tmp_path):
    X, y = two_kinds()
    detector = registry.detectors()["vectors", name]
    fitted = detector(seed=1, **detector.quick).fit(X, y=y, kinds=["high", "low"])
    assert np.mean(fitted.training_kinds_[y > 0] == y[y > 0]) > 0.9
    assert fitted.kinds_of(X[:3]).tolist() == [1, 1, 1]
    assert fitted.score(X[:60]).min() > fitted.score(X[60:]).mean()
    fitted.save(tmp_path / "saved")
    again = registry.load(tmp_path / "saved")
    assert again.kinds_ == ["high", "low"]
    assert (again.score(X) == fitted.score(X)).all()
    assert (again.kinds_of(X) == fitted.kinds_of(X)).all()


def test_one_that_learns_without_labels_tells_no_kinds():
    X, y = two_kinds()
    fitted = registry.create("vectors", "zscore").fit(X, y=y, kinds=["high", "low"])
    assert fitted.kinds_of(X) is None
    assert fitted.kinds_ == []


def test_only_rows_that_were_not_made_count_as_their_own():
    assert Lesson(parents=np.array([[0, 0], [1, 1], [0, 1]])).own(3) == 2


# ── runs ──


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return read_in(payments(), tmp_path_factory.mktemp("payments"))


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory) -> RunFolder:
    folder = RunFolder(tmp_path_factory.mktemp("finished"))
    folder.ask(request())
    folder.result.mkdir()
    save(execute(request(), data, Progress()), folder.result, Progress())
    return folder


def test_held_out_rows_are_kept_and_never_learned_from(finished):
    held, labels, fitted = (finished.array(name) for name in ("held_out", "labels", "fitted"))
    assert (int(held.sum()), int((labels[held] == 1).sum())) == (60, 12)
    assert not (held & fitted).any()


def test_the_likeliest_kind_of_each_row_is_kept_with_the_names(finished):
    names = finished.summary()["kinds"]
    assert sorted(names) == ["abroad", "large"]
    labels, kinds, known = (finished.array(name) for name in ("labels", "kinds", "known_kinds"))
    assert (kinds[labels == 1] == known[labels == 1]).mean() > 0.9


def test_the_tree_reads_in_the_columns_and_units_of_the_data(finished):
    rules = finished.tree().rules()
    certain = [" and ".join(str(condition) for condition in rule.conditions) for rule in rules if rule.end.share == 1]
    assert any("amount > " in text for text in certain)
    assert any("country is XX" in text or "country is not AA" in text for text in certain)
    assert {rule.kind for rule in rules if rule.end.share == 1} == {"large", "abroad"}


def test_rows_left_out_of_learning_by_the_analyst_judge_in_place_of_a_share(data):
    run = execute(request(fit_where=FitWhere("month", "1")), data, Progress())
    assert (run.held_out == (payments()["month"] == 2)).all()
    assert (run.judged == run.held_out).all()


def test_with_few_anomalies_every_row_is_judged_by_one_that_learned_from_others(tmp_path):
    few = execute(request(), read_in(payments(frauds=8), tmp_path), Progress())
    assert not few.held_out.any()
    assert few.fitted.all() and few.judged.all()


def test_the_command_line_says_which_rows_were_held_out_and_judges_by_them(tmp_path):
    payments().to_csv(tmp_path / "payments.csv", index=False)
    asked = Training(
        tmp_path / "payments.csv", "decision_tree", tmp_path / "out", label="label", parameters=("held_out_share=0.5",), quiet=True
    )
    summary = train(asked)
    scores = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    assert summary["judged"] == {"by": "held_out", "rows": 150, "anomalies": 30}
    assert int(scores["held_out"].sum()) == 150
    assert set(scores["kind"]) == {"large", "abroad"}
    flagged = scores["flagged"] & scores["held_out"]
    assert summary["metrics"]["recall"] == (flagged & (scores["label"] == 1)).sum() / 30


# ── trees ──


def test_a_rule_keeps_the_narrowest_bounds_of_a_column():
    nodes = (
        Node((6, 4), Cut("amount", 10.0), 1, 2), Node((3, 0)), Node((3, 4), Cut("amount", 50.0), 3, 4), Node((3, 0)),
        Node((0, 4), Cut("country", "XX", is_equal=True), 5, 6), Node((0, 1)), Node((0, 3)),
    )  # fmt: skip
    tree = WordedTree(nodes)
    first = tree.rules()[0]
    assert [str(condition) for condition in first.conditions] == ["amount > 50", "country is XX"]
    assert (first.end.total, first.end.anomalies, first.kind) == (3, 3, None)
    assert WordedTree.from_json(json.loads(json.dumps(tree.to_json()))) == tree


def test_boosted_trees_give_what_scikit_learn_gives():
    from sklearn.ensemble import HistGradientBoostingClassifier

    X, y = two_kinds(200)
    X = X.round(1)  # few different values: scikit-learn then cuts between each two of them, too
    y = (y > 0).astype(np.int8)
    detector = registry.create(
        "vectors", "gradient_boosted_trees", rounds=20, columns_share=1.0, balanced=False, calibration="none", l2=0.0
    )
    there = HistGradientBoostingClassifier(max_iter=20, learning_rate=0.05, max_leaf_nodes=15, min_samples_leaf=5, early_stopping=False)
    expected = there.fit(X.astype(np.float64), y).predict_proba(X)[:, 1]
    np.testing.assert_allclose(detector.fit(X, y=y).score(X), expected, atol=1e-12)


@pytest.mark.parametrize("name", ["decision_tree", "gradient_boosted_trees"])
def test_a_saved_tree_that_leads_in_a_circle_is_refused(name, tmp_path):
    X, y = two_kinds(200)
    detector = registry.detectors()["vectors", name]
    detector(**detector.quick).fit(X, y=y).save(tmp_path)
    with np.load(tmp_path / "learned.npz") as kept:
        arrays = dict(kept)
    arrays["high_"][1] = 0
    arrays["low_"][1] = 0
    np.savez(tmp_path / "learned.npz", **arrays)
    with pytest.raises(StorageError, match="missing or damaged"):
        registry.load(tmp_path)
