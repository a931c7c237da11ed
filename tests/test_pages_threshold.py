"""Threshold: what is looked at is in the URL, what is kept has a history, and every page follows."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors.base import Progress
from detectors.position import Position
from detectors.runs.execute import execute, save
from detectors.runs.request import RunRequest
from detectors.workbench import Workbench
from pages.shared.download import _write
from tests.behind_pages import resting_workbench
from tests.listed import listed, rows
from tests.tables import machine_frame

pytestmark = pytest.mark.slow

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("threshold") / "workspace") as opened_bench:
        yield opened_bench


def finished(bench: Workbench, frame: pd.DataFrame, file: Path, detector: str, representation: str) -> tuple[str, str]:
    """The ids of a data set and of a finished run on it, done here in place of the trainer."""
    frame.to_csv(file, index=False)
    record = bench.import_file(file, file.name)
    run_id = bench.start_run(RunRequest(record.id, detector, record.roles, kind=record.kind, representation=representation, seed=1))
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    save(execute(folder.request(), bench.data_folder(record.id), Progress()), folder.result, Progress())
    bench.records.set_state(run_id, "done", summary=folder.summary())
    return record.id, run_id


@pytest.fixture(scope="module")
def trained(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A data set and a finished run on it, of which 20 of 400 rows are flagged."""
    return finished(bench, machine_frame(), tmp_path_factory.mktemp("upload") / "machine.csv", "zscore", "vectors")


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


def moved(app: AppTest, rule: str, label: str, value: float) -> AppTest:
    """The page after a rule was chosen and its value typed."""
    if next(box for box in app.selectbox if box.label == "Rule").value != rule:
        app = next(box for box in app.selectbox if box.label == "Rule").select(rule).run()
    return next(field for field in app.number_input if field.label == label).set_value(value).run()


def bar(app: AppTest) -> str:
    """What the bar in front of Keep says."""
    return next(str(element.value) for element in app.markdown if "version" in str(element.value))


def test_a_move_is_in_the_url_and_not_in_the_database(bench, machine):
    before = bench.records.threshold(machine[1])
    app = moved(opened("threshold", *machine), "rows", "Rows", 7)
    assert "7 flagged rows" in texts(app)
    assert "not kept" in app.button(key="context_threshold").label
    assert (app.query_params["rule"], app.query_params["at"]) == ("rows", "7.0")
    assert bench.records.threshold(machine[1]).version == before.version
    app = app.switch_page("explain.py").run()
    assert "of 7 flagged" in texts(app)
    sent = opened("threshold", *machine, rule="rows", at="7.0")  # a colleague, in a session of their own
    assert "7 flagged rows" in texts(sent)
    assert "20 flagged rows" in texts(opened("threshold", *machine))


def test_two_sessions_look_at_different_positions_of_one_run(machine):
    one, other = opened("threshold", *machine), opened("threshold", *machine)
    one, other = moved(one, "rows", "Rows", 5), moved(other, "rows", "Rows", 9)
    one, other = one.run(), other.run()
    assert ("5 flagged rows" in texts(one), "9 flagged rows" in texts(other)) == (True, True)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"rule": "rows", "at": "100000"}, "100000 rows cannot be flagged"),
        ({"rule": "astrology", "at": "1"}, "There is no rule"),
        ({"rule": "percentile", "at": "95", "by": "moon"}, "There is no column"),
        ({"rule": "percentile", "at": "many"}, ""),
    ],
)
def test_a_position_that_cannot_be_applied_says_why_and_shows_what_was_kept(machine, query, sentence):
    app = opened("threshold", *machine)
    app.query_params.update(query)
    app = app.run()
    assert not app.exception
    assert sentence in texts(app).replace("\u202f", "")
    assert "20 flagged rows" in texts(app)
    assert "rule" not in app.run().query_params or app.query_params["at"] == "many"


