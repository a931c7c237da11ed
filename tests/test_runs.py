"""A run does what was asked, on the rows that were asked for, and leaves it whole in its folder."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.base import Progress
from detectors.errors import DataError, Discarded
from detectors.explanations.store import load_explanations
from detectors.flagged import flagged_frame, reason_columns
from detectors.flags import around, sampled
from detectors.frames import value_key
from detectors.messages import Message
from detectors.runs import queue
from detectors.runs.execute import execute, save
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.request import FitWhere, RunRequest
from detectors.runs.rows import matches
from detectors.storage.files import Workspace
from tests.tables import PLANTED, ROWS, machine_frame, read_in

ROLES = {"reading_id": "id", "temperature": "feature", "doubled": "feature", "mode": "feature", "label": "label"}


def request(**changes) -> RunRequest:
    return RunRequest(**{"data_id": "d", "detector": "isolation_forest", "roles": ROLES, "seed": 3, **changes})


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return read_in(machine_frame(), tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory) -> RunFolder:
    folder = RunFolder(tmp_path_factory.mktemp("finished"))
    folder.ask(request())
    folder.result.mkdir()
    save(execute(request(), data, Progress()), folder.result, Progress())
    return folder


def test_every_row_has_one_finite_score_in_file_order(finished):
    scores = finished.array("scores")
    assert scores.shape == (ROWS,)
    assert np.isfinite(scores).all()
    assert (np.diff(finished.array("sorted_scores")) >= 0).all()


def test_labels_are_kept_beside_the_scores_and_never_learned_from(finished):
    assert np.flatnonzero(finished.array("labels") == 1).tolist() == list(PLANTED)
    assert finished.summary()["numbers"] == 4  # temperature, doubled, two modes: neither label nor id


def test_the_most_unusual_rows_are_explained_in_advance(finished):
    rows, explanation = load_explanations(finished.result)
    scores = finished.array("scores")
    assert rows[0] == np.argmax(scores)
    assert explanation.scores.tolist() == scores[rows].tolist()


def test_the_same_request_gives_the_same_scores(finished, data):
    assert (execute(request(), data, Progress()).scores == finished.array("scores")).all()


def test_a_finished_run_can_be_opened_to_explain_any_row(finished, data):
    explained = ExplainedRun.open(finished.path, data)
    found = explained.row(PLANTED[0]).explanation
    assert found.scores[0] == finished.array("scores")[PLANTED[0]]
    assert found.values.shape == (1, 3)
    assert explained.preparation.columns[int(np.argmax(found.values[0]))] == "doubled"


def test_fitting_on_chosen_rows_learns_from_them_alone_and_drops_their_column(data):
    run = execute(request(fit_where=FitWhere("mode", "idle")), data, Progress())
    assert run.fitted.sum() == (machine_frame()["mode"] == "idle").sum()
    assert "mode" not in run.preparation.columns
    assert len(run.scores) == ROWS


def test_a_value_that_no_row_has_is_refused(data):
    with pytest.raises(DataError, match="No row has `broken` in column `mode`"):
        execute(request(fit_where=FitWhere("mode", "broken")), data, Progress())


def test_a_discarded_run_leaves_nothing(data):
    class Stopped(Progress):
        def check(self):
            raise Discarded

    with pytest.raises(Discarded):
        execute(request(), data, Stopped())


@pytest.mark.parametrize(
    ("values", "text", "expected"),
    [
        (pd.Series([0, 1, 0]), "0", [True, False, True]),
        (pd.Series([0.0, 1.5, None]), "0", [True, False, False]),
        (pd.Series(["no", "yes", None]), "no", [True, False, False]),
        (pd.Series([True, False]), "false", [False, True]),
        (pd.Series([0, 1]), "zero", [False, False]),
        (pd.Series([0, 1]), "1.0", [False, True]),
        (pd.Series([2**60 + 1, 2**60]), str(2**60), [False, True]),
        (pd.Series([True, False]), "TRUE", [True, False]),
        (pd.Series([True, None, False], dtype=object), "true", [True, False, False]),
        (pd.Series([True, None, False], dtype=object), "0", [False, False, True]),
        (pd.Series(pd.to_datetime(["2024-01-01", "2024-01-01 10:30", None], format="ISO8601")), "2024-01-01", [True, False, False]),
        (pd.Series(pd.to_datetime(["2024-01-01", "2024-01-01 10:30", None], format="ISO8601")), "2024-01-01 10:30", [False, True, False]),
        (pd.Series(pd.to_datetime(["2024-01-01"])), "soon", [False]),
        (pd.Series(["1", "1.0", "a"]), "1", [True, False, False]),
    ],
)
def test_values_match_as_the_analyst_reads_them(values, text, expected):
    assert matches(values, text).tolist() == expected


@pytest.mark.parametrize(
    "values",
    [
        [0.123456, 12345.5, 1 / 3, -0.0, 1e300, float("inf")],
        [12, 2**60 + 1, -3],
        [True, None, False],
        list(pd.to_datetime(["2024-01-01", "2024-01-01 10:30:15.000250"], format="ISO8601")),
        ["12\u202f345", " spaced ", "True", "1.0", "nan"],
    ],
)
def test_every_value_that_is_offered_matches_its_own_rows_and_no_others(values):
    column = pd.Series(values)
    for row, value in enumerate(values):
        if value is not None:
            assert matches(column, value_key(value)).nonzero()[0].tolist() == [row]


def test_a_request_survives_being_written_down():
    asked = request(fit_where=FitWhere("mode", "idle"), parameters={"trees": 20})
    assert RunRequest.from_json(asked.to_json()) == asked
    assert asked.features == ["temperature", "doubled"]


def test_progress_losses_stop_and_failure_are_read_back(tmp_path):
    folder = RunFolder(tmp_path)
    assert (folder.progress(), folder.losses(), folder.stop_mode(), folder.failure()) == ({}, [], None, None)
    folder.report("fitting", 3, 10, {"loss": 0.5})
    folder.add_losses({"epoch": 1, "loss": 0.5})
    folder.ask_stop("keep")
    folder.fail(Message("Because of {cause}.", {"cause": "x"}))
    assert folder.progress()["done"] == 3
    assert folder.losses() == [{"epoch": 1, "loss": 0.5}]
    assert folder.stop_mode() == "keep"
    assert str(folder.failure()) == "Because of x."
    folder.clear()
    assert (folder.progress(), folder.losses(), folder.stop_mode(), folder.failure()) == ({}, [], None, None)


def test_half_a_line_of_losses_is_not_read(tmp_path):
    (tmp_path / "losses.jsonl").write_text('{"epoch": 1, "loss": 2.0}\n{"epoch": 2, "lo')
    assert RunFolder(tmp_path).losses() == [{"epoch": 1, "loss": 2.0}]


def test_the_queue_gives_each_run_once_oldest_first(tmp_path):
    workspace = Workspace.open(tmp_path / "workspace")
    for run_id in ("aaa", "bbb", "ccc"):
        queue.enqueue(workspace, run_id, "local")
    assert queue.withdraw(workspace, "bbb")
    assert not queue.withdraw(workspace, "bbb")
    assert queue.waiting(workspace) == ["aaa", "ccc"]
    assert [queue.claim(workspace) for _ in range(3)] == ["aaa", "ccc", None]
    assert sorted(queue.being_done(workspace)) == ["aaa", "ccc"]
    queue.release(workspace, "aaa")
    assert queue.being_done(workspace) == ["ccc"]


def test_owners_take_turns_however_many_runs_one_of_them_has_waiting(tmp_path):
    workspace = Workspace.open(tmp_path / "workspace")
    for run_id, owner in (("a1", "ann"), ("a2", "ann"), ("a3", "ann"), ("b1", "ben"), ("b2", "ben"), ("c1", "cleo")):
        queue.enqueue(workspace, run_id, owner)
    assert queue.waiting(workspace) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert [queue.claim(workspace) for _ in range(2)] == ["a1", "b1"]
    queue.enqueue(workspace, "d1", "dora")
    assert queue.waiting(workspace) == ["c1", "d1", "a2", "b2", "a3"]  # who never had a turn is before who had one
    assert [queue.claim(workspace) for _ in range(5)] == ["c1", "d1", "a2", "b2", "a3"]


def test_runs_that_an_earlier_version_left_waiting_are_done_in_their_order(tmp_path):
    workspace = Workspace.open(tmp_path / "workspace")
    for name in ("00000000000000000001-aaa", "00000000000000000002-aab"):
        (workspace.queue / name).touch()
    assert queue.waiting(workspace) == ["aaa", "aab"]
    assert queue.withdraw(workspace, "aaa")
    assert queue.claim(workspace) == "aab"


def test_the_rows_around_the_cut_off_lie_on_both_sides_of_it():
    assert around(flagged=10, rows=100, count=4).tolist() == [8, 9, 10, 11]
    assert around(flagged=1, rows=100, count=4).tolist() == [0, 1, 2, 3]
    assert around(flagged=3, rows=3, count=4).tolist() == [0, 1, 2]


def test_a_sample_of_flagged_rows_covers_all_ranks():
    assert sampled(3, 10).tolist() == [0, 1, 2]
    assert sampled(101, 5).tolist() == [0, 25, 50, 75, 100]


def test_flagged_rows_keep_original_values_behind_rank_row_score_and_reasons():
    values = pd.DataFrame({"amount": [7, 8], "score": ["a", "b"]})
    frame = flagged_frame(values, np.array([4, 1]), np.array([0, 1]), np.array([2.5, 1.5]), reason_columns([["x", "", ""], ["y", "z", ""]]))
    assert frame.columns.tolist() == ["rank", "row", "score (Anomalyst)", "reason 1", "reason 2", "reason 3", "amount", "score"]
    assert frame.iloc[1].tolist() == [2, 2, 1.5, "y", "z", "", 8, "b"]


def test_a_sample_is_learned_from_and_every_row_is_scored(data):
    asked = request(fit_sample=50, fit_where=FitWhere("mode", "idle"))
    run = execute(asked, data, Progress())
    assert run.fitted.sum() == 50
    assert set(machine_frame()["mode"][run.fitted]) == {"idle"}
    assert len(run.scores) == ROWS and np.isfinite(run.scores).all()
    assert (execute(asked, data, Progress()).fitted == run.fitted).all()
    assert (
        execute(request(fit_sample=50, seed=4), data, Progress()).fitted != execute(request(fit_sample=50), data, Progress()).fitted
    ).any()


def test_a_sample_as_large_as_the_data_is_all_of_them(data):
    assert execute(request(fit_sample=10_000), data, Progress()).fitted.all()
