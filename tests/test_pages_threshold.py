"""Threshold: what is looked at is in the URL, what is kept has a history, and every page follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from detectors.base import Progress
from detectors.runs.execute import execute, save
from detectors.runs.request import RunRequest
from detectors.workbench import Workbench
from tests.behind_pages import resting_workbench
from tests.tables import machine_frame

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("threshold") / "workspace") as opened_bench:
        yield opened_bench


@pytest.fixture(scope="module")
def trained(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A data set and a finished run on it, of which 20 of 400 rows are flagged."""
    file = tmp_path_factory.mktemp("upload") / "machine.csv"
    machine_frame().to_csv(file, index=False)
    record = bench.import_file(file, file.name)
    run_id = bench.start_run(RunRequest(record.id, "zscore", record.roles, kind=record.kind, seed=1))
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    save(execute(folder.request(), bench.data_folder(record.id), Progress()), folder.result, Progress())
    bench.records.set_state(run_id, "done", summary=folder.summary())
    return record.id, run_id


@pytest.fixture
def machine(bench: Workbench, trained: tuple[str, str]) -> tuple[str, str]:
    """The same, with 20 rows flagged by the version kept last."""
    bench.keep_threshold(trained[1], "percentile", 95.0)
    return trained


def opened(page: str, data_id: str, run_id: str, **query: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=120)
    for name, value in {"data": data_id, "run": run_id, **query}.items():
        app.query_params[name] = value
    return app.run().switch_page(f"{page}.py").run()


def texts(app: AppTest) -> str:
    """Everything a page says, one element a line."""
    elements = [*app.header, *app.subheader, *app.markdown, *app.caption, *app.info, *app.warning, *app.error]
    return "\n".join(str(element.value) for element in elements)


def test_a_name_typed_once_is_that_of_the_session_and_an_empty_one_is_that_of_the_server(machine, monkeypatch):
    app = opened("threshold", *machine)
    (name,) = [field for field in app.text_input if field.label == "Your name"]
    started_by = name.value
    app = name.set_value("  Ada   Lovelace ").run()
    assert "You are Ada Lovelace" in [popover.proto.popover.label for popover in app.get("popover")]
    app = app.switch_page("explain.py").run()
    assert "You are Ada Lovelace" in [popover.proto.popover.label for popover in app.get("popover")]
    app = next(field for field in app.text_input if field.label == "Your name").set_value("").run()
    assert f"You are {started_by}" in [popover.proto.popover.label for popover in app.get("popover")]
