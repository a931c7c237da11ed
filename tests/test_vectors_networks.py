"""Neural detectors on vectors other than the autoencoder: what their scores mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors.vectors.adversarial import Adversarial
from detectors.vectors.deep_svdd import DeepSVDD
from detectors.vectors.diffusion_time import DiffusionTime
from detectors.vectors.variational_autoencoder import VariationalAutoencoder

pytestmark = pytest.mark.slow

QUICK = {"epochs": 30, "batch_size": 32, "learning_rate": 0.01}


def related(rows: int = 300) -> np.ndarray:
    """Four columns that follow from one hidden number: a, −a, 2a and a², so each is told by the others."""
    a = np.random.default_rng(0).uniform(-1.5, 1.5, rows)
    return np.stack([a, -a, 2 * a, a**2], axis=1).astype(np.float32)


WHOLE = [[1.0, -1.0, 2.0, 1.0]]
BROKEN = [[1.0, 1.0, 2.0, 1.0]]  # each value is usual by itself, but the second should be −1


# ── variational autoencoder ──


@pytest.fixture(scope="module")
def variational() -> VariationalAutoencoder:
    return VariationalAutoencoder(seed=1, encoder=[16], code=2, kl_weight=0.01, **QUICK).fit(related())


def rescored(detector: VariationalAutoencoder, folder: Path, **changed: object) -> VariationalAutoencoder:
    """The same network, asked in another way."""
    detector.save(folder)
    other = VariationalAutoencoder(seed=1, **{**detector.parameters, **changed})
    other.row_shape_ = detector.row_shape_
    other._load(folder)
    return other


def test_a_row_that_breaks_the_rule_comes_back_worse_than_one_that_keeps_it(variational: VariationalAutoencoder) -> None:
    assert variational.score(BROKEN)[0] > 10 * variational.score(WHOLE)[0]
    assert variational.score(BROKEN)[0] == pytest.approx(np.square(variational.expected(BROKEN) - np.array(BROKEN)).mean(), rel=1e-4)


def test_draws_are_the_same_for_every_row_and_a_cloud_comes_back_worse_than_its_middle(
    variational: VariationalAutoencoder, tmp_path: Path
) -> None:
    drawn = rescored(variational, tmp_path, draws=20)
    X = related()
    np.testing.assert_array_equal(drawn.score(X)[:3], drawn.score(X[:3]))
    assert drawn.score(X).mean() > variational.score(X).mean()


def test_the_price_of_a_cloud_is_added_where_it_is_wanted(variational: VariationalAutoencoder, tmp_path: Path) -> None:
    priced = rescored(variational, tmp_path, price_in_score=True)
    assert (priced.score(related()) > variational.score(related())).all()


def test_clouds_that_cost_too_much_all_become_the_same() -> None:
    dear = VariationalAutoencoder(seed=1, encoder=[16], code=2, kl_weight=100.0, **QUICK).fit(related())
    expected = dear.expected(related())
    assert expected is not None
    assert expected.std(axis=0).max() < 0.2


# ── Deep SVDD ──


def test_the_centre_stays_where_it_was_and_nothing_is_put_there_for_nothing() -> None:
    detector = DeepSVDD(seed=1, layers=[16, 4], **QUICK).fit(related())
    centre = detector._ball.sphere.centre.numpy()
    assert np.abs(centre).min() > 0.09
    at_zero = detector.score(np.zeros((1, 4)))[0]
    assert at_zero == pytest.approx(np.square(centre).mean(), rel=1e-5)  # without biases zeros stay zeros
    longer = DeepSVDD(seed=1, layers=[16, 4], **{**QUICK, "epochs": 1}).fit(related())
    np.testing.assert_array_equal(longer._ball.sphere.centre.numpy(), centre)


def test_about_as_many_rows_as_allowed_lie_beyond_a_soft_border() -> None:
    detector = DeepSVDD(seed=1, layers=[16, 4], border="soft", outside=0.2, early_stopping=False, **QUICK).fit(related())
    radius = float(np.exp(detector._ball.sphere.log_square.numpy()))
    assert 0.1 < (detector.score(related()) > radius).mean() < 0.3


# ── adversarial networks ──


@pytest.fixture(scope="module")
def adversarial() -> Adversarial:
    return Adversarial(
        seed=1, encoder=[32], discriminator=[32], code=2, early_stopping=False, **{**QUICK, "learning_rate": 0.005, "epochs": 60}
    ).fit(related())


def test_the_generator_rebuilds_usual_rows_and_mends_broken_ones(adversarial: Adversarial) -> None:
    X = related()
    errors = np.square(adversarial.expected(X) - X).mean(axis=1)
    assert np.median(errors) < 0.1
    assert adversarial.score(BROKEN)[0] > np.quantile(adversarial.training_scores_, 0.95)


def test_rows_made_from_chance_keep_the_rule(adversarial: Adversarial) -> None:
    codes = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    made = np.asarray(adversarial._contest.generator(codes))
    assert np.corrcoef(made[:, 0], made[:, 2])[0, 1] > 0.9
    assert np.corrcoef(made[:, 0], made[:, 1])[0, 1] < -0.9


def test_each_of_the_two_can_be_asked_alone(adversarial: Adversarial) -> None:
    X = related()
    scores = {}
    for way in ("discriminator", "rebuilding", "both"):
        adversarial.scored_by = way
        adversarial._count_in(adversarial._middle, adversarial._spread)
        scores[way] = adversarial.score(X)
    np.testing.assert_allclose(scores["rebuilding"], np.square(adversarial.expected(X) - X).mean(axis=1), rtol=1e-3, atol=1e-5)
    assert len({tuple(np.argsort(each)) for each in scores.values()}) == 3


# ── diffusion time ──


def test_told_by_neighbours_it_is_the_mean_distance_per_column() -> None:
    X = np.array([[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2]], dtype=np.float32)
    detector = DiffusionTime(told_by="neighbours", neighbours=2).fit(X)
    # From (4, 4, 4, 4) to the last two rows it is 4 and 6, that is 2 and 3 in each column; rows lie 1 apart.
    assert detector.score([[4, 4, 4, 4]])[0] == pytest.approx(2.5 + 0.01)
    assert detector.training_scores_ == pytest.approx([1.5 + 0.01, 1 + 0.01, 1.5 + 0.01])
    assert detector.layers_table() is None


def test_the_network_tells_about_how_much_noise_is_on_rows_and_both_are_the_geometric_mean(tmp_path: Path) -> None:
    X = related()
    detector = DiffusionTime(seed=1, layers=[64], epochs=15, learning_rate=0.005).fit(X)
    noisy = X + 2 * np.random.default_rng(1).normal(size=X.shape).astype(np.float32)
    told = {}
    for way in ("network", "neighbours", "both"):
        detector.told_by = way
        told[way] = detector.score(noisy)
    assert 1 < np.median(told["network"]) < 3
    np.testing.assert_allclose(told["both"], np.sqrt(told["network"] * told["neighbours"]), rtol=1e-6)
    assert (detector.score(np.full((1, 4), 1e30)) > told["both"].max()).all()
