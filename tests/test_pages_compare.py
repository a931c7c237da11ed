"""The page Compare: says what is missing, holds finished runs beside one another, keeps the choice in its address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.runs.request import RunRequest
from detectors.storage.files import write_json
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.workbench import Workbench
from tests.behind_pages import resting_workbench
from tests.listed import column, rows
from tests.test_pages import labels, opened, texts

pytestmark = pytest.mark.slow

ROWS = 40


@pytest.fixture
def bench(workspace: Path) -> Iterator[Workbench]:
    """The workbench behind the pages, whose processes are not started."""
    with resting_workbench(workspace) as opened_bench:
        yield opened_bench


@pytest.fixture
def data_set(bench: Workbench, tmp_path: Path) -> DataSetRecord:
    frame = pd.DataFrame({"temperature": np.linspace(0, 1, ROWS), "pressure": np.cos(np.arange(ROWS)), "label": np.arange(ROWS) < 4})
    frame.to_csv(tmp_path / "boiler.csv", index=False)
    return bench.import_file(tmp_path / "boiler.csv", "boiler.csv")


def finish(bench: Workbench, data_set: DataSetRecord, detector: str, scores: np.ndarray, **parameters: object) -> str:
    """A run as the trainer leaves it, with these scores and the five highest flagged."""
    request = RunRequest(data_set.id, detector, data_set.roles, parameters=parameters)
    run_id = f"run_{detector}"
    folder = bench.run_folder(run_id)
    folder.ask(request)
    folder.result.mkdir()
    ranking = np.argsort(scores, kind="stable")[::-1]
    arrays = {
        "scores": scores, "ranking": ranking, "sorted_scores": scores[ranking[::-1]], "sorted_training_scores": np.sort(scores),
        "fitted": np.ones(ROWS, dtype=bool), "labels": (np.arange(ROWS) < 4).astype(np.int8),
    }  # fmt: skip
    for name, values in arrays.items():
        np.save(folder.result / f"{name}.npy", values, allow_pickle=False)
    summary = {"rows": ROWS, "fitted_rows": ROWS, "seconds": {"fit": 1.0, "score": 0.5}, "parameters": dict(parameters), "preparation": {}}
    write_json(folder.result / "result.json", summary)
    bench.records.add(RunRecord(run_id, data_set.id, "train", detector, request.to_json(), "done", summary=summary))
    cut_off = float(np.sort(scores)[-6])
    bench.records.keep_threshold(ThresholdRecord(run_id, "rows", 5, cut_off, 5))
    return run_id


@pytest.fixture
def two_runs(bench: Workbench, data_set: DataSetRecord) -> tuple[str, str]:
    """One flags rows 1 to 5, the other rows 2 to 6."""
    falling = np.arange(ROWS, 0.0, -1.0)
    shifted = np.where(np.arange(ROWS) == 0, 0.0, falling)
    return finish(bench, data_set, "isolation_forest", falling, trees=100), finish(bench, data_set, "hbos", shifted, bins=10)


def test_without_a_second_run_it_says_so_and_offers_to_train_one(bench: Workbench, data_set: DataSetRecord) -> None:
    assert "Train two to compare them." in texts(opened("compare", data=data_set.id))
    finish(bench, data_set, "isolation_forest", np.arange(float(ROWS)))
    app = opened("compare", data=data_set.id)
    assert "Train a second one to compare them." in texts(app)
    assert "Choose and train a detector" in labels(app)


def test_it_shows_what_each_found_and_how_far_they_agree(data_set: DataSetRecord, two_runs: tuple[str, str]) -> None:
    app = opened("compare", data=data_set.id)
    assert not app.exception
    table = app.dataframe[0].value.set_index("run")
    assert table["flagged"].tolist() == [5, 5]
    assert table.loc["Isolation forest", "precision"] == pytest.approx(0.8)
    assert table.loc["Histograms (HBOS)", "precision"] == pytest.approx(0.6)
    assert table["seconds"].tolist() == [1.5, 1.5]
    assert "4 rows are flagged by all of them, 6 by at least one." in texts(app).replace("\\", "")


def test_it_lists_what_only_one_of_them_flags_with_its_rank_in_both(data_set: DataSetRecord, two_runs: tuple[str, str]) -> None:
    app = opened("compare", data=data_set.id)
    ranks = {name: column(app, f"rank · {name}", "listed_alone") for name in ("Histograms (HBOS)", "Isolation forest")}
    assert (rows(app, "listed_alone"), ranks) == ([5], {"Histograms (HBOS)": ["5"], "Isolation forest": ["6"]})


def test_the_runs_compared_stand_in_the_address(data_set: DataSetRecord, two_runs: tuple[str, str]) -> None:
    app = opened("compare", data=data_set.id)
    app.multiselect[0].set_value([two_runs[0]]).run()
    assert app.query_params["compared"] == two_runs[0]
    assert "Choose at least two runs." in texts(app)
    again = opened("compare", data=data_set.id, compared=",".join(two_runs))
    assert again.multiselect[0].value == list(two_runs)


def test_the_runs_are_combined_into_one_that_waits_in_the_queue(
    bench: Workbench, data_set: DataSetRecord, two_runs: tuple[str, str]
) -> None:
    opened("compare", data=data_set.id).button(key="combine").click().run()
    (run,) = [run for run in bench.records.runs(data_set.id) if run.state == "queued"]
    assert [member["detector"] for member in run.request["parameters"]["members"]] == ["hbos", "isolation_forest"]
