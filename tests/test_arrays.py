"""Arrays larger than memory: the same numbers, from a file that leaves no trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import arrays, data_set
from detectors.arrays import blocks, made_of, room_for, taken
from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.preparation.table import TablePreparation
from detectors.runs.execute import execute
from detectors.runs.request import RunRequest
from detectors.vectors.autoencoder import Autoencoder
from detectors.vectors.isolation_forest import IsolationForest
from tests.tables import machine_frame, read_in

ROLES = {"reading_id": "id", "temperature": "feature", "doubled": "feature", "mode": "feature", "label": "label"}


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Every array counts as large; gives the folder that its file would lie in."""
    monkeypatch.setattr(arrays, "IN_MEMORY_BYTES", 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def lies_in_a_file(X: np.ndarray) -> bool:
    base = X
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    return isinstance(base, np.memmap)


def test_a_large_array_lies_in_a_file_that_has_no_name_and_a_small_one_does_not(all_large: Path) -> None:
    X = room_for((3, 2))
    X[1] = 5
    assert X.tolist() == [[0, 0], [5, 5], [0, 0]]
    assert lies_in_a_file(X)
    assert list(all_large.iterdir()) == []


def test_a_small_array_lies_in_memory() -> None:
    assert not lies_in_a_file(room_for((3, 2)))


def test_blocks_cover_every_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "BLOCK_NUMBERS", 4)
    assert [(rows.start, rows.stop) for rows in blocks(np.zeros((5, 2)))] == [(0, 2), (2, 4), (4, 5)]


def test_rows_are_taken_in_the_order_asked_and_all_of_them_are_the_array_itself(all_large: Path) -> None:
    X = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert taken(X, np.array([2, 0])).tolist() == [[4, 5], [0, 1]]
    assert lies_in_a_file(taken(X, np.array([2, 0])))
    assert taken(X, np.arange(3)) is X
    assert made_of(X, lambda rows: rows + 1).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_a_run_on_data_larger_than_memory_prepares_and_scores_as_any_other(
    all_large: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = read_in(machine_frame(), tmp_path)
    asked = RunRequest("d", "isolation_forest", ROLES, seed=3)
    large = execute(asked, data, Progress())
    monkeypatch.setattr(arrays, "IN_MEMORY_BYTES", 1 << 30)
    small = execute(asked, data, Progress())
    assert lies_in_a_file(large.items.X)
    assert large.items.X.tolist() == small.items.X.tolist()
    assert large.scores.tolist() == small.scores.tolist()


def test_very_many_rows_are_prepared_by_what_a_random_sample_of_them_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = DataSet(read_in(pd.DataFrame({"n": np.arange(1000.0)}), tmp_path), {"n": "feature"})
    monkeypatch.setattr(data_set, "ALL_VALUES", 500)
    monkeypatch.setattr(data_set, "SAMPLE_ROWS", 100)
    frame = data.frame_to_fit(["n"], np.arange(1000) < 900, seed=0)
    assert len(frame) == 100 and frame["n"].is_monotonic_increasing and frame["n"].max() < 900
    center = TablePreparation().fit(data, np.ones(1000, dtype=bool)).encoding.numbers[0].center
    assert center == pytest.approx(499.5, abs=100)


def test_a_data_set_narrowed_to_some_rows_counts_them_from_0(tmp_path: Path) -> None:
    whole = read_in(pd.DataFrame({"n": np.arange(10.0)}), tmp_path)
    narrowed = DataSet(whole, {"n": "feature"}, np.array([7, 3, 5]))
    assert narrowed.rows == 3
    assert narrowed.frame(["n"])["n"].tolist() == [7, 3, 5]
    assert narrowed.frame(["n"], [2, 0])["n"].to_dict() == {2: 5, 0: 7}
    assert [(rows, frame["n"].tolist()) for rows, frame in narrowed.blocks(["n"])] == [(slice(0, 3), [7, 3, 5])]


def test_a_forest_on_an_array_larger_than_memory_draws_from_a_sample_of_it(all_large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectors.vectors.isolation_forest.FEWEST_DRAWN", 50)
    X = np.random.default_rng(0).normal(size=(3000, 2)).astype(np.float32)
    forest = IsolationForest(trees=5, rows_per_tree=16).fit(X)
    near, far = forest.score([[0, 0], [9, 9]])
    assert near < far
    assert len(forest.training_scores_) == 3000


@pytest.mark.slow
def test_a_network_learns_from_an_array_larger_than_memory_in_pools(all_large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from detectors.network import pools

    monkeypatch.setattr(pools, "POOL_BYTES", 4096)
    monkeypatch.setattr(pools, "STRETCH_BYTES", 256)
    X = (np.linspace(-2, 2, 1000)[:, None] * [1.0, -1.0, 0.5, 2.0]).astype(np.float32)
    asked = {"encoder": [8, 2], "epochs": 10, "batch_size": 16, "learning_rate": 0.01, "early_stopping": False}
    network = Autoencoder(loss="binary_crossentropy", **asked).fit(X)
    other = Autoencoder(loss="binary_crossentropy", **asked).fit(X)
    assert network.history_.losses[-1] < network.history_.losses[0]
    assert network.score(X).tolist() == other.score(X).tolist()
    near, far = network.score([[1, -1, 0.5, 2], [1, 1, 0.5, 2]])
    assert near < far


@pytest.mark.slow
def test_pools_hold_every_row_once_from_all_over_the_array(all_large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from detectors.network import pools

    monkeypatch.setattr(pools, "POOL_BYTES", 1600)
    monkeypatch.setattr(pools, "STRETCH_BYTES", 40)
    X = np.arange(1000, dtype=np.float32)[:, None]
    made = pools.Pools({"seen": X})
    rows = np.random.default_rng(0).permutation(1000)[:900]
    shuffled = list(made.shuffled(rows, np.random.default_rng(1)))
    seen = [pool.arrays["seen"].numpy()[pool.order, 0] for pool in shuffled]
    assert sorted(np.concatenate(seen)) == sorted(rows)
    assert len(seen) == 3
    assert all(part.min() < 300 and part.max() > 700 for part in seen)
    in_order = [pool.arrays["seen"].numpy()[pool.order, 0] for pool in made.in_order(rows)]
    assert sorted(np.concatenate(in_order)) == sorted(rows)
