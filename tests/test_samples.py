"""Samples: each is what its record says, the same every time, and has something to find."""

from __future__ import annotations

import io
import runpy
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pytest

from detectors.errors import DataError
from detectors.frames import load_frame
from detectors.kinds import KINDS, fitting
from detectors.metrics import auroc
from detectors.profile import load_profile
from detectors.reading import Sample, load_samples, make_sample
from detectors.reading.samples import SAMPLES
from detectors.roles import anomaly_labels, propose_table

BY_NAME = {sample.name: sample for sample in load_samples()}
SHARES = {"school_grades": 0.03, "card_payments": 0.01, "breast_cells": 212 / 569}
SERIES = {"machine_sensors": 0.06, "stock_prices": 0.025}
TEXTS = {"course_reviews": 0.04, "course_reviews_zh": 0.05}
IMAGES = {"product_photos": {"good": 540, "flawed": 60}, "mixed_digits": {"normal": 359, "anomaly": 41}}


def table(name: str) -> pd.DataFrame:
    """What the script of a sample makes, without writing it."""
    made: pd.DataFrame = runpy.run_path(str(SAMPLES / BY_NAME[name].script))[name]()
    return made


@cache
def archive(name: str) -> zipfile.ZipFile:
    """The zip that the script of a sample of images writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.zip"
        subprocess.run([sys.executable, str(SAMPLES / BY_NAME[name].script), str(path)], check=True)
        return zipfile.ZipFile(io.BytesIO(path.read_bytes()))


def separation(frame: pd.DataFrame, sample: Sample) -> float:
    """AUROC of scikit-learn's isolation forest on the sample's features, missing numbers filled by the median."""
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score

    features = frame.drop(columns=[sample.label, *(column for column in frame if column in ("student", "payment_id"))])
    numbers = pd.get_dummies(features).astype(float).pipe(lambda wide: wide.fillna(wide.median()))
    scores = -IsolationForest(random_state=0).fit(numbers).score_samples(numbers)
    return float(roc_auc_score(anomaly_labels(frame[sample.label])[0], scores))


def test_every_script_belongs_to_a_sample_and_every_sample_says_where_it_comes_from() -> None:
    assert {sample.script for sample in BY_NAME.values()} == {path.name for path in SAMPLES.glob("*.py")}
    for sample in BY_NAME.values():
        assert sample.kind in {"table", "series", "images", "text"}
        assert (sample.file == "zip") == (sample.label == "folder") == (sample.kind == "images")
        assert (sample.time is not None) == (sample.kind == "series")
        assert (sample.text_column is not None) == (sample.kind == "text")
        assert sample.description.endswith(".")
        assert sample.source
        assert sample.licence


def test_every_kind_of_data_has_a_sample() -> None:
    assert {sample.kind for sample in BY_NAME.values()} == {"table", "series", "images", "text"}
    assert set(BY_NAME) == {*SHARES, *SERIES, *TEXTS, *IMAGES}


@pytest.mark.parametrize("name", sorted(SHARES))
def test_a_sample_has_the_rows_and_the_share_of_anomalies_it_promises(name: str) -> None:
    frame = table(name)
    assert len(frame) == BY_NAME[name].rows
    assert anomaly_labels(frame[BY_NAME[name].label])[0].mean() == pytest.approx(SHARES[name], abs=1e-4)


@pytest.mark.parametrize("name", ["school_grades", "card_payments", *SERIES, *TEXTS])
def test_a_sample_is_the_same_every_time(name: str) -> None:
    pd.testing.assert_frame_equal(table(name), table(name))


@pytest.mark.parametrize("name", ["school_grades", "card_payments"])
def test_a_sample_mixes_numbers_and_categories_and_has_gaps(name: str) -> None:
    frame = table(name)
    assert len(frame.select_dtypes("number").columns) >= 8
    assert len(frame.select_dtypes(["str", "bool"]).columns) >= 3
    assert frame.isna().to_numpy().any()


@pytest.mark.parametrize("name", sorted(SHARES))
def test_what_was_planted_can_be_found(name: str) -> None:
    """0.5 is chance; the forest, which looks at one column at a time, reaches 0.75 and more."""
    assert separation(table(name), BY_NAME[name]) > 0.75


def test_most_planted_payments_are_ordinary_in_every_single_column() -> None:
    """Fewer than half of them are beyond the honest extremes of any number."""
    frame = table("card_payments")
    fraud = frame["is_fraud"] == 1
    numbers = frame.select_dtypes("number").drop(columns="is_fraud").astype(float)
    honest = numbers[~fraud]
    outside = ((numbers[fraud] < honest.min()) | (numbers[fraud] > honest.max())).any(axis=1)
    assert outside.mean() < 0.5


@pytest.mark.slow
def test_a_sample_goes_the_way_of_every_upload(tmp_path: Path) -> None:
    report = make_sample("school_grades", tmp_path / "result")
    assert (report.name, report.rows, report.format, report.notes) == ("school_grades.csv", 2000, "csv", ())
    assert load_frame(tmp_path / "result", ["label"])["label"].sum() == 60
    roles = {role.column: role.role for role in propose_table(load_profile(tmp_path / "result"), report.rows)}
    assert (roles.pop("student"), roles.pop("label")) == ("id", "label")
    assert set(roles.values()) == {"feature"}


def test_a_sample_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no sample `cats`\. There are school_grades, card_payments, breast_cells, "):
        make_sample("cats", tmp_path / "result")


@pytest.mark.parametrize("name", sorted(SERIES))
def test_a_series_has_its_rows_in_the_order_of_time_and_the_share_of_anomalies_it_promises(name: str) -> None:
    frame, sample = table(name), BY_NAME[name]
    time = pd.to_datetime(frame[sample.time])
    assert len(frame) == sample.rows
    assert time.is_monotonic_increasing
    assert time.is_unique
    assert frame[sample.label].mean() == pytest.approx(SERIES[name], abs=0.005)
    assert frame.notna().to_numpy().all()


def test_the_sensors_of_the_pump_move_together() -> None:
    frame = table("machine_sensors")
    usual = frame[frame["is_anomaly"] == 0].drop(columns=["time", "is_anomaly"])
    assert usual.corr()["load_percent"].abs().min() > 0.85


def test_a_faulty_pump_is_found_by_what_the_load_does_not_explain() -> None:
    """Each sensor predicted from load alone; the scores are the largest errors over ten minutes."""
    frame = table("machine_sensors")
    load = frame["load_percent"].ewm(com=20).mean()
    errors = [
        (frame[name] - np.polyval(np.polyfit(load, frame[name], 2), load)).abs()
        for name in ("motor_temperature_c", "vibration_mm_s", "pressure_bar")
    ]
    scores = pd.concat([(error / error.median()).rolling(10, min_periods=1).median() for error in errors], axis=1).max(axis=1)
    assert auroc(frame["is_anomaly"], scores) > 0.7


def test_a_thermometer_that_sticks_shows_nothing_that_it_does_not_often_show() -> None:
    frame = table("machine_sensors")
    still = frame["motor_temperature_c"].diff().eq(0).rolling(60).sum() == 60
    assert frame.loc[still, "is_anomaly"].eq(1).all()
    assert still.sum() > 100
    assert frame["motor_temperature_c"].rank(pct=True)[still].between(0.1, 0.95).all()


def test_unusual_days_of_the_share_are_told_by_step_and_volume_and_not_by_the_price() -> None:
    frame = table("stock_prices")
    step = np.log(frame["close"]).diff().abs().fillna(0)
    usual = step.rolling(60, min_periods=1).median()
    volume = (np.log(frame["volume"]) - np.log(frame["volume"]).median()).abs()
    assert auroc(frame["is_anomaly"], step / usual + 3 * volume) > 0.8
    assert auroc(frame["is_anomaly"], (frame["close"] - frame["close"].mean()).abs()) == pytest.approx(0.5, abs=0.15)


def test_the_share_becomes_livelier_for_good() -> None:
    frame = table("stock_prices")
    step = np.log(frame["close"]).diff()[frame["is_anomaly"] == 0]
    assert step[step.index > 2300].std() > 1.4 * step[step.index < 2100].std()
    assert ((frame["low"] <= frame[["open", "close"]].min(axis=1)) & (frame["high"] >= frame[["open", "close"]].max(axis=1))).all()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_texts_are_of_many_sorts_and_their_length_gives_nothing_away(name: str) -> None:
    frame, sample = table(name), BY_NAME[name]
    assert len(frame) == sample.rows
    assert frame["label"].mean() == pytest.approx(TEXTS[name])
    assert frame[sample.text_column].nunique() > 0.9 * sample.rows
    assert not frame[sample.text_column].str.contains("[{}]").any()
    assert 0.35 < auroc(frame["label"], frame[sample.text_column].str.len()) < 0.65


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_planted_texts_can_be_found_by_their_letters(name: str) -> None:
    """A one-class model of pairs and triples of letters, learned from everything."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    frame = table(name)
    features = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2).fit_transform(frame["text"])
    parts = TruncatedSVD(40, random_state=0).fit(features)
    unexplained = np.asarray(features.multiply(features).sum(axis=1)).ravel() - (parts.transform(features) ** 2).sum(axis=1)
    assert auroc(frame["label"], unexplained) > 0.75


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(IMAGES))
def test_a_sample_of_images_is_a_zip_whose_every_picture_opens(name: str) -> None:
    from PIL import Image

    made = archive(name)
    names = [PurePosixPath(member) for member in made.namelist()]
    assert Counter(member.parent.name for member in names) == IMAGES[name]
    assert len(names) == BY_NAME[name].rows
    pictures = [Image.open(io.BytesIO(made.read(str(member)))) for member in names]
    for picture in pictures:
        picture.load()
    if name == "product_photos":
        assert {picture.format for picture in pictures} == {"PNG", "JPEG"}
        assert len({picture.size for picture in pictures}) > 50
        assert all(64 <= side <= 96 for picture in pictures for side in picture.size)
    else:
        assert {picture.size for picture in pictures} == {(32, 32)}


