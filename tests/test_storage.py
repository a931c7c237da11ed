"""What is kept is whole or not there, and records come back as they were written."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from detectors.errors import StorageError
from detectors.messages import Message
from detectors.storage.files import Workspace, new_id, published, read_json, sweep, write_json
from detectors.storage.lock import ServerLock
from detectors.storage.originals import Originals
from detectors.storage.records import DataSetRecord, Records, RunRecord, ThresholdRecord


@pytest.fixture
def records(tmp_path):
    opened = Records(f"sqlite:///{tmp_path / 'test.db'}")
    opened.add(DataSetRecord("d1", "bank.csv", "table", 10, 3, "hash", {"a": "feature"}))
    opened.add(RunRecord("r1", "d1", "train", "autoencoder", {"seed": 1}))
    yield opened
    opened.close()


def test_a_workspace_is_private_to_its_owner(tmp_path):
    workspace = Workspace.open(tmp_path / "new")
    assert os.name == "nt" or (workspace.root.stat().st_mode & 0o077) == 0
    assert workspace.queue.is_dir()


def test_a_folder_is_published_whole(tmp_path):
    with published(tmp_path / "result") as folder:
        (folder / "part").write_text("x")
        assert not (tmp_path / "result").exists()
    assert (tmp_path / "result" / "part").read_text() == "x"
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_a_failed_publication_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="half-way"), published(tmp_path / "result") as folder:
        (folder / "part").write_text("x")
        raise ValueError("half-way")
    assert list(tmp_path.iterdir()) == []


def test_sweeping_removes_what_a_kill_left_behind(tmp_path):
    (tmp_path / ".result.123").mkdir()
    (tmp_path / ".progress.json.9").write_text("{")
    (tmp_path / "kept").write_text("x")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_json_is_read_back_and_damage_is_told(tmp_path):
    write_json(tmp_path / "a.json", {"größe": [1, None]})
    assert read_json(tmp_path / "a.json") == {"größe": [1, None]}
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(StorageError, match=r"`a\.json` in the workspace is missing or damaged"):
        read_json(tmp_path / "a.json")


def test_ids_are_never_the_same():
    assert len({new_id() for _ in range(1000)}) == 1000


def test_records_come_back_after_the_database_is_opened_again(records, tmp_path):
    again = Records(f"sqlite:///{tmp_path / 'test.db'}")
    assert again.data_set("d1").roles == {"a": "feature"}
    assert again.run("r1").state == "queued"
    assert again.data_set("none") is None
    again.close()


def test_roles_and_states_change(records):
    records.set_roles("d1", {"a": "ignored"})
    records.set_state("r1", "failed", reason=Message("No {thing}.", {"thing": "memory"}))
    assert records.data_set("d1").roles == {"a": "ignored"}
    run = records.run("r1")
    assert (run.state, str(run.message), run.ended) == ("failed", "No memory.", True)
    assert run.finished is not None
    records.set_state("r1", "queued")
    assert (records.run("r1").message, records.run("r1").finished) == (None, None)


def test_runs_are_listed_newest_first_and_by_task(records):
    first = records.run("r1")
    records.add(RunRecord("r2", "d1", "train", "autoencoder", {}, created=first.created + timedelta(seconds=1)))
    records.add(RunRecord("r3", "d1", "reasons", "autoencoder", {}, of_run="r1"))
    assert [run.id for run in records.runs("d1")] == ["r2", "r1"]
    assert [run.id for run in records.runs(task="reasons")] == ["r3"]


def test_the_latest_threshold_is_in_force_and_earlier_ones_stay(records):
    records.keep_threshold(ThresholdRecord("r1", "percentile", 95, 0.5, 12))
    records.keep_threshold(ThresholdRecord("r1", "manual", 0.7, 0.7, 3))
    assert (records.threshold("r1").rule, records.threshold("r1").flagged) == ("manual", 3)
    assert list(records.thresholds()) == ["r1"]
    assert [(kept.version, kept.rule) for kept in records.threshold_versions("r1")] == [(2, "manual"), (1, "percentile")]


def test_a_database_that_cannot_be_opened_is_told_without_its_password(tmp_path):
    with pytest.raises(StorageError, match="cannot be opened"):
        Records(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")


def test_a_second_server_on_the_same_workspace_is_refused(tmp_path):
    with ServerLock(tmp_path), pytest.raises(StorageError, match=f"another Anomalyst .process {os.getpid()}. already uses"):
        ServerLock(tmp_path)
    with ServerLock(tmp_path):
        pass  # the first one has ended


def test_a_lock_that_a_killed_server_left_does_not_count(tmp_path):
    (tmp_path / "server.pid").write_text("999999999 1.00", encoding="ascii")
    with ServerLock(tmp_path):
        assert (tmp_path / "server.pid").read_text(encoding="ascii").startswith(f"{os.getpid()} ")


# ── uploaded files that are kept for a while ──


def test_the_same_file_twice_is_kept_once_and_outlives_its_source(tmp_path: Path) -> None:
    kept = Originals(tmp_path / "originals", most_days=7, most_bytes=1000)
    kept.folder.mkdir()
    for name in ("first", "second"):
        (tmp_path / name).write_bytes(b"a,b\n")
        place = kept.keep(tmp_path / name, "0123")
        (tmp_path / name).unlink()
    assert place == kept.find("0123")
    assert place.read_bytes() == b"a,b\n"
    assert kept.find("4567") is None
    assert [path.name for path in kept.folder.iterdir()] == ["0123"]


def test_what_is_old_goes_and_the_longest_unused_of_what_is_too_much(tmp_path: Path) -> None:
    kept = Originals(tmp_path, most_days=7, most_bytes=25)
    now = time.time()
    for name, days in {"today": 0, "yesterday": 1, "before": 2, "old": 8}.items():
        (tmp_path / name).write_bytes(bytes(10))
        os.utime(tmp_path / name, (now - days * 86_400,) * 2)
    kept.sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["today", "yesterday"]
