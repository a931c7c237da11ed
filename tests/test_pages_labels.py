"""What pages say of detectors that learn from labels, and how rules are put together, without a browser."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors import export, flagged
from detectors.runs.request import RunRequest
from detectors.workbench import Workbench
from pages.shared import engine, results
from pages.shared.row_items import learned_columns
from tests.test_labelled import payments

pytestmark = pytest.mark.slow

PATIENCE_S = 240

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"

RULES = "rules__conditions"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANOMALYST_WORKSPACE", str(tmp_path_factory.mktemp("pages") / "workspace"))
        engine.close_workbench()
        engine.workbench.clear()
        yield engine.workbench()
        engine.close_workbench()
        engine.workbench.clear()


@pytest.fixture(scope="module")
def data_id(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> str:
    source = tmp_path_factory.mktemp("payments") / "payments.csv"
    payments().to_csv(source, index=False)
    return bench.import_file(source, "payments.csv").id


def trained(bench: Workbench, data_id: str, **parameters: object) -> str:
    bench.start()
    record = bench.records.data_set(data_id)
    run = bench.start_run(RunRequest(data_id, "decision_tree", record.roles, parameters=parameters))
    give_up = time.monotonic() + PATIENCE_S
    while not bench.records.run(run).ended:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert bench.records.run(run).state == "done"
    return run


@pytest.fixture(scope="module")
def run_id(bench: Workbench, data_id: str) -> str:
    return trained(bench, data_id)


def opened(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page(f"{page}.py").run()


def said(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*app.subheader, *app.markdown, *app.caption])


def test_figures_are_for_held_out_rows_and_the_page_says_how_many(data_id, run_id):
    app = opened("threshold", data=data_id, run=run_id)
    assert "Judged on 60 held-out rows, 12 of them anomalies, that it never learned from." in said(app)
    counts = results.confusion(run_id, -1.0)
    assert (counts.true_positives, counts.false_positives) == (12, 48)


def test_without_held_out_rows_the_page_says_that_each_row_is_judged_by_one_that_learned_from_others(bench, data_id):
    run = trained(bench, data_id, held_out_share=0.0)
    assert "each row is judged by a detector that learned from others: 300 labelled rows, 60 anomalies." in said(
        opened("threshold", data=data_id, run=run)
    )


def test_the_download_names_the_kind_and_marks_held_out_rows(bench, data_id, run_id):
    rows = np.asarray(engine.ranking(run_id)[:50])
    scores = np.asarray(bench.run_folder(run_id).array("scores")[rows])
    stream = io.BytesIO()
    export.write_csv(flagged.flagged_frames(bench.data_folder(data_id), rows, scores, learned_columns(run_id, rows)), stream)
    frame = pd.read_csv(io.BytesIO(stream.getvalue()))
    assert (frame["kind"] == frame["label"]).all()
    held_out = np.asarray(bench.run_folder(run_id).array("held_out"))
    assert (frame["held out"] == held_out[frame["row"] - 1]).all()


def test_the_tree_is_drawn_and_read_beside_the_flagged_rows(data_id, run_id):
    app = opened("explain", data=data_id, run=run_id)
    assert "If it is an anomaly, its kind is most likely:" in said(app)
    app.session_state["explain_tabs"] = "All flagged rows"
    app.run()
    assert "What does the tree ask?" in said(app)
    rules = next(table.value for table in app.table if "if" in table.value.columns)
    assert rules["share"].iloc[0] == "100 %"
    assert rules["if"].str.contains("amount").any()


def test_conditions_are_put_together_line_by_line_and_trained(bench, data_id):
    app = opened("train", data=data_id)
    app.button(key="choose_rules").click().run()
    assert app.button(key="train").disabled
    app.selectbox(key=f"{RULES}_0_column").set_value("amount").run()
    assert app.button(key="train").disabled
    assert "A condition has no value yet." in said(app)
    app.number_input(key=f"{RULES}_0_value_amount").set_value(500.0).run()
    app.selectbox(key=f"{RULES}_1_column").set_value("country").run()
    app.selectbox(key=f"{RULES}_1_value_country_chosen").set_value("XX").run()
    assert not app.button(key="train").disabled
    app.button(key="train").click().run()
    asked = bench.records.runs(data_id)[0].request["parameters"]["conditions"]
    assert [list(condition) for condition in asked] == [["amount", ">", 500.0, 1.0], ["country", "is", "XX", 1.0]]
    app.selectbox(key=f"{RULES}_0_column").set_value(None).run()
    assert app.selectbox(key=f"{RULES}_1_column").value == "country"
