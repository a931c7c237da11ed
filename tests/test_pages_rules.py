"""Threshold: every rule with what it would flag, its parameters, and what cut-offs cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors import distribution
from detectors.base import Progress
from detectors.runs.execute import execute, save
from detectors.runs.request import RunRequest
from detectors.storage.marks import Said
from detectors.storage.records import ThresholdRecord
from detectors.thresholds import RULES
from detectors.workbench import Workbench
from pages.shared import results, rule_form, state
from pages.shared.threshold_plot import plot_data
from tests.behind_pages import resting_workbench
from tests.tables import machine_frame

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("rules") / "workspace") as opened_bench:
        yield opened_bench


def trained(bench: Workbench, frame: pd.DataFrame, folder: Path, name: str) -> tuple[str, str]:
    """The ids of a data set and of a finished run on it, done here in place of the trainer."""
    frame.to_csv(folder / name, index=False)
    record = bench.import_file(folder / name, name)
    run_id = bench.start_run(RunRequest(record.id, "nearest_neighbours", record.roles, kind=record.kind, seed=1))
    run = bench.run_folder(run_id)
    run.result.mkdir()
    save(execute(run.request(), bench.data_folder(record.id), Progress()), run.result, Progress())
    bench.records.set_state(run_id, "done", summary=run.summary())
    bench.keep_threshold(run_id, "percentile", 95.0)
    return record.id, run_id


@pytest.fixture(scope="module")
def machine(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return trained(bench, machine_frame(), tmp_path_factory.mktemp("upload"), "machine.csv")


@pytest.fixture(scope="module")
def unlabelled(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return trained(bench, machine_frame().drop(columns="label"), tmp_path_factory.mktemp("upload"), "unlabelled.csv")


def opened(data_id: str, run_id: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=120)
    app.query_params["data"], app.query_params["run"] = data_id, run_id
    return app.run().switch_page("threshold.py").run()


def rule_box(app: AppTest):
    return next(box for box in app.selectbox if str(box.key).startswith("rule_"))


def number_box(app: AppTest, name: str):
    return next(box for box in app.number_input if str(box.key).startswith(f"{name}_"))


def texts(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*app.markdown, *app.caption, *app.warning, *app.error])


def kept(app: AppTest, bench: Workbench, run_id: str):
    """The threshold that is looked at, kept."""
    next(button for button in app.button if button.key == "keep").click().run()
    return in_force(bench, run_id)


def in_force(bench: Workbench, run_id: str):
    record = bench.records.threshold(run_id)
    assert record is not None
    return record


def test_every_rule_is_considered_and_says_what_it_would_flag_or_why_it_cannot(bench, machine):
    _, run_id = machine
    run = bench.records.run(run_id)
    found = results.considered(run, in_force(bench, run_id))
    assert [one.rule for one in found] == [rule for rule in RULES if rule != "manual"]
    assert all((one.threshold is None) != (one.why_not is None) for one in found)
    ticks = results.rule_ticks(run_id, found)
    data = plot_data(results.scores_distribution(run_id), ticks[0].mark, ticks, [one for one in found if one.threshold is None])
    assert len(json.dumps(data)) < 50_000
    assert len(data["ticks"]) + sum(len(one["titles"]) for one in data["without"]) == len(found)
    assert len(bench.evidence(run_id).known.anomalies) == int((machine_frame()["label"] == 1).sum())


def test_the_rule_in_force_stands_among_the_others_with_its_own_parameters(bench, machine):
    _, run_id = machine
    bench.keep_threshold(run_id, "percentile", 99.0)
    found = {one.rule: one.threshold for one in results.considered(bench.records.run(run_id), in_force(bench, run_id))}
    assert found["percentile"].value == 99.0
    assert found["rows"].value == 50
    bench.keep_threshold(run_id, "percentile", 95.0)


def test_costs_are_typed_and_the_curve_shows_the_cheapest_cut_off(bench, machine):
    _, run_id = machine
    app = opened(*machine)
    rule_box(app).set_value("cost").run()
    assert not app.exception
    assert "What would misses and false alarms cost together?" in texts(app)
    number_box(app, "false_alarm").set_value(20.0).run()
    found = kept(app, bench, run_id)
    assert (found.rule, found.value, found.more) == ("cost", 10.0, {"false_alarm": 20.0})
    labels, scores = machine_frame()["label"].to_numpy() == 1, np.asarray(bench.run_folder(run_id).array("scores"))
    costs = [10 * (labels & (scores <= one)).sum() + 20 * (~labels & (scores > one)).sum() for one in np.unique(scores)]
    assert 10 * (labels & (scores <= found.cut_off)).sum() + 20 * (~labels & (scores > found.cut_off)).sum() == min(costs)
    bench.keep_threshold(run_id, "percentile", 95.0)


def test_a_rule_that_needs_labels_waits_for_verdicts(bench, unlabelled):
    data_id, run_id = unlabelled
    app = opened(data_id, run_id)
    titles = dict(zip(RULES, rule_box(app).options, strict=True))
    assert "not here" in titles["f_score"]
    rule_box(app).set_value("f_score").run()
    assert "known to be anomalies or normal" in texts(app)
    assert in_force(bench, run_id).rule == "percentile"
    top = np.argsort(np.asarray(bench.run_folder(run_id).array("scores")))[::-1]
    bench.mark(data_id, [Said(int(row), int(row), "anomaly") for row in top[:3]])
    bench.mark(data_id, [Said(int(row), int(row), "normal") for row in top[3:6]])
    app = opened(data_id, run_id)
    assert "not here" not in dict(zip(RULES, rule_box(app).options, strict=True))["f_score"]
    rule_box(app).set_value("f_score").run()
    assert kept(app, bench, run_id).flagged == 3


def test_a_widget_that_tells_what_it_started_from_moves_nothing(monkeypatch):
    """A browser that connects anew does so, and the rule may have been changed since."""
    threshold = ThresholdRecord("run", "percentile", 95.0, 1.0, 10)
    told = {"rule": "percentile", "value": 95.0}
    monkeypatch.setattr(state, "typed", told.get)
    rule_form._take_typed_rule(threshold, "rule", lambda *_: pytest.fail("nothing was typed"))
    rule_form._take_typed_value(threshold, "value", "value", lambda *_: pytest.fail("nothing was typed"))
    taken = []
    told["value"] = 99.0
    rule_form._take_typed_value(threshold, "value", "value", lambda *what: taken.append(what))
    assert taken == [("percentile", 99.0, {})]


def test_a_budget_without_times_is_for_the_whole_file(bench, machine):
    _, run_id = machine
    app = opened(*machine)
    rule_box(app).set_value("budget").run()
    assert "these are the rows of the whole file" in texts(app)
    number_box(app, "value").set_value(7.0).run()
    assert kept(app, bench, run_id).flagged == 7
    bench.keep_threshold(run_id, "percentile", 95.0)


def test_scores_that_are_all_equal_leave_the_page_standing_with_reasons(bench, tmp_path):
    data_id, run_id = trained(bench, pd.DataFrame({"a": [1.0, 2.0] * 40, "b": [3.0, 3.5] * 40}), tmp_path, "flat.csv")
    app = opened(data_id, run_id)
    assert not app.exception
    found = results.considered(bench.records.run(run_id), in_force(bench, run_id))
    assert [one.rule for one in found if one.threshold is not None] == ["percentile"]
    assert distribution.distribution(bench.run_folder(run_id).array("sorted_scores")).rows == 80
