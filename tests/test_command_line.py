"""The command line does what scripts depend on: files with these names, keys and columns, and these exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from detectors.reading import ReadingOptions
from tests.readings import workbook
from tests.tables import PLANTED, ROWS, machine_frame


def anomalyst(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "detectors", *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("command") / "machine.csv"
    machine_frame().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def out(source) -> Path:
    folder = source.parent / "out"
    done = anomalyst(
        "train", source, "--detector", "isolation_forest", "--out", folder, "--label", "label", "--ignore", "reading_id",
        "--set", "trees=50", "--prepare", "scaling=robust", "--seed", "7",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_scores_have_one_row_a_row_of_the_file_in_its_order(out):
    scores = pd.read_parquet(out / "scores.parquet")
    assert scores.columns.tolist() == ["row", "score", "flagged", "label"]
    assert scores["row"].tolist() == list(range(ROWS))
    assert scores["flagged"].sum() == ROWS // 20
    assert scores.index[scores["label"] == 1].tolist() == list(PLANTED)


def test_the_summary_holds_what_was_done(out):
    summary = json.loads((out / "run.json").read_text())
    assert list(summary) == [
        "detector", "kind", "representation", "parameters", "preparation", "seed", "rows", "fitted_rows", "seconds", "threshold",
        "flagged", "metrics",
    ]  # fmt: skip
    assert (summary["parameters"]["trees"], summary["preparation"]["scaling"], summary["seed"]) == (50, "robust", 7)
    assert list(summary["seconds"]) == ["read", "fit", "score"]
    assert list(summary["metrics"]) == ["auroc", "average_precision", "precision", "recall", "f1", "accuracy"]
    assert summary["metrics"]["auroc"] > 0.9
    scores = pd.read_parquet(out / "scores.parquet")
    assert (scores["score"] > summary["threshold"]["value"]).sum() == summary["flagged"] == ROWS // 20


def test_the_detector_file_says_what_it_is_in_json_and_holds_no_pickle(out):
    with zipfile.ZipFile(out / "detector.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        names = archive.namelist()
    assert (manifest["format_version"], manifest["detector"], manifest["kind"]) == (2, "isolation_forest", "table")
    assert manifest["schema"]["features"] == ["temperature", "doubled", "mode"]
    assert manifest["threshold"]["rule"] == "percentile"
    assert set(manifest["members"]) == set(names) - {"manifest.json"}
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]


def test_without_a_label_nothing_is_judged_and_the_label_is_no_feature(source, tmp_path):
    assert anomalyst("train", source, "--detector", "isolation_forest", "--out", tmp_path, "--quiet").returncode == 0
    summary = json.loads((tmp_path / "run.json").read_text())
    assert "metrics" not in summary
    assert "label" not in pd.read_parquet(tmp_path / "scores.parquet").columns


def test_rows_to_learn_from_can_be_chosen(source, tmp_path):
    done = anomalyst(
        "train", source, "--detector", "isolation_forest", "--out", tmp_path, "--fit-where", "label=0", "--fit-rows", "100", "--quiet"
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads((tmp_path / "run.json").read_text())
    assert (summary["fitted_rows"], summary["rows"]) == (100, ROWS)
    assert len(pd.read_parquet(tmp_path / "scores.parquet")) == ROWS


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--detector", "oracle"], "There is no detector `oracle` for table data."),
        (["--detector", "isolation_forest", "--fit-rows", "1"], "`--fit-rows` must be a whole number from 2. It is 1."),
        (["--detector", "isolation_forest", "--set", "trees=0"], "`trees` must be a whole number from"),
        (["--detector", "isolation_forest", "--set", "leaves=3"], "`leaves=3` names no parameter."),
        (["--detector", "isolation_forest", "--prepare", "scaling=up"], "`scaling` must be one of standard, robust, min_max, quantile."),
        (["--detector", "isolation_forest", "--label", "nope"], "There is no column `nope`."),
        (["--detector", "isolation_forest", "--fit-where", "mode=off"], "No row has `off` in column `mode`"),
        (
            ["--detector", "isolation_forest", "--label", "label", "--anomaly", "2"],
            "No row has `2` in the label `label`. Its values are 0, 1.",
        ),
        (["--detector", "isolation_forest", "--anomaly", "1"], "`--anomaly` was given without `--label`."),
    ],
)
def test_what_the_user_can_mend_is_one_clear_line(source, tmp_path, arguments, sentence):
    done = anomalyst("train", source, "--out", tmp_path, "--quiet", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = anomalyst("train", tmp_path / "none.csv", "--detector", "isolation_forest", "--out", tmp_path)
    assert done.returncode == 2
    assert "There is no file" in done.stderr


def test_the_listing_describes_every_parameter():
    listed = json.loads(anomalyst("list", "--kind", "table", "--json").stdout)
    names = {record["name"]: record for record in listed}
    assert {"autoencoder", "isolation_forest"} <= set(names)
    assert list(names["isolation_forest"]) == ["name", "title", "family", "representation", "kinds", "parameters"]
    assert list(names["isolation_forest"]["parameters"][0]) == ["name", "type", "default", "low", "high", "choices", "help"]
    assert "autoencoder" in anomalyst("list").stdout


@pytest.mark.parametrize("place", ["machine.csv", "machine.csv/inside"])
def test_a_folder_that_cannot_be_written_is_one_clear_line_before_anything_is_read(source, place):
    done = anomalyst("train", source, "--detector", "isolation_forest", "--out", source.parent / place)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Nothing can be written to `{source.parent / place}`")
    assert done.stderr.count("\n") == 1


def test_a_result_that_cannot_be_written_is_one_clear_line(source, tmp_path):
    (tmp_path / "scores.parquet").mkdir()
    done = anomalyst("train", source, "--detector", "isolation_forest", "--out", tmp_path, "--quiet")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Nothing can be written to `{tmp_path}`")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["mode=idle", "label=0.0"])
def test_rows_to_learn_from_are_chosen_by_text_or_by_number(source, tmp_path, text):
    done = anomalyst("train", source, "--detector", "isolation_forest", "--out", tmp_path, "--fit-where", text, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    column, value = text.split("=")
    expected = int((pd.read_csv(source)[column].astype(str) == value.removesuffix(".0")).sum())
    assert json.loads((tmp_path / "run.json").read_text())["fitted_rows"] == expected


def test_a_table_of_any_format_is_read_as_it_was_said(tmp_path):
    rows = [["Readings of June"], [], ["day", "value"], *([f"03/{day:02}/2024", f"{day},5"] for day in range(1, 13))]
    (tmp_path / "book").write_bytes(workbook({"Cover": [["nothing"], [1]], "Data": rows}))
    done = anomalyst(
        "train", tmp_path / "book", "--detector", "isolation_forest", "--out", tmp_path / "out", "--kind", "table",
        "--read", "sheet=Data", "--read", "dates=month_first",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "The dates in `day` have the month first." in done.stderr
    assert json.loads((tmp_path / "out" / "run.json").read_text())["rows"] == 12


def test_a_reading_option_that_does_not_exist_is_one_clear_line_and_the_help_names_those_that_do(source, tmp_path):
    done = anomalyst("train", source, "--detector", "isolation_forest", "--out", tmp_path, "--read", "speed=fast")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "`speed=fast` names no parameter." in done.stderr
    told = anomalyst("train", "--help").stdout
    assert all(f"\n  {name} = " in told for name in ReadingOptions.fields)


@pytest.mark.slow
def test_a_run_goes_on_from_an_earlier_one_and_drops_the_most_unusual_rows(source, tmp_path):
    first, again = tmp_path / "first", tmp_path / "again"
    network = ("--detector", "autoencoder", "--ignore", "reading_id", "--quiet", "--set", "encoder=[4,1]", "--set", "epochs=2")
    assert anomalyst("train", source, "--out", first, *network).returncode == 0
    done = anomalyst("train", source, "--out", again, *network, "--start-from", first, "--drop-most-unusual", "0.05")
    assert done.returncode == 0, done.stderr
    summary = json.loads((again / "run.json").read_text())
    assert (summary["start_from"], summary["dropped_rows"], summary["fitted_rows"]) == (str(first), ROWS // 20, ROWS - ROWS // 20)
    scores = pd.read_parquet(again / "scores.parquet")
    assert scores.loc[scores["dropped"], "first_score"].min() >= scores.loc[~scores["dropped"], "first_score"].max()


def test_a_folder_without_an_earlier_run_and_a_damaged_one_are_told_in_a_line(source, out, tmp_path):
    asked = ("train", source, "--detector", "autoencoder", "--out", tmp_path / "new", "--quiet", "--start-from")
    nothing = anomalyst(*asked, tmp_path)
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (2, 1)
    assert "holds no earlier run" in nothing.stderr
    assert "prepared as in the earlier run" in anomalyst(*asked, tmp_path, "--prepare", "scaling=robust").stderr
    (tmp_path / "detector.zip").write_bytes((out / "detector.zip").read_bytes()[:-100])
    assert "not a detector file, or is damaged" in anomalyst(*asked, tmp_path).stderr


def test_a_search_leaves_the_best_training_and_all_trials(source, tmp_path):
    done = anomalyst(
        "search", source, "--detector", "isolation_forest", "--trials", "3", "--out", tmp_path, "--label", "label", "--ignore", "reading_id",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "trial 3/3" in done.stderr
    found, summary = (json.loads((tmp_path / name).read_text()) for name in ("search.json", "run.json"))
    assert (found["objective"], [one["name"] for one in found["searched"]]) == ("average_precision", ["trees", "rows_per_tree"])
    assert [one["trial"] for one in found["trials"]] == [1, 2, 3]
    assert found["trials"][0]["parameters"] == {"trees": 100, "rows_per_tree": 256}
    best = found["trials"][found["best"]["trial"] - 1]
    assert best["value"] == max(one["value"] or 0 for one in found["trials"]) == summary["metrics"]["average_precision"]
    assert best["parameters"].items() <= summary["parameters"].items()
    assert found["best"]["gain"] == pytest.approx(best["value"] - found["trials"][0]["value"])
    assert (tmp_path / "detector.zip").exists() and (tmp_path / "scores.parquet").exists()


def test_a_search_that_cannot_be_is_refused_in_one_line(source, tmp_path):
    refused = anomalyst("search", source, "--detector", "ecod", "--out", tmp_path, "--quiet")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "no settings that a search could vary" in refused.stderr
