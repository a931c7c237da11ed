"""Score: from verdicts on a batch to a detector in the place of the old one, and nothing by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from detectors.runs.request import RunRequest
from detectors.storage.bin import Chosen
from detectors.storage.marks import Said
from detectors.storage.tables import DetectorRecord, RunRecord
from detectors.workbench import Workbench
from detectors.workbench.saved import Entitled
from tests.behind_pages import resting_workbench
from tests.saved_runs import answering, done, imported
from tests.test_pages_score import FRAME, frame, texts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("retrain") / "workspace") as opened:
        yield answering(opened)


@pytest.fixture(scope="module")
def batches(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[DetectorRecord, str, str]:
    """A detector that learned from 100 rows, and two batches of 60 that it has scored."""
    folder = tmp_path_factory.mktemp("upload")
    old = imported(bench, frame(0, 100), "march.csv", folder)
    run_id = done(bench, bench.start_run(RunRequest(old, "zscore", bench.records.data_set(old).roles)))
    bench.keep_threshold(run_id, "percentile", 85.0)
    record = bench.save_detector(run_id, Entitled("march"))
    april, may = (imported(bench, frame(seed, 60), name, folder) for seed, name in ((1, "april.csv"), (2, "may.csv")))
    scored = [done(bench, bench.score_data(record.id, data_id)) for data_id in (april, may)]
    first, second = (int(row) for row in np.asarray(bench.run_folder(scored[0]).array("ranking"))[:2])
    bench.mark(april, [Said(first, first, "anomaly"), Said(second, second, "normal")])
    return record, april, may


def score_page(data_id: str, detector: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=240)
    app.query_params["data"] = data_id
    app.query_params["detector"] = detector
    app = app.run().switch_page("score.py").run()
    assert not app.exception
    return app


def test_from_verdicts_to_a_detector_in_the_place_of_the_old_one(bench, batches) -> None:
    record, april, may = batches
    app = score_page(april, record.id)
    shown = texts(app)
    assert "100 old rows + 60 new ones, 1 judged an anomaly left out, 1 judged normal kept" in shown
    assert "flagged without a verdict left out" in shown
    assert bench.retrained(record.id) == []
    app.button(key="start_retraining").click().run()
    assert not app.exception
    app.session_state["retraining"][1].result()
    (run,) = bench.retrained(record.id)
    assert bench.records.data_set(run.data_id).name == "march.csv + april.csv"
    app.run()
    assert not app.exception
    done(bench, run.id)

    app = score_page(april, record.id)
    shown = texts(app)
    assert "march has been retrained" in shown.replace("*", "")
    assert "march v1 is still in its place" in shown
    choice = next(box for box in app.selectbox if box.label == "Compare both on")
    assert choice.value == may  # neither has learned from it
    assert "April" not in shown
    assert app.button(key="switch").disabled
    choice.set_value(april).run()
    assert "has learned from these rows" in texts(app)
    next(box for box in app.selectbox if box.label == "Compare both on").set_value(may).run()
    app.button(key="compare_both").click().run()
    assert not app.exception
    beside = bench.beside(run.id, may)
    assert beside.old.state == "done"  # it had scored that batch already
    done(bench, beside.new.id)

    app = score_page(april, record.id)
    shown = texts(app)
    found = bench.replacing(bench.beside(run.id, may))
    assert f"Both flag **{len(found.both)}** rows" in shown
    assert "the same rule, applied to the new training scores" in shown
    table = next(each.value for each in app.dataframe if "detector" in each.value.columns)
    assert table["flagged"].tolist() == list(found.flagged)
    assert not app.button(key="switch").disabled
    app.button(key="switch").click().run()
    assert not app.exception
    now = bench.switched(run.id)
    assert (now.called, now.retired, bench.saved_detector(record.id).retired is not None) == ("march v2", None, True)
    assert "Retrained from march v1 by" in now.note
    assert next(box for box in app.selectbox if box.label == "Detector").value == now.id
    _told_after_the_switch(bench, record, run, april)


def _told_after_the_switch(bench: Workbench, record: DetectorRecord, run: RunRecord, april: str) -> None:
    now = bench.switched(run.id)
    assert now is not None
    app = AppTest.from_file(FRAME, default_timeout=240)
    app.query_params["run"] = run.id
    app.query_params["data"] = run.data_id
    app.session_state["as_command_threshold"] = True
    assert "put together here from march.csv, april.csv: no file holds them" in texts(app.run().switch_page("threshold.py").run())
    assert "march v2 has learned from these rows" in texts(score_page(april, now.id))
    shown = texts(score_page(april, record.id))
    assert "since then march v2 is in its place" in shown
    assert "Restore it to retrain it" in shown
    bench.retire_detector(record.id, back=True)


def test_a_batch_that_is_there_already_is_said_and_old_rows_that_are_gone_too(bench, batches, tmp_path: Path) -> None:
    record, _, _ = batches
    again = imported(bench, frame(0, 100).iloc[:50], "march again.csv", tmp_path)
    done(bench, bench.score_data(record.id, again))
    shown = texts(score_page(again, record.id))
    assert "50 of 50 new rows are there already, value for value." in shown
    assert "100 old rows + 0 new ones" in shown
    run = bench.records.run(record.origin["run"])
    bench.library.delete(Chosen(data=(run.data_id,)))
    shown = texts(score_page(again, record.id))
    bench.library.restore(Chosen(data=(run.data_id,)))
    assert "New rows alone are learned from." in shown
    assert "0 old rows + 50 new ones" in shown


def test_a_retrained_detector_that_is_not_wanted_goes_to_the_bin_and_the_old_one_stays(bench, batches) -> None:
    record, april, _ = batches
    other = bench.save_detector(record.origin["run"], Entitled("other"))
    scored = done(bench, bench.score_data(other.id, april))
    app = score_page(april, other.id)
    app.button(key="start_retraining").click().run()
    app.session_state["retraining"][1].result()
    (run,) = bench.retrained(other.id)
    done(bench, run.id)
    app = score_page(april, other.id)
    assert "Better: score a further batch with other v1" in texts(app)
    app.button(key="discard_retrained").click().run()
    assert not app.exception
    assert bench.retrained(other.id) == []
    assert bench.saved_detector(other.id).retired is None
    assert bench.records.run(scored) is not None
    assert app.button(key="undo")
