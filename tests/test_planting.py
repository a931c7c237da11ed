"""Known kinds of anomaly are planted in a data set's own terms, and a detector's share of them is told honestly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import registry
from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.messages import Message
from detectors.planting import Ground, Planted, PlantedKind, Power, anomaly_kinds, planted_recall, power
from detectors.planting import images as image_anomalies
from detectors.planting import series as series_anomalies
from detectors.planting import tables as table_anomalies
from detectors.planting import texts as text_anomalies
from detectors.planting.contract import PlantedData
from detectors.planting.foreign_texts import SPAM, TEXTS, language_of
from detectors.preparation import find_preparation
from detectors.runs.execute import execute, save
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.planted import load_power, plant
from detectors.runs.request import RunRequest
from tests.tables import PLANTED, ROWS, machine_frame, read_in

ROLES = {"reading_id": "id", "temperature": "feature", "doubled": "feature", "mode": "feature", "parts": "feature", "label": "label"}


def planted(anomalies, name: str, ground: Ground, seed: int = 1) -> Planted | Message:
    """What the planter called `name` makes of `ground`."""
    return {kind.name: plant for kind, plant in anomalies.items()}[name](ground, np.random.default_rng(seed))


def values_of(found: Planted | Message) -> pd.DataFrame:
    assert isinstance(found, Planted)
    data = found.copies[0].data
    assert isinstance(data, PlantedData)
    return data.values


def ground_of(frame: pd.DataFrame, roles: dict[str, str], *, places: int = 60, window: int = 1, period: int | None = None) -> Ground:
    everything = np.ones(len(frame), dtype=bool)
    return Ground(PlantedData(Path(), roles, values=frame), everything, everything, window, period, places)


# ── tables ──


@pytest.fixture(scope="module")
def machine() -> pd.DataFrame:
    frame = machine_frame()
    return frame.assign(parts=np.arange(len(frame)) % 50)


def rows_before(found: Planted | Message, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that were changed as they were, told by what only one of their columns lost."""
    changed = values_of(found)
    return pd.DataFrame([_closest(row, frame[changed.columns]) for _, row in changed.iterrows()])


def _closest(row: pd.Series, frame: pd.DataFrame) -> pd.Series:
    equal = sum((frame[name] == row[name]).astype(int) for name in frame.columns)
    return frame.loc[equal.idxmax()]


@pytest.mark.parametrize("name", ["extreme", "swapped", "double"])
def test_one_value_of_each_row_is_changed_and_no_other(machine, name):
    found = planted(table_anomalies.ANOMALIES, name, ground_of(machine, ROLES))
    before = rows_before(found, machine)
    changes = (values_of(found).to_numpy(dtype=object) != before.to_numpy(dtype=object)).sum(axis=1)
    assert changes.tolist() == [1] * 60


def test_an_extreme_value_lies_outside_its_column_and_whole_numbers_stay_whole(machine):
    found = planted(table_anomalies.ANOMALIES, "extreme", ground_of(machine, ROLES))
    values = values_of(found)
    outside = [(values[name] < machine[name].min()) | (values[name] > machine[name].max()) for name in ("temperature", "doubled", "parts")]
    assert (np.sum(outside, axis=0) == 1).all()
    assert values["parts"].dtype == np.int64


def test_a_swapped_value_is_one_that_its_column_has(machine):
    values = values_of(planted(table_anomalies.ANOMALIES, "swapped", ground_of(machine, ROLES)))
    assert all(values[name].isin(machine[name]).all() for name in values.columns)


def test_a_broken_correlation_stays_within_both_columns_and_contradicts(machine):
    values = values_of(planted(table_anomalies.ANOMALIES, "correlation", ground_of(machine, ROLES)))
    for name in ("temperature", "doubled"):
        assert values[name].between(machine[name].min(), machine[name].max()).all()
    assert (np.abs(values["doubled"] - 2 * values["temperature"]) > 5).all()


def test_columns_that_do_not_go_together_have_no_correlation_to_break():
    chance = np.random.default_rng(0)
    frame = pd.DataFrame({"a": chance.normal(size=300), "b": chance.normal(size=300)})
    found = planted(table_anomalies.ANOMALIES, "correlation", ground_of(frame, {"a": "feature", "b": "feature"}))
    assert isinstance(found, Message)
    assert "No two columns of numbers go together" in found.text()


