"""Folders that the server watches: each new file becomes one data set and one run, and what matters is told to somebody."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_string
from email.policy import default
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from detectors.answerer import Answerer
from detectors.errors import ParameterError, StorageError
from detectors.explanations.store import load_explanations
from detectors.runs.request import RunRequest
from detectors.settings import Settings
from detectors.storage import backup
from detectors.storage.bin import Chosen
from detectors.storage.tables import DetectorRecord, WatchRecord
from detectors.suppressions import Bound
from detectors.watching import outbox as outboxes
from detectors.watching import served as serving_folders
from detectors.watching.addressed import FILE, shortened
from detectors.watching.allowed import allowed_folder, what_is_allowed
from detectors.watching.copied import copy_of
from detectors.watching.journal import Journal, key_of
from detectors.watching.schedule import Schedule
from detectors.workbench import Workbench
from detectors.workbench.saved import Entitled
from detectors.workbench.suppressing import Given
from detectors.workbench.watching import AskedWatch
from tests.behind_pages import reading_here
from tests.receivers import MailServer, WebServer, serving
from tests.test_pages_score import done
from tests.test_watching import free_port, wait_until

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]


def settings_in(workspace: Path, **more: object) -> Settings:
    return Settings(workspace, f"sqlite:///{workspace / 'anomalyst.db'}", **more)  # type: ignore[arg-type]


def opened(settings: Settings) -> Workbench:
    """A workbench whose answerer answers at once, in this process; runs are done by the tests, and so are steps of watches."""
    bench = Workbench(settings)
    answerer = Answerer(bench.workspace)
    bench.answerer.ask = lambda question, *, timeout_s=0.0, **values: answerer.answer({"do": question, **values})  # type: ignore[method-assign]
    return bench


def frame(seed: int, rows: int = 200, shift: float = 0.0) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    return pd.DataFrame({"a": chance.normal(shift, size=rows), "b": chance.normal(size=rows), "c": chance.choice(["x", "y"], rows)})


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    found = opened(settings_in(tmp_path_factory.mktemp("watch") / "workspace"))
    with reading_here():
        yield found
    found.close()


@pytest.fixture(scope="module")
def detector(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> DetectorRecord:
    source = tmp_path_factory.mktemp("upload") / "march.csv"
    frame(0).to_csv(source, index=False)
    data = bench.import_file(source, "march.csv")
    run = done(bench, bench.start_run(RunRequest(data.id, "isolation_forest", data.roles)))
    bench.suppress(run, [Bound("c", "text", "is", "y")], Given(note="y is usual"))
    return bench.save_detector(run, Entitled("march"))


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(serving_folders, "SETTLING_S", 0.0)
    monkeypatch.setattr(outboxes, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr("detectors.watching.delivery.LOOK_S", 0.02)
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def begin(bench: Workbench, detector: DetectorRecord, inbox: Path) -> Iterator[Callable[..., WatchRecord]]:
    begun = []

    def begin(**more: object) -> WatchRecord:
        asked = {"pattern": "*.csv", "rules": ("flagged>0", "gate"), **more}
        begun.append(bench.start_watch(AskedWatch("nightly", detector.id, str(inbox), **asked), "Ada"))  # type: ignore[arg-type]
        return begun[-1]

    yield begin
    for watch in bench.watches():
        bench.delete_watch(watch.id)


def put(inbox: Path, name: str, seed: int = 1, shift: float = 0.0) -> None:
    frame(seed, 60, shift).to_csv(inbox / name, index=False)


def steps(bench: Workbench, watch: WatchRecord, most: int = 12) -> None:
    """Steps until nothing is left to do, as the server's thread takes them; what is queued is done at once."""
    for _ in range(most):
        bench.look_now(watch.id)
        bench.step_watch(watch.id)
        for run in bench.records.runs(task="score"):
            if run.state == "queued":
                done(bench, run.id)


def outcomes(bench: Workbench, watch: WatchRecord) -> dict[str, dict[str, object]]:
    return {entry.name: dict(entry.outcome or {}) for entry in bench.watched_files(watch.id)}


# ── files ──


