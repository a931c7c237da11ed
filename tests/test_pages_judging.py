"""Threshold says how good the flags are with labels and without, and how sure each of them is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors.base import Progress
from detectors.runs.execute import execute, save
from detectors.runs.planted import plant
from detectors.runs.refits import refit
from detectors.runs.request import RunRequest
from detectors.workbench import Workbench
from tests.behind_pages import resting_workbench
from tests.listed import column
from tests.tables import machine_frame

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench behind the pages, its two processes not started."""
    with resting_workbench(tmp_path_factory.mktemp("judging") / "workspace") as opened_bench:
        yield opened_bench


def imported(bench: Workbench, frame: pd.DataFrame, folder: Path, name: str) -> str:
    frame.to_csv(folder / name, index=False)
    return bench.import_file(folder / name, name).id


def trained(bench: Workbench, data_id: str, detector: str, representation: str = "vectors") -> str:
    """The id of a finished run, done here in place of the trainer."""
    record = bench.records.data_set(data_id)
    assert record is not None
    run_id = bench.start_run(RunRequest(data_id, detector, record.roles, kind=record.kind, representation=representation, seed=1))
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    save(execute(folder.request(), bench.data_folder(data_id), Progress()), folder.result, Progress())
    bench.records.set_state(run_id, "done", summary=folder.summary())
    bench.keep_threshold(run_id, "percentile", 95.0)
    return run_id


def opened(data_id: str, run_id: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=120)
    app.query_params["data"], app.query_params["run"] = data_id, run_id
    return app.run().switch_page("threshold.py").run()


def texts(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*app.subheader, *app.markdown, *app.caption, *app.warning, *app.error])


@pytest.fixture(scope="module")
def machine(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    frame = machine_frame()
    frame["label"] = np.where(frame["label"] == 1, np.where(frame.index < 110, "stuck", "loose"), "normal")
    data_id = imported(bench, frame, tmp_path_factory.mktemp("upload"), "machine.csv")
    return data_id, trained(bench, data_id, "nearest_neighbours")


def test_each_figure_has_its_interval_and_each_kind_its_recall(bench, machine):
    app = opened(*machine)
    assert "95 of 100 draws of as many rows" in texts(app)
    assert len(re.findall(r"^[01]\\\.\d\d to [01]\\\.\d\d$", texts(app), re.MULTILINE)) == 6, texts(app)
    assert "How well is each kind of anomaly told?" in texts(app)
    kinds = next(table.value for table in app.dataframe if "recall" in table.value)
    assert sorted(kinds["kind"]) == ["loose", "stuck"]
    assert kinds["recall"].tolist() == [1.0, 1.0]


def test_the_power_card_waits_until_anomalies_are_planted_and_then_follows_the_threshold(bench, machine):
    data_id, run_id = machine
    assert "Planting known kinds of anomaly" in texts(opened(data_id, run_id))
    plant(bench.run_folder(run_id), bench.data_folder(data_id))
    app = opened(data_id, run_id)
    assert "for want of others" in texts(app)  # all rows were learned from
    before = [element for element in texts(app).splitlines() if "by chance" in element]
    bench.keep_threshold(run_id, "rows", 1.0)
    after = [element for element in texts(opened(data_id, run_id)).splitlines() if "by chance" in element]
    bench.keep_threshold(run_id, "percentile", 95.0)
    assert before != after


def test_refits_are_offered_with_how_long_they_take_and_then_say_which_flags_are_solid(bench, machine):
    data_id, run_id = machine
    app = opened(data_id, run_id)
    (offer,) = [button for button in app.button if button.key == "start_refits"]
    assert offer.label.startswith("Refit 20 times")
    offer.click().run()
    (refits,) = bench.stability_runs(run_id)
    assert refits.state == "queued"
    assert "stop_refits" in [button.key for button in app.button]
    folder = bench.run_folder(refits.id)
    folder.result.mkdir()
    refit(bench.run_folder(run_id), bench.data_folder(data_id), folder.result, Progress(), refits=5)
    bench.records.set_state(refits.id, "done", summary=folder.summary())
    app = opened(data_id, run_id)
    assert {metric.label for metric in app.metric} >= {"solid", "borderline", "nearly flagged"}
    solid, borderline = (int(metric.value) for metric in app.metric if metric.label in ("solid", "borderline"))
    assert solid + borderline == bench.records.threshold(run_id).flagged
    assert column(app, "solidity")[0] == 1.0


def test_a_series_is_judged_by_stretch_too_and_no_point_is_adjusted(bench, tmp_path):
    step = np.arange(600)
    frame = pd.DataFrame(
        {"time": pd.date_range("2024-01-01", periods=600, freq="min"), "level": np.sin(step / 4) + step % 7 * 0.01, "label": 0}
    )
    for first in (200, 400, 500):
        frame.loc[first : first + 9, ["level", "label"]] = [5.0, 1]
    data_id = imported(bench, frame, tmp_path, "wave.csv")
    run_id = trained(bench, data_id, "rolling_zscore", "windows")
    bench.keep_threshold(run_id, "percentile", 85.0)
    app = opened(data_id, run_id)
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["Stretches found"] == "1.00"
    assert figures["VUS-PR"] != "–"
    assert "no point is adjusted" in texts(app)
    assert "draws of as many stretches" in texts(app)