@pytest.mark.slow
def test_a_zip_is_the_same_every_time() -> None:
    before, again = archive("mixed_digits"), archive.__wrapped__("mixed_digits")
    assert before.namelist() == again.namelist()
    assert all(before.read(name) == again.read(name) for name in before.namelist())


@pytest.mark.slow
def test_flaws_are_found_in_what_the_usual_part_does_not_explain() -> None:
    """Each picture, 32 × 32 and grey, rebuilt from the forty commonest patterns."""
    from PIL import Image
    from sklearn.decomposition import PCA

    made = archive("product_photos")
    grey = [Image.open(io.BytesIO(made.read(name))).convert("L").resize((32, 32)) for name in made.namelist()]
    X = np.stack([np.asarray(picture, dtype=np.float64).ravel() for picture in grey])
    rebuilt = PCA(40, random_state=0).fit(X)
    errors = np.abs(X - rebuilt.inverse_transform(rebuilt.transform(X))).max(axis=1)
    assert auroc([name.startswith("flawed/") for name in made.namelist()], errors) > 0.7


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stock_prices", "machine_sensors", "course_reviews", "course_reviews_zh", "mixed_digits"])
def test_a_sample_that_was_read_looks_like_its_kind_and_its_columns_get_the_roles_it_names(name: str, tmp_path: Path) -> None:
    sample, report = BY_NAME[name], make_sample(name, tmp_path / "result")
    profiles = load_profile(tmp_path / "result")
    assert (report.rows, report.notes) == (sample.rows, ())
    assert fitting(profiles, report.rows, report.kind)[0] == sample.kind
    kind = KINDS[sample.kind]
    roles = {role.column: role.role for role in kind.propose(profiles, report.rows)}
    wanted = {sample.label: "label", sample.time: "time", sample.text_column: "text"}
    for column, role in wanted.items():
        if column is not None:
            assert roles[(kind.aliases or {}).get(column, column)] == role