def test_each_new_file_becomes_one_data_set_and_one_run_with_flags_and_explanations(bench, begin, inbox: Path) -> None:
    watch = begin()
    put(inbox, "monday.csv", 1)
    put(inbox, "tuesday.csv", 2)
    (inbox / "notes.txt").write_text("not asked for")
    steps(bench, watch)
    entries = bench.watched_files(watch.id)
    assert sorted(entry.name for entry in entries) == ["monday.csv", "tuesday.csv"]
    for entry in entries:
        run, data_set = bench.records.run(entry.run), bench.records.data_set(entry.data)
        assert (run.state, run.task, run.data_id, data_set.name) == ("done", "score", data_set.id, entry.name)
        assert data_set.note == "Came through the watch nightly."
        assert len(load_explanations(bench.run_folder(run.id).result)[0]) > 0
        assert entry.outcome["rows"] == 60 and entry.outcome["link"].endswith(f"/threshold?data={data_set.id}&run={run.id}")

    os.utime(inbox / "monday.csv")  # touched: the same content
    put(inbox, "wednesday.csv", 3)
    steps(bench, watch)
    assert len(bench.watched_files(watch.id)) == 3
    assert bench.watch_tally(watch.id).scored == 3


def test_flags_are_those_of_the_threshold_page_without_what_suppressions_silence(bench, begin, inbox: Path) -> None:
    watch = begin()
    put(inbox, "far.csv", 4, shift=6.0)
    steps(bench, watch)
    (entry,) = bench.watched_files(watch.id)
    above = np.asarray(bench.run_folder(entry.run).array("scores")) > bench.records.threshold(entry.run).cut_off
    unsilenced = above & (frame(4, 60, 6.0)["c"] != "y").to_numpy()
    assert entry.outcome["flagged"] == unsilenced.sum() < above.sum()
    assert "most scores have moved" in entry.outcome["findings"][0] and entry.outcome["drift"] == 1.0 and entry.outcome["moved"] == "a"


def test_what_the_gate_stops_or_nobody_can_read_is_refused_with_the_reason_and_a_warning(bench, begin, inbox: Path) -> None:
    watch = begin()
    frame(5, 20).drop(columns="b").to_csv(inbox / "less.csv", index=False)
    (inbox / "broken.csv").write_bytes(b"\x00\x01 nothing that anybody reads")
    put(inbox, "good.csv", 5)
    steps(bench, watch)
    found = outcomes(bench, watch)
    assert "Not there, though the detector learned from it: b." in found["less.csv"]["refused"]
    assert found["broken.csv"]["refused"] and found["good.csv"]["refused"] is None
    warned = {each["file"]: each for each in bench.watch_warnings(watch.id) if each["rule"] == "gate"}
    assert set(warned) == {"less.csv", "broken.csv"} and "/score?data=" in warned["less.csv"]["link"]

    bench.look_now(watch.id, retry=True)
    frame(5, 20).to_csv(inbox / "less.csv", index=False)
    steps(bench, watch)
    assert outcomes(bench, watch)["less.csv"]["refused"] is None


def test_a_file_that_is_still_written_waits_and_one_taken_away_is_forgotten(bench, begin, inbox: Path) -> None:
    watch = begin()
    put(inbox, "grows.csv", 1)
    bench.step_watch(watch.id)
    with (inbox / "grows.csv").open("a") as file:
        file.write("0.1,0.2,x\n")
    bench.look_now(watch.id)
    bench.step_watch(watch.id)
    assert bench.watched_files(watch.id) == [] and bench.watch_status(watch.id).changing == 1
    (inbox / "grows.csv").unlink()
    steps(bench, watch, 3)
    assert bench.watched_files(watch.id) == [] and bench.watch_status(watch.id).problem is None


def test_a_paused_watch_takes_nothing_and_goes_on_with_what_came_meanwhile(bench, begin, inbox: Path) -> None:
    watch = begin()
    bench.pause_watch(watch.id)
    put(inbox, "a.csv")
    steps(bench, watch, 4)
    assert bench.watched_files(watch.id) == []
    bench.pause_watch(watch.id, back=True)
    steps(bench, watch)
    assert bench.watch_tally(watch.id).scored == 1


def test_a_retired_or_deleted_detector_holds_files_back_and_loses_none(bench, begin, detector, inbox: Path) -> None:
    watch = begin()
    bench.retire_detector(detector.id)
    put(inbox, "a.csv")
    steps(bench, watch, 4)
    assert bench.watched_files(watch.id) == [] and "is retired" in str(bench.watch_status(watch.id).blocked)
    bench.retire_detector(detector.id, back=True)
    steps(bench, watch)
    assert bench.watch_tally(watch.id).scored == 1 and bench.watch_status(watch.id).blocked is None


