"""What every detector promises, checked on every detector that is found. A new one is tested because it exists."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import registry
from detectors.base import Detector, Progress
from detectors.conditions import ConditionsField
from detectors.errors import DetectorError, Discarded, ParameterError
from detectors.labelled import FEWEST_OF_A_KIND
from detectors.params import ChoiceField, IntegerField, IntegersField, MembersField, NumberField, SwitchField

REPOSITORY = Path(__file__).parents[1]
FOUND = sorted(registry.detectors())
N_USUAL, N_PLANTED = 200, 5
SEED = 7


def sample(representation: str) -> np.ndarray:
    """Usual rows and, last, `N_PLANTED` unusual ones, as a detector of this representation takes them."""
    chance = np.random.default_rng(0)
    if representation == "vectors":
        # Six columns that follow from two hidden ones; the planted rows break the rule and lie far out.
        usual = chance.normal(size=(N_USUAL, 2)) @ chance.normal(size=(2, 6)) + 0.1 * chance.normal(size=(N_USUAL, 6))
        planted = 8 * chance.choice([-1.0, 1.0], size=(N_PLANTED, 6))
        return np.concatenate([usual, planted]).astype(np.float32)
    if representation == "windows":
        # Sines of three columns at chance phases; the planted windows are flat and far out, and jump to the other side at their end.
        phase, steps = chance.uniform(0, 2 * np.pi, (N_USUAL, 1, 1)), np.arange(16)[None, :, None]
        usual = np.sin(phase + steps * 2 * np.pi / 8 + np.arange(3) * 0.7) + 0.1 * chance.normal(size=(N_USUAL, 16, 3))
        planted = np.full((N_PLANTED, 16, 3), 4.0) * chance.choice([-1.0, 1.0], size=(N_PLANTED, 1, 3))
        planted[:, -1] *= -1
        return np.concatenate([usual, planted + 0.5 * chance.normal(size=planted.shape)]).astype(np.float32)
    if representation == "pixels":
        # Light discs in the middle of coloured pictures, each of its own brightness; the planted ones are striped.
        away = np.hypot(*np.meshgrid(np.arange(16) - 7.5, np.arange(16) - 7.5))[None, :, :, None]
        usual = np.where(away < 5, chance.uniform(0.6, 0.9, (N_USUAL, 1, 1, 3)), 0.2) + 0.03 * chance.normal(size=(N_USUAL, 16, 16, 3))
        planted = np.where(np.arange(16)[None, :, None, None] % 4 < 2, 1.0, 0.0) + np.zeros((N_PLANTED, 16, 16, 3))
        return np.clip(np.concatenate([usual, planted]), 0, 1).astype(np.float32)
    if representation == "tokens":
        # Sentences of 6 to 12 words in a fixed round of eight words from a chance start; the planted ones are long jumbles of others.
        usual = [2 + (chance.integers(8) + np.arange(chance.integers(6, 13))) % 8 for _ in range(N_USUAL)]
        planted = [chance.integers(10, 40, 16) for _ in range(N_PLANTED)]
        return np.stack([np.pad(words, (0, 16 - len(words))) for words in usual + planted]).astype(np.float32)
    raise NotImplementedError(f"the contract has no sample for {representation}: add one here")


def fit(detector: Detector, X: np.ndarray, progress: Progress | None = None) -> Detector:
    """Fits; a supervised detector is told that the last rows are anomalies."""
    rows = np.arange(len(X))
    return detector.fit(X, progress, y=rows >= (N_USUAL if len(X) > N_USUAL else len(X) // 2) if detector.supervised else None)


class Recorder(Progress):
    """Counts the reports of fitting; asks to stop where told to."""

    def __init__(self, *, stop: bool = False) -> None:
        self.stop = stop
        self.fitting: list[tuple[int, int]] = []

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        if phase == "fitting":
            self.fitting.append((done, total))

    def stop_asked(self) -> bool:
        return self.stop


class Discarding(Progress):
    def check(self) -> None:
        raise Discarded


def make(key: tuple[str, str], seed: int = SEED) -> Detector:
    """The detector with parameters for a quick look, where it declares some."""
    return registry.create(*key, seed=seed, **registry.detectors()[key].quick)


@cache
def fitted_once(key: tuple[str, str]) -> tuple[Detector, Recorder]:
    recorder = Recorder()
    return fit(make(key), sample(key[0]), recorder), recorder


@pytest.fixture(params=FOUND, ids="/".join)
def key(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param


@pytest.fixture
def kind(key: tuple[str, str]) -> type[Detector]:
    return registry.detectors()[key]


@pytest.fixture
def fitted(key: tuple[str, str]) -> Detector:
    return fitted_once(key)[0]


@pytest.fixture
def X(key: tuple[str, str]) -> np.ndarray:
    return sample(key[0])


def in_fresh_process(script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, cwd=REPOSITORY).stdout


# ── scores ──


def test_planted_rows_score_higher_than_nine_in_ten_usual_rows(fitted: Detector, X: np.ndarray) -> None:
    scores = fitted.score(X)
    assert scores[N_USUAL:].min() > np.quantile(scores[:N_USUAL], 0.9)


def test_training_scores_put_planted_rows_on_top_too(fitted: Detector) -> None:
    scores = fitted.training_scores_
    assert scores.shape == (N_USUAL + N_PLANTED,)
    if fitted.supervised:
        # What was shown three anomalies, each in a corner that chance chose, knows of no reason to look into the other corners.
        assert scores[N_USUAL:].mean() > np.median(scores[:N_USUAL])
        return
    assert scores[N_USUAL:].min() > np.median(scores[:N_USUAL])


def test_scores_are_one_finite_float64_per_row(fitted: Detector, X: np.ndarray) -> None:
    for rows in (X, X[:1], X[:0]):
        scores = fitted.score(rows)
        assert scores.shape == (len(rows),)
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()


def test_the_same_seed_gives_the_same_scores_whatever_ran_before(key: tuple[str, str], fitted: Detector, X: np.ndarray) -> None:
    np.random.seed(99)
    np.random.random(5)
    np.testing.assert_array_equal(fit(make(key), X).training_scores_, fitted.training_scores_)


def test_the_score_of_a_row_does_not_depend_on_the_rows_beside_it(fitted: Detector, X: np.ndarray) -> None:
    together = fitted.score(X)
    for start, rows in ((0, 1), (50, 1), (3, 2), (100, 17), (60, 128)):
        np.testing.assert_array_equal(fitted.score(X[start : start + rows]), together[start : start + rows])
    shuffled = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_array_equal(fitted.score(X[shuffled]), together[shuffled])
    many = np.concatenate([X] * 20)
    np.testing.assert_array_equal(fitted.score(many), np.tile(together, 20))


def test_what_it_expected_has_the_shape_of_what_it_saw(fitted: Detector, X: np.ndarray) -> None:
    expected = fitted.expected(X[:3])
    assert expected is None or (expected.shape == X[:3].shape and np.isfinite(expected).all())


# ── a fresh process ──

RELOAD = """
import sys
from pathlib import Path
import numpy as np
from detectors import registry
for folder in Path(sys.argv[1]).iterdir():
    detector = registry.load(folder)
    np.save(folder / "scores.npy", detector.score(np.load(folder / "X.npy")))
