"""What every neural detector promises beyond the contract: all settings of the one loop work, and it can start from an earlier run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from detectors import registry
from detectors.base import Detector
from detectors.errors import DetectorError
from detectors.labelled import LabelledDetector
from detectors.network.detector import NetworkDetector
from detectors.vectors.autoencoder import Autoencoder
from tests.test_contract import fit, sample

pytestmark = pytest.mark.slow

FOUND = sorted(key for key, kind in registry.detectors().items() if issubclass(kind, NetworkDetector))

#: Everything the loop can do, at once.
EVERYTHING = {
    "dropout": 0.2, "l2": 0.01, "adversarial_step": 0.05, "schedule": "cosine", "warm_up": 1.0, "epochs": 2, "normalisation": "layer",
    "input_noise": 0.1, "input_masking": 0.1, "shift": 0.1, "mirror": "both", "brightness": 0.1, "word_dropout": 0.1,
}  # fmt: skip


def make(key: tuple[str, str], **values: Any) -> Detector:
    kind = registry.detectors()[key]
    return kind(seed=1, **{**kind.quick, **{name: value for name, value in values.items() if name in kind.fields}})


def learned(detector: Detector, X: np.ndarray) -> Detector:
    """Fitted, without the folds of one that learns from labels: they learn in the same way."""
    with mock.patch.object(LabelledDetector, "_out_of_fold", lambda self, X, *others: (self.score(X), None)):
        return fit(detector, X)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, str]], tuple[Detector, Path]]:
    """A neural detector, trained with everything on, and where it is kept."""
    home = tmp_path_factory.mktemp("earlier")

    @cache
    def trained(key: tuple[str, str]) -> tuple[Detector, Path]:
        detector = learned(make(key, **EVERYTHING), sample(key[0]))
        detector.save(home / "-".join(key))
        return detector, home / "-".join(key)

    return trained


@pytest.mark.parametrize("key", FOUND, ids="/".join)
def test_it_learns_with_everything_that_the_loop_can_do(key: tuple[str, str], saved: Any) -> None:
    assert np.isfinite(saved(key)[0].training_scores_).all()


@pytest.mark.parametrize("key", FOUND, ids="/".join)
def test_one_that_starts_from_an_earlier_run_and_hardly_learns_scores_as_that_one_did(key: tuple[str, str], saved: Any) -> None:
    earlier, folder = saved(key)
    X = sample(key[0])
    hardly = learned(make(key, epochs=1, learning_rate=1e-6, normalisation=EVERYTHING["normalisation"]).start_from(folder), X)
    before = earlier.score(X)
    assert np.abs(hardly.score(X) - before).mean() < 0.05 * before.std()


def test_of_a_few_rows_more_is_learned_by_starting_from_a_run_on_many(tmp_path: Path) -> None:
    """Eight columns that follow from two hidden ones: a few dozen rows are too few to learn how."""
    chance = np.random.default_rng(0)
    X = (chance.normal(size=(3000, 2)) @ chance.normal(size=(2, 8))).astype(np.float32)
    settings = {"encoder": [16, 2], "normalisation": "none", "learning_rate": 0.005}
    Autoencoder(seed=0, epochs=15, **settings).fit(X[:2500]).save(tmp_path)
    few, others = X[2500:2530], X[2530:]
    anew = Autoencoder(seed=0, epochs=5, **settings).fit(few)
    started = Autoencoder(seed=0, epochs=5, **settings).start_from(tmp_path).fit(few)
    assert started.score(others).mean() < 0.5 * anew.score(others).mean()


def test_another_network_is_refused_in_a_sentence_that_names_the_setting(saved: Any) -> None:
    folder = saved(("vectors", "autoencoder"))[1]
    with pytest.raises(DetectorError, match=r"`encoder` is \[8, 2\] there and \[16, 4\] here"):
        Autoencoder(encoder=[16, 4]).start_from(folder)
    with pytest.raises(DetectorError, match="cannot start from a run of another detector, `autoencoder` on vectors"):
        make(("windows", "autoencoder")).start_from(folder)
    with pytest.raises(DetectorError, match="learns anew every time"):
        make(("vectors", "isolation_forest")).start_from(folder)


def test_other_columns_are_refused_in_a_sentence(saved: Any) -> None:
    detector = make(("vectors", "autoencoder"), **EVERYTHING).start_from(saved(("vectors", "autoencoder"))[1])
    with pytest.raises(DetectorError, match="weights of 6 × 8 there are 5 × 8 here"):
        detector.fit(sample("vectors")[:, :5])


def test_what_only_concerns_learning_and_scoring_may_differ(saved: Any) -> None:
    folder = saved(("vectors", "autoencoder"))[1]
    changed = Autoencoder(
        encoder=[8, 2], normalisation="layer", error="mean_absolute", epochs=1, batch_size=7, dropout=0.5, input_noise=1.0
    )
    assert np.isfinite(changed.start_from(folder).fit(sample("vectors")).training_scores_).all()
