"""Detectors on pictures and the features they learn: shapes that come out, where an error is seen, what labels weigh."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from detectors.base import Progress
from detectors.errors import StorageError
from detectors.geometry.coreset import spread_out
from detectors.network.layers import LayerStyle, layers_table
from detectors.network.picture_features import PictureFeatureOptions, PictureFeatures, paste_piece, paste_scar, pretext_pictures
from detectors.network.pictures import PictureAutoencoderShape, PictureClassifierShape, convolutional_autoencoder, picture_classifier
from detectors.network.scoring import gradients_of, region_errors
from detectors.network.steps import TrainingOptions
from detectors.network.training import seed_everything, train
from detectors.pixels.autoencoder import PictureAutoencoder
from detectors.pixels.classifier import PictureClassifier
from detectors.pixels.feature_statistics import FeatureStatistics
from detectors.pixels.nearest_patches import NearestPatches

pytestmark = pytest.mark.slow

QUICK = {"filters": [4], "bottleneck": 4, "epochs": 3, "batch_size": 16, "learning_rate": 0.01}
FEW = PictureFeatureOptions(filters=(4, 6), epochs=1)


def shaded(rows: int = 40, height: int = 16, width: int = 16, channels: int = 1) -> np.ndarray:
    """Pictures that get lighter from left to right, each of its own strength."""
    strength = np.linspace(0.3, 0.9, rows)[:, None, None, None]
    light = np.linspace(0, 1, width)[None, None, :, None]
    return np.broadcast_to(strength * light, (rows, height, width, channels)).astype(np.float32)


@cache
def autoencoder(score_of: str = "both") -> PictureAutoencoder:
    return PictureAutoencoder(seed=1, **QUICK, score_of=score_of, region=4).fit(shaded())


# ── the autoencoder ──


@pytest.mark.parametrize(("height", "width", "channels"), [(16, 16, 1), (17, 23, 3), (19, 16, 1)])
@pytest.mark.parametrize("bottleneck", [0, 5])
def test_a_picture_of_any_height_and_width_comes_back_in_its_own_shape(height: int, width: int, channels: int, bottleneck: int) -> None:
    shape = PictureAutoencoderShape((height, width, channels), (4, 6, 8), bottleneck)
    pictures = shaded(2, height, width, channels)
    answer = np.asarray(convolutional_autoencoder(shape, LayerStyle())(pictures))
    assert answer.shape == pictures.shape
    assert 0 <= answer.min() <= answer.max() <= 1


def test_the_dense_autoencoder_takes_pictures_as_well() -> None:
    X = shaded(40, 7, 5, 3)
    detector = PictureAutoencoder(shape="dense", encoder=[8, 4], epochs=2, loss="binary_crossentropy").fit(X)
    assert detector.expected(X[:3]).shape == (3, 7, 5, 3)
    assert [row["layer"] for row in detector.layers_table() if row["parameters"]] == ["encoder_1", "encoder_2", "decoder_1", "output"]


def test_the_worst_region_is_the_largest_mean_over_a_square() -> None:
    def black(rows: np.ndarray, training: bool) -> np.ndarray:
        return rows * 0

    picture = np.zeros((1, 6, 6, 1), np.float32)
    picture[0, 4:6, 4:6] = 1.0
    mean, worst = np.asarray(region_errors(black, picture, 3))[0]
    assert mean == pytest.approx(4 / 36)
    assert worst == pytest.approx(4 / 9)


def test_the_error_of_each_pixel_shows_where_a_picture_is_unusual() -> None:
    picture = shaded()[20:21].copy()
    picture[0, 2:6, 10:14] = 0.0
    errors = autoencoder().element_scores(picture)
    assert errors.shape == (1, 16, 16)
    assert errors.dtype == np.float64
    assert errors[0, 2:6, 10:14].mean() > 3 * np.median(errors)


def test_a_score_of_both_parts_is_about_one_for_a_usual_picture() -> None:
    scores = autoencoder().training_scores_
    assert 0.5 < np.median(scores) < 2
    mean, worst = autoencoder("mean").score(shaded()), autoencoder("worst_region").score(shaded())
    both = 0.5 * mean / np.median(mean) + 0.5 * worst / np.median(worst)
    np.testing.assert_allclose(autoencoder().score(shaded()), both, rtol=1e-6)


def test_the_mean_score_is_the_mean_of_the_pixel_errors() -> None:
    detector = autoencoder("mean")
    np.testing.assert_allclose(detector.score(shaded()), detector.element_scores(shaded()).mean(axis=(1, 2)), rtol=1e-9)


def test_gradients_are_those_of_a_score_that_can_be_worked_out_by_hand() -> None:
    import tensorflow as tf

    rows = tf.constant(np.full((2, 1, 2, 1), 3.0, np.float32))
    np.testing.assert_allclose(gradients_of(lambda X: tf.reduce_sum(X * X, axis=[1, 2, 3]))(rows), np.full((2, 1, 2, 1), 6.0))


@pytest.mark.parametrize("score_of", ["mean", "both"])
def test_a_small_step_along_the_gradient_raises_the_score_by_as_much_as_the_gradient_says(score_of: str) -> None:
    detector = autoencoder(score_of)
    picture = shaded()[5:6]
    gradients = detector.gradients()
    gradient = gradients(picture)
    assert gradient.shape == picture.shape
    assert gradient.dtype == np.float64
    step = (1e-2 * gradient / np.linalg.norm(gradient)).astype(np.float32)
    risen = detector.score(picture + step) - detector.score(picture - step)
    assert risen[0] == pytest.approx(2 * (gradient * step).sum(), rel=0.1)
    np.testing.assert_array_equal(gradients(shaded())[5:6], gradient)


def test_a_damaged_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    autoencoder().save(tmp_path)
    (tmp_path / "typical.json").write_text("[1]")
    with pytest.raises(StorageError, match=r"`typical.json` is missing or damaged"):
        PictureAutoencoder.load(tmp_path)


# ── the learned features ──


def test_every_picture_is_shown_in_every_change_of_the_pretext() -> None:
    X = shaded(3)
    for pretext, changes in (("rotation", 4), ("cut_paste", 3), ("both", 6)):
        pictures, answers = pretext_pictures(X, pretext, seed=0)
        assert pictures.shape == (3 * changes, 16, 16, 1)
        np.testing.assert_array_equal(pictures[:3], X)
        np.testing.assert_array_equal(answers.sum(axis=0), np.full(changes, 3))
    turned = pretext_pictures(X, "rotation", seed=0)[0]
    np.testing.assert_array_equal(turned[3:6], np.rot90(X, axes=(1, 2)))


def test_pictures_that_are_not_square_are_cut_to_squares_for_the_pretext() -> None:
    assert pretext_pictures(shaded(2, 10, 16), "both", seed=0)[0].shape == (12, 10, 10, 1)


@pytest.mark.parametrize("paste", [paste_piece, paste_scar])
def test_a_pasted_piece_changes_a_part_of_a_copy(paste: object) -> None:
    picture = np.random.default_rng(0).uniform(size=(16, 16, 3)).astype(np.float32)
    before = picture.copy()
    changed = paste(picture, np.random.default_rng(1))
    np.testing.assert_array_equal(picture, before)
    share = (changed != picture).any(axis=-1).mean()
    assert 0 < share < 0.3
    assert 0 <= changed.min() <= changed.max() <= 1


def test_there_is_a_mean_a_variance_and_an_entropy_of_every_filter(tmp_path: Path) -> None:
    X = shaded(20, 12, 20, 3)
    features = PictureFeatures(FEW).fit(X, 0, Progress())
    values = features.transform(X)
    assert values.shape == (20, 3 * (4 + 6)) == (20, len(features.names))
    assert (features.names[0], features.names[-1]) == ("depth 1 filter 1 mean", "depth 2 filter 6 entropy")
    assert values.dtype == np.float32
    entropies = values[:, ["entropy" in name for name in features.names]]
    assert 0 <= entropies.min() <= entropies.max() <= 1 + 1e-5
    features.save(tmp_path)
    np.testing.assert_array_equal(PictureFeatures.load(tmp_path).transform(X), values)
    (tmp_path / "picture_features.json").write_text("{}")
    with pytest.raises(StorageError, match="is missing or damaged"):
        PictureFeatures.load(tmp_path)


def test_features_of_a_seed_are_always_the_same() -> None:
    first, again, other = (PictureFeatures(FEW).fit(shaded(), seed, Progress()).transform(shaded(3)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("distance", ["mahalanobis", "neighbours"])
def test_usual_pictures_lie_as_far_in_training_as_pictures_never_seen(distance: str) -> None:
    # Were each picture compared with itself as well, training pictures would lie nearer, and a threshold flag too many.
    noise = np.random.default_rng(0).uniform(size=(160, 16, 16, 1)).astype(np.float32)
    detector = FeatureStatistics(**FeatureStatistics.quick, distance=distance).fit(noise[:80])
    seen, unseen = np.median(detector.training_scores_), np.median(detector.score(noise[80:]))
    assert seen == pytest.approx(unseen, rel=0.2)


# ── the classifier ──


def test_the_preset_is_the_network_it_names() -> None:
    preset = PictureClassifier.presets["plain_32_64"].values
    style = LayerStyle(preset["activation"], preset["normalisation"], preset["dropout"])
    network = picture_classifier(PictureClassifierShape((28, 28, 1), preset["filters"], preset["dense"]), style)
    assert [row["shape"] for row in layers_table(network) if "relu" not in row["layer"]] == [
        "28 × 28 × 1", "28 × 28 × 32", "14 × 14 × 32", "14 × 14 × 64", "7 × 7 × 64", "3136", "64", "64", "2",
    ]  # fmt: skip
    assert network.get_layer("dense_1_dropout").rate == 0.2
    assert network.get_layer("output").activation.__name__ == "softmax"


def test_scores_are_probabilities_and_known_anomalies_are_found_among_new_pictures() -> None:
    X = np.concatenate([shaded(60), shaded(6)[:, :, ::-1]])
    y = np.arange(66) >= 60
    detector = PictureClassifier(filters=[4], dense=[8], epochs=15, learning_rate=0.01).fit(X, y=y)
    for scores in (detector.training_scores_, detector.score(X)):
        assert 0 <= scores.min() <= scores.max() <= 1
        assert scores[60:].min() > scores[:60].max()


def test_a_row_with_twice_the_weight_counts_like_two_rows() -> None:
    X, y = shaded(3), np.eye(2, dtype=np.float32)[[0, 1, 1]]

    def first_loss(rows: list[int], weights: list[float] | None) -> float:
        seed_everything(0)
        network = picture_classifier(PictureClassifierShape((16, 16, 1), (2,), (4,)), LayerStyle())
        options = TrainingOptions(loss="categorical_crossentropy", learning_rate=1e-30, epochs=1, validation_share=0.0)
        weighted = None if weights is None else np.asarray(weights, np.float32)
        return train(network, X[rows], y[rows], options, Progress(), weights=weighted).losses[0]

    assert first_loss([0, 1, 2], [2, 1, 1]) == pytest.approx(first_loss([0, 0, 1, 2], None), rel=1e-5)
    assert first_loss([0, 1, 2], [4, 2, 2]) == pytest.approx(first_loss([0, 1, 2], [2, 1, 1]), rel=1e-5)


# ── nearest patches ──


def test_rows_that_stand_for_many_are_those_farthest_from_each_other() -> None:
    rows = np.concatenate([np.random.default_rng(0).normal(size=(50, 2)), [[30, 0], [0, 40]]]).astype(np.float32)
    chosen = spread_out(rows, 4, 0, Progress())
    assert {50, 51} <= set(chosen.tolist())
    np.testing.assert_array_equal(spread_out(rows, 60, 0, Progress()), np.arange(52))


@cache
def patches(score_of: str = "both", keeps: str = "spread_out") -> NearestPatches:
    return NearestPatches(seed=1, **NearestPatches.quick, score_of=score_of, keeps=keeps).fit(shaded())


def test_the_place_that_no_training_picture_shows_is_the_farthest() -> None:
    picture = shaded()[20:21].copy()
    picture[0, 2:8, 8:14] = 0.0
    distances = patches().element_scores(picture)
    assert distances.shape == (1, 16, 16)
    assert distances[0, 2:8, 8:14].mean() > 2 * np.median(distances)
    assert patches("worst_place").score(picture) > patches("worst_place").training_scores_.max()


@pytest.mark.parametrize("keeps", ["spread_out", "random"])
def test_training_pictures_are_compared_with_places_of_other_pictures(keeps: str) -> None:
    noise = np.random.default_rng(0).uniform(size=(80, 16, 16, 1)).astype(np.float32)
    detector = NearestPatches(**NearestPatches.quick, keeps=keeps).fit(noise[:40])
    seen, unseen = np.median(detector.training_scores_), np.median(detector.score(noise[40:]))
    assert seen == pytest.approx(unseen, rel=0.15)
