"""The Score page: the gate first, then scores as a run; detectors saved on Threshold and listed in the Library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors.runs import queue
from detectors.runs.request import RunRequest
from detectors.storage.marks import Said
from detectors.storage.tables import DetectorRecord
from detectors.workbench import Workbench
from detectors.workbench.saved import Entitled, file_name
from tests.behind_pages import resting_workbench
from tests.saved_runs import answering, done, imported

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("score") / "workspace") as opened_bench:
        yield answering(opened_bench)


def frame(seed: int, rows: int = 300, shift: float = 0.0) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    return pd.DataFrame({
        "a": chance.normal(shift, size=rows), "b": chance.normal(size=rows), "c": chance.choice(["x", "y", "z"], rows),
    })  # fmt: skip


@pytest.fixture(scope="module")
def learned(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    data_id = imported(bench, frame(0), "march.csv", tmp_path_factory.mktemp("upload"))
    roles = bench.records.data_set(data_id).roles
    return data_id, done(bench, bench.start_run(RunRequest(data_id, "isolation_forest", roles)))


def opened(page: str, data_id: str, run_id: str | None = None, detector: str | None = None) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=240)
    app.query_params["data"] = data_id
    if run_id is not None:
        app.query_params["run"] = run_id
    if detector is not None:
        app.query_params["detector"] = detector
    return app.run().switch_page(page).run()


def texts(app: AppTest) -> str:
    kinds = [app.subheader, app.markdown, app.caption, app.warning, app.error, app.info, app.success]
    return "\n".join(str(element.value) for kind in kinds for element in kind).replace("\\", "")


def test_from_an_empty_shelf_to_flags_of_new_data(bench, learned, tmp_path: Path) -> None:
    data_id, run_id = learned
    app = opened("score.py", data_id)
    assert not app.exception
    assert "No detector is saved yet" in texts(app)

    app = opened("threshold.py", data_id, run_id)
    app.session_state["save_detector"] = True
    app.run()
    next(button for button in app.button if button.label == "Save as detector").click().run()
    assert not app.exception
    assert "Saved as march Isolation forest v1" in texts(app)
    (record,) = bench.saved_detectors()

    moved = imported(bench, frame(1, shift=2.5).assign(extra=1), "april.csv", tmp_path)
    app = opened("score.py", moved)
    assert not app.exception
    shown = texts(app)
    assert "There, though the detector did not learn from it: extra." in shown
    assert "range of the training rows" in shown
    assert "1 of 3 far" in shown
    app.button(key="score").click().run()
    assert not app.exception
    (scored,) = bench.scored_by(record.id)
    assert (scored.state, scored.task) == ("queued", "score")
    assert app.button(key="stop_scoring")

    done(bench, scored.id)
    app = opened("score.py", moved)
    assert "this is a shift, not" in texts(app)
    assert "Batch after batch" in texts(app)
    assert app.button(key="open_flags")
    for page in ("threshold.py", "explain.py", "train.py", "compare.py"):
        app = opened(page, moved, scored.id)
        assert not app.exception
    shown = texts(opened("threshold.py", moved, scored.id))
    assert "How sure is each flag?" not in shown  # nothing was trained here
    assert "Scored by a saved detector, march Isolation forest v1, which learned from 300 rows of other data." in shown


def test_what_cannot_be_scored_is_said_and_the_button_rests(bench, learned, tmp_path: Path) -> None:
    saved_once(bench, learned[1])
    app = opened("score.py", imported(bench, frame(2, 50).drop(columns="b"), "less.csv", tmp_path))
    assert "Not there, though the detector learned from it: b." in texts(app)
    assert "Scoring does not go on." in texts(app)
    assert app.button(key="score").disabled


def test_a_scoring_that_was_stopped_or_interrupted_is_said_and_can_be_done_again(bench, learned, tmp_path: Path) -> None:
    record = saved_once(bench, learned[1])
    new = imported(bench, frame(4, 30), "june.csv", tmp_path)
    scored = bench.score_data(record.id, new)
    bench.records.set_state(scored, "running")
    queue.withdraw(bench.workspace, scored)
    bench._supervisor.recover()  # as at a start after a crash
    app = opened("score.py", new)
    assert "The server ended while these data were being scored. Score them again." in texts(app)
    assert not app.button(key="score").disabled
    bench.records.set_state(scored, "stopped")
    assert "was stopped; nothing of it was kept" in texts(opened("score.py", new))


def test_the_detector_of_the_address_scores_and_one_that_fits_is_offered(bench, learned, tmp_path: Path) -> None:
    record = saved_once(bench, learned[1])
    other = imported(bench, pd.DataFrame({"z": range(30)}), "other.csv", tmp_path)
    unlike = bench.save_detector(done(bench, bench.start_run(RunRequest(other, "zscore", {"z": "feature"}))), Entitled("unlike"))
    new = imported(bench, frame(5, 30), "july.csv", tmp_path)
    assert opened("score.py", new).selectbox[0].value == record.id  # not the newest one, which lacks its columns
    assert opened("score.py", new, detector=unlike.id).selectbox[0].value == unlike.id
    assert "None of the columns is there that the detector learned from: z." in texts(opened("score.py", new, detector=unlike.id))
    assert "it was deleted. Another one is shown." in texts(opened("score.py", new, detector="nowhere"))
    assert [button.key for button in opened("data.py", new).button].count("to_score") == 1
    assert "to_score" not in [button.key for button in opened("data.py", learned[0]).button]  # it learned from that
    bench.retire_detector(unlike.id)
    retired = opened("score.py", other, detector=unlike.id)
    assert "This detector is retired" in texts(retired)
    assert retired.button(key="score").disabled
    retired.button(key="restore_detector").click().run()
    assert bench.saved_detector(unlike.id).retired is None
    bench.retire_detector(unlike.id)
    bench.delete_detector(unlike.id)


def test_a_download_is_called_by_name_and_version_on_every_system() -> None:
    def called(name: str) -> str:
        return file_name(DetectorRecord("1", name, 2, "table", "", 0, "", {}))

    assert called("März / Linie 2") == "März - Linie 2 v2.zip"
    assert called('a<b>:"c"|?*\n') == "a-b-c v2.zip"
    assert called("...") == "detector v2.zip"


def test_verdicts_on_scored_rows_count_for_the_batch_and_can_be_learned_from(bench, learned, tmp_path: Path) -> None:
    record = saved_once(bench, learned[1])
    new = imported(bench, frame(3, 200), "may.csv", tmp_path)
    scored = done(bench, bench.score_data(record.id, new))
    first, second = (int(row) for row in np.asarray(bench.run_folder(scored).array("ranking"))[:2])
    bench.mark(new, [Said(first, first, "anomaly"), Said(second, second, "normal")])
    assert "2 flags judged, 50 % of them right" in texts(opened("score.py", new))
    learning = done(bench, bench.learn_from_verdicts(scored))
    assert len(bench.run_folder(learning).array("scores")) == 200
    assert opened("score.py", new).button(key="compare_here")
    assert not opened("compare.py", new, scored).exception


def test_the_library_lists_detectors_and_retires_them(bench, learned) -> None:
    data_id, run_id = learned
    record = saved_once(bench, run_id)
    app = opened("library.py", data_id)
    app.segmented_control(key="library_shown").set_value("detectors").run()
    assert not app.exception
    app.session_state["ticked_detectors"] = {record.id}
    app.run()
    app.button(key="retire_ticked").click().run()
    assert not app.exception
    assert bench.saved_detector(record.id).retired is not None
    app.button(key="restore_detectors").click().run()
    assert bench.saved_detector(record.id).retired is None
    app.button(key="card_ticked").click().run()
    assert not app.exception
    assert "Training rows inside this file" in texts(app)


def saved_once(bench: Workbench, run_id: str) -> DetectorRecord:
    found = bench.saved_detectors()
    return found[0] if found else bench.save_detector(run_id, Entitled("march"))
