"""Classical detectors on vectors: what their scores are, in numbers that others arrive at too."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as Mixture
from sklearn.neighbors import LocalOutlierFactor as SklearnFactor
from sklearn.svm import OneClassSVM as SklearnSVM

from detectors import registry
from detectors.base import Detector, Progress
from detectors.errors import StorageError
from detectors.geometry.neighbours import Neighbours
from detectors.vectors.ecod import ECOD
from detectors.vectors.gaussian_mixture import GaussianMixture
from detectors.vectors.hbos import HBOS
from detectors.vectors.k_means import KMeans
from detectors.vectors.local_outlier_factor import LocalOutlierFactor
from detectors.vectors.nearest_neighbours import NearestNeighbours
from detectors.vectors.one_class_svm import OneClassSVM
from detectors.vectors.principal_components import PrincipalComponents
from detectors.vectors.robust_covariance import RobustCovariance
from detectors.vectors.zscore import ZScore


def cloud(rows: int = 300, columns: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float32)


def line(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)[:, None]


# ── neighbours ──


def test_a_row_is_as_unusual_as_its_last_neighbour_is_far_and_no_neighbour_of_itself() -> None:
    detector = NearestNeighbours(neighbours=2).fit(line(0, 1, 3, 10))
    assert detector.training_scores_.tolist() == [3, 2, 3, 9]
    assert detector.score(line(3)).tolist() == [2]  # a new row, whose nearest are 3 itself and 1
    assert NearestNeighbours(neighbours=2, distance="mean").fit(line(0, 1, 3, 10)).training_scores_.tolist() == [2, 1.5, 2.5, 8]


def test_equal_rows_are_neighbours_of_each_other() -> None:
    assert NearestNeighbours(neighbours=1).fit(line(5, 5, 5, 9)).training_scores_.tolist() == [0, 0, 0, 4]


def test_of_more_rows_than_may_be_kept_all_are_scored() -> None:
    detector = NearestNeighbours(most_rows=50).fit(cloud())
    assert len(detector.rows_) == 50 and len(detector.training_scores_) == 300
    assert (detector.training_scores_ > 0).all()


@pytest.mark.parametrize("columns", [3, 40], ids=["by a tree", "by products"])
def test_neighbours_are_measured_the_same_alone_and_among_many(columns: int) -> None:
    rows, asked = cloud(500, columns), cloud(20, columns) + 1
    neighbours = Neighbours(rows)
    distances, places = neighbours.nearest(asked, 4, Progress())
    alone = [neighbours.nearest(row[None], 4, Progress()) for row in asked]
    np.testing.assert_array_equal(distances, np.concatenate([found for found, _ in alone]))
    np.testing.assert_array_equal(places, np.concatenate([found for _, found in alone]))
    by_hand = np.sort(np.linalg.norm(asked[:, None].astype(np.float64) - rows, axis=2), axis=1)[:, :4]
    np.testing.assert_allclose(distances, by_hand, rtol=1e-12)


def test_the_local_outlier_factor_is_scikit_learns() -> None:
    detector, theirs = LocalOutlierFactor().fit(cloud()), SklearnFactor(novelty=True).fit(cloud())
    np.testing.assert_allclose(detector.training_scores_, -theirs.negative_outlier_factor_, rtol=1e-5)
    np.testing.assert_allclose(detector.score(cloud() * 2), -theirs.score_samples(cloud() * 2), rtol=1e-5)


def test_beside_a_dense_group_a_small_distance_is_unusual() -> None:
    dense, loose = 0.01 * cloud(100, 2), 5 + cloud(100, 2)
    detector = LocalOutlierFactor().fit(np.concatenate([dense, loose]))
    beside_dense, beside_loose = detector.score([[0.2, 0.2], [5.2, 5.2]])
    assert beside_dense > 5 and beside_loose < 1.5


# ── directions and groups ──


def test_what_lies_in_the_kept_directions_is_rebuilt_and_what_does_not_is_lost() -> None:
    along = np.linspace(-3, 3, 50, dtype=np.float32)
    detector = PrincipalComponents().fit(np.stack([along, along], axis=1))
    on, off = detector.score([[2, 2], [1, -1]])
    assert on == pytest.approx(0, abs=1e-12) and off == pytest.approx(1)
    assert detector.expected([[1, -1]])[0] == pytest.approx([0, 0], abs=1e-6)


def test_never_are_all_directions_kept() -> None:
    assert PrincipalComponents(variance=1.0).fit(cloud()).score([[5, 5, 5]])[0] > 0


def test_the_covariance_is_not_moved_by_a_fifth_of_anomalies() -> None:
    usual, anomalies = cloud(400, 2), cloud(100, 2) * 0.1 + 20
    detector = RobustCovariance().fit(np.concatenate([usual, anomalies]))
    assert np.abs(detector.middle_).max() < 0.2
    assert detector.score([[0, 3]])[0] == pytest.approx(3, abs=0.5)


def test_the_mixture_is_minus_scikit_learns_log_density() -> None:
    X = np.concatenate([cloud(200), cloud(200) + 8])
    for shape in ("full", "diagonal"):
        theirs = Mixture(2, covariance_type=shape[:4], reg_covar=1e-3, random_state=0).fit(X.astype(np.float64))
        np.testing.assert_allclose(GaussianMixture(groups=2, shape=shape).fit(X).score(X), -theirs.score_samples(X), rtol=1e-6)


def test_a_handful_of_anomalies_is_no_group_of_its_own() -> None:
    X = np.concatenate([cloud(200), cloud(4) * 0.01 + 30])
    for detector in (GaussianMixture().fit(X), KMeans().fit(X)):
        assert detector.score(X)[-4:].min() > 3 * np.quantile(detector.score(X)[:200], 0.99)


def test_a_distance_counts_for_more_where_rows_lie_close_to_their_center() -> None:
    X = np.concatenate([0.1 * cloud(200, 2), 20 + cloud(200, 2)])
    tight, loose = [1.0, 0.0], [21.0, 20.0]
    absolute, relative = KMeans(groups=2, relative=False).fit(X), KMeans(groups=2).fit(X)
    assert absolute.score([tight])[0] == pytest.approx(absolute.score([loose])[0], rel=0.2)
    assert relative.score([tight])[0] > 1.5 * relative.score([loose])[0]


def test_the_border_is_scikit_learns_and_nearly_so_by_landmarks() -> None:
    X, asked = cloud(600), 2 * cloud(100)
    exact = OneClassSVM().fit(X)
    theirs = SklearnSVM(nu=0.5, gamma=float(exact.gamma_[0])).fit(X)
    np.testing.assert_allclose(
        exact.score(asked), theirs.offset_ - theirs.decision_function(asked) - 2 * theirs.offset_, rtol=1e-6, atol=1e-9
    )
    approximate = OneClassSVM(most_exact=100).fit(X)
    ranks = [scores.argsort().argsort() for scores in (exact.score(asked), approximate.score(asked))]
    assert np.corrcoef(ranks)[0, 1] > 0.95


# ── columns ──


def skewed() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(5)
    asked = np.array([[0.5, 1.0, -0.5], [9.0, -3.0, 2.0], [0.0, 0.1, -12.0]], dtype=np.float32)
    return (chance.normal(size=(40, 3)) ** 2 * [1, 2, -1]).astype(np.float32), asked


def test_histograms_and_tails_are_those_of_pyod() -> None:
    """The numbers were made with PyOD 3.6.7, each new row asked for by itself."""
    X, asked = skewed()
    hbos, ecod = HBOS().fit(X), ECOD().fit(X)
    assert hbos.training_scores_[:4] == pytest.approx([3.7196257236359065, 1.487329968850822, 2.9597036175366402, 4.708095519158277])
    assert hbos.score(asked) == pytest.approx([4.121808859074656, 9.965784284662087, 3.7092208871604333])
    assert ecod.training_scores_[:4] == pytest.approx([3.8737041411260096, 4.669708707125663, 2.570464538149647, 5.180534330891653])
    assert ecod.score(asked) == pytest.approx([2.156022509669069, 11.140716200112923, 8.943491622776705])


def test_z_scores_are_distances_from_the_middle_in_spreads() -> None:
    X = np.array([[-1, 0], [1, 0], [-1, 4], [1, 4]], dtype=np.float32)  # means 0 and 2, deviations 1 and 2
    assert ZScore(over_columns="largest").fit(X).score([[3, 2]]).tolist() == [3]
    assert ZScore().fit(X).score([[3, 4]])[0] == pytest.approx(np.sqrt((9 + 1) / 2))


def test_medians_and_quartiles_are_not_moved_by_an_anomaly() -> None:
    X = line(*range(1, 100), 10_000)
    assert ZScore().fit(X).score(line(500))[0] < 1
    assert all(ZScore(spread=spread).fit(X).score(line(500))[0] > 10 for spread in ("mad", "iqr"))


# ── files ──


@pytest.mark.parametrize("damage", [b"", b"PK no archive", None], ids=["empty", "no archive", "missing"])
def test_a_damaged_file_is_refused_in_words(tmp_path, damage: bytes | None) -> None:
    detector: Detector = HBOS().fit(cloud())
    detector.save(tmp_path)
    (tmp_path / "learned.npz").unlink() if damage is None else (tmp_path / "learned.npz").write_bytes(damage)
    with pytest.raises(StorageError, match="Train the detector again"):
        registry.load(tmp_path)