def test_keep_writes_a_version_with_its_reason_and_author_and_the_difference_is_said_before(bench, machine):
    app = next(field for field in opened("threshold", *machine).text_input if field.label == "Your name").set_value("Ada").run()
    app = moved(app, "rows", "Rows", 32)
    assert bar(app).startswith(r"**\+12** since last kept")
    app = next(field for field in app.text_input if field.label == "Reason").set_value("  the shift checks   32 ").run()
    app = app.button(key="keep").click().run()
    kept = bench.records.threshold(machine[1])
    assert (kept.rule, kept.value, kept.flagged, kept.author, kept.reason) == ("rows", 32, 32, "Ada", "the shift checks 32")
    assert bar(app).startswith(f"Kept: version {kept.version}, Ada")
    assert "rule" not in app.query_params
    assert "not kept" not in app.button(key="context_threshold").label


def test_what_is_kept_already_is_kept_once_more_only_for_a_reason(bench, machine):
    before = bench.records.threshold(machine[1]).version
    app = opened("threshold", *machine)
    app = app.button(key="keep").click().run()
    assert "type a reason to keep it once more" in texts(app)
    assert bench.records.threshold(machine[1]).version == before
    next(field for field in app.text_input if field.label == "Reason").set_value("looked through, fits").run().button(
        key="keep"
    ).click().run()
    assert bench.records.threshold(machine[1]).version == before + 1


def test_the_history_lists_every_version_and_takes_one_back_into_view(bench, machine):
    app = moved(opened("threshold", *machine), "rows", "Rows", 3).button(key="keep").click().run()
    app.session_state["history"] = True
    app = app.run()
    table = next(element.value for element in app.dataframe if "who" in element.value)
    versions = bench.records.threshold_versions(machine[1])
    assert table["version"].tolist() == [kept.version for kept in versions]
    assert table["flagged"].tolist()[:2] == [3, 20]
    assert table["rule"].tolist()[:2] == ["Number of rows · top 3", "Percentile · 95 %"]


def test_moves_are_undone_and_done_again(machine):
    app = opened("threshold", *machine)
    assert (app.button(key="undo_move").disabled, app.button(key="redo_move").disabled) == (True, True)
    app = moved(moved(app, "rows", "Rows", 5), "rows", "Rows", 6)
    app = app.button(key="undo_move").click().run()
    assert "5 flagged rows" in texts(app)
    app = app.button(key="undo_move").click().run().button(key="undo_move").click().run()
    assert "20 flagged rows" in texts(app)
    assert "rule" not in app.query_params
    app = app.button(key="redo_move").click().run()
    app = app.button(key="redo_move").click().run().button(key="redo_move").click().run()
    assert "6 flagged rows" in texts(app)
    app = moved(app.button(key="undo_move").click().run(), "rows", "Rows", 8)
    assert app.button(key="redo_move").disabled


def test_rows_that_enter_and_leave_are_listed(bench, machine):
    all_flagged = rows(opened("threshold", *machine))
    assert rows(opened("threshold", *machine, rule="rows", at="12", order="leaving")) == all_flagged[12:]
    assert "Nothing is flagged here that was not flagged before" in texts(
        opened("threshold", *machine, rule="rows", at="12", order="entering")
    )
    entering = rows(opened("threshold", *machine, rule="rows", at="25", order="entering"))
    assert len(entering) == 5
    assert not set(entering) & set(all_flagged)
    assert "This is the threshold kept last" in texts(opened("threshold", *machine, order="leaving"))


def test_the_file_holds_what_was_kept_and_says_so(bench, machine):
    app = opened("threshold", *machine)
    assert "The file holds" not in texts(app)
    app = moved(app, "rows", "Rows", 12)
    assert "The file holds the 20 rows of version" in texts(app)


def with_segments(machine, **query: str) -> AppTest:
    return opened("threshold", *machine, rule="percentile", at="90.0", by="mode", **query)


