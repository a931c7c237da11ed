"""The Watch page: from an empty shelf to a watched folder, its files, its warnings, and what is said where something is wrong."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors.answerer import Answerer
from detectors.runs.request import RunRequest
from detectors.storage.tables import WatchRecord
from detectors.watching import served as serving_folders
from detectors.watching.schedule import Schedule
from detectors.workbench import Workbench
from detectors.workbench.saved import Entitled
from detectors.workbench.watching import AskedWatch
from pages.shared.watch_warnings import _place
from tests.behind_pages import reading_here, resting_workbench
from tests.receivers import WebServer, serving
from tests.test_command_line_files import run as run_command
from tests.test_pages_score import done, frame, imported, texts
from tests.test_watched_folders import put, steps

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with reading_here(), resting_workbench(tmp_path_factory.mktemp("watch") / "workspace") as opened_bench:
        answerer = Answerer(opened_bench.workspace)
        opened_bench.answerer.ask = lambda question, *, timeout_s=0.0, **values: answerer.answer({"do": question, **values})  # type: ignore[method-assign]
        yield opened_bench


@pytest.fixture(scope="module")
def detector_id(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> str:
    assert "none is saved yet" in texts(opened())  # before there is one
    data_id = imported(bench, frame(0, 200), "march.csv", tmp_path_factory.mktemp("upload"))
    run = done(bench, bench.start_run(RunRequest(data_id, "isolation_forest", bench.records.data_set(data_id).roles)))
    return bench.save_detector(run, Entitled("march")).id


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(serving_folders, "SETTLING_S", 0.0)
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def watch(bench: Workbench, detector_id: str, inbox: Path) -> Iterator[WatchRecord]:
    """A watch with a file that has flags, and one that the gate has stopped."""
    put(inbox, "far.csv", 4, shift=6.0)
    frame(5, 20).drop(columns="b").to_csv(inbox / "less.csv", index=False)
    begun = bench.start_watch(AskedWatch("nightly", detector_id, str(inbox), "*.csv", rules=("flagged>0", "gate")), "Ada")
    steps(bench, begun, 6)
    yield begun
    for each in bench.watches():
        bench.delete_watch(each.id)


def opened(watch_id: str | None = None) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=240)
    if watch_id is not None:
        app.query_params["watch"] = watch_id
    return app.run().switch_page("watch.py").run()


def test_a_first_watch_is_begun_from_the_empty_page(bench, detector_id: str, inbox: Path) -> None:
    app = opened()
    assert not app.exception
    assert "No folder is watched yet" in texts(app)
    app.text_input(key="watch_form_new_folder").set_value(str(inbox / "none")).run()
    assert "There is no folder" in texts(app)
    app.button(key="watch_form_new_go").click().run()
    assert bench.watches() == []

    put(inbox, "a.csv")
    app.text_input(key="watch_form_new_folder").set_value(str(inbox)).run()
    assert "1 files there have such a name: a.csv" in texts(app)
    app.checkbox(key="watch_form_new_rate").check().run()
    app.number_input(key="watch_form_new_rate_limit").set_value(2.5)
    app.text_input(key="watch_form_new_webhook").set_value("http://127.0.0.1:9/secret")
    app.text_input(key="watch_form_new_name").set_value("Nightly")
    app.button(key="watch_form_new_go").click().run()
    assert not app.exception
    (begun,) = bench.watches()
    assert (begun.name, begun.pattern, begun.rules, begun.folder) == ("Nightly", "*.csv", ["flagged>0", "rate>0.025", "gate"], str(inbox))
    shown = texts(app)
    assert "http://127.0.0.1:9/…" in shown and "secret" not in shown
    assert "No file has come yet" in shown
    bench.delete_watch(begun.id)


def test_files_and_warnings_are_listed_and_a_warning_is_acknowledged(bench, watch: WatchRecord) -> None:
    app = opened(watch.id)
    assert not app.exception
    shown = texts(app)
    assert "1 scored · 1 not scored · 0 under way" in shown
    assert re.search(r"far\.csv: \d\d of 60 rows flagged, more than 0\.", shown)
    assert "less.csv was not scored. Not there, though the detector learned from it: b." in shown
    listed = app.dataframe[0].value
    assert listed["file"].tolist() == ["less.csv", "far.csv"] and listed["flags"].tolist() == ["What differs", "Flags"]
    assert "most scores have moved" in listed["said"].tolist()[1]

    newest = bench.unseen_warnings(watch.id)[0]
    app.button(key=f"acknowledge_{newest}").click().run()
    assert not app.exception
    assert len(bench.unseen_warnings(watch.id)) == 1
    assert f"acknowledged by {bench.settings.author}" in texts(app)


def test_it_is_paused_resumed_changed_and_deleted(bench, watch: WatchRecord, inbox: Path) -> None:
    app = opened()
    app.button(key="pause").click().run()
    assert bench.watch(watch.id).paused is not None and "Paused" in texts(app)
    app.button(key="resume").click().run()
    assert bench.watch(watch.id).paused is None
    app.button(key="change_watch").click().run()
    assert not app.exception
    assert app.text_input(key=f"watch_form_{watch.id}_folder").value == watch.folder
    app.button(key="delete_watch").click().run()
    assert not app.exception
    assert "data sets, runs and flags stay" in texts(app)


def test_a_watch_is_changed(bench, watch: WatchRecord) -> None:
    def page(watch_id: str) -> None:
        from pages.shared.engine import workbench
        from pages.shared.watch_form import watch_form

        watch_form(workbench().watch(watch_id))

    app, form = AppTest.from_function(page, default_timeout=240, args=(watch.id,)).run(), f"watch_form_{watch.id}"
    app.text_input(key=f"{form}_name").set_value("Weekly")
    app.segmented_control(key=f"{form}_how").set_value("weekdays").run()
    app.button(key=f"{form}_go").click().run()
    assert not app.exception
    changed = bench.watch(watch.id)
    assert (changed.name, changed.rules, Schedule.from_json(changed.schedule)) == ("Weekly", watch.rules, Schedule("weekdays", at="06:00"))
    assert "Monday to Friday at 06:00" in texts(opened(watch.id))


def test_what_holds_a_watch_up_is_said(bench, watch: WatchRecord, detector_id: str) -> None:
    bench.retire_detector(detector_id)
    steps(bench, watch, 1)
    app = opened(watch.id)
    assert "is retired. Restore it in the Library" in texts(app)
    bench.retire_detector(detector_id, back=True)
    steps(bench, watch, 1)
    assert "is retired" not in texts(opened(watch.id))
    assert "There is no watch at this address" in texts(opened("gone"))


def test_a_test_is_sent_and_its_refusal_is_shown(bench, watch: WatchRecord, detector_id: str, inbox: Path) -> None:
    with serving(WebServer(status=500)) as web:
        asked = AskedWatch("nightly", detector_id, str(inbox), "*.csv", rules=("gate",), webhook=web.url)
        bench.change_watch(watch.id, asked)
        app = opened(watch.id)
        app.button(key="send_test").click().run()
        assert "The webhook answered 500" in texts(app)
        web.status = 200
        app.button(key="send_test").click().run()
        assert "took the test" in texts(app) and web.posts[-1]["rule"] == "test"


def test_several_watches_are_listed_and_a_warning_leads_to_its_flags(bench, watch: WatchRecord, detector_id: str, inbox: Path) -> None:
    other = bench.start_watch(AskedWatch("other", detector_id, str(inbox), "*.txt", rules=("gate",)))
    app = opened()
    assert "No file has come yet" in texts(app)  # the newest one
    app.button(key=f"choose_watch_{watch.id}").click().run()
    assert "far.csv" in texts(app)
    warning = next(each for each in bench.watch_warnings(watch.id) if each["file"] == "far.csv")
    (entry,) = (each for each in bench.watched_files(watch.id) if each.name == "far.csv")
    assert _place(warning) == ("threshold", {"data": entry.data, "run": entry.run})
    bench.delete_watch(other.id)


def test_the_command_that_is_shown_scores_the_folder_as_the_watch_did(bench, watch: WatchRecord, tmp_path: Path) -> None:
    app = opened(watch.id)
    app.session_state[f"as_command_watch_{watch.folder}"] = True
    (command,) = [code.value for code in app.run().code if "detectors watch" in code.value]
    _, _, _, *words = shlex.split(command.replace("\\\n", " "))
    assert words[1:3] == ["march v1.zip", str(tmp_path / "inbox")]
    shutil.copyfile(bench.detector_path(watch.detector_id), tmp_path / words[1])
    with chdir(tmp_path):
        assert run_command(*words, "--once", "--every", "0.1", "--explain", "0", "--quiet") == 0
    scored = next(entry for entry in bench.watched_files(watch.id) if entry.name == "far.csv")
    (by_command,) = (tmp_path / "watched" / "scores").glob("far*.parquet")
    np.testing.assert_array_equal(pd.read_parquet(by_command)["score"], bench.run_folder(scored.run).array("scores"))
