"""Train searches for settings: says by what it judges, shows the trials, the best so far and what that gained."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.runs.searches import NEXT_FILE
from detectors.storage.files import read_json
from detectors.storage.records import RunRecord
from detectors.trainer import work
from detectors.workbench import Workbench
from tests.behind_pages import resting_workbench
from tests.tables import machine_frame

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench behind the pages, its two processes not started."""
    with resting_workbench(tmp_path_factory.mktemp("searching") / "workspace") as opened_bench:
        yield opened_bench


@pytest.fixture(scope="module")
def data_id(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("upload") / "machine.csv"
    machine_frame().to_csv(path, index=False)
    return bench.import_file(path, "machine.csv").id


def opened(data_id: str, detector: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=120)
    app.query_params["data"] = data_id
    app.run().switch_page("train.py").run()
    (card,) = [button for button in app.button if button.key == f"choose_{detector}"]
    return card.click().run() if not card.disabled else app


def texts(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*app.subheader, *app.markdown, *app.caption])


def unfolded(app: AppTest, key: str) -> AppTest:
    app.session_state[key] = True
    return app.run()


def step(bench: Workbench, search: str) -> RunRecord | None:
    """A step of the search and the trial that it proposes, done here in place of server and trainer; None at its end."""
    folder = bench.run_folder(search)
    work(bench.workspace, search)
    if not (folder.result / NEXT_FILE).exists():
        bench.records.set_state(search, "done", summary=folder.summary())
        return None
    left = read_json(folder.result / NEXT_FILE)
    shutil.rmtree(folder.result)
    request = RunRequest.from_json(left["request"])
    run = RunFolder(bench.workspace.runs / left["run"])
    run.ask(request)
    record = RunRecord(left["run"], request.data_id, "train", request.detector, request.to_json(), of_run=search)
    bench.records.add(record)
    work(bench.workspace, record.id)
    bench.records.set_state(record.id, "done", summary=run.summary())
    bench.keep_threshold(record.id, "percentile", 95.0)
    return record


def test_the_form_says_what_is_varied_and_by_what_it_is_judged_and_begins_a_search(bench, data_id):
    app = unfolded(opened(data_id, "isolation_forest"), "search_form")
    assert "average precision of the known anomalies" in texts(app)
    assert "**Trees** 10 to 1\u202f000" in texts(app)
    (trials,) = [field for field in app.number_input if field.key == "search_trials"]
    assert trials.value == 20
    trials.set_value(3)
    (start,) = [button for button in app.button if button.key == "start_search"]
    app = start.click().run()
    assert not app.exception
    (search,) = bench.searches(data_id)
    assert "0 of at most 3 trials" in texts(app)
    assert f"stop_search_{search.id}" in [button.key for button in app.button]


def test_the_panel_shows_the_best_so_far_what_it_gained_and_opens_it(bench, data_id):
    (search,) = bench.searches(data_id)
    assert step(bench, search.id) is not None
    assert step(bench, search.id) is not None  # which notes what the first one reached
    app = opened(data_id, "isolation_forest")
    assert "Best so far" in [metric.label for metric in app.metric]
    assert "No settings reached more than the defaults" in texts(app)
    assert "expect a little less on new data" in texts(app)
    while step(bench, search.id) is not None:
        pass
    app = opened(data_id, "isolation_forest")
    summary = bench.records.run(search.id).summary
    assert "3 of at most 3 trials" in texts(app)
    shown = {metric.label: metric for metric in app.metric}
    assert shown["Best"].value == f"{summary['best_value']:.4f}"
    assert shown["Defaults"].value == f"{summary['first_value']:.4f}"
    assert "Which trial reached most?" in texts(app)
    assert "No runs on this data yet" in texts(app)  # trials are shown with their search
    (button,) = [button for button in app.button if button.key == f"open_best_{search.id}"]
    app = button.click().run()
    assert app.query_params["run"] == summary["best"]
    assert any("Isolation forest, trial" in str(menu.proto) for menu in app.get("menu_button"))


def test_a_detector_without_settings_offers_no_search(bench, data_id):
    app = unfolded(opened(data_id, "ecod"), "search_form")
    assert "What is varied" not in texts(app)
