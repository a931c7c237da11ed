"""Detectors on windows and what they stand on: where windows begin, what is a match, what is seasonal, what is guessed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from detectors.base import Detector
from detectors.geometry.stretches import longest_stretch, shifts, starts_of
from detectors.windows.adversarial import Adversarial
from detectors.windows.aer import Aer
from detectors.windows.matrix_profile import MatrixProfile
from detectors.windows.seasonal_residual import SeasonalResidual, season_of
from detectors.windows.transformer_forecaster import TransformerForecaster
from detectors.windows.variational_autoencoder import VariationalAutoencoder

#: A wave of eight steps with a ripple, and three steps that do not fit.
SERIES = [
    0.3, 0.67, 0.71, 0.82, 0.26, -0.89, -1.21, -0.47, 0.15, 0.43, 0.92, 1.0, 0.01, -1.01, -0.93, -0.43, -0.14, 0.46, 1.21, 0.9,
    -0.25, -0.83, 0.9, -0.8, 0.4, 0.73, 1.29, 0.61, -0.27, -0.54, -0.78, -0.94, -0.16, 0.98, 1.09, 0.41, -0.02, -0.41, -1.06, -0.99,
]  # fmt: skip

#: What STUMPY 1.14 gives for it with windows of eight: ``stump`` for shapes, ``aamp`` for values.
STUMPY = {
    "shape": [
        0.772148, 0.844318, 0.789878, 0.778748, 0.763655, 0.768707, 0.780277, 1.257315, 0.772148, 0.844318, 0.789878, 0.778748, 0.763655,
        0.768707, 0.780277, 2.552476, 2.410678, 2.287073, 2.203225, 2.193843, 2.258993, 2.347825, 2.385494, 1.009072, 0.990297, 1.335051,
        1.399294, 1.327182, 1.410431, 1.392919, 1.407364, 1.009072, 0.990297,
    ],
    "values": [
        0.559911, 0.612454, 0.564269, 0.598665, 0.579655, 0.584038, 0.59925, 0.933916, 0.559911, 0.612454, 0.564269, 0.598665, 0.579655,
        0.584038, 0.59925, 1.870508, 1.838886, 1.844858, 1.842037, 1.851135, 1.839185, 1.85599, 1.837798, 0.795927, 0.785111, 0.980459,
        1.068504, 1.009554, 1.052236, 1.040048, 1.01843, 0.795927, 0.785111,
    ],
}  # fmt: skip


def windows(series: object, steps: int) -> np.ndarray:
    """Every window of a series, (rows, steps, columns)."""
    values = np.asarray(series, dtype=np.float32)
    values = values[:, None] if values.ndim == 1 else values
    return np.lib.stride_tricks.sliding_window_view(values, steps, axis=0).transpose(0, 2, 1).copy()


def waves(rows: int = 120, steps: int = 16) -> np.ndarray:
    """Windows of a wave of eight steps with a little noise."""
    chance = np.random.default_rng(0)
    return windows(np.sin(np.arange(rows + steps - 1) * 2 * np.pi / 8) + 0.05 * chance.normal(size=rows + steps - 1), steps)


# ── windows put together again ──


def test_a_window_begins_as_many_steps_later_as_it_has_none_in_common_with_the_one_before() -> None:
    X = windows(np.arange(30), 5)
    np.testing.assert_array_equal(starts_of(X[[0, 1, 2, 5, 9]]), [0, 1, 2, 5, 9])
    np.testing.assert_array_equal(starts_of(X[[0, 1, 20, 22]]), [0, 1, 6, 8])


def test_shifts_tell_later_from_earlier_and_neither() -> None:
    X = windows(np.arange(30), 5)
    np.testing.assert_array_equal(shifts(X[[4, 4, 4, 4, 4]], X[[4, 6, 3, 8, 20]], 2), [0, 2, -1, 5, 5])


def test_the_longest_stretch_is_the_series_that_windows_were_cut_from() -> None:
    X = windows(np.stack([np.arange(40), np.arange(40) ** 2], axis=1), 6)
    series = longest_stretch(X[[0, 3, 20, 22, 25, 27]])
    np.testing.assert_array_equal(series[:, 0], np.arange(20, 33))
    np.testing.assert_array_equal(series[:, 1], np.arange(20, 33) ** 2)


# ── matrix profile ──


@pytest.mark.parametrize("compares", ["shape", "values"])
def test_training_scores_are_those_of_stumpy(compares: str) -> None:
    detector = MatrixProfile(compares=compares).fit(windows(SERIES, 8))
    np.testing.assert_allclose(detector.training_scores_, STUMPY[compares], atol=2e-6)
    np.testing.assert_array_equal(detector.score(windows(SERIES, 8)), detector.training_scores_)


def test_a_window_between_two_kept_ones_does_not_match_itself_there() -> None:
    X = windows(SERIES, 8)
    detector = MatrixProfile().fit(X[::2])
    unusual = detector.score(X[19:20])[0]
    assert unusual > 1.5 * np.median(detector.training_scores_)


def test_the_same_shape_in_another_size_is_a_match_for_shape_alone() -> None:
    X = waves()
    larger = 3 * X[40:41] + 5
    by_shape, by_values = MatrixProfile().fit(X), MatrixProfile(compares="values").fit(X)
    assert by_shape.score(larger)[0] < 0.01 * np.median(by_shape.training_scores_)
    assert by_values.score(larger)[0] > 10 * by_values.training_scores_.max()


def test_the_nearest_stretch_comes_in_the_level_and_size_of_the_window() -> None:
    window = 3 * waves()[40:41] + 5
    expected = MatrixProfile().fit(waves()).expected(window)
    assert np.abs(expected - window).max() < 1.0


# ── seasonal residual ──


def test_the_season_is_the_median_course_of_a_period_beside_the_trend() -> None:
    course = np.array([0.0, 1.0, 4.0, 1.0, -6.0])
    series = np.tile(course, 12) + 0.5 * np.arange(60)
    series[31] += 100
    np.testing.assert_allclose(season_of(series[:, None].astype(np.float32), 5)[:, 0], course, atol=0.6)


def test_a_series_without_a_rhythm_or_shorter_than_two_periods_has_no_season() -> None:
    noise = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    np.testing.assert_array_equal(season_of(noise, None), np.zeros((1, 2)))
    np.testing.assert_array_equal(season_of(noise[:15], 10), np.zeros((1, 2)))


def test_the_step_that_leaves_the_rhythm_is_named_wherever_the_window_begins() -> None:
    X = waves()
    detector = SeasonalResidual(period=8).fit(X)
    assert detector.season_.shape == (8, 1)
    odd = X[[10, 13]]
    odd[:, 6] += 1.5
    elements = detector.element_scores(odd)
    np.testing.assert_array_equal(elements.argmax(axis=1), [6, 6])
    np.testing.assert_allclose(detector.score(odd), elements.mean(axis=1))
    assert detector.score(odd).min() > 5 * np.median(detector.training_scores_)


# ── networks ──


@cache
def fitted(kind: type[Detector]) -> Detector:
    return kind(seed=1, **{**kind.quick, "epochs": 3}).fit(waves())


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_guessed_steps_count_as_much_as_was_asked(share: float) -> None:
    detector = Aer(regression_share=share, guessed=2)
    detector.row_shape_ = (16, 1)
    shares = detector._shares()[:, 0]
    assert shares[[0, 1, 14, 15]].sum() / shares.sum() == pytest.approx(share)
    assert shares.mean() == pytest.approx(1)


@pytest.mark.slow
def test_the_ends_of_a_window_are_guessed_without_having_been_seen() -> None:
    X = waves()[:1].repeat(2, axis=0)
    X[1, [0, -1]] = 9.0
    expected = fitted(Aer).expected(X)
    np.testing.assert_array_equal(expected[0], expected[1])
    elements = fitted(Aer).element_scores(X)
    assert elements[1, [0, -1]].min() > 10 * elements[0].max()
    np.testing.assert_allclose(fitted(Aer).score(X), elements.mean(axis=1))


@pytest.mark.slow
def test_a_transformer_foretells_from_the_steps_before_alone() -> None:
    X = waves()[:1].repeat(2, axis=0)
    X[1, -2:] = 9.0
    expected = fitted(TransformerForecaster).expected(X)
    np.testing.assert_array_equal(expected[0, -2:], expected[1, -2:])
    assert fitted(TransformerForecaster).spoken_steps(16) == (14, 16)
    assert TransformerForecaster(**{**TransformerForecaster.quick, "patch": 500, "epochs": 1}).fit(X).expected(X).shape == X.shape


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Aer, TransformerForecaster, VariationalAutoencoder, Adversarial])
def test_a_small_step_along_the_gradient_raises_the_score_by_as_much_as_the_gradient_says(kind: type[Detector]) -> None:
    detector, window = fitted(kind), waves()[5:6]
    gradient = detector.gradients()(window)
    assert gradient.shape == window.shape
    step = (1e-3 * gradient / np.linalg.norm(gradient)).astype(np.float32)
    risen = detector.score(window + step) - detector.score(window - step)
    assert risen[0] == pytest.approx(2 * (gradient * step).sum(), rel=0.1)


@pytest.mark.slow
def test_both_sides_of_a_contest_count_alike_in_its_score() -> None:
    X, detector = waves(), fitted(Adversarial)
    assert 0 <= np.median(detector.training_scores_) < 1
    np.testing.assert_allclose(detector.element_scores(X).mean(axis=1), detector.score(X), atol=1e-9)
