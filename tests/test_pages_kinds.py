"""The same pages for every kind of data: samples are opened, trained on with a quick detector, thresholded and explained."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from detectors import registry
from detectors.preparation import representations
from detectors.runs.request import RunRequest
from detectors.workbench import Workbench
from pages.shared import engine
from tests.test_pages import PATIENCE_S, opened, texts

pytestmark = pytest.mark.slow

#: For each kind a sample, a detector that is quick on it, and how its preparation is made quick.
QUICK = {
    "series": ("stock_prices", "rolling_zscore", {}),
    "images": ("mixed_digits", "isolation_forest", {"described": "pixels"}),
    "text": ("course_reviews", "tfidf_logistic", {}),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench behind the pages of this module, in a workspace of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANOMALYST_WORKSPACE", str(tmp_path_factory.mktemp("kinds") / "workspace"))
        engine.close_workbench()
        engine.workbench.clear()
        engine.workbench().start()
        yield engine.workbench()
        engine.close_workbench()
        engine.workbench.clear()


@pytest.fixture(scope="module")
def data(bench: Workbench) -> dict[str, str]:
    """The id of a data set of each kind."""
    return {kind: bench.import_sample(sample).id for kind, (sample, _, _) in QUICK.items()}


@pytest.fixture(scope="module")
def runs(bench: Workbench, data: dict[str, str]) -> dict[str, str]:
    """The id of a finished run of each kind."""
    started = {kind: bench.start_run(request(bench, data[kind], kind)) for kind in QUICK}
    until = time.monotonic() + PATIENCE_S
    while not all(bench.records.run(run_id).ended for run_id in started.values()):
        assert time.monotonic() < until, "the runs did not end"
        time.sleep(0.2)
    for run_id in started.values():
        run = bench.records.run(run_id)
        assert run.state == "done", run.message
    return started


def request(bench: Workbench, data_id: str, kind: str) -> RunRequest:
    _, name, preparation = QUICK[kind]
    detector = registry.find(kind, name)
    roles = bench.records.data_set(data_id).roles
    return RunRequest(data_id, name, roles, kind=kind, representation=detector.representation(), preparation=preparation)


@pytest.fixture(params=sorted(QUICK))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def without_error(app: AppTest) -> AppTest:
    assert not app.exception, [error.value for error in app.exception]
    assert not app.error, [error.value for error in app.error]
    return app


def test_a_file_is_worked_on_as_the_kind_it_looks_like(bench, data, kind):
    assert bench.records.data_set(data[kind]).kind == kind
    assert bench.possible_kinds(data[kind])[0] == kind


def test_the_data_page_shows_what_is_in_it(bench, data, kind):
    app = without_error(opened("data", data=data[kind]))
    words = {"series": "Usual step: 1 days", "images": "of 400 pictures", "text": "The first texts of text"}
    assert words[kind] in texts(app)


def test_another_kind_brings_the_roles_proposed_for_it(bench, data):
    other = bench.import_sample("stock_prices").id
    bench.set_kind(other, "table")
    assert "time" not in bench.records.data_set(other).roles.values()
    bench.set_kind(other, "series")
    assert "time" in bench.records.data_set(other).roles.values()


def test_every_detector_of_the_kind_is_offered(bench, data, kind):
    app = without_error(opened("train", data=data[kind]))
    offered = [button.key.removeprefix("choose_") for button in app.button if (button.key or "").startswith("choose_")]
    assert offered == [detector.name() for detector in registry.for_kind(kind)]
    assert {registry.find(kind, name).representation() for name in offered} == set(representations(kind))


def test_what_is_flagged_is_shown_with_its_scores(bench, runs, kind):
    app = without_error(opened("threshold", run=runs[kind], data=bench.records.run(runs[kind]).data_id))
    flagged = bench.records.threshold(runs[kind]).flagged
    assert flagged > 0
    heading = {"series": "events", "images": f"{flagged} flagged pictures", "text": f"{flagged} flagged texts"}[kind]
    assert heading in texts(app).replace("\u202f", "")


def test_a_flagged_item_is_explained(bench, runs, kind):
    run_id = runs[kind]
    row = int(np.argmax(bench.run_folder(run_id).array("scores")))
    app = without_error(opened("explain", run=run_id, data=bench.records.run(run_id).data_id, row=str(row)))
    assert "What added to the score" in texts(app)
    assert "so 0 is left unexplained" in texts(app)


def test_a_long_series_is_shown_on_every_page_too(bench, data, runs, monkeypatch):
    monkeypatch.setattr("detectors.series.MOST_VALUES", 100)
    engine.forget_kept()
    assert "Usual step: 1 days" in texts(without_error(opened("data", data=data["series"])))
    for page in ("train", "threshold", "explain"):
        without_error(opened(page, run=runs["series"], data=data["series"]))
    engine.forget_kept()


def test_a_detector_that_learns_from_labels_says_so_without_any(bench, data):
    roles = {**bench.records.data_set(data["text"]).roles, "label": "ignored"}
    run_id = bench.start_run(RunRequest(data["text"], "tfidf_logistic", roles, kind="text", representation="tokens"))
    until = time.monotonic() + PATIENCE_S
    while not bench.records.run(run_id).ended:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert "no column is the label" in str(bench.records.run(run_id).message)
