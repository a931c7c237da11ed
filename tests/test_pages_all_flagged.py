"""Explain shows what a detector does over all flagged rows, one panel at a time, and opens rows from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors.answerer import Answerer
from detectors.base import Progress
from detectors.runs.execute import execute, save
from detectors.runs.request import RunRequest
from detectors.storage.records import ThresholdRecord
from detectors.workbench import Workbench
from pages.shared import engine, state
from tests.behind_pages import resting_workbench

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"

ROWS = 400


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench behind the pages; its answerer answers in this process."""
    with resting_workbench(tmp_path_factory.mktemp("all_flagged") / "workspace") as opened_bench:
        answerer = Answerer(opened_bench.workspace)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(opened_bench.answerer, "ask", lambda do, timeout_s=0, **values: answerer.answer({"do": do, **values}))
            yield opened_bench


def payments() -> pd.DataFrame:
    """Amounts, most of them small; a country; a number that means nothing. Large amounts are unusual."""
    chance = np.random.default_rng(0)
    frame = pd.DataFrame({"amount": chance.normal(100, 10, ROWS).round(1), "other": chance.normal(0, 1, ROWS).round(3)})
    frame["country"] = chance.choice(["DE", "FR"], ROWS)
    frame.loc[:19, "amount"] = np.linspace(900, 980, 20)
    return frame


def trained(bench: Workbench, folder: Path, detector: str, flagged: int | None, **parameters: object) -> tuple[str, str]:
    """The ids of a data set and of a finished run on it with so many rows flagged, done here in place of the trainer."""
    payments().to_csv(folder / "payments.csv", index=False)
    record = bench.import_file(folder / "payments.csv", "payments.csv")
    asked = RunRequest(record.id, detector, record.roles, kind="table", representation="vectors", parameters=parameters, seed=1)
    run_id = bench.start_run(asked)
    folder_of_run = bench.run_folder(run_id)
    folder_of_run.result.mkdir()
    save(execute(folder_of_run.request(), bench.data_folder(record.id), Progress()), folder_of_run.result, Progress())
    bench.records.set_state(run_id, "done", summary=folder_of_run.summary())
    bench.keep_threshold(run_id, *(("percentile", 95) if flagged is None else ("rows", flagged)))
    return record.id, run_id


