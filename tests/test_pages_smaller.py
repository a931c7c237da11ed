"""Saved detectors with a network: made smaller in the Library, and the start of a training on few rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import detectors
from detectors.answerer import Answerer
from detectors.detector_file import forms_measured, saved_forms
from detectors.detector_file.form import FORMS
from detectors.errors import DataError
from detectors.runs.request import RunRequest
from detectors.storage.tables import DetectorRecord
from detectors.workbench import Workbench
from detectors.workbench.saved import Entitled
from pages.shared.saved_list import origin_text
from tests.behind_pages import resting_workbench
from tests.saved_runs import done

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"
PARAMETERS = {"encoder": [6, 2], "epochs": 1, "batch_size": 64}
ROLES = {"a": "feature", "b": "feature", "c": "feature"}
MANY, FEW = 300, 40


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("smaller") / "workspace") as opened, pytest.MonkeyPatch.context() as patch:
        answerer = Answerer(opened.workspace)
        opened.answerer.ask = lambda question, *, timeout_s=0.0, **values: answerer.answer({"do": question, **values})  # type: ignore[method-assign]
        patch.setattr(forms_measured, "TIMES", 1)
        patch.setattr(saved_forms, "FORMS", FORMS[1:2])
        yield opened


def frame(seed: int, rows: int) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    return pd.DataFrame({"a": chance.normal(size=rows), "b": chance.normal(size=rows), "c": chance.choice(["x", "y", "z"], rows)})


@pytest.fixture(scope="module")
def data(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Many rows, a few of the same columns, and a few without one of them."""
    folder = tmp_path_factory.mktemp("upload")
    frames = {"many": frame(0, MANY), "few": frame(1, FEW), "less": frame(2, FEW).drop(columns="b")}
    for name, each in frames.items():
        each.to_csv(folder / f"{name}.csv", index=False)
    return {name: bench.import_file(folder / f"{name}.csv", f"{name}.csv").id for name in frames}


@pytest.fixture(scope="module")
def saved(bench: Workbench, data: dict[str, str]) -> DetectorRecord:
    run_id = done(bench, bench.start_run(RunRequest(data["many"], "autoencoder", ROLES, parameters=PARAMETERS)))
    bench.keep_threshold(run_id, "percentile", 90.0)
    return bench.save_detector(run_id, Entitled("churn"))


def opened(page: str, data_id: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=240)
    app.query_params["data"] = data_id
    return app.run().switch_page(page).run()


def texts(app: AppTest) -> str:
    kinds = [app.subheader, app.markdown, app.caption, app.warning, app.error, app.info, app.success]
    return "\n".join(str(element.value) for kind in kinds for element in kind).replace("\\", "")


# ── smaller ──


def test_a_smaller_form_is_measured_on_the_rows_of_its_run_and_saved_as_the_next_version(bench, data, saved) -> None:
    app = opened("library.py", data["many"])
    app.segmented_control(key="library_shown").set_value("detectors").run()
    app.session_state["ticked_detectors"] = {saved.id}
    app.run()
    app.button(key="shrink_ticked").click().run()
    assert not app.exception
    assert f"Measured on {MANY} rows of many.csv, 30 of them flagged." in texts(app)
    assert app.text_input(key=f"smaller_note_{saved.id}").value == "Smaller form of churn v1"
    small = bench.save_smaller(saved.id, bench.measure_forms(saved.id).forms[1], Entitled("churn", "for the edge"))
    assert (small.called, small.origin["smaller_of"]) == ("churn v2", saved.id)
    assert bench.detector_manifest(small.id).form["measured"]["rows"] == MANY
    assert "Weights: int8." in bench.detector_card(small.id)
    assert "smaller form (int8) · many.csv" in origin_text(small)
    scored = done(bench, bench.score_data(small.id, data["few"]))
    expected = detectors.load(bench.detector_path(small.id)).score(frame(1, FEW))
    np.testing.assert_array_equal(bench.run_folder(scored).array("scores"), expected.to_numpy())


def test_one_whose_run_is_gone_is_measured_on_what_its_file_holds(bench, saved, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(bench.records), "run", lambda _records, _run_id: None)
    found = bench.measure_forms(saved.id)
    assert found.data is None
    assert [str(each.form.title) for each in found.forms] == ["as they are", "int8"]
    assert found.forms[1].cut_off == found.forms[0].cut_off  # a hundred rows do not say where it should be
    small = bench.save_smaller(saved.id, found.forms[0], Entitled("without source"), engine=False)
    assert small.size < saved.size / 5


# ── the start of a training ──


def test_a_saved_detector_is_offered_as_the_start_and_its_preparation_and_weights_are_taken(bench, data, saved) -> None:
    request = RunRequest(data["few"], "autoencoder", ROLES, parameters=PARAMETERS, start_from=saved.id)
    started = done(bench, bench.start_run(request))
    anew = done(bench, bench.start_run(RunRequest(data["few"], "autoencoder", ROLES, parameters=PARAMETERS)))
    before = detectors.load(bench.detector_path(saved.id)).score(frame(1, FEW)).to_numpy()
    near, far = (np.abs(bench.run_folder(run).array("scores") - before).mean() for run in (started, anew))
    assert near < far / 2  # one epoch on few rows does not move it far
    assert (bench.start_folder(saved.id) / "detector.zip").exists()  # what the command that is shown names
    app = opened("train.py", data["few"])
    assert "started from churn v1" in texts(app)
    next(button for button in app.button if button.key == "choose_autoencoder").click().run()
    (box,) = (box for box in app.selectbox if box.label == "Start from what was learned before")
    box.set_value(saved.id).run()
    assert "churn v1, saved · learned from 300 rows of many.csv" in texts(app)
    assert "Taken over: the columns it learned from" in texts(app)
    assert next(field for field in app.text_input if field.label == "Encoder layers").value == "[6, 2]"
    assert not app.button(key="train").disabled


def test_score_leads_to_a_training_that_starts_from_its_detector(bench, data, saved) -> None:
    app = opened("score.py", data["few"])
    app.session_state["saved_detector"] = saved.id
    done(bench, bench.score_data(saved.id, data["few"]))
    app.run()
    assert app.button(key="train_from_saved")  # it goes to another page, which only a browser can: what it keeps is kept here
    app.session_state["start_from_detector"], app.session_state["detector"] = (data["few"], saved.id), "autoencoder"
    app.switch_page("train.py").run()
    assert not app.exception
    (box,) = (box for box in app.selectbox if box.label == "Start from what was learned before")
    assert box.value == saved.id


def test_what_does_not_fit_is_said_in_a_sentence(bench, data, saved) -> None:
    app = opened("train.py", data["less"])
    app.session_state["start_from_detector"] = (data["less"], saved.id)
    app.session_state["detector"] = "autoencoder"
    app.run()
    assert "This training cannot start from churn v1." in texts(app)
    assert "learned from columns that are not learned from here: b" in texts(app)
    ignored = {**ROLES, "b": "ignored"}
    for changes, words in (
        ({"roles": ignored}, "not learned from here: b"),
        ({"detector": "deep_svdd", "parameters": {}}, "another detector, `autoencoder`"),
        ({"detector": "isolation_forest", "parameters": {}}, "learns anew every time"),
        ({"parameters": {**PARAMETERS, "encoder": [4, 2]}}, r"`encoder` is \[6, 2\] there and \[4, 2\] here"),
    ):
        asked = {"detector": "autoencoder", "roles": ROLES, "parameters": PARAMETERS, **changes}
        with pytest.raises(DataError, match=words):
            bench.start_run(RunRequest(data["few"], start_from=saved.id, **asked))
