"""Samples: each is what its record says, the same every time, and has something to find."""

from __future__ import annotations

import runpy
from pathlib import Path

import pandas as pd
import pytest

from detectors.errors import DataError
from detectors.frames import load_frame
from detectors.profile import load_profile
from detectors.reading import Sample, load_samples, make_sample
from detectors.reading.samples import SAMPLES
from detectors.roles import anomaly_labels, propose

BY_NAME = {sample.name: sample for sample in load_samples()}
SHARES = {"school_grades": 0.03, "card_payments": 0.01, "breast_cells": 212 / 569}


def table(name: str) -> pd.DataFrame:
    """What the script of a sample makes, without writing it."""
    made: pd.DataFrame = runpy.run_path(str(SAMPLES / BY_NAME[name].script))[name]()
    return made


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
        assert sample.kind == "table"
        assert sample.description.endswith(".")
        assert sample.source
        assert sample.licence


@pytest.mark.parametrize("name", sorted(SHARES))
def test_a_sample_has_the_rows_and_the_share_of_anomalies_it_promises(name: str) -> None:
    frame = table(name)
    assert len(frame) == BY_NAME[name].rows
    assert anomaly_labels(frame[BY_NAME[name].label])[0].mean() == pytest.approx(SHARES[name], abs=1e-4)


@pytest.mark.parametrize("name", ["school_grades", "card_payments"])
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
    roles = {role.column: role.role for role in propose(load_profile(tmp_path / "result"), report.rows)}
    assert (roles.pop("student"), roles.pop("label")) == ("id", "label")
    assert set(roles.values()) == {"feature"}


def test_a_sample_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no sample `cats`\. There are school_grades, card_payments, breast_cells\."):
        make_sample("cats", tmp_path / "result")