def test_a_folder_that_is_gone_is_said_and_the_watch_goes_on(bench, begin, inbox: Path) -> None:
    watch = begin()
    put(inbox, "a.csv")
    inbox.rename(inbox.with_name("away"))
    steps(bench, watch, 2)
    assert "There is no folder" in str(bench.watch_status(watch.id).blocked)
    inbox.with_name("away").rename(inbox)
    steps(bench, watch)
    assert bench.watch_tally(watch.id).scored == 1


def test_a_data_set_that_was_deleted_while_it_waited_is_said(bench, begin, inbox: Path) -> None:
    watch = begin()
    put(inbox, "a.csv")
    for _ in range(3):
        bench.look_now(watch.id)
        bench.step_watch(watch.id)
    (entry,) = bench.watched_files(watch.id)
    bench.library.delete(Chosen(data=(entry.data,)))
    bench.records.everybodys().set_state(entry.run, "stopped")
    steps(bench, watch, 2)
    assert outcomes(bench, watch)["a.csv"]["refused"] == "Its scoring was stopped."


# ── a crash at any point ──


@pytest.mark.parametrize("killed_in", ["read", "score", "queue", "end"])
def test_a_server_that_dies_at_any_point_scores_each_file_once(
    bench, begin, inbox: Path, monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    class Killed(BaseException):
        """Nothing runs after it, as after a kill."""

    def killed(*_given: object, **_more: object) -> None:
        raise Killed

    watch = begin()
    put(inbox, "a.csv")
    place = {
        "read": (Workbench, "start_import"), "score": (Workbench, "score_data"), "queue": (Journal, "survived"), "end": (Journal, "end"),
    }[killed_in]  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr(*place, killed)
        with pytest.raises(Killed):
            steps(bench, watch)
    for left in bench._rounds._rounds.values():
        left.served.end()
    bench._rounds._rounds.clear()  # the next server knows what lies on the disk
    bench._rounds.of(watch.id).served.recover()
    steps(bench, watch)
    (entry,) = bench.watched_files(watch.id)
    assert entry.outcome["rows"] == 60 and bench.records.run(entry.run).state == "done"
    assert [run.data_id for run in bench.records.runs(task="score") if run.data_id == entry.data] == [entry.data]
    assert [record.id for record in bench.records.data_sets() if record.name == "a.csv" and record.id == entry.data] == [entry.data]


@pytest.mark.skipif(os.name == "nt", reason="there is no such kill")
@pytest.mark.parametrize("killed_at", ["noted", "queued"])
def test_a_process_that_is_killed_scores_each_file_once(bench, begin, inbox: Path, killed_at: str) -> None:
    watch = begin()
    put(inbox, "a.csv", 12)
    program = f"""
from pathlib import Path
from detectors.settings import Settings
from detectors.watching import served
from detectors.workbench import Workbench
served.SETTLING_S = 0.0
bench = Workbench(Settings.from_environment())
while True:
    bench.look_now({watch.id!r})
    bench.step_watch({watch.id!r})
"""
    environment = {**os.environ, "ANOMALYST_WORKSPACE": str(bench.settings.workspace)}
    server = subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY, env=environment)

    def is_there() -> bool:
        entry = next(iter(bench.watched_files(watch.id)), None)
        data, run = (entry.data, entry.run) if entry else (None, None)
        noted = data is not None
        return {"noted": noted, "queued": noted and bench.records.run(run) is not None}[killed_at]

    try:
        wait_until(is_there, 120)
    finally:
        readers = psutil.Process(server.pid).children(recursive=True)
        server.kill()
        server.wait()
        psutil.wait_procs(readers, 60)  # they end with the server, a moment after it; the next one starts later than that
    (entry,) = bench.watched_files(watch.id)
    assert entry.outcome is None
    bench.workspace.empty_incoming()
    assert list(bench.workspace.incoming.iterdir()) == []
    bench._rounds.of(watch.id).served.recover()
    steps(bench, watch)
    (entry,) = bench.watched_files(watch.id)
    assert entry.outcome["rows"] == 60
    assert len([run for run in bench.records.runs(task="score") if run.data_id == entry.data]) == 1
    folders = [path.name for path in bench.workspace.data.iterdir() if not path.name.startswith(".")]
    assert [name for name in folders if bench.records.everybodys().data_set(name) is None] == []