def test_each_segment_has_the_rule_to_itself(bench, machine, monkeypatch):
    app = with_segments(machine)
    table = next(element.value for element in app.dataframe if "basis" in element.value)
    sizes = machine_frame()["mode"].value_counts()
    assert table["segment"].tolist() == sizes.index.tolist()
    assert table["rows"].tolist() == sizes.tolist()
    assert all(abs(flagged - rows / 10) <= 1 for flagged, rows in zip(table["flagged"], table["rows"], strict=True))
    assert table["cut-off"].nunique() == 2
    assert set(table["basis"]) == {"the rule"}
    flagged = int(table["flagged"].sum())
    assert f"{flagged} flagged rows" in texts(app)
    assert f"cut\\-off by mode · {flagged} flagged" in app.button(key="context_threshold").label.replace("-", "\\-").replace("\\\\", "\\")
    app = app.switch_page("explain.py").run()
    assert f"of {flagged} flagged" in texts(app)


def test_a_segment_can_be_set_by_hand_and_all_of_it_is_kept(bench, machine):
    app = with_segments(machine, own='{"idle":1000.0}')
    table = next(element.value for element in app.dataframe if "basis" in element.value).set_index("segment")
    assert (table.loc["idle", "flagged"], table.loc["idle", "basis"]) == (0, "by hand")
    app = app.button(key="keep").click().run()
    kept = bench.records.threshold(machine[1])
    assert kept.segments["by_hand"] == {"idle": 1000.0}
    assert kept.flagged == table.loc["cutting", "flagged"]
    assert f"{kept.flagged} flagged rows" in texts(opened("threshold", *machine))


def test_one_cut_off_for_all_still_shows_the_rate_of_each_segment(machine):
    app = opened("threshold", *machine)
    app.session_state["segments"] = True
    app = app.run()
    table = next(element.value for element in app.dataframe if "interval" in element.value)
    assert table["flagged"].sum() == 20
    assert "together" in texts(app)


def test_the_file_names_the_version_its_rule_author_and_reason(bench, machine):
    bench.keep(bench.threshold_at(machine[1], Position("rows", 3.0)), reason="three a day", author="Ada")
    version = bench.records.threshold(machine[1]).version
    app = moved(opened("threshold", *machine), "rows", "Rows", 9)
    assert "9 flagged rows" in texts(app)
    stream = BytesIO()
    record, run, kept = bench.records.data_set(machine[0]), bench.records.run(machine[1]), bench.records.threshold(machine[1])
    _write(stream, record, run, kept, chosen="csv", with_reasons=False)
    table = pd.read_csv(BytesIO(stream.getvalue()))
    assert len(table) == 3
    assert set(table["threshold"]) == {f"version {version}: Number of rows · top 3, Ada, three a day"}
    assert (table["score"] > table["cut-off"]).all()


def test_events_enter_and_leave_too(bench, tmp_path):
    step = np.arange(600)
    frame = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=600, freq="min"), "level": np.sin(step / 4) + step % 7 * 0.01})
    for first, height in ((200, 9.0), (400, 5.0), (500, 3.0)):
        frame.loc[first : first + 3, "level"] = height
    data_id, run_id = finished(bench, frame, tmp_path / "wave.csv", "rolling_zscore", "windows")
    bench.keep_threshold(run_id, "rows", 4)
    all_events = len(listed(opened("threshold", data_id, run_id, rule="rows", at="40"))["items"])
    entering = listed(opened("threshold", data_id, run_id, rule="rows", at="40", order="entering"))["items"]
    assert 0 < len(entering) <= all_events
    assert all(item["flagged"] for item in entering)
    left = listed(opened("threshold", data_id, run_id, rule="rows", at="1", order="leaving"))["items"]
    assert left
    assert not any(item["flagged"] for item in left)


def test_a_run_is_found_again_where_it_was_looked_at(bench, machine, tmp_path):
    other = finished(bench, machine_frame(100), tmp_path / "small.csv", "zscore", "vectors")
    bench.keep_threshold(other[1], "rows", 2)
    app = moved(opened("threshold", *machine), "rows", "Rows", 13)
    app.query_params.clear()
    app.query_params.update({"data": other[0], "run": other[1]})
    app = app.run()
    assert "2 flagged rows" in texts(app)
    app.session_state["context_data"] = None
    app = app.switch_page("home.py").run()
    next(button for button in app.button if button.key == f"open_{machine[1]}").click().run()
    assert "13 flagged" in app.button(key="context_threshold").label
