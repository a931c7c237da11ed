"""Maps: which rows are drawn, what the axes say, what a network has learned to see."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import registry
from detectors.embedding import map_of
from detectors.maps import MOST_ROWS, MOST_UNUSUAL, rows_to_map


def two_clouds() -> np.ndarray:
    chance = np.random.default_rng(0)
    return np.concatenate([chance.normal(0, 1, (60, 5)), chance.normal(12, 1, (20, 5))]).astype(np.float32)


def test_few_rows_are_all_drawn_and_of_many_the_most_unusual_ones_always() -> None:
    assert rows_to_map(np.array([2, 0, 1]), seed=0).tolist() == [0, 1, 2]
    ranking = np.random.default_rng(0).permutation(20_000)
    rows = rows_to_map(ranking, seed=0)
    assert len(np.unique(rows)) == MOST_ROWS
    assert np.isin(ranking[:MOST_UNUSUAL], rows).all()
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_rows_that_lie_apart_lie_apart_on_the_map(method: str) -> None:
    found = map_of(np.arange(80), two_clouds(), method, seed=0)
    assert found.places.shape == (80, 2)
    first, second = found.places[:60].mean(axis=0), found.places[60:].mean(axis=0)
    assert np.linalg.norm(first - second) > 2 * found.places[60:].std(axis=0).max()
    np.testing.assert_array_equal(map_of(np.arange(80), two_clouds(), method, seed=0).places, found.places)


def test_axes_of_principal_components_say_how_much_they_show_and_those_of_tsne_nothing() -> None:
    flat = np.outer(np.arange(40.0), [3, 4]).astype(np.float32)
    np.testing.assert_allclose(map_of(np.arange(40), flat, "pca", 0).shares, [1, 0], atol=1e-6)
    assert map_of(np.arange(40), flat, "tsne", 0).shares.tolist() == [0, 0]


def test_rows_that_are_all_alike_and_rows_of_a_single_number_are_drawn_too() -> None:
    assert np.isfinite(map_of(np.arange(6), np.ones((6, 3), dtype=np.float32), "pca", 0).places).all()
    assert map_of(np.arange(3), np.array([[1], [2], [4]], dtype=np.float32), "tsne", 0).places.shape == (3, 2)


def test_a_network_gives_what_its_narrowest_layer_says_and_a_forest_nothing() -> None:
    X = two_clouds()
    network = registry.create("vectors", "autoencoder", seed=0, epochs=1, encoder=[4, 2]).fit(X)
    assert network.codes(X).shape == (80, 2)
    np.testing.assert_array_equal(network.codes(X)[:1], network.codes(X[:1]))
    assert registry.create("vectors", "isolation_forest").fit(X).codes(X) is None
