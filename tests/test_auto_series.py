"""Auto on windows of a series: what it sees of them, what it finds, what it expected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors import registry
from detectors.base import Detector, Progress
from detectors.errors import StorageError
from detectors.geometry.window_description import PARTS, description_of
from detectors.together.window_views import Averaged, Described

STEPS = 16


def windows_of(series: np.ndarray) -> np.ndarray:
    """Every window of a series of one column, (rows, STEPS, 1)."""
    return np.lib.stride_tricks.sliding_window_view(series, STEPS)[:, :, None].astype(np.float32)


@pytest.fixture(scope="module")
def wave() -> np.ndarray:
    """A wave that stands still for 40 steps."""
    chance = np.random.default_rng(0)
    series = np.sin(np.arange(600) * 2 * np.pi / STEPS) + 0.05 * chance.normal(size=600)
    series[300:340] = 0.5
    return windows_of(series)


@pytest.fixture(scope="module")
def auto(wave: np.ndarray) -> Detector:
    return registry.create("windows", "auto", seed=1).fit(wave)


# ── what members see ──


def test_a_window_is_described_by_numbers_that_can_be_counted() -> None:
    window = np.array([0, 2, 4, 6], np.float32)[None, :, None]
    described = dict(zip(PARTS, description_of(window)[0], strict=True))
    assert [described[part] for part in ("mean", "lowest", "highest", "last", "mean change", "largest change")] == [3, 0, 6, 6, 2, 2]
    assert described["spread"] == pytest.approx(np.sqrt(5))
    assert described["slope"] == pytest.approx(8)  # two a step, over four steps


def test_a_window_that_stands_still_has_no_spread_and_no_frequencies() -> None:
    described = dict(zip(PARTS, description_of(np.full((1, 8, 1), 5, np.float32))[0], strict=True))
    assert {part: value for part, value in described.items() if value} == {"mean": 5, "lowest": 5, "highest": 5, "last": 5}


def test_columns_are_described_apart() -> None:
    both = np.stack([np.arange(8), 100 - np.arange(8)], axis=1)[None].astype(np.float32)
    described = description_of(both).reshape(len(PARTS), 2)
    np.testing.assert_array_equal(described[:, :1].T, description_of(both[:, :, :1]))


def test_a_description_that_never_varied_counts_as_it_is(wave: np.ndarray) -> None:
    still = np.concatenate([wave, np.full_like(wave, 3.0)], axis=2)
    seen = Described().fit(still, 0, Progress()).transform(still).reshape(len(still), len(PARTS), 2)
    np.testing.assert_allclose(seen[:, :, 0].std(axis=0), 1, rtol=1e-3)
    np.testing.assert_array_equal(seen[:, :, 1], 0)


def test_shapes_of_long_windows_are_averaged_and_of_short_ones_kept() -> None:
    long = np.arange(64, dtype=np.float32)[None, :, None]
    np.testing.assert_array_equal(Averaged().transform(long)[0], np.arange(32) * 2 + 0.5)
    np.testing.assert_array_equal(Averaged().transform(long[:, :5])[0], np.arange(5))


# ── what it finds and what it expected ──


def test_all_of_an_anomaly_longer_than_a_window_stands_out(auto: Detector, wave: np.ndarray) -> None:
    scores = auto.training_scores_
    still = np.arange(300, 340 - STEPS)  # windows that see nothing but the standstill are near one another
    elsewhere = np.concatenate([scores[: 300 - STEPS], scores[340:]])
    assert scores[still].min() > np.quantile(elsewhere, 0.99)


def test_what_it_expected_of_a_standstill_is_a_usual_window(auto: Detector, wave: np.ndarray) -> None:
    expected = auto.expected(wave[305:310])
    assert expected.std(axis=1).min() > 0.6  # that of a wave is 0.7
    assert {window.tobytes() for window in expected} <= {window.tobytes() for window in wave}


def test_what_it_expected_of_a_usual_window_is_much_like_it(auto: Detector, wave: np.ndarray) -> None:
    assert np.abs(auto.expected(wave[50:60]) - wave[50:60]).mean() < 0.1


def test_its_card_says_what_each_member_saw(auto: Detector) -> None:
    found = [(member["name"], member["view"]) for member in auto.members_table()]
    assert found == [("nearest_neighbours", "described"), ("isolation_forest", "described"), ("nearest_neighbours", "averaged")]


def test_a_file_without_what_is_usual_is_refused(auto: Detector, tmp_path: Path) -> None:
    auto.save(tmp_path)
    (tmp_path / "usual.npy").write_bytes(b"")
    with pytest.raises(StorageError, match=r"`usual.npy` is missing or damaged"):
        registry.load(tmp_path)