@pytest.fixture(scope="module")
def zscore(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return trained(bench, tmp_path_factory.mktemp("upload"), "zscore", 20)


@pytest.fixture(scope="module")
def german(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A run of a rule that flags payments from Germany, and looks at nothing else."""
    flagged = int((payments()["country"] == "DE").sum())
    return trained(bench, tmp_path_factory.mktemp("upload"), "rules", flagged, conditions=[["country", "is", "DE"]])


def opened(ids: tuple[str, str], panel: str, kind: str = "table") -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=120)
    app.query_params["data"], app.query_params["run"] = ids
    app.session_state[state.EXPLAIN_TABS] = "All flagged rows"
    app.session_state[f"all_flagged_{kind}"] = panel
    app.run().switch_page("explain.py").run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def texts(app: AppTest) -> str:
    shown = [*app.subheader, *app.markdown, *app.caption, *app.success, *app.info, *app.warning, *app.error]
    return "\n".join(str(element.value) for element in shown)


def test_the_swarm_stands_beneath_the_bars_and_groups_can_be_compared(bench, zscore):
    app = opened(zscore, "weights")
    assert "Which columns weigh most over 20 flagged rows?" in texts(app)
    assert "Does it add the same in every row?" in texts(app)
    app.selectbox(key=f"groups_{zscore[0]}").select("country").run()
    assert "What weighs most in each country?" in texts(app)


def test_dependence_starts_with_the_heaviest_column_and_shows_others_beside_flagged_rows(bench, zscore):
    app = opened(zscore, "dependence")
    assert "How does amount move the score?" in texts(app)
    assert "20 flagged rows and 200 others" in texts(app)
    column = app.selectbox(key=f"dependence_{zscore[1]}")
    column.select_index(2).run()
    assert "How does amount move the score?" not in texts(app)


def test_the_rules_say_what_the_detector_does_and_how_well_they_say_it(bench, zscore):
    app = opened(zscore, "rules")
    assert "A few rules say nearly the same as the detector" in texts(app)
    assert "**amount \\> 200**" in texts(app)
    assert {metric.label: metric.value for metric in app.metric}["Flags reproduced"] == "100 %"


def test_shuffling_names_the_column_that_explanations_name(bench, german):
    app = opened(german, "shuffling")
    assert "Explanations and shuffling name the same first: country." in texts(app)
    assert "With country shuffled" in texts(app)


def test_where_explanations_and_shuffling_disagree_the_page_says_so(bench, zscore):
    """Large amounts are rare: over all rows the other column moves more scores."""
    app = opened(zscore, "shuffling")
    assert "disagree: over the flagged ones amount weighs most, over all of them the detector depends most on other." in texts(app)


def test_the_trust_check_says_that_explanations_hold(bench, zscore):
    app = opened(zscore, "trust")
    assert "The explanations hold." in texts(app)
    assert "Does the score fall without what is said to weigh most?" in texts(app)
    assert "Over 20 flagged rows" in texts(app)


def test_what_takes_long_is_asked_for_first(bench, zscore, monkeypatch):
    monkeypatch.setattr(Workbench, "seconds_to_score", lambda _bench, _run, _scores: 33.0)
    app = opened(zscore, "trust")
    assert "This takes about 33 seconds" in texts(app)
    assert "The explanations hold" not in texts(app)
    app.button(key=f"ask_put_back_{zscore[1]}").click().run()
    assert "The explanations hold." in texts(app)


def test_too_few_flags_for_rules_are_told_in_words(bench, zscore):
    bench.keep_threshold(zscore[1], "rows", 4)
    try:
        app = opened(zscore, "rules")
    finally:
        bench.keep_threshold(zscore[1], "rows", 20)
    assert "Only 4 rows are flagged, and 10 are needed" in texts(app)


def test_with_scores_that_are_all_equal_nothing_is_flagged(bench, tmp_path):
    ids = trained(bench, tmp_path, "rules", None, conditions=[["amount", ">", 1e6]])
    assert bench.records.threshold(ids[1]).flagged == 0
    assert "Nothing is flagged at this threshold." in texts(opened(ids, "shuffling"))


def test_a_rule_is_imitated_by_itself(bench, german):
    app = opened(german, "rules")
    assert "**country is DE**" in texts(app) or "**country is not FR**" in texts(app)


def test_flags_of_segments_with_cut_offs_of_their_own_are_looked_at(bench, zscore):
    """In Germany nothing is flagged, in France nearly all: rules, shuffling and the trust check speak of these flags."""
    before = bench.records.threshold(zscore[1])
    german, french = 1e9, float(np.quantile(np.asarray(bench.run_folder(zscore[1]).array("scores")), 0.05))
    flagged = int((np.asarray(bench.run_folder(zscore[1]).array("scores"))[(payments()["country"] == "FR").to_numpy()] > french).sum())
    segments = {"column": "country", "cut_offs": {"DE": german, "FR": french}}
    bench.records.keep_threshold(ThresholdRecord(zscore[1], "manual", before.cut_off, before.cut_off, flagged, segments=segments))
    try:
        assert "country is FR" in texts(opened(zscore, "rules")) or "country is not DE" in texts(opened(zscore, "rules"))
        assert "of the flags would go" in texts(opened(zscore, "shuffling"))
        assert "would not be flagged any longer" in texts(opened(zscore, "trust"))
    finally:
        bench.keep_threshold(zscore[1], "rows", 20)


def test_a_summary_from_before_scores_were_counted_asks_for_nothing(bench, zscore, monkeypatch):
    folder = bench.run_folder(zscore[1])
    before = {name: value for name, value in folder.summary().items() if name not in ("scores_at_once", "score_s")}
    monkeypatch.setattr(type(folder), "summary", lambda _folder: before)
    engine.forget_kept()
    assert "The explanations hold." in texts(opened(zscore, "trust"))
