"""Trainings run beside the server: they end well, fail with a reason, are stopped, and survive a restart."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.errors import AnomalystError, DataError, ParameterError, WorkerError
from detectors.runs import queue
from detectors.runs.request import RunRequest
from detectors.settings import Settings
from detectors.storage.records import RunRecord
from detectors.workbench import Workbench
from tests.tables import PLANTED, ROWS, machine_frame

pytestmark = pytest.mark.slow

#: Seconds to wait for something that must happen; a busy machine loads TensorFlow in half a minute.
PATIENCE_S = 240

#: An autoencoder that would learn for many minutes.
ENDLESS = {"epochs": 10_000, "early_stopping": False, "batch_size": 16}


def wait_for(condition: Callable[[], object], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, f"waited in vain for: {what}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upload") / "machine.csv"
    machine_frame().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    workspace = tmp_path_factory.mktemp("workbench") / "workspace"
    return Settings(workspace=workspace, database_url=f"sqlite:///{workspace / 'anomalyst.db'}")


@pytest.fixture(scope="module")
def bench(settings: Settings) -> Iterator[Workbench]:
    opened = Workbench(settings)
    opened.start()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def data_id(bench: Workbench, source: Path) -> str:
    return bench.import_file(source, "machine.csv").id


def request(bench: Workbench, data_id: str, detector: str = "isolation_forest", **parameters: object) -> RunRequest:
    return RunRequest(data_id, detector, bench.records.data_set(data_id).roles, parameters=parameters, seed=1)


def ended(bench: Workbench, run_id: str) -> RunRecord:
    wait_for(lambda: bench.records.run(run_id).ended, f"the end of run {run_id}")
    return bench.records.run(run_id)


def learning(bench: Workbench, run_id: str) -> bool:
    return len(bench.run_folder(run_id).losses()) > 0


@pytest.fixture(scope="module")
def finished(bench: Workbench, data_id: str) -> str:
    run_id = bench.start_run(request(bench, data_id))
    assert ended(bench, run_id).state == "done"
    return run_id


def test_an_upload_gets_roles_with_label_and_id(bench, data_id):
    assert bench.records.data_set(data_id).roles == {
        "reading_id": "id", "temperature": "feature", "doubled": "feature", "mode": "feature", "label": "label",
    }  # fmt: skip


def test_a_finished_run_flags_five_percent_until_told_otherwise(bench, finished):
    threshold = bench.records.threshold(finished)
    assert (threshold.rule, threshold.value, threshold.flagged) == ("percentile", 95, ROWS // 20)
    assert bench.keep_threshold(finished, "rows", 4).flagged == 4
    assert bench.records.threshold(finished).flagged == 4


def test_the_planted_rows_are_the_most_unusual_ones(bench, finished):
    scores = bench.run_folder(finished).array("scores")
    assert set(np.argsort(scores)[-12:]) >= set(PLANTED[:3])


def test_a_row_is_explained_by_the_answerer(bench, data_id, finished):
    found = bench.explain_row(finished, data_id, PLANTED[0])
    assert found["base"] + sum(found["values"]) == pytest.approx(found["score"], rel=1e-6)
    assert found["score"] == bench.run_folder(finished).array("scores")[PLANTED[0]]


def test_many_rows_are_explained_from_what_is_kept_and_what_is_asked(bench, data_id, finished):
    rows = np.array([PLANTED[1], 0, 5])
    explanation = bench.explanations(finished, data_id, rows)
    assert explanation.scores.tolist() == bench.run_folder(finished).array("scores")[rows].tolist()


def test_an_answer_that_cannot_be_given_is_a_sentence_and_the_next_one_comes(bench, data_id, finished):
    with pytest.raises(AnomalystError, match=f"There is no row {ROWS + 1}"):
        bench.explain_row(finished, data_id, ROWS)
    assert bench.explain_row(finished, data_id, 0)["score"] > 0


def test_an_answerer_that_is_killed_is_replaced(bench, data_id, finished):
    os.kill(bench.answerer.pid, signal.SIGKILL)
    try:
        bench.explain_row(finished, data_id, 1)
    except WorkerError as error:
        assert "ended unexpectedly" in str(error)
    assert bench.explain_row(finished, data_id, 1)["score"] > 0


def test_reasons_for_many_rows_are_a_run_of_their_own(bench, data_id, finished):
    rows = np.arange(ROWS)[::-1]
    run_id = bench.start_reasons(finished, rows)
    assert ended(bench, run_id).state == "done"
    assert bench.reasons_runs(finished)[0].summary["rows"] == ROWS
    assert bench.explanations(finished, data_id, rows).values.shape == (ROWS, 3)
    assert run_id not in [run.id for run in bench.records.runs(data_id)]


def test_what_cannot_be_trained_is_refused_before_it_waits(bench, data_id):
    with pytest.raises(ParameterError, match="`trees` must be a whole number"):
        bench.start_run(request(bench, data_id, trees=0))
    with pytest.raises(ParameterError, match="no detector `oracle`"):
        bench.start_run(request(bench, data_id, detector="oracle"))
    ignored = dict.fromkeys(bench.records.data_set(data_id).roles, "ignored")
    with pytest.raises(DataError, match="No column is a feature"):
        bench.start_run(RunRequest(data_id, "isolation_forest", ignored))


def test_a_run_that_fails_says_why(bench, data_id):
    roles = {**bench.records.data_set(data_id).roles, "no such column": "feature"}
    run = ended(bench, bench.start_run(RunRequest(data_id, "isolation_forest", roles)))
    assert run.state == "failed"
    assert "There is no column `no such column`" in str(run.message)


def test_a_trainer_killed_in_mid_epoch_fails_its_run_and_the_next_run_works(bench, data_id):
    run_id = bench.start_run(request(bench, data_id, "autoencoder", **ENDLESS))
    wait_for(lambda: learning(bench, run_id), "the first epoch")
    killed = bench.trainer.pid
    os.kill(killed, signal.SIGKILL)
    run = ended(bench, run_id)
    assert run.state == "failed"
    assert "ended by the system (signal 9)" in str(run.message)
    assert not bench.run_folder(run_id).result.exists()
    assert ended(bench, bench.start_run(request(bench, data_id))).state == "done"
    assert bench.trainer.pid != killed


def test_stopping_keeps_the_epochs_done_or_nothing(bench, data_id):
    kept = bench.start_run(request(bench, data_id, "autoencoder", **ENDLESS))
    wait_for(lambda: learning(bench, kept), "the first epoch")
    bench.stop_run(kept, "keep")
    run = ended(bench, kept)
    assert (run.state, run.summary["stopped_early"]) == ("done", True)
    assert len(bench.run_folder(kept).losses()) < 10_000

    discarded = bench.start_run(request(bench, data_id, "autoencoder", **ENDLESS))
    wait_for(lambda: learning(bench, discarded), "the first epoch")
    bench.stop_run(discarded, "discard")
    assert ended(bench, discarded).state == "stopped"
    assert not bench.run_folder(discarded).result.exists()


def test_a_training_that_does_not_listen_is_ended_with_its_trainer(bench, data_id):
    run_id = bench.start_run(request(bench, data_id, "autoencoder", **ENDLESS))
    wait_for(lambda: learning(bench, run_id), "the first epoch")
    deaf = bench.trainer.pid
    os.kill(deaf, signal.SIGSTOP)
    bench.stop_run(run_id, "discard")
    assert ended(bench, run_id).state == "stopped"
    assert bench.trainer.pid != deaf


def test_after_a_restart_the_running_run_is_interrupted_and_can_start_again(bench, data_id, finished, settings):
    running = bench.start_run(request(bench, data_id, "autoencoder", **ENDLESS))
    waiting = bench.start_run(request(bench, data_id))
    wait_for(lambda: learning(bench, running), "the first epoch")
    stopped = bench.trainer.pid
    os.kill(stopped, signal.SIGSTOP)  # as dead as after a power cut, while another server looks at what it left
    again = Workbench(settings)
    try:
        assert again.records.run(running).state == "interrupted"
        assert "Start it again" in str(again.records.run(running).message)
        assert again.records.run(finished).state == "done"
        assert again.records.run(waiting).state == "queued"
        assert queue.waiting(again.workspace) == [waiting]
        again.start_again(running)
        assert again.records.run(running).state == "queued"
        again.stop_run(running, "discard")
    finally:
        again.close()
        os.kill(stopped, signal.SIGKILL)
    assert ended(bench, waiting).state == "done"
    assert ended(bench, running).state == "stopped"


def test_starting_again_twice_trains_once_and_keeps_the_threshold(bench, data_id):
    run_id = bench.start_run(request(bench, data_id))
    assert ended(bench, run_id).state == "done"
    bench.keep_threshold(run_id, "rows", 7)
    bench.start_again(run_id)  # a stale page in another session still offers it
    assert (bench.records.run(run_id).state, queue.waiting(bench.workspace)) == ("done", [])
    assert bench.records.threshold(run_id).flagged == 7


def test_a_run_that_was_recorded_but_never_queued_waits_after_a_restart(bench, data_id, settings, tmp_path):
    place = Settings(workspace=tmp_path / "workspace", database_url=f"sqlite:///{tmp_path / 'other.db'}")
    first = Workbench(place)
    other = first.import_file(_small(tmp_path), "small.csv")
    first.records.add(RunRecord("abc", other.id, "train", "isolation_forest", {}))
    first.close()
    again = Workbench(place)
    assert queue.waiting(again.workspace) == ["abc"]
    again.close()


def test_a_sample_is_made_once(bench):
    assert bench.import_sample("breast_cells").id == bench.import_sample("breast_cells").id


def test_wide_tables_explain_few_rows_in_advance_and_the_others_when_asked(bench, tmp_path):
    wide = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 700))).round(3).add_prefix("c")
    wide.to_csv(tmp_path / "wide.csv", index=False)
    wide_id = bench.import_file(tmp_path / "wide.csv", "wide.csv").id
    run_id = bench.start_run(request(bench, wide_id, trees=5))
    assert ended(bench, run_id).state == "done"
    assert bench.rows_at_once(run_id) == 2
    ranking = np.argsort(bench.run_folder(run_id).array("scores"), kind="stable")[::-1]
    assert bench.explained_at_once(run_id, ranking).tolist() == ranking[:4].tolist()  # two kept, two more at once
    assert len(bench.explain_row(run_id, wide_id, int(ranking[50]))["values"]) == 700


def _small(folder: Path) -> Path:
    machine_frame(40).to_csv(folder / "small.csv", index=False)
    return folder / "small.csv"
