"""What is kept is found, renamed and tidied up on the pages, and a page says so where something is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from detectors.runs import queue
from detectors.settings import Settings
from detectors.storage.bin import Chosen
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.workbench import Workbench
from pages.shared import engine, keeping
from tests.browser import wait_until_idle
from tests.server import AppServer
from tests.test_pages import opened, texts

pytestmark = pytest.mark.slow


def fill(bench: Workbench) -> None:
    """Two data sets, of which one has two finished runs, and a waiting one behind two others."""
    for data_id, name in (("d1", "bank.csv"), ("d2", "pump.csv")):
        bench.data_folder(data_id).mkdir()
        bench.records.add(DataSetRecord(data_id, name, "table", 10, 1, data_id, {"a": "feature"}, size=1000))
    for run_id, state in (("r1", "done"), ("r2", "done"), ("r3", "queued"), ("r4", "queued"), ("r5", "queued")):
        bench.run_folder(run_id).path.mkdir()
        summary = {"rows": 10}
        data_id = "d1" if state == "done" else "d2"
        bench.records.add(RunRecord(run_id, data_id, "train", "isolation_forest", {}, state, summary=summary, size=500))


@pytest.fixture
def bench(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """The workbench behind the pages, whose processes are not started: what waits goes on waiting."""
    engine.close_workbench()
    engine.workbench.clear()
    monkeypatch.setattr(Workbench, "start", lambda _self: None)
    opened_bench = engine.workbench()
    fill(opened_bench)
    for run_id in ("r3", "r4", "r5"):
        queue.enqueue(opened_bench.workspace, run_id, "local")
    yield opened_bench
    engine.close_workbench()
    engine.workbench.clear()


def edited(app: AppTest, row: int, **changed: object) -> AppTest:
    """The page after cells of its table were changed, which AppTest has no words for yet."""
    states = app._tree.get_widget_states()
    change = {"edited_rows": {str(row): changed}, "added_rows": [], "deleted_rows": []}
    states.widgets.add(id=app.dataframe[0].proto.id, string_value=json.dumps(change))
    return app._run(states)


def click(app: AppTest, key: str) -> AppTest:
    return next(button for button in app.button if button.key == key).click().run()


def test_the_library_lists_what_is_kept_and_a_name_is_changed_in_place(bench):
    app = opened("library")
    assert app.dataframe[0].value[["name", "rows", "runs", "size"]].to_dict("list") == {
        "name": ["pump.csv", "bank.csv"], "rows": [10, 10], "runs": [3, 2], "size": [1000, 1000],
    }  # fmt: skip
    app = edited(app, 1, name="Bank, March", note="from Ann")
    assert (bench.records.data_set("d1").name, bench.records.data_set("d1").note) == ("Bank, March", "from Ann")
    app = edited(app, 1, name=" ")
    assert "needs a name" in app.error[0].value
    assert app.dataframe[0].value["name"].tolist() == ["pump.csv", "Bank, March"]
    app.text_input[0].set_value("ann march").run()
    assert app.dataframe[0].value["name"].tolist() == ["Bank, March"]


def test_what_is_ticked_goes_into_the_bin_and_is_had_back(bench):
    app = edited(opened("library"), 1, ticked=True)
    assert "1 chosen · 1 kB" in texts(app) and "2 runs go with that." in texts(app)
    app = click(app, "delete_ticked")
    assert r"bank\.csv is in the bin, with its 2 runs." in texts(app)
    assert app.dataframe[0].value["name"].tolist() == ["pump.csv"]
    app = click(app, "undo")
    assert sorted(run.id for run in bench.records.runs("d1")) == ["r1", "r2"]
    assert app.dataframe[0].value["name"].tolist() == ["pump.csv", "bank.csv"]


@pytest.mark.parametrize("page", ["data", "train", "threshold"])
def test_a_page_says_what_became_of_what_it_was_opened_on(bench, page):
    bench.library.delete(Chosen(data=("d1",)))
    app = opened(page, data="d1", run="r1")
    assert "This data set is in the bin." in texts(app)
    bench.library.empty_bin()
    assert "This cannot be restored" in click(app, "restore").error[0].value  # another session was faster
    assert "It was deleted for good" in texts(opened(page, data="d1", run="r1"))


def test_train_names_the_runs_before_a_waiting_one_and_withdraws_them(bench):
    page_before = opened("train", data="d2", run="r5")
    assert "waiting · 2 runs before this one" in texts(page_before)
    assert r"1\. Isolation forest, " in texts(page_before)
    assert not page_before.exception
    click(page_before, "withdraw_before_r4")
    assert queue.waiting(bench.workspace) == ["r3", "r5"]
    assert "waiting · 1 run before this one" in texts(opened("train", data="d2", run="r5"))


def test_what_the_server_has_kept_goes_when_something_is_deleted_for_good(bench):
    scores_of = engine.kept_by_id(2)(lambda run_id: [run_id])
    before = scores_of("r1")
    assert scores_of("r1") is before
    bench.library.delete(Chosen(runs=("r1",)))
    keeping.purge(Chosen(runs=("r1",)))
    assert scores_of("r1") is not before
    assert engine.workbench() is bench
    assert not bench.run_folder("r1").path.exists()


@pytest.mark.browser
def test_a_run_is_named_deleted_and_had_back_from_home(app_server: Callable[..., AppServer], tmp_path: Path, page: Page) -> None:
    root = tmp_path / "workspace"
    bench = Workbench(Settings(root, f"sqlite:///{root / 'anomalyst.db'}"))
    fill(bench)
    bench.close()
    page.goto(app_server(workspace=root).url)
    line = page.locator(".st-key-recent_r1")
    wait_until_idle(line)
    page.locator(".st-key-menu_r1 button").click()
    page.get_by_label("Name").fill("For the report")
    page.get_by_label("Name").press("Enter")
    wait_until_idle(line.get_by_text("For the report"))
    page.locator(".st-key-delete_r1 button").click()
    wait_until_idle(page.get_by_text("is in the bin."))
    expect(line).to_have_count(0)
    page.locator(".st-key-undo button").click()
    wait_until_idle(line.get_by_text("For the report"))
