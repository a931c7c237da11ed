"""What is kept has an owner, is renamed, goes into the bin and comes back, or is deleted for good: whoever asks first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from detectors.answerer import Answerer
from detectors.errors import StorageError
from detectors.reading import Report
from detectors.runs import queue
from detectors.runs.request import RunRequest
from detectors.settings import Settings
from detectors.storage import files
from detectors.storage.bin import Chosen
from detectors.storage.files import share_files, write_json
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.workbench import Workbench

DATA, RUN = Chosen(data=("d1",)), Chosen(runs=("r1",))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """One data set with a finished run, the reasons of that, and a waiting run; its processes are not started."""
    root = tmp_path / "workspace"
    opened = Workbench(Settings(root, f"sqlite:///{root / 'anomalyst.db'}"))
    (root / "data" / "d1").mkdir()
    (root / "data" / "d1" / "data.parquet").write_bytes(b"x" * 1000)
    opened.records.add(DataSetRecord("d1", "bank.csv", "table", 10, 1, "hash", {"a": "feature"}, size=1000))
    for run_id, task, state in (("r1", "train", "done"), ("r2", "reasons", "done"), ("r3", "train", "queued")):
        (root / "runs" / run_id).mkdir()
        (root / "runs" / run_id / "losses.jsonl").write_bytes(b"y" * 500)
        opened.records.add(RunRecord(run_id, "d1", task, "autoencoder", {}, state, of_run="r1" if task == "reasons" else None, size=500))
    opened.records.keep_threshold(ThresholdRecord("r1", "rows", 4, 0.5, 4))
    queue.enqueue(opened.workspace, "r3", "local")
    yield opened
    opened.close()


def listed(bench: Workbench) -> set[str]:
    return {record.id for record in (*bench.records.data_sets(), *bench.records.runs(task=None))}


def folders(bench: Workbench) -> set[str]:
    return {path.name for place in ("data", "runs") for path in (bench.workspace.root / place).iterdir()}


# ── names and notes ──


def test_names_and_notes_are_kept(bench):
    bench.library.rename_data_set("d1", "  Bank, March ")
    bench.library.note_run("r1", "The one for the report.")
    assert bench.records.data_set("d1").name == "Bank, March"
    assert (bench.records.run("r1").note, bench.records.run("r1").name) == ("The one for the report.", "")


def test_a_data_set_keeps_its_name_when_it_would_get_none_or_an_endless_one(bench):
    with pytest.raises(StorageError, match="needs a name"):
        bench.library.rename_data_set("d1", " ")
    with pytest.raises(StorageError, match="121 characters; 120 fit"):
        bench.library.rename_data_set("d1", "x" * 121)
    assert bench.records.data_set("d1").name == "bank.csv"


def test_what_another_session_deleted_cannot_be_renamed_or_worked_with(bench):
    bench.library.delete(DATA)
    with pytest.raises(StorageError, match="This data set is no longer there"):
        bench.library.rename_data_set("d1", "Bank")
    with pytest.raises(StorageError, match="This run is no longer there"):
        bench.records.keep_threshold(ThresholdRecord("r1", "rows", 1, 0.5, 1))
    with pytest.raises(StorageError, match="This data set is no longer there"):
        bench.start_run(RunRequest("d1", "isolation_forest", {"a": "feature"}))
    bench.start_again("r3")
    assert queue.waiting(bench.workspace) == []


def test_roles_that_another_session_changed_are_not_overwritten(bench):
    seen = bench.records.data_set("d1").roles
    bench.records.set_roles("d1", {"a": "label"}, was=seen)
    with pytest.raises(StorageError, match="changed in another session"):
        bench.records.set_roles("d1", {"a": "id"}, was=seen)
    assert bench.records.data_set("d1").roles == {"a": "label"}


# ── the bin ──


def test_a_deleted_data_set_is_hidden_with_its_runs_and_comes_back_with_them(bench):
    assert bench.library.delete(DATA) == DATA
    assert listed(bench) == set()
    assert (bench.records.data_set("d1"), bench.records.run("r1"), bench.records.threshold("r1")) == (None, None, None)
    assert bench.library.restore(DATA) == DATA
    assert listed(bench) == {"d1", "r1", "r2", "r3"}
    assert bench.records.threshold("r1").flagged == 4


def test_a_deleted_run_takes_its_reasons_along_and_leaves_the_others(bench):
    bench.library.delete(RUN)
    assert listed(bench) == {"d1", "r3"}
    assert [run.id for run in bench.library.in_bin().runs] == ["r1"]
    bench.library.restore(RUN)
    assert listed(bench) == {"d1", "r1", "r2", "r3"}


def test_a_run_deleted_before_its_data_set_stays_in_the_bin_when_that_comes_back(bench):
    bench.library.delete(RUN)
    bench.library.delete(DATA)
    assert [[record.id for record in kept] for kept in (bench.library.in_bin().data_sets, bench.library.in_bin().runs)] == [["d1"], ["r1"]]
    bench.library.restore(DATA)
    assert listed(bench) == {"d1", "r3"}


def test_restoring_a_run_brings_its_data_set_back_too(bench):
    bench.library.delete(RUN)
    bench.library.delete(DATA)
    bench.library.restore(RUN)
    assert listed(bench) == {"d1", "r1", "r2"}


def test_a_waiting_run_that_is_deleted_leaves_the_queue_and_is_stopped(bench):
    bench.library.delete(Chosen(runs=("r3",)))
    assert queue.waiting(bench.workspace) == []
    bench._supervisor._settle_all(lost=None)
    bench.library.restore(Chosen(runs=("r3",)))
    assert bench.records.run("r3").state == "stopped"


def test_deleting_twice_moves_once_and_says_so(bench):
    assert bench.library.delete(RUN) == RUN
    assert bench.library.delete(RUN) == Chosen()
    assert bench.library.restore(RUN) == RUN
    assert bench.library.restore(RUN) == Chosen()  # it is there: somebody else was faster


def test_deleting_for_good_removes_rows_and_files_of_a_run_and_what_explains_it(bench):
    before = bench.library.bytes_kept()
    bench.library.delete(RUN)
    assert bench.library.purge(RUN) == RUN
    assert folders(bench) == {"d1", "r3"}
    assert before - bench.library.bytes_kept() == 1000
    assert bench.library.purge(RUN) == Chosen()
    with pytest.raises(StorageError, match="deleted for good in the meantime"):
        bench.library.restore(RUN)


def test_only_what_is_in_the_bin_is_deleted_for_good(bench):
    assert bench.library.purge(DATA) == Chosen()
    bench.library.delete(DATA)
    assert bench.library.empty_bin() == DATA
    assert folders(bench) == set()


def test_files_that_a_trainer_still_writes_go_when_it_lets_go_of_them(bench):
    queue.claim(bench.workspace)
    bench.library.delete(DATA)
    bench.library.empty_bin()
    assert folders(bench) == {"r3"}
    queue.release(bench.workspace, "r3")
    bench._supervisor.remove_leftovers()
    assert folders(bench) == set()


def test_scores_of_a_run_that_was_deleted_for_good_are_missed_in_words(bench):
    folder = bench.run_folder("r1")
    bench.library.delete(DATA)
    bench.library.empty_bin()
    with pytest.raises(StorageError, match="This run is no longer there"):
        folder.array("scores")


def test_what_the_answerer_has_kept_of_a_run_goes_with_it(bench):
    answerer = Answerer(bench.workspace)
    answerer._opened_folders.add(bench.run_folder("r1").path)
    bench.library.delete(DATA)
    bench.library.empty_bin()
    with pytest.raises(StorageError, match="This run is no longer there"):
        answerer.answer({"do": "explain_row", "run": "r1", "data": "d1", "row": 0, "into": ""})
    assert answerer._opened_folders == set()


# ── owners ──


def test_nobody_lists_opens_changes_or_deletes_what_is_somebody_elses(bench):
    other = bench.of("ann")
    assert listed(other) == set()
    assert (other.records.data_set("d1"), other.records.run("r1"), other.records.threshold("r1")) == (None, None, None)
    assert other.records.thresholds() == {}
    with pytest.raises(StorageError, match="no longer there"):
        other.library.rename_run("r1", "mine")
    other.stop_run("r3", "discard")
    assert other.library.delete(Chosen(("d1",), ("r1",))) == Chosen()
    bench.library.delete(DATA)
    assert other.library.in_bin().data_sets == []
    assert other.library.purge(DATA) == Chosen()
    with pytest.raises(StorageError, match="cannot be restored"):
        other.library.restore(DATA)
    assert bench.library.restore(DATA) == DATA


@pytest.mark.slow
def test_the_same_file_twice_is_two_data_sets_whose_content_is_stored_once(bench, tmp_path):
    (tmp_path / "numbers.csv").write_text("a,b\n" + "\n".join(f"{row},{row * 7919 % 1000}" for row in range(2000)))
    first = bench.import_file(tmp_path / "numbers.csv", "numbers.csv")
    second = bench.of("ann").import_file(tmp_path / "numbers.csv", "mine.csv")
    assert (first.id != second.id, first.owner, second.owner, second.name) == (True, "local", "ann", "mine.csv")
    content = [bench.data_folder(record.id) / "data.parquet" for record in (first, second)]
    assert content[0].samefile(content[1])
    assert bench.library.bytes_kept() < first.size + second.size
    bench.library.delete(Chosen(data=(first.id,)))
    bench.library.empty_bin()
    assert bench.report(second.id).rows == 2000
    assert not content[0].exists() and content[1].stat().st_nlink == 1


def test_where_files_cannot_be_shared_each_folder_keeps_its_own(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data").write_bytes(b"x" * 5000)

    def no_links(*_paths: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(files.os, "link", no_links)
    share_files(tmp_path / "two", [tmp_path / "gone", tmp_path / "one"])
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["data"]
    assert not (tmp_path / "one" / "data").samefile(tmp_path / "two" / "data")


def test_files_of_other_content_are_not_shared(tmp_path):
    for name, content in (("one", b"x"), ("two", b"y")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data").write_bytes(content * 5000)
    share_files(tmp_path / "two", [tmp_path / "one"])
    assert (tmp_path / "two" / "data").read_bytes() == b"y" * 5000


def test_the_uploaded_file_goes_with_the_last_data_set_made_of_it(bench, tmp_path):
    (tmp_path / "upload").write_bytes(b"a\n1\n")
    bench.originals.keep(tmp_path / "upload", "hash")
    bench.records.add(DataSetRecord("d2", "bank.csv", "table", 10, 1, "hash", {"a": "feature"}))
    report = Report("bank.csv", 10, 1, "csv", "utf-8", ",", 0.1, 4, "hash")
    for data_id in ("d1", "d2"):
        (bench.data_folder(data_id)).mkdir(exist_ok=True)
        write_json(bench.data_folder(data_id) / "report.json", report.to_json())
    for data_id, is_kept in (("d1", True), ("d2", False)):
        bench.library.delete(Chosen(data=(data_id,)))
        bench.library.purge(Chosen(data=(data_id,)))
        assert (bench.original("hash") is not None) == is_kept
