"""Going through what is flagged: order, filters and verdicts are what they say, on every page that shows them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from detectors.base import Progress
from detectors.runs.execute import execute, save
from detectors.runs.request import RunRequest
from detectors.series import Event
from detectors.storage.marks import Said
from detectors.verdicts import ANOMALY, NORMAL, UNSURE
from detectors.workbench import Workbench
from pages.shared import download
from pages.shared.event_items import spans_of
from tests.behind_pages import resting_workbench
from tests.listed import column, listed, rows
from tests.tables import ROWS, machine_frame
from tests.test_pages_threshold import opened, texts

pytestmark = pytest.mark.slow

FLAGGED = ROWS // 20


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("triage") / "workspace") as opened_bench:
        yield opened_bench


@pytest.fixture(scope="module")
def trained(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A data set with a column of two sites, and a finished run on it."""
    file = tmp_path_factory.mktemp("upload") / "machine.csv"
    frame = machine_frame().assign(site=["north", "south"] * (ROWS // 2))
    frame.to_csv(file, index=False)
    record = bench.import_file(file, file.name)
    run_id = bench.start_run(RunRequest(record.id, "zscore", record.roles, kind=record.kind, seed=1))
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    save(execute(folder.request(), bench.data_folder(record.id), Progress()), folder.result, Progress())
    bench.records.set_state(run_id, "done", summary=folder.summary())
    bench.keep_threshold(run_id, "percentile", 95.0)
    return record.id, run_id


@pytest.fixture
def machine(bench: Workbench, trained: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """The same; what is said of its rows in a test is taken back after it."""
    yield trained
    for author in ("Ann", "Ben"):
        while bench.undo_mark(trained[0], author):
            pass


def ranking(bench: Workbench, run_id: str) -> list[int]:
    return np.asarray(bench.run_folder(run_id).array("ranking")).tolist()


def judge(bench: Workbench, data_id: str, row: int, verdict: str, author: str = "Ann") -> None:
    bench.mark(data_id, [Said(row, row, verdict)], author)


def test_flagged_rows_are_listed_in_original_values_the_most_unusual_first(bench, machine):
    app = opened("threshold", *machine)
    assert not app.exception
    assert rows(app) == ranking(bench, machine[1])[:FLAGGED]
    assert column(app, "rank") == [str(rank) for rank in range(1, FLAGGED + 1)]
    assert all(column(app, "what weighs most"))
    first = machine_frame().iloc[rows(app)[0]]
    assert float(column(app, "doubled")[0]) == pytest.approx(first["doubled"], rel=1e-3)
    assert listed(app)["items"][0]["flagged"] is True


def test_the_closest_are_listed_on_both_sides_of_the_cut_off(bench, machine):
    app = opened("threshold", *machine, order="closest")
    flags = [item["flagged"] for item in listed(app)["items"]]
    assert flags == [True] * FLAGGED + [False] * (50 - FLAGGED)
    assert "Cut-off" in listed(app)["texts"]["line"]
    second = opened("threshold", *machine, order="closest", part="2")
    assert rows(second) == ranking(bench, machine[1])[50:100]


def test_rows_flagged_for_the_same_reason_stand_together_the_most_frequent_first(machine):
    whys = column(opened("threshold", *machine, order="reason"), "what weighs most")
    causes = [cause(why) for why in whys]
    assert sum(one != other for one, other in pairwise(causes)) == len(set(causes)) - 1
    counts = [causes.count(name) for name in dict.fromkeys(causes)]
    assert counts == sorted(counts, reverse=True)


def cause(why: str) -> str:
    """Which column is named first, and on which side of what was expected its value lies."""
    first = why.split(" · ", maxsplit=1)[0]
    if "together with the rest" in first:
        return f"{first.split(' ')[0]} unusual together with the rest"
    numbers = re.match(r"(\w+) ([-\d.]+), expected about ([-\d.]+)", first)
    if numbers is None:
        return f"{first.split(' ')[0]} other than expected"
    name, actual, expected = numbers.groups()
    return f"{name} {'higher' if float(actual) > float(expected) else 'lower'} than expected"


def test_a_segment_a_verdict_and_a_reason_leave_out_what_is_not_so(bench, machine):
    data_id, run_id = machine
    flagged = ranking(bench, run_id)[:FLAGGED]
    judge(bench, data_id, flagged[0], ANOMALY)
    judge(bench, data_id, flagged[1], NORMAL)
    assert rows(opened("threshold", *machine, column="site", value="north")) == [row for row in flagged if row % 2 == 0]
    assert rows(opened("threshold", *machine, verdict="anomaly")) == [flagged[0]]
    assert rows(opened("threshold", *machine, verdict="none")) == flagged[2:]
    whole = opened("threshold", *machine)
    first = cause(column(whole, "what weighs most")[0])
    with_reason = opened("threshold", *machine, reason=first)
    assert 0 < len(rows(with_reason)) <= FLAGGED
    assert {cause(why) for why in column(with_reason, "what weighs most")} == {first}


def test_a_filter_that_leaves_nothing_says_so_and_can_be_taken_away(machine):
    app = opened("threshold", *machine, verdict="unsure")
    assert "Nothing of what is flagged is like that." in texts(app)
    app.button(key="no_filters").click().run()
    assert len(rows(app)) == FLAGGED
    assert "verdict" not in app.query_params


def test_an_address_with_odd_filters_lists_all(bench, machine):
    app = opened("threshold", *machine, order="sideways", verdict="perhaps", column="no such column", value="1", part="99999")
    assert not app.exception
    assert rows(app) == ranking(bench, machine[1])[:FLAGGED]


def test_what_people_say_stands_beside_each_row_and_where_they_disagree_both_do(bench, machine):
    data_id, run_id = machine
    row = ranking(bench, run_id)[0]
    bench.mark(data_id, [Said(row, row, ANOMALY, "valve stuck")], "Ann", run_id)
    judge(bench, data_id, row, NORMAL, "Ben")
    app = opened("threshold", *machine)
    said = listed(app)["items"][0]["said"]
    assert [(one["author"], one["verdict"], one["note"]) for one in said] == [("Ben", NORMAL, ""), ("Ann", ANOMALY, "valve stuck")]
    assert listed(app)["counts"] == {ANOMALY: 0, NORMAL: 1, UNSURE: 0}
    assert rows(opened("threshold", *machine, verdict="disputed")) == [row]


def test_explain_shows_the_verdict_and_home_how_many_there_are(bench, machine):
    data_id, run_id = machine
    row = ranking(bench, run_id)[0]
    judge(bench, data_id, row, ANOMALY)
    app = opened("explain", *machine, row=str(row))
    assert [one["verdict"] for one in listed(app, "verdict")["items"][0]["said"]] == [ANOMALY]
    home = AppTest.from_file(Path(__file__).parents[1] / "pages" / "frame.py", default_timeout=120).run()
    assert f"{FLAGGED} flagged (5 %), 1 judged" in texts(home).replace("\\", "")


def test_the_download_has_verdict_note_and_author(bench, machine):
    data_id, run_id = machine
    row = ranking(bench, run_id)[1]
    bench.mark(data_id, [Said(row, row, NORMAL, "test bench")], "Ann")
    judge(bench, data_id, row, UNSURE, "Ben")
    stream = io.BytesIO()
    record, run = bench.records.data_set(data_id), bench.records.run(run_id)
    download._write(stream, record, run, bench.records.threshold(run_id), chosen="csv", with_reasons=False)
    frame = pd.read_csv(io.BytesIO(stream.getvalue()), keep_default_na=False)
    found = frame[["row", "verdict", "note", "author", "other verdicts"]].iloc[1].tolist()
    assert found == [row + 1, UNSURE, "test bench", "Ben", "Ann: normal"]
    assert set(frame["verdict"].iloc[2:]) == {""}


def test_a_page_of_rows_is_small(machine):
    assert len(json.dumps(listed(opened("threshold", *machine)))) < 50_000


def test_an_event_of_interleaved_series_is_made_of_stretches_of_its_own_rows():
    series = SimpleNamespace(rows=np.array([0, 1, 4, 5, 2, 3, 6]))
    assert spans_of(series, Event(first=0, last=3, peak=2, flagged=4)) == [(0, 1), (4, 5)]
    assert spans_of(series, Event(first=4, last=5, peak=4, flagged=2)) == [(2, 3)]
