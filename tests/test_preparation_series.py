"""A series becomes windows, and what is said of windows becomes scores of rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import reading
from detectors.base import Detector, Progress
from detectors.data_set import DataSet
from detectors.errors import DataError
from detectors.preparation import load_preparation
from detectors.preparation.series import SeriesPreparation, proposed_window
from detectors.preparation.series_vectors import SeriesVectors
from detectors.runs.request import RunRequest
from detectors.runs.rows import leading_rows

ROLES = {"at": "time", "value": "feature", "other": "feature"}


def data_set(folder: Path, frame: pd.DataFrame, roles: dict[str, str] = ROLES) -> DataSet:
    frame.to_csv(folder / "series.csv", index=False)
    reading.read_file(folder / "series.csv", folder / "data", name="series.csv")
    return DataSet(folder / "data", roles)


def wave(steps: int = 60) -> pd.DataFrame:
    at = pd.date_range("2026-01-01", periods=steps, freq="min")
    return pd.DataFrame({"at": at, "value": np.sin(np.arange(steps) * 2 * np.pi / 12), "other": np.arange(steps) % 12})


def everything(data: DataSet) -> np.ndarray:
    return np.ones(data.rows, dtype=bool)


class LastOnly(Detector):
    """Says of a window how far its last step is from zero."""

    @classmethod
    def representation(cls) -> str:
        return "windows"

    def spoken_steps(self, steps: int) -> tuple[int, int]:
        return steps - 1, steps


class WholeWindow(LastOnly):
    """Says one thing of a whole window."""

    def spoken_steps(self, steps: int) -> tuple[int, int]:
        return 0, steps

    def element_scores(self, X):
        return None


class EveryStep(LastOnly):
    """Says of every step of a window how large its first column is."""

    def spoken_steps(self, steps: int) -> tuple[int, int]:
        return 0, steps

    def element_scores(self, X):
        return X[:, :, 0].astype(np.float64)


def test_the_window_is_a_part_of_the_series_in_whole_periods_unless_it_is_given(tmp_path: Path) -> None:
    data = data_set(tmp_path, wave())
    assert SeriesPreparation().fit(data, everything(data)).window_ == 12
    assert SeriesPreparation(window=7).fit(data, everything(data)).window_ == 7


@pytest.mark.parametrize(
    ("period", "longest", "stretch", "window"),
    [
        (None, 1_000, None, 32),  # the shortest there is room for
        (None, 2_400, None, 75),  # a thirty-second
        (None, 90_000, None, 128),
        (12, 1_000, None, 24),  # two whole periods
        (50, 1_000, None, 50),  # one at least
        (300, 90_000, None, 128),
        (None, 90_000, 200, 50),  # four windows in what is learned from
        (None, 90_000, 20, 8),
    ],
)
def test_the_proposed_window_is_long_and_still_leaves_many_side_by_side(
    period: int | None, longest: int, stretch: int | None, window: int
) -> None:
    assert proposed_window(period, longest, stretch) == window


def test_before_the_beginning_of_a_series_that_repeats_itself_stands_its_first_period(tmp_path: Path) -> None:
    frame = pd.concat([wave(36).assign(machine="a"), wave(6).assign(machine="b")])
    data = data_set(tmp_path, frame, {**ROLES, "machine": "entity"})
    preparation = SeriesPreparation(window=4, scaling="min_max").fit(data, everything(data))
    preparation.save(tmp_path / "kept")
    for each in (preparation, load_preparation(tmp_path / "kept")):
        other = 11 * each.items(data).at(np.array([0, 2, 36, 37]))[:, :, 1]
        assert other[:2].round().tolist() == [[9, 10, 11, 0], [11, 0, 1, 2]]
        assert other[2:].round().tolist() == [[3, 2, 1, 0], [2, 1, 0, 1]]  # shorter than a period of 12: mirrored


def test_a_first_period_that_would_jump_into_the_beginning_does_not_stand_before_it(tmp_path: Path) -> None:
    value = np.tile([0.0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1], 10)[6:]
    value[0] = 0.0  # after the 5 that ends the period this would be a jump
    data = data_set(tmp_path, pd.DataFrame({"at": range(len(value)), "value": value, "other": 0.0}))
    preparation = SeriesPreparation(window=3, scaling="min_max").fit(data, everything(data))
    assert preparation.period_ == 12
    assert (6 * preparation.items(data).at(np.array([0]))[0, :, 0]).round().tolist() == [4, 5, 0]


def test_steps_of_which_whole_windows_speak_owe_nothing_to_made_up_ones(tmp_path: Path) -> None:
    data = data_set(tmp_path, wave(30))
    preparation = SeriesPreparation(window=5, smoothing=0).fit(data, everything(data))
    alone = np.arange(30) < 4  # the windows that begin before the series
    scores = preparation.items(data).row_scores(WholeWindow(), np.where(alone, 100.0, 1.0), Progress())
    assert scores.tolist() == [1.0] * 30


def test_there_is_one_window_a_row_that_ends_with_it_and_the_beginning_is_mirrored(tmp_path: Path) -> None:
    frame = pd.DataFrame({"at": range(6), "value": [0.0, 1, 2, 3, 4, 5], "other": 1.0})
    data = data_set(tmp_path, frame)
    preparation = SeriesPreparation(window=3, scaling="min_max").fit(data, everything(data))
    windows = preparation.items(data).at(np.arange(6))
    assert windows.shape == (6, 3, 2)
    assert (5 * windows[:, :, 0]).round().tolist() == [[2, 1, 0], [1, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]
    assert np.isfinite(windows).all()  # the constant column too


def test_rows_in_disorder_are_scored_where_they_stand(tmp_path: Path) -> None:
    frame = wave(40).iloc[np.random.default_rng(0).permutation(40)].reset_index(drop=True)
    data = data_set(tmp_path, frame)
    preparation = SeriesPreparation(window=4, smoothing=0).fit(data, everything(data))
    preparation.serve(LastOnly())
    items = preparation.items(data)
    scores = items.row_scores(LastOnly(), np.arange(40.0), Progress())
    assert scores.tolist() == frame["at"].rank().sub(1).tolist()


def test_overlapping_windows_are_averaged_back_to_rows(tmp_path: Path) -> None:
    data = data_set(tmp_path, wave(30))
    items = SeriesPreparation(window=5, smoothing=0).fit(data, everything(data)).items(data)
    values = items.steps.values[:, 0]
    assert items.row_scores(EveryStep(), np.zeros(30), Progress()) == pytest.approx(values.astype(float))


def test_smoothing_averages_the_scores_around_a_step_and_never_over_entities(tmp_path: Path) -> None:
    frame = pd.concat([wave(10).assign(machine="a"), wave(10).assign(machine="b")])
    data = data_set(tmp_path, frame, {**ROLES, "machine": "entity"})
    preparation = SeriesPreparation(window=4, smoothing=0.75).fit(data, everything(data))
    preparation.serve(LastOnly())
    spike = np.zeros(20)
    spike[[5, 9]] = 3.0, 6.0
    smoothed = preparation.items(data).row_scores(LastOnly(), spike, Progress())
    assert smoothed.tolist() == [0, 0, 0, 0, 1, 1, 1, 0, 2, 3] + [0] * 10


def test_entities_never_share_a_window(tmp_path: Path) -> None:
    frame = pd.concat([wave(20).assign(machine="a"), wave(20).assign(machine="b", value=100.0)])
    data = data_set(tmp_path, frame, {**ROLES, "machine": "entity"})
    items = SeriesPreparation(window=6).fit(data, everything(data)).items(data)
    windows = items.at(np.arange(40))[:, :, 0]
    assert (windows[20:] == windows[20, 0]).all()
    assert not (windows[:20] == windows[20, 0]).any()


def test_windows_to_learn_from_hold_training_rows_alone(tmp_path: Path) -> None:
    data = data_set(tmp_path, wave(30))
    fitted = np.arange(30) < 12
    items = SeriesPreparation(window=5).fit(data, fitted).items(data)
    assert items.to_fit(fitted).tolist() == list(range(4, 12))


def test_a_series_shorter_than_its_window_is_refused_with_the_longest_that_fits(tmp_path: Path) -> None:
    data = data_set(tmp_path, wave(10))
    with pytest.raises(DataError, match="A window has 20 time steps, and the longest stretch of rows to learn from has 10"):
        preparation = SeriesPreparation(window=20).fit(data, everything(data))
        preparation.items(data).to_fit(everything(data))


def test_a_regular_step_averages_what_came_twice_and_fills_what_is_missing(tmp_path: Path) -> None:
    at = pd.to_datetime(
        ["2026-01-01 00:00", "2026-01-01 00:01", "2026-01-01 00:01", "2026-01-01 00:02", "2026-01-01 00:03", "2026-01-01 00:06"]
    )
    data = data_set(tmp_path, pd.DataFrame({"at": at, "value": [0.0, 2, 4, 6, 9, 18], "other": 0.0}))
    preparation = SeriesPreparation(window=2, regular=True, scaling="min_max").fit(data, everything(data))
    steps = preparation.items(data).steps
    assert (18 * steps.values[:, 0]).round().tolist() == [0, 3, 6, 9, 12, 15, 18]
    assert steps.of_row.tolist() == [0, 1, 1, 2, 3, 6]


def test_the_first_rows_to_learn_from_are_the_first_in_time_of_each_entity(tmp_path: Path) -> None:
    frame = pd.concat([wave(20).assign(machine="a"), wave(10).assign(machine="b")]).sample(frac=1, random_state=0)
    roles = {**ROLES, "machine": "entity"}
    data = data_set(tmp_path, frame, roles)
    leading = leading_rows(RunRequest("", "rolling_zscore", roles, kind="series", representation="windows", fit_first=0.4), data)
    learned = frame[leading]
    assert learned["machine"].value_counts().to_dict() == {"a": 8, "b": 4}
    assert learned["at"].max() == pd.Timestamp("2026-01-01 00:07")


def test_differences_are_restored_to_the_datas_units(tmp_path: Path) -> None:
    data = data_set(tmp_path, wave(30).assign(value=np.arange(30.0) ** 2))
    preparation = SeriesPreparation(window=3, difference=True).fit(data, everything(data))
    steps = preparation.items(data).steps
    assert preparation.encoding.restore(steps, steps.values)[:, 0] == pytest.approx(np.arange(30.0) ** 2, abs=1e-3)


@pytest.mark.parametrize("described", ["windows", "features"])
def test_windows_become_vectors_for_detectors_that_know_nothing_of_time(tmp_path: Path, described: str) -> None:
    data = data_set(tmp_path, wave(40))
    preparation = SeriesVectors(window=8, described=described).fit(data, everything(data))
    vectors = preparation.items(data).at(np.arange(40))
    assert vectors.shape == (40, len(preparation.names))
    assert np.isfinite(vectors).all()
    preparation.save(tmp_path / "kept")
    again = load_preparation(tmp_path / "kept")
    assert (again.items(data).at(np.arange(40)) == vectors).all()


def test_a_row_is_explained_by_the_window_around_it(tmp_path: Path) -> None:
    data = data_set(tmp_path, wave(40))
    preparation = SeriesPreparation(window=5).fit(data, everything(data))
    items = preparation.items(data)
    positions, places = items.that_explain(np.array([0, 20, 39]))
    assert (positions.tolist(), places.tolist()) == ([4, 22, 39], [0, 2, 4])  # whole windows, where there are some
    preparation.serve(LastOnly())
    positions, places = items.that_explain(np.array([20]))
    assert (positions.tolist(), places.tolist()) == ([20], [4])
    assert preparation.explained(data, np.array([20]), EveryStep()).shape == (1, *preparation.units.shape)