def test_a_file_that_ends_the_server_again_and_again_is_given_up(bench, begin, inbox: Path) -> None:
    watch = begin()
    put(inbox, "a.csv", 77)
    served = bench._rounds.of(watch.id).served
    bench.step_watch(watch.id)
    with served.kept.changing() as database:
        key = key_of(inbox / "a.csv", "a.csv")
        database.execute("INSERT INTO files (key, name, seen, begun) VALUES (?, 'a.csv', '', 5)", (key,))
    steps(bench, watch, 3)
    assert "ended the server 5 times" in outcomes(bench, watch)["a.csv"]["refused"]


# ── telling ──


def test_warnings_reach_a_webhook_and_each_e_mail_address_with_the_link_to_the_flags(bench, begin, inbox: Path) -> None:
    with serving(WebServer()) as web, serving(MailServer()) as mail:
        object.__setattr__(bench.settings, "smtp", mail.place)  # as if the server had been started with it
        watch = begin(webhook=web.url, emails=("ada@example.org", "bob@example.org"))
        put(inbox, "a.csv", 6, shift=6.0)
        steps(bench, watch)
        wait_until(lambda: len(web.posts) == 1 and len(mail.letters) == 2)
        link = f"http://127.0.0.1:8501/threshold?data={bench.watched_files(watch.id)[0].data}"
        assert web.posts[0]["link"].startswith(link) and all(link in _told(letter) for letter in mail.letters)
        wait_until(lambda: all(each["delivered"] for each in bench.watch_warnings(watch.id)[0]["deliveries"]))
        sent = {each["channel"] for each in bench.watch_warnings(watch.id)[0]["deliveries"]}
        assert sent == {"webhook", "email ada@example.org", "email bob@example.org"}
        assert list(bench.send_test(watch.id).values()) == [None, None, None]
        assert web.posts[1]["text"] == "This is a test of the watch nightly: warnings will arrive like this."


def _told(letter: str) -> str:
    return message_from_string(letter, policy=default).get_content()  # type: ignore[attr-defined,no-any-return]


def test_a_dead_webhook_delays_no_scoring_says_why_and_is_told_when_it_lives(bench, begin, inbox: Path) -> None:
    port = free_port()
    watch = begin(webhook=f"http://127.0.0.1:{port}/warn?token=hidden")
    put(inbox, "a.csv", 7, shift=6.0)
    steps(bench, watch)
    assert bench.watch_tally(watch.id).scored == 1
    wait_until(lambda: bench.watch_warnings(watch.id)[0]["deliveries"][0]["tries"] > 0)
    assert "did not answer" in bench.watch_warnings(watch.id)[0]["deliveries"][0]["reason"]
    assert "did not answer" in str(bench.send_test(watch.id)["webhook"])
    with serving(WebServer(port)) as web:
        wait_until(lambda: len(web.posts) == 1)
    folder = bench.workspace.watches / watch.id
    assert b"hidden" not in (folder / "watch.db").read_bytes()
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert shortened(bench.watch_webhook(watch.id)) == f"http://127.0.0.1:{port}/…"


def test_a_warning_is_acknowledged_once_with_a_name(bench, begin, inbox: Path) -> None:
    watch = begin()
    put(inbox, "a.csv", 8, shift=6.0)
    steps(bench, watch)
    ids = bench.unseen_warnings(watch.id)
    assert len(ids) == 1
    bench.acknowledge(watch.id, ids, "Ada")
    bench.acknowledge(watch.id, ids, "Bob")
    assert bench.watch_warnings(watch.id)[0]["acknowledged_by"] == "Ada" and bench.unseen_warnings(watch.id) == []


# ── what is refused ──


def test_only_allowed_folders_are_watched(tmp_path: Path) -> None:
    workspace, allowed, other = tmp_path / "workspace", tmp_path / "allowed", tmp_path / "other"
    for folder in (workspace / "data", allowed / "inner", other):
        folder.mkdir(parents=True)
    (allowed / "link").symlink_to(other)
    alone, team = settings_in(workspace), settings_in(workspace, address="https://anomalyst.example.org")
    limited = settings_in(workspace, watch_folders=(allowed.resolve(),), address="https://anomalyst.example.org")
    assert allowed_folder(str(other), alone) == other.resolve()
    assert allowed_folder(f"{other}/../allowed/inner", limited) == (allowed / "inner").resolve()
    for text, settings, said in (
        (str(other), team, "ANOMALYST_WATCH_FOLDERS"), (str(other), limited, "may not be watched"),
        (str(allowed / "link"), limited, "may not be watched"), (f"{allowed}/../other", limited, "may not be watched"),
        (str(workspace / "data"), alone, "part of the workspace"), ("inbox", alone, "whole path"),
        (str(tmp_path / "none"), alone, "There is no folder"),
    ):  # fmt: skip
        with pytest.raises(ParameterError, match=said):
            allowed_folder(text, settings)
    assert "can read" in str(what_is_allowed(alone)) and "No folder" in str(what_is_allowed(team))


