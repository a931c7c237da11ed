"""Isolation forest: what its parameters do, and what it refuses to load."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.ensemble import IsolationForest as SklearnForest

from detectors.errors import StorageError
from detectors.vectors.isolation_forest import IsolationForest


def cloud(rows: int = 300, columns: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float32)


@pytest.fixture(scope="module")
def forest() -> IsolationForest:
    return IsolationForest(trees=25, seed=3).fit(cloud())


def test_the_further_out_a_row_lies_the_higher_its_score(forest: IsolationForest) -> None:
    near, far, farther = forest.score([[0, 0, 0], [2, 2, 2], [9, 9, 9]])
    assert 0 < near < far < farther < 1


def test_growing_in_pieces_gives_the_forest_that_scikit_learn_grows_at_once(forest: IsolationForest) -> None:
    at_once = SklearnForest(n_estimators=25, max_samples=256, random_state=3).fit(cloud())
    np.testing.assert_array_equal(forest.score(cloud()), -at_once.score_samples(cloud()))


def test_a_column_that_no_tree_may_cut_cannot_be_the_reason() -> None:
    X = cloud(columns=2)
    X[:, 1] = 5.0
    forest = IsolationForest(trees=25).fit(X)
    plain, other_constant = forest.score([[0, 5], [0, 500]])
    assert plain == other_constant


def test_fewer_rows_than_a_tree_may_draw_are_enough() -> None:
    assert np.isfinite(IsolationForest(trees=5, rows_per_tree=256).fit(cloud(rows=4)).score(cloud())).all()


def test_a_share_of_the_columns_and_drawing_with_replacement_change_the_scores(forest: IsolationForest) -> None:
    for values in ({"features_share": 0.5}, {"bootstrap": True}, {"rows_per_tree": 16}):
        other = IsolationForest(trees=25, seed=3, **values).fit(cloud())
        assert not np.array_equal(other.training_scores_, forest.training_scores_)


def saved(forest: IsolationForest, folder: Path) -> Path:
    forest.save(folder)
    return folder / "forest.skops"


def test_a_damaged_file_is_refused_in_a_sentence(forest: IsolationForest, tmp_path: Path) -> None:
    file = saved(forest, tmp_path)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(StorageError, match=r"`forest\.skops` is missing or damaged"):
        IsolationForest.load(tmp_path)


def test_a_file_with_something_else_in_it_is_refused(forest: IsolationForest, tmp_path: Path) -> None:
    from skops.io import dump

    file = saved(forest, tmp_path)
    for stranger in (ExtraTreesRegressor(n_estimators=2).fit(cloud(), cloud()[:, 0]), Path.cwd, {"a": 1}):
        dump(stranger, file)
        with pytest.raises(StorageError, match="was not opened"):
            IsolationForest.load(tmp_path)


@pytest.mark.parametrize(("array", "value"), [("children_left", 10**6), ("children_right", 0), ("feature", 3), ("feature", -5)])
def test_a_tree_that_points_outside_itself_is_refused(tmp_path: Path, array: str, value: int) -> None:
    forest = IsolationForest(trees=2).fit(cloud())
    getattr(forest._forest.estimators_[1].tree_, array)[0] = value
    saved(forest, tmp_path)
    with pytest.raises(StorageError, match="was not opened"):
        IsolationForest.load(tmp_path)
