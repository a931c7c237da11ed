"""What the page Explain says of one row beside its waterfall: the smallest change, a second opinion, its normal neighbours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from detectors.charts import LIGHT
from detectors.explanations.local_surrogate import Surrogate
from detectors.runs.request import RunRequest
from detectors.workbench import Workbench
from pages.shared import engine
from pages.shared.second_opinion import side_by_side
from pages.shared.small_distribution import small_distribution
from tests.tables import PLANTED, machine_frame
from tests.test_pages import PATIENCE_S, opened, texts


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANOMALYST_WORKSPACE", str(tmp_path_factory.mktemp("row") / "workspace"))
        engine.close_workbench()
        engine.workbench.clear()
        engine.workbench().start()
        yield engine.workbench()
        engine.close_workbench()
        engine.workbench.clear()


@pytest.fixture(scope="module")
def run(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where a run on the machine's readings is shown."""
    source: Path = tmp_path_factory.mktemp("machine") / "machine.csv"
    machine_frame().to_csv(source, index=False)
    record = bench.import_file(source, "machine.csv")
    run_id = bench.start_run(RunRequest(record.id, "principal_components", record.roles))
    until = time.monotonic() + PATIENCE_S
    while not bench.records.run(run_id).ended:
        assert time.monotonic() < until
        time.sleep(0.2)
    return {"data": record.id, "run": run_id}


def explained(run: dict[str, str], row: int) -> AppTest:
    app = opened("explain", **run, row=str(row))
    assert not app.exception, [error.value for error in app.exception]
    return app


@pytest.mark.slow
def test_a_flagged_row_says_what_would_un_flag_it_and_shows_normal_rows_like_it(run):
    app = explained(run, PLANTED[1])
    said = texts(app)
    assert "Would no longer be flagged if doubled were" in said or "Would no longer be flagged if temperature were" in said
    assert "which is not above the cut-off" in said
    assert "What do the most similar normal rows look like?" in said
    table = next(frame.value for frame in app.dataframe if f"Row {PLANTED[1] + 1} (this one)" in frame.value.columns)
    assert len(table.columns) == 6  # the column's name, this row and four others
    assert set(table["Column"]) == {"temperature", "doubled", "mode"}


@pytest.mark.slow
def test_a_second_opinion_is_folded_beside_the_first_and_drawn_when_it_is_opened(run):
    app = explained(run, PLANTED[1])
    label = next(expander.label for expander in app.expander if expander.label.startswith("Second opinion"))
    assert "weighs most" in label
    assert "LIME fits a linear model" in texts(app)


@pytest.mark.slow
def test_it_says_so_where_the_two_opinions_disagree(bench, run, monkeypatch):
    values = {"temperature": 5.0, "doubled": 1.0, "mode": 9.0}
    columns = engine.preparation(run["run"]).columns
    other = Surrogate(np.array([values[name] for name in columns]), 0.0, 0.3, 100)
    monkeypatch.setattr(Workbench, "second_opinion", lambda *_: other)
    said = texts(explained(run, PLANTED[2]))
    assert "The two explanations disagree on what weighs most" in said and "LIME mode" in said
    assert "follows the score poorly here" in said and "rely on SHAP" in said


@pytest.mark.slow
def test_a_row_that_is_not_flagged_needs_no_change(bench, run):
    normal = int(np.argmin(bench.run_folder(run["run"]).array("scores")))
    said = texts(explained(run, normal))
    assert "It is not flagged, so nothing has to change." in said
    assert "Would no longer be flagged" not in said


@pytest.mark.slow
def test_every_column_shows_where_its_value_lies(run):
    table = next(frame.value for frame in explained(run, PLANTED[1]).dataframe if "place" in frame.value.columns)
    assert table["place"].str.startswith("data:image/svg+xml;utf8,").all()
    assert (table["place"].map(unquote).str.count(LIGHT.flagged) == 1).all()


def test_a_small_distribution_marks_what_is_there_and_what_was_expected():
    drawn = unquote(small_distribution([1, 4, 0], 0.0, 1.0, LIGHT))
    assert drawn.count("M") == 4  # two bars with rows in them, a line, a triangle
    assert f"M5.0 21l4.5 7h-9z' fill='{LIGHT.flagged}'" in drawn and "M107.0 0V20" in drawn
    assert unquote(small_distribution([1, 4], 7.0, None, LIGHT)).count("M107.0 21l") == 1  # beyond the bars: at their end
    assert LIGHT.flagged not in unquote(small_distribution([1, 4], float("nan"), None, LIGHT))
    assert "<path" not in unquote(small_distribution([], None, None, LIGHT))


def test_two_opinions_stand_in_one_order():
    by_size = lambda values: (["a", "b"], values) if values[0] >= values[1] else (["b", "a"], values[::-1])  # noqa: E731
    names, shap, lime = side_by_side(by_size, np.array([1.0, 3.0]), np.array([5.0, 2.0]))
    assert (names, shap.tolist(), lime.tolist()) == (["b", "a"], [3, 1], [2, 5])
