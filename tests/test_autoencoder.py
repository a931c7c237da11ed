"""The autoencoder: what its score means, what its parameters do, what it gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors.vectors.autoencoder import Autoencoder

pytestmark = pytest.mark.slow

SMALL = {"encoder": [16, 2], "epochs": 40, "batch_size": 32, "learning_rate": 0.01}


def related(rows: int = 400) -> np.ndarray:
    """Four columns that follow from one hidden number: a, −a, 2a and a², so each is told by the others."""
    a = np.random.default_rng(0).uniform(-1.5, 1.5, rows)
    return np.stack([a, -a, 2 * a, a**2], axis=1).astype(np.float32)


def fitted(**values: Any) -> Autoencoder:
    return Autoencoder(seed=1, **{**SMALL, **values}).fit(related())


@pytest.fixture(scope="module")
def autoencoder() -> Autoencoder:
    return fitted()


@pytest.fixture(scope="module")
def binary() -> Autoencoder:
    return fitted(loss="binary_crossentropy")


@pytest.fixture(scope="module")
def two_epochs() -> list[float]:
    """The losses of two epochs with nothing changed."""
    return fitted(epochs=2).history_.losses


BROKEN = [[1.0, 1.0, 2.0, 1.0]]  # each value is usual by itself, but the second should be −1
WHOLE = [[1.0, -1.0, 2.0, 1.0]]


def test_a_row_that_breaks_the_rule_scores_ten_times_higher_though_each_value_is_usual(autoencoder: Autoencoder) -> None:
    assert autoencoder.score(BROKEN)[0] > 10 * autoencoder.score(WHOLE)[0]


def test_the_score_is_the_mean_squared_difference_to_what_was_expected(autoencoder: Autoencoder, binary: Autoencoder) -> None:
    for detector in (autoencoder, binary):
        expected = detector.expected(related()).astype(np.float64)
        np.testing.assert_allclose(detector.score(related()), ((related() - expected) ** 2).mean(axis=1), rtol=1e-9)


def test_the_score_is_the_mean_absolute_difference_by_choice() -> None:
    detector = fitted(error="mean_absolute", loss="mae", epochs=2)
    expected = detector.expected(related()).astype(np.float64)
    np.testing.assert_allclose(detector.score(related()), np.abs(related() - expected).mean(axis=1), rtol=1e-9)


def test_cross_entropy_expects_values_in_the_units_of_the_input(binary: Autoencoder) -> None:
    np.testing.assert_allclose(binary.expected(WHOLE), WHOLE, atol=0.4)
    assert binary.expected(related())[:, 2].min() < -2


def test_cross_entropy_never_expects_more_than_it_saw_and_scores_what_lies_beyond_unclipped(binary: Autoencoder) -> None:
    far, farther = [[0, 0, 100, 0]], [[0, 0, 1000, 0]]
    largest = related().max(axis=0)
    assert (binary.expected(farther) <= largest + 1e-5).all()
    assert binary.score(far)[0] > (100 - largest[2]) ** 2 / 4
    assert binary.score(farther)[0] > (1000 - largest[2]) ** 2 / 4


def test_cross_entropy_gives_a_constant_column_back_as_its_constant() -> None:
    X = related()
    X[:, 1] = 7.0
    detector = Autoencoder(seed=1, loss="binary_crossentropy", epochs=1).fit(X)
    assert (detector.expected(X)[:, 1] == 7.0).all()


@pytest.mark.parametrize("activation", Autoencoder.fields["activation"].choices)
def test_every_activation_gives_finite_scores(activation: str) -> None:
    detector = Autoencoder(activation=activation, encoder=[4], epochs=1, validation_share=0.0).fit(related(20))
    assert np.isfinite(detector.training_scores_).all()


@pytest.mark.parametrize("changed", [
    {"normalisation": "none"}, {"normalisation": "layer"}, {"dropout": 0.5}, {"l2": 0.1}, {"input_noise": 1.0},
    {"optimizer": "sgd"}, {"decoder": [3]}, {"learning_rate": 0.1}, {"batch_size": 400}, {"validation_share": 0.0}, {"loss": "mae"},
    {"input_masking": 0.5}, {"adversarial_step": 0.5}, {"schedule": "cosine"}, {"warm_up": 2.0},
], ids=str)  # fmt: skip
def test_every_parameter_changes_what_is_learned(changed: dict[str, Any], two_epochs: list[float]) -> None:
    assert fitted(epochs=2, **changed).history_.losses != two_epochs


def test_stopping_early_ends_before_the_last_epoch_and_can_be_switched_off() -> None:
    hasty = {"epochs": 40, "learning_rate": 0.3, "patience": 1}
    assert len(fitted(**hasty).history_.losses) < 40
    assert len(fitted(**hasty, early_stopping=False).history_.losses) == 40


def test_an_empty_decoder_mirrors_the_encoder() -> None:
    def sizes(**values: Any) -> list[str]:
        detector = Autoencoder(epochs=1, normalisation="none", **values).fit(related(20))
        return [row["shape"] for row in detector.layers_table() if row["parameters"]]

    assert sizes(encoder=[16, 8, 2]) == ["16", "8", "2", "8", "16", "4"]
    assert sizes(encoder=[16, 2], decoder=[5, 6, 7]) == ["16", "2", "5", "6", "7", "4"]


def test_layers_are_not_known_before_the_columns_are() -> None:
    assert Autoencoder().layers_table() is None


def test_the_deep_preset_is_what_its_title_says() -> None:
    detector = Autoencoder(**Autoencoder.presets["deep_512"].values)
    assert detector.encoder == (512, 256, 128, 64, 32)
    assert (detector.dropout, detector.epochs, detector.batch_size) == (0.5, 50, 256)


@pytest.mark.parametrize("values", [
    {"loss": "binary_crossentropy"}, {"normalisation": "batch", "dropout": 0.2, "input_noise": 0.1, "l2": 0.01},
    {"normalisation": "layer", "decoder": [7, 9], "activation": "selu", "error": "mean_absolute"},
], ids=str)  # fmt: skip
def test_every_kind_of_network_comes_back_from_its_file_with_the_same_scores(values: dict[str, Any], tmp_path: Path) -> None:
    detector = fitted(epochs=2, **values)
    detector.save(tmp_path)
    loaded = Autoencoder.load(tmp_path)
    np.testing.assert_array_equal(loaded.score(related()), detector.training_scores_)
    np.testing.assert_array_equal(loaded.expected(related()), detector.expected(related()))
    assert loaded.layers_table() == detector.layers_table()
