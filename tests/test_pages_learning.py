"""Threshold and Train after the first verdicts: what they say, the threshold that follows, learning from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors.base import Progress
from detectors.runs.request import RunRequest
from detectors.runs.tasks import do
from detectors.storage.marks import Said
from detectors.workbench import Workbench
from tests.behind_pages import resting_workbench

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("learning") / "workspace") as opened_bench:
        yield opened_bench


@pytest.fixture(scope="module")
def trained(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A data set of 300 rows, 12 of them far out, and a finished run."""
    X = np.random.default_rng(0).normal(size=(300, 4))
    X[:12] += 5
    file = tmp_path_factory.mktemp("upload") / "rows.csv"
    pd.DataFrame(X, columns=[*"abcd"]).to_csv(file, index=False)
    record = bench.import_file(file, "rows.csv")
    return record.id, done(bench, bench.start_run(RunRequest(record.id, "zscore", record.roles)))


def done(bench: Workbench, run_id: str) -> str:
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    do(bench.workspace, folder, folder.result, Progress())
    bench.records.set_state(run_id, "done", summary=folder.summary())
    bench.keep_threshold(run_id, "percentile", 95.0)
    return run_id


def opened(page: str, data_id: str, run_id: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=240)
    app.query_params["data"], app.query_params["run"] = data_id, run_id
    return app.run().switch_page(page).run()


def texts(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*app.subheader, *app.markdown, *app.caption, *app.warning, *app.error])


def test_from_the_first_verdicts_on_they_are_told_and_learned_from(bench, trained):
    data_id, run_id = trained
    before = opened("threshold.py", data_id, run_id)
    assert "What your verdicts say" not in texts(before)
    assert "learn" not in [button.key for button in before.button]

    bench.mark(data_id, [Said(0, 2, "anomaly"), Said(250, 250, "normal"), Said(251, 251, "unsure")])
    app = opened("threshold.py", data_id, run_id)
    assert not app.exception
    assert "3 judged an anomaly, 1 normal" in texts(app)
    shown = {metric.label: metric for metric in app.metric}
    assert shown["precision of the flags"].value == "100 %"
    assert "3 of 15 judged" in shown["precision of the flags"].delta
    assert "depended on the rank alone" in texts(app)

    app.button(key="follow_verdicts").click().run()
    assert not app.exception
    assert "rows" in app.query_params["rule"]
    assert 4 <= float(np.atleast_1d(app.query_params["at"])[0]) <= 60

    app.button(key="learn").click().run()
    assert not app.exception
    (learning,) = bench.runs_from_verdicts(data_id, run_id)
    assert (learning.detector, learning.state) == ("verdicts", "queued")

    done(bench, learning.id)
    app = opened("threshold.py", data_id, run_id)
    assert "learned from 3 anomalies and 1 normal ones" in texts(app)
    app.button(key="open_learned").click().run()
    assert not app.exception
    assert any("the order before and after" in expander.label for expander in app.expander)


def test_verdicts_that_were_given_since_the_page_was_drawn_are_offered(bench, trained):
    data_id, run_id = trained
    app = opened("threshold.py", data_id, run_id)
    assert "look_again" not in [button.key for button in app.button]
    bench.mark(data_id, [Said(5, 5, "anomaly")])
    again = opened("threshold.py", data_id, run_id)
    assert "look_again" not in [button.key for button in again.button]
    assert texts(app) != texts(again)


def test_train_offers_it_for_the_run_that_is_looked_at(bench, trained):
    data_id, run_id = trained
    bench.mark(data_id, [Said(3, 3, "anomaly")])
    app = opened("train.py", data_id, run_id)
    assert not app.exception
    assert "can be learned from, beginning with" in texts(app)
    assert "Learned from verdicts" not in [markdown.value.strip("*") for markdown in app.markdown]  # it is no card on the shelf