"""


@pytest.fixture(scope="module")
def reloaded_scores(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], np.ndarray]:
    home = tmp_path_factory.mktemp("detectors")
    folders = {key: home / "-".join(key) for key in FOUND}
    for key, folder in folders.items():
        fitted_once(key)[0].save(folder)
        np.save(folder / "X.npy", sample(key[0]))
    in_fresh_process(RELOAD, str(home))
    return {key: np.load(folder / "scores.npy") for key, folder in folders.items()}


def test_it_survives_saving_and_loading_in_a_fresh_process(
    key: tuple[str, str], fitted: Detector, X: np.ndarray, reloaded_scores: dict[tuple[str, str], np.ndarray]
) -> None:
    np.testing.assert_array_equal(reloaded_scores[key], fitted.score(X))


def test_a_saved_detector_holds_no_pickle(fitted: Detector, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("saved")
    fitted.save(folder)
    assert not {".pkl", ".pickle", ".joblib", ".keras"} & {file.suffix for file in folder.rglob("*")}


LIGHT = """
import json, sys
from detectors import registry
registry.detectors()
print(json.dumps(sorted({"tensorflow", "keras", "sklearn", "skops", "shap"} & set(sys.modules))))
"""


def test_listing_the_detectors_imports_no_heavy_library() -> None:
    assert json.loads(in_fresh_process(LIGHT)) == []


# ── manners ──


def test_it_leaves_its_input_alone(key: tuple[str, str], X: np.ndarray, fitted: Detector) -> None:
    before = X.copy()
    X.flags.writeable = False
    fitted.score(X)
    fit(make(key), X)
    np.testing.assert_array_equal(X, before)


def test_it_refuses_to_score_before_it_is_fitted(key: tuple[str, str], X: np.ndarray) -> None:
    for ask in (make(key).score, make(key).expected, make(key).element_scores):
        with pytest.raises(DetectorError, match="has not been trained"):
            ask(X)


def test_it_refuses_rows_of_another_shape(fitted: Detector, X: np.ndarray) -> None:
    with pytest.raises(DetectorError, match="was trained on rows of shape"):
        fitted.score(X[..., :-1])


def test_it_refuses_a_single_row(key: tuple[str, str], X: np.ndarray) -> None:
    with pytest.raises(DetectorError, match="at least 2 rows"):
        make(key).fit(X[:1])


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_it_names_the_row_and_the_column_with_a_hole(key: tuple[str, str], fitted: Detector, X: np.ndarray, hole: float) -> None:
    X[4, ..., 2] = hole
    with pytest.raises(DetectorError, match="Row 5, column `3`"):
        fitted.score(X)
    if X.ndim == 2:
        frame = pd.DataFrame(X, columns=["time", "speed", "pressure", *(f"column {place}" for place in range(3, X.shape[1]))])
        with pytest.raises(DetectorError, match="Row 5, column `pressure`"):
            make(key).fit(frame)


def test_it_stops_early_when_asked_and_keeps_what_it_has_learned(key: tuple[str, str], X: np.ndarray) -> None:
    whole, stopped = fitted_once(key)[1].fitting, Recorder(stop=True)
    detector = fit(make(key), X, stopped)
    assert len(whole) <= 1 or len(stopped.fitting) < len(whole)
    assert np.isfinite(detector.training_scores_).all()


def test_nothing_is_kept_of_a_discarded_fit(key: tuple[str, str], X: np.ndarray) -> None:
    detector = make(key)
    with pytest.raises(Discarded):
        fit(detector, X, Discarding())
    assert detector.training_scores_ is None


def test_columns_that_never_change_are_survived(key: tuple[str, str], X: np.ndarray) -> None:
    X[..., :2] = 3.0
    assert np.isfinite(fit(make(key), X).score(X)).all()


def test_the_fewest_rows_are_survived(key: tuple[str, str], X: np.ndarray) -> None:
    fewest = 2 * FEWEST_OF_A_KIND if make(key).supervised else 2
    assert np.isfinite(fit(make(key), X[-fewest:]).score(X)).all()


def test_one_that_learns_from_labels_says_what_is_missing(key: tuple[str, str], X: np.ndarray) -> None:
    if make(key).supervised:
        with pytest.raises(DetectorError, match="needs a label for each of the 205 rows"):
            make(key).fit(X)
        with pytest.raises(DetectorError, match="there are 0 and 205"):
            make(key).fit(X, y=np.zeros(len(X)))
    else:  # and no other one looks at them
        np.testing.assert_array_equal(make(key).fit(X, y=np.ones(len(X))).training_scores_, fitted_once(key)[0].training_scores_)


# ── what it declares ──


def wrong_values(field: object) -> list[object]:  # noqa: PLR0911
    """Values just outside what a parameter declares, and of another type."""
    match field:
        case IntegerField(low=low, high=high):
            return [low - 1, high + 1, low + 0.5, "many", None, True]
        case NumberField(low=low, high=high):
            return [low - 1e-9, high + 1e-6, float("nan"), "much", None, True]
        case SwitchField():
            return ["yes", 1, None]
        case ChoiceField():
            return ["no such choice", 1, None]
        case IntegersField(low=low, high=high):
            return [[low - 1], [high + 1], [low + 0.5], [low] * 33, "layers", low, None]
        case MembersField(high=most):
            return [[], ["a"] * (most + 1), [1], [{"parameters": {}}], [{"detector": "a", "colour": "red"}], "a", None]
        case ConditionsField():
            whole = ["amount", ">", 9000]
            wrong = [["amount", ">"], ["amount", "=~", 9000], [None, ">", 9000], ["amount", ">", None], [*whole, 0], [*whole, "much"]]
            return [[each] for each in wrong] + [[whole] * 101, "amount > 9000", None]
    raise NotImplementedError(f"the contract does not know what is wrong for {type(field).__name__}: say so here")


def test_every_declared_limit_is_enforced_by_an_error_that_names_the_parameter(kind: type[Detector]) -> None:
    for name, field in kind.fields.items():
        for value in wrong_values(field):
            with pytest.raises(ParameterError, match=f"`{name}`"):
                kind(**{name: value})


def at_limit(field: object, limit: float) -> object:
    """A value that just meets a limit of a parameter: a number, or a list of such numbers, or of so many detectors."""
    match field:
        case IntegersField():
            return [limit]
        case MembersField():
            return ["a"] * int(limit)
    return limit


def test_the_limits_themselves_are_allowed(kind: type[Detector]) -> None:
    for name, field in kind.fields.items():
        for value in [limit for limit in (field.low, field.high) if limit is not None]:
            kind(**{name: at_limit(field, value)})


def test_a_parameter_it_does_not_have_is_refused(kind: type[Detector]) -> None:
    with pytest.raises(ParameterError, match="`no_such_parameter`"):
        kind(no_such_parameter=1)


def test_presets_and_quick_values_are_within_the_limits(kind: type[Detector]) -> None:
    for values in [preset.values for preset in kind.presets.values()] + [getattr(kind, "quick", {})]:
        kind(**values)


def test_its_card_and_its_form_say_everything(kind: type[Detector]) -> None:
    for text in ("title", "family", "summary", "reference", "when", "when_not", "score_name"):
        assert getattr(kind, text).strip(), text
    for name, field in kind.fields.items():
        assert field.title.strip(), name
        assert field.help.strip().endswith("."), name
        assert all(field.choice_titles.values()) if field.choices else True, name
    for name, preset in kind.presets.items():
        assert preset.title.strip() and preset.help.strip(), name
