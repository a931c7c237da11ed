"""`train` of the command line on series, pictures and texts: one score a row, names, labels, the file that is left behind."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from detectors.command_line import Training, train
from detectors.errors import DataError, ParameterError

STEPS = 300


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wave with a flat stretch from row 200 on; the first half is for learning."""
    chance = np.random.default_rng(0)
    value = np.sin(np.arange(STEPS) * 2 * np.pi / 20) + 0.05 * chance.normal(size=STEPS)
    value[200:220] = 3.0
    at = pd.date_range("2026-01-01", periods=STEPS, freq="h")
    frame = pd.DataFrame(
        {"at": at, "value": value, "constant": 1.0, "label": 0, "split": np.where(np.arange(STEPS) < 150, "train", "test")}
    )
    frame.loc[200:219, "label"] = 1
    path = tmp_path_factory.mktemp("series") / "wave.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty grey pictures with a light square, in two folders below train and test; the unusual ones are noise."""
    path = tmp_path_factory.mktemp("pictures") / "pictures.zip"
    chance = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            folder = "train/normal" if number < 20 else "test/normal" if number < 35 else "test/scratched"
            pixels = chance.integers(0, 255, (20, 24)) if folder == "test/scratched" else np.full((20, 24), 40)
            if folder != "test/scratched":
                pixels[6:14, 8:16] = 200 + chance.integers(0, 20)
            buffer = BytesIO()
            Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
            archive.writestr(f"{folder}/{number:02}.png", buffer.getvalue())
    return path


def trained(folder: Path, **asked: object) -> tuple[dict, pd.DataFrame]:
    train(Training(out=folder, quiet=True, **asked))  # type: ignore[arg-type]
    return json.loads((folder / "run.json").read_text()), pd.read_parquet(folder / "scores.parquet")


@pytest.mark.parametrize("detector", ["rolling_zscore", "isolation_forest"])
def test_every_row_of_a_series_has_one_finite_score(series: Path, tmp_path: Path, detector: str) -> None:
    run, scores = trained(tmp_path, data=series, detector=detector, kind="series", time="at", label="label", fit_where=("split", "train"))
    assert scores["row"].tolist() == list(range(STEPS))
    assert np.isfinite(scores["score"]).all()
    assert (run["kind"], run["rows"], run["fitted_rows"]) == ("series", STEPS, 150)
    assert run["representation"] == {"rolling_zscore": "windows", "isolation_forest": "vectors"}[detector]
    assert run["metrics"]["auroc"] > 0.6
    assert (tmp_path / "detector.zip").exists()


def test_a_file_with_growing_dates_is_a_series_unless_another_kind_is_said(series: Path, tmp_path: Path) -> None:
    assert trained(tmp_path / "read", data=series, detector="isolation_forest")[0]["kind"] == "series"
    assert trained(tmp_path / "said", data=series, detector="isolation_forest", kind="table")[0]["kind"] == "table"


def test_pictures_have_their_names_and_their_innermost_folder_is_the_label(pictures: Path, tmp_path: Path) -> None:
    run, scores = trained(
        tmp_path,
        data=pictures,
        detector="isolation_forest",
        label="folder",
        fit_where=("folder", "train/normal"),
        preparation=("described=pixels",),
    )
    assert (run["kind"], run["rows"], run["fitted_rows"]) == ("images", 40, 20)
    assert scores["name"].iloc[0] == "test/normal/20.png"
    assert scores["label"].sum() == 5
    assert scores.loc[scores["label"] == 1, "name"].str.startswith("test/scratched/").all()
    assert run["metrics"]["auroc"] > 0.9


def test_a_folder_of_pictures_is_read_like_its_zip(pictures: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pictures) as archive:
        archive.extractall(tmp_path / "unpacked")
    asked = {"detector": "isolation_forest", "label": "folder", "preparation": ("described=pixels",)}
    packed = trained(tmp_path / "a", data=pictures, **asked)[1]
    unpacked = trained(tmp_path / "b", data=tmp_path / "unpacked", **asked)[1]
    pd.testing.assert_frame_equal(packed, unpacked)


def test_a_detector_that_learns_from_labels_scores_texts(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    usual = [
        " ".join(chance.choice(["the", "course", "was", "clear", "and", "well", "paced", "with", "good", "exercises"], 8))
        for _ in range(60)
    ]
    unusual = [" ".join(chance.choice(["buy", "cheap", "watches", "now", "at", "our", "shop"], 8)) for _ in range(8)]
    pd.DataFrame({"review": usual + unusual, "label": [0] * 60 + [1] * 8}).to_csv(tmp_path / "reviews.csv", index=False)
    run, scores = trained(tmp_path / "out", data=tmp_path / "reviews.csv", detector="tfidf_logistic", text="review", label="label")
    assert (run["kind"], run["representation"]) == ("text", "tokens")
    assert scores.loc[60:, "score"].min() > scores.loc[:59, "score"].max()


def test_what_is_missing_is_said_in_one_sentence(series: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column is the label"):
        trained(tmp_path, data=series, detector="tfidf_logistic", kind="text", text="split")
    with pytest.raises(DataError, match="There is no column `when`"):
        trained(tmp_path, data=series, detector="rolling_zscore", kind="series", time="when")
    with pytest.raises(ParameterError, match="`window` must be a whole number"):
        trained(tmp_path, data=series, detector="rolling_zscore", kind="series", preparation=("window=-1",))