def test_a_cluster_is_ten_rows_that_are_nearly_alike(machine):
    values = values_of(planted(table_anomalies.ANOMALIES, "cluster", ground_of(machine, ROLES)))
    within = values["temperature"].groupby(np.arange(60) // 10).std()
    assert (within < 0.1 * machine["temperature"].std()).all()
    assert values["mode"].groupby(np.arange(60) // 10).nunique().tolist() == [1] * 6


def test_gaps_words_and_dates_can_be_planted_in():
    chance = np.random.default_rng(2)
    frame = pd.DataFrame({
        "number": np.where(chance.random(200) < 0.2, np.nan, chance.normal(size=200)),
        "day": pd.date_range("2024-01-01", periods=200),
        "flag": chance.random(200) < 0.5,
        "word": pd.Series(chance.choice(["a", "b", "c"], 200)).where(chance.random(200) > 0.1),
    })  # fmt: skip
    roles = dict.fromkeys(frame.columns, "feature")
    for kind in table_anomalies.ANOMALIES:
        found = planted(table_anomalies.ANOMALIES, kind.name, ground_of(frame, roles))
        if isinstance(found, Planted):
            assert values_of(found).dtypes.tolist() == frame.dtypes.tolist()


# ── series ──


def wave(steps: int = 1200) -> pd.DataFrame:
    step = np.arange(steps)
    return pd.DataFrame({"time": pd.date_range("2024-01-01", periods=steps, freq="min"), "level": np.sin(2 * np.pi * step / 24) * 10})


SERIES_ROLES = {"time": "time", "level": "feature"}


@pytest.mark.parametrize(("name", "length"), [("spike", 1), ("shift", 16), ("flat", 16), ("period", 24), ("drift", 32)])
def test_a_series_is_changed_where_it_is_said_to_be_and_nowhere_else(name, length):
    frame = wave()
    found = planted(series_anomalies.ANOMALIES, name, ground_of(frame, SERIES_ROLES, places=6, window=16, period=24))
    assert isinstance(found, Planted)
    assert sum(len(copy.places) for copy in found.copies) == 6
    for copy in found.copies:
        values = copy.data.frame(["time", "level"])
        before = frame.set_index("time")["level"][values["time"]].to_numpy()
        inside = np.zeros(len(values), dtype=bool)
        for first, stop in copy.places:
            inside[first:stop] = True
            assert stop - first == length
            assert (values["level"].to_numpy() != before)[first:stop].any()
        assert (values["level"].to_numpy() == before)[~inside].all()


def test_what_was_planted_in_a_series_is_what_it_is_called():
    ground = ground_of(wave(), SERIES_ROLES, places=4, window=16, period=24)
    flat = planted(series_anomalies.ANOMALIES, "flat", ground).copies[0]
    first, stop = flat.places[0]
    assert flat.data.frame(["level"])["level"].iloc[first:stop].nunique() == 1
    fast = planted(series_anomalies.ANOMALIES, "period", ground).copies[0]
    first, stop = fast.places[0]
    level = fast.data.frame(["level"])["level"].to_numpy()[first:stop]
    assert np.abs(level[:12] - level[12:]).max() < 1e-9  # a period of 24 has become one of 12


def test_anomalies_of_a_series_leave_room_for_what_detectors_look_at():
    found = planted(series_anomalies.ANOMALIES, "shift", ground_of(wave(3000), SERIES_ROLES, places=10, window=16))
    assert isinstance(found, Planted)
    for copy in found.copies:
        assert copy.places[0, 0] == 24
        assert (copy.places[1:, 0] - copy.places[:-1, 1] >= 24).all()


def test_a_series_without_a_period_or_too_short_says_so():
    assert isinstance(planted(series_anomalies.ANOMALIES, "period", ground_of(wave(), SERIES_ROLES, window=16)), Message)
    short = planted(series_anomalies.ANOMALIES, "shift", ground_of(wave(40), SERIES_ROLES, window=16))
    assert isinstance(short, Message)
    assert "needs 64 steps in one piece" in short.text()


# ── pictures ──


@pytest.fixture(scope="module")
def pictures() -> Ground:
    chance = np.random.default_rng(3)
    pictures = [
        np.clip(chance.normal(90 + 60 * (np.arange(64) // 8 % 2)[:, None, None], 6, (64, 64, 3)), 0, 255).astype(np.uint8) for _ in range(8)
    ]
    data = PlantedData(Path(), {"name": "id"}, values=pd.DataFrame({"name": [f"{number}.png" for number in range(8)]}), images=pictures)
    everything = np.ones(8, dtype=bool)
    return Ground(data, everything, everything, 1, None, 8)


def changed_share(pictures: Ground, name: str) -> np.ndarray:
    found = planted(image_anomalies.ANOMALIES, name, pictures)
    assert isinstance(found, Planted)
    made = np.array(found.copies[0].data.pictures()).astype(int)
    return (made != np.array(pictures.data.pictures()).astype(int)).any(axis=3).mean(axis=(1, 2))


def test_a_scratch_is_thin_and_a_patch_is_a_sixteenth(pictures):
    assert changed_share(pictures, "scratch").max() < 0.03
    assert changed_share(pictures, "scratch").min() > 0
    assert np.allclose(changed_share(pictures, "patch"), 1 / 16, atol=0.01)


def test_a_blur_evens_neighbours_out_and_a_colour_shift_moves_channels_apart(pictures):
    before = np.array(pictures.data.pictures()).astype(float)
    blurred = np.array(planted(image_anomalies.ANOMALIES, "blur", pictures).copies[0].data.pictures()).astype(float)
    assert np.abs(np.diff(blurred, axis=1)).mean() < 0.7 * np.abs(np.diff(before, axis=1)).mean()
    shifted = np.array(planted(image_anomalies.ANOMALIES, "colour", pictures).copies[0].data.pictures()).astype(float)
    assert np.ptp(shifted.mean(axis=(1, 2)), axis=1).min() > 40
    assert np.ptp(before.mean(axis=(1, 2)), axis=1).max() < 2


# ── texts ──


@pytest.fixture(scope="module")
def reviews() -> Ground:
    texts = [f"The course on number {number} was clear, and the tutor is very good for this topic." for number in range(60)]
    return ground_of(pd.DataFrame({"text": texts}), {"text": "text"}, places=30)


def test_planted_texts_are_what_they_are_called(reviews):
    own = set(reviews.data.frame(["text"])["text"])
    shuffled = values_of(planted(text_anomalies.ANOMALIES, "shuffled", reviews))["text"]
    assert {" ".join(sorted(text.split())) for text in shuffled} <= {" ".join(sorted(text.split())) for text in own}
    assert not set(shuffled) & own
    spam = values_of(planted(text_anomalies.ANOMALIES, "spam", reviews))["text"]
    assert all(text.endswith(SPAM["english"]) for text in spam)
    other = values_of(planted(text_anomalies.ANOMALIES, "language", reviews))["text"]
    assert "english" not in {language_of([text]) for text in other}
    foreign = values_of(planted(text_anomalies.ANOMALIES, "subject", reviews))["text"]
    assert {language_of([text]) for text in foreign} == {"english"}
    assert not set(foreign) & own


def test_a_language_without_foreign_texts_is_said():
    ground = ground_of(pd.DataFrame({"text": ["Это был очень хороший курс"] * 40}), {"text": "text"})
    assert isinstance(planted(text_anomalies.ANOMALIES, "subject", ground), Message)
    assert isinstance(planted(text_anomalies.ANOMALIES, "language", ground), Planted)


@pytest.mark.parametrize("language", list(TEXTS))
def test_every_language_is_told_by_its_texts(language):
    assert language_of([sentence for subject in TEXTS[language].values() for sentence in subject]) == language


# ── what a detector says of it ──


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[RunFolder, Path]:
    data = read_in(machine_frame(), tmp_path_factory.mktemp("planting"))
    roles = {name: role for name, role in ROLES.items() if name != "parts"}
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.ask(RunRequest("d", "nearest_neighbours", roles, seed=3))
    folder.result.mkdir()
    save(execute(folder.request(), data, Progress()), folder.result, Progress())
    plant(folder, data)
    return folder, data


def test_what_is_kept_of_planted_anomalies_is_what_was_found(finished):
    folder, data = finished
    kept = load_power(folder)
    assert kept is not None
    assert [kind.name for kind in kept.kinds] == [kind.name for kind in anomaly_kinds("table")]
    assert not kept.held_out
    opened = ExplainedRun.open(folder.path, data)
    again = power(
        opened.detector, opened.preparation, opened.data, np.asarray(folder.array("scores")), np.asarray(folder.array("fitted")),
        labels=np.asarray(folder.array("labels")), seed=3,
    )  # fmt: skip
    assert all((one.planted == other.planted).all() for one, other in zip(kept.kinds, again.kinds, strict=True))


def test_neighbours_tell_a_broken_correlation_and_a_higher_cut_off_flags_less(finished):
    folder, _ = finished
    kept = load_power(folder)
    assert kept is not None
    cut_off = float(np.quantile(folder.array("scores"), 0.95))
    share = kept.shares(cut_off)["correlation"]
    assert share.flagged > 0.9
    assert share.unplanted == pytest.approx(0.05, abs=0.02)
    assert share.is_told
    assert kept.shares(np.inf)["correlation"].flagged == 0


def test_rows_not_learned_from_and_no_known_anomalies_are_planted_in(finished):
    folder, data = finished
    fitted = np.arange(ROWS) % 2 == 0
    request = folder.request()
    source = DataSet(data, request.used_roles)
    preparation = find_preparation("table", "vectors")().fit(source, fitted)
    detector = registry.create("vectors", "zscore").fit(preparation.items(source).at(np.flatnonzero(fitted)))
    scores = detector.score(preparation.items(source).at(np.arange(ROWS)))
    labels = np.isin(np.arange(ROWS), PLANTED).astype(np.int8)
    found = power(detector, preparation, source, scores, fitted, labels=labels)
    assert found.held_out
    assert len(found.kinds[0].unplanted) == (~fitted & (labels == 0)).sum()
    recall = planted_recall(detector, preparation, source, scores, fitted, flag_rate=0.05)
    assert recall["extreme"] > 0.9
    assert recall == planted_recall(detector, preparation, source, scores, fitted, flag_rate=0.05)


def test_recall_at_a_rate_flags_that_rate_of_what_is_unplanted():
    kind = PlantedKind("extreme", np.array([0.5, 9.5, 11.0, 12.0]), np.arange(10.0))
    found = Power((kind,), held_out=True, items=4)
    assert found.recall_at(0.1) == {"extreme": 0.75}  # the cut-off is 8, with one of ten above
    assert found.recall_at(1.0) == {"extreme": 1.0}
