"""Files being read in the background: told how far, ended when asked, in turn, and nobody else waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from detectors.errors import DataError, Discarded
from detectors.imports import Import, Turns
from detectors.reading import Limits, ReadingProgress, Watch, limits_for
from detectors.reading.process import Task, run_worker
from detectors.reading.progress import READING
from detectors.storage.records import DataSetRecord
from detectors.workbench import Workbench
from pages.shared import engine
from tests.tables import machine_frame

FRAME = Path(__file__).parents[1] / "pages" / "frame.py"

RECORD = DataSetRecord("0123456789ab", "a.csv", "table", 2, 2, "hash", {})

PATIENCE_S = 60


def begun(work: Callable[[Watch], DataSetRecord]) -> Import:
    return Import("a.csv", work, Turns().of(1), lambda: None)


# ── how far it is ──


def test_the_share_that_is_done_grows_from_phase_to_phase() -> None:
    told = [ReadingProgress(phase, done, 10).share for phase in READING for done in (0, 5, 10)]
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_of_a_phase_whose_end_is_not_known_nothing_is_claimed() -> None:
    assert ReadingProgress("hashing", 700, 0).share == 0.0
    assert ReadingProgress("fetching", 5, 10).share == 0.5


def test_a_large_file_may_take_longer_and_a_small_one_as_long_as_ever() -> None:
    assert limits_for(1000) == Limits()
    large = limits_for(10**9)
    assert (large.cpu_s, large.wall_s) == (300 + 1000, 300 + 2000)
    assert large.memory_bytes == Limits().memory_bytes


# ── in the background ──


def test_the_result_is_the_data_set_or_the_reason_why_there_is_none() -> None:
    assert begun(lambda watch: RECORD).result() is RECORD

    def refused(watch: Watch) -> DataSetRecord:
        raise DataError("No.")

    with pytest.raises(DataError, match=r"No\."):
        begun(refused).result()


def test_cancelling_ends_the_work_at_its_next_word() -> None:
    started = threading.Event()

    def endless(watch: Watch) -> DataSetRecord:
        while True:
            watch(ReadingProgress("checking"))
            started.set()

    working = begun(endless)
    assert started.wait(PATIENCE_S)
    working.cancel()
    with pytest.raises(Discarded):
        working.result()


def test_one_that_waits_for_its_turn_can_be_cancelled_too_and_its_file_is_removed() -> None:
    removed = threading.Event()
    waiting = Import("a.csv", lambda watch: RECORD, threading.Semaphore(0), removed.set)
    assert waiting.progress.phase == "waiting"
    waiting.cancel()
    assert waiting.wait(PATIENCE_S)
    assert removed.is_set()


def test_a_small_file_does_not_wait_for_large_ones() -> None:
    turns = Turns()
    assert turns.of(10**9).acquire(blocking=False)
    assert not turns.of(10**9).acquire(blocking=False)
    assert turns.of(10**6).acquire(blocking=False)


# ── for real ──


@pytest.fixture
def bench(workspace: Path) -> Iterator[Workbench]:
    """The workbench behind the pages, in an empty workspace."""
    engine.close_workbench()
    engine.workbench.clear()
    yield engine.workbench()
    engine.close_workbench()
    engine.workbench.clear()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "machine.csv"
    machine_frame(20_000).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_while_a_file_is_read_another_person_opens_pages_and_when_it_is_cancelled_nothing_is_left(
    bench: Workbench, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reading is held up at its first word until the other person has seen what there is to see."""
    seen, look = threading.Event(), Import._look
    monkeypatch.setattr(Import, "_look", lambda begun, now: (seen.wait(PATIENCE_S), look(begun, now)))
    held = bench.start_import(source, "machine.csv")
    for page in ("home", "data"):
        app = AppTest.from_file(FRAME, default_timeout=PATIENCE_S).run()
        app = app if page == "home" else app.switch_page(f"{page}.py").run()
        assert not app.exception
        assert not held.has_ended
    held.cancel()
    seen.set()
    with pytest.raises(Discarded):
        held.result()
    assert list(bench.workspace.data.iterdir()) == []
    assert bench.records.data_sets() == []


@pytest.mark.slow
def test_reading_tells_its_phases_in_order_and_how_many_bytes_are_done(
    bench: Workbench, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[ReadingProgress] = []
    header, _, rows = source.read_text(encoding="utf-8").partition("\n")
    source.write_text(header + "\n" + 15 * rows, encoding="utf-8")  # so large that every phase is looked at
    monkeypatch.setattr(Import, "_look", lambda begun, now: told.append(now))
    record = bench.start_import(source, "machine.csv").result()
    phases = list(dict.fromkeys(now.phase for now in told if now.phase in READING))
    assert phases == [phase for phase in READING if phase in phases]
    assert {now.total for now in told if now.phase == "checking"} == {source.stat().st_size}
    assert all(now.done <= now.total for now in told if now.total)
    assert sorted(path.name for path in bench.data_folder(record.id).iterdir()) == [
        "data.parquet", "footer.sha256", "profile.json", "report.json",
    ]  # fmt: skip


@pytest.mark.slow
def test_who_opens_a_strangers_file_knows_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    monkeypatch.setenv("ANOMALYST_DATABASE_URL", "postgresql://anna:sesame@host/db")
    script = tmp_path / "script.py"
    script.write_text("import os, sys; open(sys.argv[1], 'w').write(str(dict(os.environ)))", encoding="utf-8")
    run_worker(Task("make", str(script), str(tmp_path), "made"), Limits())
    assert "sesame" not in (tmp_path / "made").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_disk_without_room_is_told_in_words(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import errno, os; raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))", encoding="utf-8")
    with pytest.raises(DataError, match="no room left on the disk"):
        run_worker(Task("make", str(script), str(tmp_path), "made"), Limits())
