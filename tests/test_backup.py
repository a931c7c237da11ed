"""A backup holds all of a workspace, is verified before anything of it is restored, and overwrites nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from detectors.base import Progress
from detectors.errors import StorageError
from detectors.runs.execute import execute, save
from detectors.runs.explained import ExplainedRun
from detectors.runs.request import RunRequest
from detectors.settings import Settings
from detectors.storage import backup
from detectors.storage.files import published
from detectors.storage.lock import ServerLock
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.workbench import Workbench
from tests.sources import ROOT
from tests.tables import PLANTED, ROWS, machine_frame, read_in

ROLES = {"reading_id": "id", "temperature": "feature", "doubled": "feature", "mode": "feature", "label": "label"}


def settings_in(root: Path) -> Settings:
    return Settings(root, f"sqlite:///{root / 'anomalyst.db'}")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A workspace with two data sets that share their content, a finished run and one that is being trained."""
    asked = settings_in(tmp_path_factory.mktemp("kept") / "workspace")
    bench = Workbench(asked)
    read_in(machine_frame(), tmp_path_factory.mktemp("read")).rename(bench.data_folder("d1"))
    bench.data_folder("d2").mkdir()
    os.link(bench.data_folder("d1") / "data.parquet", bench.data_folder("d2") / "data.parquet")
    for data_id in ("d1", "d2"):
        bench.records.add(DataSetRecord(data_id, f"{data_id}.csv", "table", ROWS, 5, "hash", ROLES))
    request = RunRequest("d1", "isolation_forest", ROLES, seed=3)
    bench.run_folder("r1").ask(request)
    with published(bench.run_folder("r1").result) as result:
        save(execute(request, bench.data_folder("d1"), Progress()), result, Progress())
    bench.records.add(RunRecord("r1", "d1", "train", "isolation_forest", request.to_json(), "done", name="For the report"))
    bench.records.keep_threshold(ThresholdRecord("r1", "rows", 4, 0.5, 4))
    bench.run_folder("r2").ask(request)
    (bench.run_folder("r2").path / ".result.77").mkdir()
    (bench.run_folder("r2").path / ".result.77" / "scores.npy").write_bytes(b"half of it")
    bench.records.add(RunRecord("r2", "d1", "train", "isolation_forest", request.to_json(), "running"))
    bench.close()
    return asked


@pytest.fixture
def saved(settings: Settings, tmp_path: Path) -> Path:
    backup.save(settings, tmp_path / "kept.tar")
    return tmp_path / "kept.tar"


def test_a_restored_workspace_opens_and_its_runs_can_be_explained(settings, saved, tmp_path):
    elsewhere = settings_in(tmp_path / "elsewhere")
    totals = backup.restore(elsewhere, saved)
    assert (totals.data_sets, totals.runs) == (2, 2)
    bench = Workbench(elsewhere)
    assert {(run.name, run.state) for run in bench.records.runs()} == {("For the report", "done"), ("", "interrupted")}
    assert bench.records.threshold("r1").flagged == 4
    assert [path.name for path in bench.run_folder("r2").path.iterdir()] == ["request.json"]
    found = ExplainedRun.open(bench.run_folder("r1").path, bench.data_folder("d1")).row(PLANTED[0]).explanation
    scores = np.load(settings.workspace / "runs" / "r1" / "result" / "scores.npy")
    assert found.scores[0] == scores[PLANTED[0]]
    assert (bench.data_folder("d1") / "data.parquet").samefile(bench.data_folder("d2") / "data.parquet")
    bench.close()


def test_a_backup_is_readable_by_its_owner_only_and_never_overwritten(settings, saved):
    assert os.name == "nt" or saved.stat().st_mode & 0o077 == 0
    with pytest.raises(StorageError, match="exists already and is not overwritten"):
        backup.save(settings, saved)


def test_restoring_refuses_a_workspace_that_holds_something_or_is_in_use(settings, saved, tmp_path):
    with pytest.raises(StorageError, match="already holds data sets or runs, and nothing of it is overwritten"):
        backup.restore(settings, saved)
    with ServerLock(tmp_path / "used"), pytest.raises(StorageError, match="already uses the workspace"):
        backup.restore(settings_in(tmp_path / "used"), saved)


@pytest.mark.parametrize("harm", ["changed", "cut off", "no backup"])
def test_a_damaged_backup_is_refused_and_nothing_of_it_is_restored(saved, tmp_path, harm):
    content = bytearray(saved.read_bytes())
    with tarfile.open(saved) as archive:
        scores = archive.getmember("runs/r1/result/scores.npy")
    content[scores.offset_data + 200] ^= 1
    saved.write_bytes({"changed": content, "cut off": content[: len(content) // 2], "no backup": b"a,b\n1,2\n"}[harm])
    with pytest.raises(StorageError, match=r"`kept\.tar` is damaged or was changed"):
        backup.restore(settings_in(tmp_path / "new"), saved)
    assert [path for path in (tmp_path / "new").rglob("*") if path.is_file()] == []


def test_a_backup_with_a_path_out_of_the_workspace_is_refused(saved, tmp_path):
    with tarfile.open(saved, "a") as archive:
        archive.addfile(tarfile.TarInfo("data/../../evil"))
    with pytest.raises(StorageError, match="damaged or was changed"):
        backup.restore(settings_in(tmp_path / "new"), saved)
    assert not (tmp_path / "evil").exists()


def test_a_restoring_that_was_killed_can_be_done_again(saved, tmp_path):
    killed = tmp_path / "new"
    (killed / backup.RESTORING).mkdir(parents=True)
    (killed / "data" / "d1").mkdir(parents=True)
    assert backup.restore(settings_in(killed), saved).data_sets == 2


def test_what_is_deleted_for_good_while_it_is_packed_is_left_out(settings, tmp_path, monkeypatch):
    files = backup._files

    def vanishing(folder: Path):
        if folder.name == "r2":
            raise FileNotFoundError
        return files(folder)

    monkeypatch.setattr(backup, "_files", vanishing)
    backup.save(settings, tmp_path / "kept.tar")
    backup.restore(settings_in(tmp_path / "new"), tmp_path / "kept.tar")
    bench = Workbench(settings_in(tmp_path / "new"))
    assert [run.id for run in bench.records.runs()] == ["r1"]
    bench.close()


@pytest.mark.slow
def test_the_command_says_what_it_did_or_why_not(settings, tmp_path):
    command = [sys.executable, "-m", "detectors.storage.backup", "save", str(tmp_path / "kept.tar")]
    environment = {**os.environ, "ANOMALYST_WORKSPACE": str(settings.workspace)}
    first, second = (subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 2)
    assert first.stdout.startswith("2 data sets and 2 runs (")
    assert "exists already" in second.stderr
