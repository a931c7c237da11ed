"""`watch` of the command line: every new file is scored once, whatever happens in between."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import detectors
from detectors import command_line_watch
from detectors.detector_file.explained_files import Opened
from detectors.detector_file.writing import write_detector_file
from detectors.errors import StorageError
from detectors.watching import watcher as watchers
from detectors.watching.folder import WatchFolder
from detectors.watching.outbox import Outbox
from tests.detector_files import THRESHOLD, finished, read_source, series_frame, table_frame, write_source
from tests.receivers import MailServer, WebServer, serving
from tests.test_command_line_files import run
from tests.test_docs import in_shell
from tests.test_watching import free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("workspace")]

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watched")
    data = read_source(write_source("table", folder))
    write_detector_file(finished("table", "vectors", "isolation_forest", data), THRESHOLD, folder / "table.zip")
    return folder / "table.zip"


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command_line_watch, "ONCE_S", 0.05)
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def once(detector: Path, inbox: Path, *more: object) -> int:
    return run(
        "watch",
        detector,
        inbox,
        "--pattern",
        "*.csv",
        "--out",
        inbox.parent / "out",
        "--once",
        "--json",
        "--quiet",
        "--explain",
        "0",
        *more,
    )


def lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def put(inbox: Path, *names: str, rows: int = 80) -> None:
    """Files of orders, of which the last four are wrong, each a little different."""
    for number, name in enumerate(names):
        table_frame(rows).assign(count=lambda frame, more=number: frame["count"] + more).to_csv(inbox / name, index=False)


def test_each_file_is_scored_once_and_its_flags_are_kept(detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(inbox, "monday.csv", "tuesday.csv")
    assert once(detector, inbox, "--rule", "flagged>3", "--rule", "rate>0.9") == 0
    found = lines(capsys.readouterr().out)
    assert [each["file"] for each in found] == ["monday.csv", "tuesday.csv"]
    scores = pd.read_parquet(found[0]["scores"])
    assert scores.columns.tolist() == ["row", "score", "flagged"] and len(scores) == 80
    assert found[0]["flagged"] == scores["flagged"].sum() >= 4 and found[0]["rate"] == found[0]["flagged"] / 80
    assert json.loads(Path(found[0]["scores"]).with_suffix(".json").read_text())["flagged"] == found[0]["flagged"]
    assert [len(each["warnings"]) for each in found] == [1, 1]  # of flags, not of the rate

    os.utime(inbox / "monday.csv")  # touched: the same content
    put(inbox, "wednesday.csv")
    assert once(detector, inbox) == 0
    assert [each["file"] for each in lines(capsys.readouterr().out)] == ["wednesday.csv"]


def test_a_file_that_cannot_be_scored_is_noted_and_stops_no_other(detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table_frame().drop(columns="amount").to_csv(inbox / "a.csv", index=False)
    (inbox / "b.csv").write_bytes(b"\x00\x01\x02 nothing that anybody reads")
    put(inbox, "c.csv")
    assert once(detector, inbox, "--rule", "gate") == 0
    missing, unread, good = lines(capsys.readouterr().out)
    assert "amount" in missing["refused"] and unread["refused"] and good["refused"] is None
    assert [len(each["warnings"]) for each in (missing, unread, good)] == [1, 1, 0]
    assert once(detector, inbox) == 0 and capsys.readouterr().out == ""
    assert once(detector, inbox, "--retry") == 0
    assert [each["file"] for each in lines(capsys.readouterr().out)] == ["a.csv", "b.csv"]


def test_values_of_another_type_are_a_finding_of_the_gate(detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = table_frame().astype({"amount": object})
    frame.loc[:2, "amount"] = "much"
    frame.to_csv(inbox / "a.csv", index=False)
    assert once(detector, inbox, "--rule", "gate") == 0
    (found,) = lines(capsys.readouterr().out)
    assert found["refused"] is None and found["rows"] == 80 and found["failed"] and len(found["warnings"]) == 1
    assert "`amount` holds text here" in found["findings"][0] and "3 values of `amount`" in found["findings"][-1]


def test_flags_of_scores_that_have_all_moved_are_said_to_be_that(detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table_frame().assign(amount=9000.5, count=400).to_csv(inbox / "a.csv", index=False)
    assert once(detector, inbox) == 0
    (found,) = lines(capsys.readouterr().out)
    assert found["flagged"] == 80 and found["findings"][0].startswith("100 % flagged") and "most scores have moved" in found["findings"][0]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_column_that_moved_is_drift_and_no_failure_of_the_gate(
    detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    frame = table_frame().assign(count=lambda frame: frame["count"] + 1000)
    frame.to_csv(inbox / "a.csv", index=False) if suffix == "csv" else frame.to_parquet(inbox / "a.parquet")
    assert run("watch", detector, inbox, "--out", inbox.parent / "out", "--once", "--json", "--rule", "drift>0.9", "--rule", "gate") == 0
    (found,) = lines(capsys.readouterr().out)
    assert found["drift"] == 1.0 and not found["failed"] and any("`count`: 80 of 80 rows" in each for each in found["findings"])
    assert len(found["warnings"]) == 1 and "`count` has moved by 1" in found["warnings"][0]["text"]


def test_an_unforeseen_error_is_noted_with_the_file(
    detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object, **more: object) -> None:
        raise ZeroDivisionError

    put(inbox, "a.csv")
    monkeypatch.setattr(watchers, "score_file", broken)
    assert once(detector, inbox) == 0
    assert "ZeroDivisionError" in lines(capsys.readouterr().out)[0]["refused"]


def test_a_file_that_ends_the_process_again_and_again_is_given_up(detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(inbox, "a.csv")
    kept = WatchFolder.open(inbox.parent / "out")
    seen = watchers.Seen.of(inbox / "a.csv")
    for _ in range(watchers.MOST_TRIES):
        watchers.Journal(kept).begin(watchers.key_of(inbox / "a.csv", "a.csv"), "a.csv", seen)
    assert once(detector, inbox) == 0
    assert "begun 5 times" in lines(capsys.readouterr().out)[0]["refused"]


def test_a_full_disk_puts_a_file_off_and_loses_nothing(
    detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    put(inbox, "a.csv")
    with monkeypatch.context() as patched:
        patched.setattr(watchers, "score_file", full)
        assert once(detector, inbox) == 0
    (found,) = lines(capsys.readouterr().out)
    assert found["again"] and "No space left" in found["refused"] and found["warnings"] == []
    assert once(detector, inbox) == 0
    assert lines(capsys.readouterr().out)[0]["rows"] == 80


def started(detector: Path, inbox: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "detectors",
        "watch",
        str(detector),
        str(inbox),
        "--out",
        str(inbox.parent / "out"),
        "--pattern",
        "*.csv",
    ]
    return subprocess.Popen(
        [*command, "--every", "0.05", "--json", "--explain", "0", *more], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def outcomes(folder: Path) -> list[dict[str, Any]]:
    if not (folder / "watch.db").exists():
        return []
    try:
        with WatchFolder(folder).changing() as database:
            found = database.execute("SELECT outcome FROM files WHERE ended IS NOT NULL ORDER BY name").fetchall()
    except Exception as error:
        assert isinstance(error.__cause__, sqlite3.OperationalError)  # tables are being made
        return []
    return [json.loads(row[0]) for row in found]


def test_killed_in_the_middle_it_scores_none_twice_and_loses_none(detector: Path, inbox: Path) -> None:
    names, out = [f"{number}.csv" for number in range(4)], inbox.parent / "out"
    put(inbox, *names, rows=20_000)
    watch = started(detector, inbox, "--rule", "flagged>0")
    try:
        wait_until(lambda: len(outcomes(out)) >= 1, 120)
    finally:
        watch.kill()
        first, _ = watch.communicate()
    watch = started(detector, inbox, "--rule", "flagged>0")
    try:
        wait_until(lambda: len(outcomes(out)) == 4, 120)
        watch.send_signal(signal.SIGTERM)
        second, _ = watch.communicate(timeout=60)
    finally:
        watch.kill()
    assert watch.returncode == 130
    said = [line["file"] for line in lines(first.decode()) + lines(second.decode())]
    assert len(said) == len(set(said)) >= 3  # one may have been written down, and its line not printed
    warned = [each["file"] for each in Outbox(WatchFolder(out)).history()]
    assert sorted(warned) == names
    assert [each["rows"] for each in outcomes(out)] == [20_000] * 4
    assert len(list((out / "scores").glob("*.parquet"))) == 4 and not list((out / "scores").glob(".*"))


def test_a_dead_webhook_delays_no_scoring_and_is_told_when_it_lives(
    detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(inbox, "a.csv", "b.csv")
    port = free_port()
    url = f"http://127.0.0.1:{port}/warn?token=hidden"
    assert once(detector, inbox, "--webhook", url) == 0
    ids = [each["warnings"][0]["id"] for each in lines(capsys.readouterr().out)]
    assert len(ids) == 2
    with serving(WebServer(port)) as server:
        assert once(detector, inbox, "--webhook", url) == 0
        assert once(detector, inbox, "--webhook", url) == 0
    assert server.keys == ids
    assert {post["file"] for post in server.posts} == {"a.csv", "b.csv"}
    assert b"hidden" not in (inbox.parent / "out" / "watch.db").read_bytes()


def test_an_e_mail_goes_out_and_the_password_stays_in_the_process(
    detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMALYST_SMTP_USER", "ada")
    monkeypatch.setenv("ANOMALYST_SMTP_PASSWORD", "hidden")
    put(inbox, "a.csv")
    with serving(MailServer(base64.b64encode(b"\0ada\0hidden"))) as server:
        assert once(detector, inbox, "--email", "ada@example.org", "--smtp", server.place, "--link", "https://example.org/{file}") == 0
    (letter,) = server.letters
    assert (
        "To: ada@example.org" in letter
        and "https://example.org/a.csv" in letter
        and lines(capsys.readouterr().out)[0]["warnings"][0]["id"] in letter
    )
    assert all(b"hidden" not in path.read_bytes() for path in (inbox.parent / "out").rglob("*") if path.is_file())


def test_a_file_that_is_still_being_written_waits(
    detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table_frame().to_csv(index=False)
    (inbox / "a.csv").write_text(whole[:1000])
    with monkeypatch.context() as patched:  # between the two looks the rest is written
        meanwhile = SimpleNamespace(sleep=lambda seconds: (inbox / "a.csv").write_text(whole), monotonic=time.monotonic)
        patched.setattr(command_line_watch, "time", meanwhile)
        assert once(detector, inbox) == 0
    assert capsys.readouterr().out == ""
    assert once(detector, inbox) == 0
    assert [line["rows"] for line in lines(capsys.readouterr().out)] == [80]


def test_warnings_are_listed_and_acknowledged(
    detector: Path, inbox: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMALYST_AUTHOR", "Ada")
    out = inbox.parent / "out"
    assert run("watch", "--out", out, "--history") == 2
    assert "No watch ever wrote" in capfd.readouterr().err
    put(inbox, "a.csv")
    once(detector, inbox)
    warning = lines(capfd.readouterr().out)[0]["warnings"][0]["id"]
    assert run("watch", "--out", out, "--history") == 0
    assert "not acknowledged" in capfd.readouterr().out
    assert run("watch", "--out", out, "--acknowledge", warning, "--history", "--json") == 0
    (told,) = json.loads(capfd.readouterr().out)
    assert (told["id"], told["acknowledged_by"]) == (warning, "Ada")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--rule", "score>3"], "is no rule"), (["--webhook", "file:///etc/passwd"], "begins with http"),
        (["--email", "ada@example.org"], "go together"), (["--every", "0"], "above 0"),
        (["--explain", "-1"], "0 or more"), (["--link", "file:///etc"], "http or https"), (["--before", "previous"], "is for series"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_said_before_anything_is_scored(
    detector: Path, inbox: Path, capfd: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert once(detector, inbox, *more) == 2
    assert said in capfd.readouterr().err


def test_results_go_into_another_folder_than_the_one_watched(detector: Path, inbox: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("watch", detector, inbox, "--out", inbox, "--once") == 2
    assert "another folder" in capfd.readouterr().err
    assert run("watch", detector, inbox / "none", "--out", inbox, "--once") == 2
    assert "There is no folder" in capfd.readouterr().err
    assert run("watch", "--out", inbox, "--once") == 2
    assert "needs a detector file" in capfd.readouterr().err


def test_the_most_unusual_flags_are_explained_beside_the_scores(detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(inbox, "a.csv")
    assert once(detector, inbox, "--explain", "2") == 0
    (found,) = lines(capsys.readouterr().out)
    reasons, scores = pd.read_parquet(found["reasons"]), pd.read_parquet(found["scores"])
    assert reasons.columns.tolist() == ["row", "score", "base", "part", "contribution", "actual", "expected"]
    assert reasons["row"].unique().tolist() == scores.sort_values("score", ascending=False, kind="stable")["row"].tolist()[:2]
    assert Path(found["reasons"]).parent == Path(found["scores"]).parent and len(list(Path(found["scores"]).parent.glob("*.parquet"))) == 2

    table_frame(40).to_csv(inbox / "b.csv", index=False)
    assert once(detector, inbox) == 0
    (found,) = lines(capsys.readouterr().out)
    assert found["reasons"] is None and not Path(found["scores"]).with_suffix(".reasons.parquet").exists()


def test_flags_that_cannot_be_explained_stay_flags(
    detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*given: object, **more: object) -> None:
        raise StorageError("This file carries no background rows.")

    put(inbox, "a.csv")
    monkeypatch.setattr(Opened, "explained", none)
    assert once(detector, inbox, "--explain", "20") == 0
    (found,) = lines(capsys.readouterr().out)
    assert found["flagged"] >= 4 and found["refused"] is None and found["reasons"] is None
    assert "could not be explained (This file carries no background rows)" in found["findings"][-1]


def test_a_warning_carries_the_link_with_the_name_of_the_file(detector: Path, inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(inbox, "a day.csv")
    link = "https://example.org/look?file={file}&scores={scores}"
    with serving(WebServer(free_port())) as server:
        assert once(detector, inbox, "--link", link, "--webhook", server.url) == 0
    (found,) = lines(capsys.readouterr().out)
    assert found["link"].startswith("https://example.org/look?file=a%20day.csv&scores=") and "%2Fscores%2Fa_day.csv-" in found["link"]
    assert [post["link"] for post in server.posts] == [found["link"]]


def test_each_file_of_a_series_is_seen_after_the_one_before(
    inbox: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, series = tmp_path_factory.mktemp("series"), series_frame(160)
    write_detector_file(
        finished("series", "windows", "rolling_zscore", read_source(write_source("series", folder))), THRESHOLD, folder / "series.zip"
    )
    whole = detectors.load(folder / "series.zip").score(series)
    series.iloc[:60].to_csv(folder / "past.csv", index=False)
    for number, first in enumerate((60, 110)):
        series.iloc[first : first + 50].to_csv(inbox / f"{number}.csv", index=False)
        assert once(folder / "series.zip", inbox, "--before", "previous" if number else folder / "past.csv") == 0
    first, second = lines(capsys.readouterr().out)
    # The step that follows is not known yet, so the last scores of a file are means over fewer steps.
    for scores, start in ((first["scores"], 60), (second["scores"], 110)):
        found = pd.read_parquet(scores)["score"]
        assert len(found) == 50 and found[12:40].tolist() == pytest.approx(whole[start + 12 : start + 40].tolist())
        assert found[:5].tolist() == pytest.approx(whole[start : start + 5].tolist())


@pytest.mark.skipif(os.name == "nt", reason="the page shows a POSIX shell")
def test_the_commands_of_the_docs_do_what_they_say(detector: Path, inbox: Path) -> None:
    page = (REPOSITORY / "docs" / "watching.md").read_text(encoding="utf-8")
    shown = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    put(inbox, "monday.csv")
    (inbox.parent / "detector.zip").write_bytes(detector.read_bytes())
    warning = json.loads(in_shell(shown[0].strip() + " --json", inbox.parent))["warnings"][0]["id"]
    listed = in_shell(shown[1].replace("ID", warning), inbox.parent)
    assert "not acknowledged" in listed
    assert "acknowledged by" in in_shell(shown[1].splitlines()[0], inbox.parent)
    assert all(f"`{option}`" in page or option in shown[2] for option in ("--webhook", "--email", "--smtp", "--rule", "--retry"))


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be there")
def test_the_name_of_a_file_cannot_write_on_the_terminal(detector: Path, inbox: Path, capfd: pytest.CaptureFixture[str]) -> None:
    put(inbox, "a\x1b[2J\n.csv")
    assert run("watch", detector, inbox, "--out", inbox.parent / "out", "--once") == 0
    printed = capfd.readouterr().err
    assert "\x1b" not in printed and r"a\x1b[2J\n.csv: " in printed
