"""Saved detectors: written from runs, kept, uploaded, retired, and scoring new data as a run of its own."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import detectors
from detectors.detector_file.manifest import read_manifest
from detectors.detector_file.signature import SigningKey
from detectors.errors import StorageError
from detectors.explanations.store import load_explanations
from detectors.gate import Gate, check_described
from detectors.runs.explained import ExplainedRun
from detectors.runs.planted import load_power, plant
from detectors.runs.request import RunRequest
from detectors.settings import Settings
from detectors.storage import backup
from detectors.storage.bin import Chosen
from detectors.storage.tables import DetectorRecord
from detectors.suppressions import Bound
from detectors.workbench import Workbench
from detectors.workbench.saved import Entitled
from detectors.workbench.suppressing import Given
from tests.detector_files import FRAME_OF, PREPARATIONS, pictures, roles_for, write_pictures, write_source
from tests.saved_runs import answering, done

pytestmark = pytest.mark.slow


def opened(workspace: Path) -> Workbench:
    """A workbench whose answerer answers at once, in this process; trainings are done by the tests."""
    bench = Workbench(Settings(workspace, f"sqlite:///{workspace / 'anomalyst.db'}"))
    return answering(bench)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    found = opened(tmp_path_factory.mktemp("saved") / "workspace")
    yield found
    found.close()


def imported(bench: Workbench, kind: str, folder: Path) -> str:
    source = write_source(kind, folder)
    record = bench.import_file(source, source.name)
    return record.id


def trained(bench: Workbench, kind: str, representation: str, detector: str, data_id: str) -> str:
    roles = roles_for(kind, bench.data_folder(data_id))
    request = RunRequest(data_id, detector, roles, kind=kind, representation=representation, preparation=PREPARATIONS.get(kind, {}), seed=3)
    return done(bench, bench.start_run(request))


@pytest.fixture(scope="module")
def saved(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, DetectorRecord]:
    """A run on the table, and the detector saved of it with its threshold kept at the 99th percentile, and a suppression."""
    data_id = imported(bench, "table", tmp_path_factory.mktemp("upload"))
    run_id = trained(bench, "table", "vectors", "isolation_forest", data_id)
    bench.keep_threshold(run_id, "percentile", 90.0)
    bench.suppress(run_id, [Bound("count", "number", "<=", 3.0)], Given(note="small orders", author="Ada"))
    return run_id, bench.save_detector(run_id, Entitled("orders", "every night", "Ada"))


def new_table(bench: Workbench, folder: Path, **columns: object) -> str:
    frame = FRAME_OF["table"](60).drop(columns=["part"]).assign(**columns)
    frame.to_csv(folder / "new.csv", index=False)
    return bench.import_file(folder / "new.csv", "new.csv").id


def test_a_saved_detector_says_where_it_came_from_and_carries_threshold_and_suppressions(bench, saved) -> None:
    run_id, record = saved
    kept = bench.records.threshold(run_id)
    manifest = bench.detector_manifest(record.id)
    assert (record.called, record.kind, record.note, record.author) == ("orders v1", "table", "every night", "Ada")
    assert record.origin == {"data": "table.csv", "run": run_id, "threshold": kept.version, "signed": "here"}
    assert manifest.threshold.cut_off == kept.cut_off
    assert len(manifest.suppressions) == 1
    assert "Training rows inside this file" in bench.detector_card(record.id)
    assert record.size == bench.detector_path(record.id).stat().st_size


def test_new_data_are_scored_as_the_file_scores_them_with_its_threshold_in_a_run_like_any_other(bench, saved, tmp_path: Path) -> None:
    run_id, record = saved
    data_id = new_table(bench, tmp_path, extra=1)
    scored = done(bench, bench.score_data(record.id, data_id))
    file, run = detectors.load(bench.detector_path(record.id)), bench.records.run(scored)
    folder, kept = bench.run_folder(scored), bench.records.threshold(scored)
    expected = file.score(pd.read_csv(tmp_path / "new.csv", parse_dates=["when"]))
    np.testing.assert_array_equal(folder.array("scores"), expected.to_numpy())
    assert (run.task, run.state, run.name, kept.rule, kept.cut_off) == ("score", "done", "orders v1", "manual", file.threshold.cut_off)
    assert kept.flagged == int((expected > file.threshold.cut_off).sum())
    assert folder.has("labels")  # the column `known` is a label in the new data, too
    assert scored in [each.id for each in bench.records.runs(data_id)]
    assert [run.id for run in bench.scored_by(record.id)] == [scored]
    assert [each.bounds for each in bench.suppressions(scored)] == [each.bounds for each in bench.suppressions(run_id)]

    rows, explained = load_explanations(folder.result)
    again = ExplainedRun.open(folder.path, bench.data_folder(data_id)).many(rows[:2])
    np.testing.assert_allclose(again.values, explained.at(np.arange(2)).values, atol=1e-9)
    assert bench.cut_off(scored, "percentile", 90.0) == pytest.approx(file.threshold.cut_off, abs=0.02)


@pytest.mark.parametrize(
    ("kind", "representation", "detector"),
    [("series", "vectors", "isolation_forest"), ("text", "vectors", "zscore"), ("images", "vectors", "zscore")],
)
def test_every_kind_is_scored_by_a_saved_detector(bench, kind: str, representation: str, detector: str, tmp_path: Path) -> None:
    data_id = imported(bench, kind, tmp_path)
    record = bench.save_detector(trained(bench, kind, representation, detector, data_id), Entitled(kind))
    assert bench.gate(record.id, data_id).stops == []
    scored = done(bench, bench.score_data(record.id, data_id))
    file = detectors.load(bench.detector_path(record.id))
    source = pictures() if kind == "images" else FRAME_OF[kind]()
    np.testing.assert_allclose(bench.run_folder(scored).array("scores"), file.score(source), rtol=1e-6)


def test_the_gate_stops_what_cannot_be_scored(bench, saved, tmp_path: Path) -> None:
    _, record = saved
    FRAME_OF["table"](30).drop(columns=["amount"]).to_csv(tmp_path / "less.csv", index=False)
    less = bench.import_file(tmp_path / "less.csv", "less.csv").id
    with pytest.raises(StorageError, match="amount"):
        bench.score_data(record.id, less)
    assert bench.records.runs(less) == []
    pictures_there = bench.import_file(write_pictures(tmp_path / "p.zip", pictures()), "p.zip").id
    assert isinstance(bench.gate(record.id, pictures_there), Gate)
    assert bench.gate(record.id, pictures_there).stops


def test_a_new_save_of_the_same_name_is_the_next_version_and_so_is_a_renaming(bench, saved) -> None:
    run_id, _ = saved
    second = bench.save_detector(run_id, Entitled(" orders "))
    other = bench.save_detector(run_id, Entitled("other"))
    assert (second.called, other.called) == ("orders v2", "other v1")
    bench.rename_detector(other.id, "orders")
    assert bench.saved_detector(other.id).called == "orders v3"
    bench.note_detector(other.id, "a note")
    assert bench.saved_detector(other.id).note == "a note"
    with pytest.raises(StorageError, match="needs a name"):
        bench.rename_detector(other.id, "  ")


def test_a_retired_detector_is_offered_no_longer_and_can_be_had_back_or_deleted(bench, saved, tmp_path: Path) -> None:
    run_id, _ = saved
    record = bench.save_detector(run_id, Entitled("short-lived"))
    scored = done(bench, bench.score_data(record.id, new_table(bench, tmp_path)))
    with pytest.raises(StorageError, match="Retire it first"):
        bench.delete_detector(record.id)
    bench.retire_detector(record.id)
    assert record.id not in [each.id for each in bench.saved_detectors(retired=False)]
    with pytest.raises(StorageError, match="was retired and scores nothing new"):
        bench.score_data(record.id, bench.records.run(scored).data_id)
    bench.retire_detector(record.id, back=True)
    assert record.id in [each.id for each in bench.saved_detectors(retired=False)]
    bench.retire_detector(record.id)
    bench.delete_detector(record.id)
    assert not (bench.workspace.detectors / record.id).exists()
    assert bench.records.run(scored).state == "done"  # what it scored stays
    with pytest.raises(StorageError, match="no longer there"):
        bench.saved_detector(record.id)


def test_nobody_sees_the_detectors_of_another_owner(bench, saved) -> None:
    _, record = saved
    others = bench.of("grace")
    assert others.saved_detectors() == []
    for change in (others.detector_path, others.retire_detector, partial(others.rename_detector, name="mine"), others.delete_detector):
        with pytest.raises(StorageError, match="no longer there"):
            change(record.id)


def test_a_file_from_elsewhere_is_kept_once_it_was_opened_and_a_damaged_one_refused_by_its_name(bench, saved, tmp_path: Path) -> None:
    _, record = saved
    ours = bench.detector_path(record.id)
    uploaded, warning = bench.upload_detector(ours, "theirs.zip", Entitled("theirs"))
    assert (uploaded.called, uploaded.origin["file"], uploaded.origin["signed"]) == ("theirs v1", "theirs.zip", "here")
    assert uploaded.identity == record.identity
    assert bench.same_detector(uploaded).identity == record.identity
    assert bench.detector_path(uploaded.id).samefile(ours)  # the same file takes its room on the disk once
    assert warning is None
    changed = bytearray(ours.read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "x").write_bytes(changed)
    before = len(bench.saved_detectors())
    with pytest.raises(StorageError, match=r"changed\.zip"):
        bench.upload_detector(tmp_path / "x", "changed.zip", Entitled("changed"))
    assert len(bench.saved_detectors()) == before
    assert list(bench.workspace.incoming.iterdir()) == []


@pytest.mark.parametrize("quantiles", ["abc", [None, 1.0], [[1.0], [2.0, 3.0]], {"a": 1}])
def test_a_file_whose_manifest_cannot_be_compared_with_is_refused(bench, saved, tmp_path: Path, quantiles: object) -> None:
    _, record = saved
    with zipfile.ZipFile(bench.detector_path(record.id)) as ours, zipfile.ZipFile(tmp_path / "x.zip", "w") as theirs:
        for name in ours.namelist():
            content = ours.read(name)
            if name == "manifest.json":
                told = json.loads(content)
                told["schema"]["columns"][0]["quantiles"] = quantiles
                content = json.dumps(told).encode()
            if name != "signature.json":
                theirs.writestr(name, content)
    with pytest.raises(StorageError, match="not a detector file"):
        check_described(read_manifest(tmp_path / "x.zip"), "x.zip")


def test_anomalies_are_planted_in_what_a_saved_detector_scored(bench, saved, tmp_path: Path) -> None:
    _, record = saved
    data_id = new_table(bench, tmp_path)
    scored = done(bench, bench.score_data(record.id, data_id))
    plant(bench.run_folder(scored), bench.data_folder(data_id))
    found = load_power(bench.run_folder(scored))
    assert found is not None
    assert found.held_out


def test_a_saved_detector_outlives_its_run_and_comes_with_the_backup(bench, saved, tmp_path: Path) -> None:
    run_id, record = saved
    bench.library.delete(Chosen(runs=(run_id,)))
    bench.library.purge(Chosen(runs=(run_id,)))
    assert bench.detector_manifest(record.id).kind == "table"
    backup.save(bench.settings, tmp_path / "all.tar")
    there = Settings(tmp_path / "there", f"sqlite:///{tmp_path / 'there' / 'anomalyst.db'}")
    backup.restore(there, tmp_path / "all.tar")
    restored = Workbench(there)
    assert restored.detector_path(record.id).read_bytes() == bench.detector_path(record.id).read_bytes()
    restored.close()
    assert SigningKey.of(there.workspace) == SigningKey.of(bench.workspace.root)  # what was signed here is signed there
    assert (there.workspace / "signing.key").stat().st_mode & 0o077 == 0


def test_a_backup_brings_no_key_where_there_is_one(bench, saved, tmp_path: Path) -> None:
    backup.save(bench.settings, tmp_path / "all.tar")
    there = Settings(tmp_path / "there", f"sqlite:///{tmp_path / 'there' / 'anomalyst.db'}")
    there.workspace.mkdir()
    own = SigningKey.of(there.workspace)
    backup.restore(there, tmp_path / "all.tar")
    assert SigningKey.of(there.workspace) == own


def test_a_crash_between_file_and_record_leaves_no_file_behind(bench, saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, record = saved
    before = {path.name for path in bench.workspace.detectors.iterdir()}

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("detectors.workbench.saved.add_detector", crash)
        patched.setattr("detectors.workbench.saved.try_opening", lambda *_: {"identity": record.identity, "warning": None})
        with pytest.raises(KeyboardInterrupt):
            bench.upload_detector(bench.detector_path(record.id), "theirs.zip", Entitled("crashed"))
    assert len(list(bench.workspace.detectors.iterdir())) == len(before) + 1
    bench._supervisor.recover()  # as at the next start
    assert {path.name for path in bench.workspace.detectors.iterdir()} == before
    assert "crashed" not in [each.name for each in bench.saved_detectors()]