def test_what_cannot_be_meant_is_refused_before_anything_is_kept(bench, detector, inbox: Path) -> None:
    good = {"name": "n", "detector_id": detector.id, "folder": str(inbox), "rules": ("gate",)}
    for more, said in (
        ({"name": " "}, "needs a name"), ({"pattern": "a/*.csv"}, "no pattern"), ({"rules": ()}, "needs a rule"),
        ({"rules": ("score>3",)}, "no rule"), ({"webhook": "file:///etc/passwd"}, "begins with http"),
        ({"emails": ("ada@example.org",)}, "ANOMALYST_SMTP"), ({"folder": "/none/there"}, "There is no folder"),
    ):  # fmt: skip
        object.__setattr__(bench.settings, "smtp", "")
        with pytest.raises(ParameterError, match=said):
            bench.start_watch(AskedWatch(**{**good, **more}))  # type: ignore[arg-type]
    with pytest.raises(StorageError, match="no longer there"):
        bench.start_watch(AskedWatch(**{**good, "detector_id": "gone"}))  # type: ignore[arg-type]
    assert bench.watches() == []


def test_a_link_is_not_followed_when_a_file_is_copied(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "a.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError):
        copy_of(tmp_path / "a.csv", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


# ── schedules ──


@pytest.mark.parametrize(
    ("schedule", "after"),
    [
        (Schedule("every", seconds=90), "2026-11-27T10:01:30"),
        (Schedule("hourly", at="00:15"), "2026-11-27T10:15:00"),
        (Schedule("daily", at="06:00"), "2026-11-28T06:00:00"),
        (Schedule("weekdays", at="06:00"), "2026-11-30T06:00:00"),  # that Friday's is over, then comes a week-end
    ],
)
def test_a_schedule_says_when_to_look_next(schedule: Schedule, after: str) -> None:
    assert schedule.next_after(datetime(2026, 11, 27, 10, 0)).isoformat() == after
    assert Schedule.from_json(schedule.to_json()) == schedule


def test_a_look_that_was_due_while_the_server_was_down_is_made_up_for(bench, begin, inbox: Path) -> None:
    watch = begin(schedule=Schedule("daily", at="00:00"))
    put(inbox, "a.csv", 9)
    bench.step_watch(watch.id)
    assert bench.watch_status(watch.id).looked is None and bench.watch_status(watch.id).next_look > time.time()
    served = bench._rounds.of(watch.id).served
    served.status.next_look, served.clock = None, lambda: time.time() + 2 * 86_400
    bench.step_watch(watch.id)
    assert bench.watch_status(watch.id).looked is not None and bench.watch(watch.id).looked is not None


# ── deleting, backing up ──


def test_a_deleted_watch_takes_its_folder_along_and_leaves_its_runs(bench, begin, inbox: Path) -> None:
    watch = begin()
    put(inbox, "a.csv", 10)
    steps(bench, watch)
    (entry,) = bench.watched_files(watch.id)
    bench.delete_watch(watch.id)
    assert not (bench.workspace.watches / watch.id).exists() and bench.records.run(entry.run).state == "done"
    with pytest.raises(StorageError, match="no longer there"):
        bench.watch(watch.id)


def test_somebody_elses_watches_are_not_seen(bench, begin) -> None:
    watch, others = begin(), bench.of("somebody else")
    assert others.watches() == []
    with pytest.raises(StorageError, match="no longer there"):
        others.pause_watch(watch.id)


def test_a_backup_brings_watches_back_with_their_history(bench, begin, inbox: Path, tmp_path: Path) -> None:
    watch = begin(webhook="http://127.0.0.1:9/x")
    put(inbox, "a.csv", 11, shift=6.0)
    steps(bench, watch)
    backup.save(bench.settings, tmp_path / "kept.tar")
    backup.restore(settings_in(tmp_path / "other"), tmp_path / "kept.tar")
    again = opened(settings_in(tmp_path / "other"))
    assert [each.id for each in again.watches()] == [watch.id]
    assert len(again.watch_warnings(watch.id)) == 1 and again.watch_webhook(watch.id) == "http://127.0.0.1:9/x"
    again.close()
