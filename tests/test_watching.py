"""Watching without scoring: which files are whole, when somebody is warned, and how they are told."""

from __future__ import annotations

import base64
import os
import socket
import time
from pathlib import Path

import pytest

from detectors.errors import ParameterError, StorageError
from detectors.messages import Message
from detectors.watching import outbox as outboxes
from detectors.watching.delivery import Courier, Undelivered
from detectors.watching.folder import WatchFolder
from detectors.watching.journal import Journal, Warned, key_of
from detectors.watching.looking import Looks, Seen
from detectors.watching.mail import Account, Mail
from detectors.watching.outbox import Outbox
from detectors.watching.outcome import Outcome
from detectors.watching.rules import Rule
from detectors.watching.webhook import Webhook
from tests.receivers import MailServer, WebServer, serving

SEEN = Seen(1, 2, 3)


def warn(folder: WatchFolder, *channels: str, file: str = "a.csv") -> str:
    """A file with five flags of ten, which is warned of; gives the id of the warning."""
    journal, rule, outcome = Journal(folder), Rule("flagged", 3), Outcome(file, rows=10, flagged=5)
    journal.begin(file, file, SEEN)
    message = rule.warning(outcome)
    assert message is not None
    return journal.end(file, outcome, [Warned(rule.text, message)], channels)[0]


def wait_until(true: object, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def kept(tmp_path: Path) -> WatchFolder:
    return WatchFolder.open(tmp_path / "kept")


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr("detectors.watching.delivery.LOOK_S", 0.02)


# ── looking ──


def test_a_file_is_whole_when_two_looks_saw_it_the_same(tmp_path: Path) -> None:
    looks, file = Looks(tmp_path, "*.csv"), tmp_path / "a.csv"
    file.write_text("1\n")
    assert looks.settled() == ([], 1)
    file.write_text("1\n2\n")  # still being written
    assert looks.settled() == ([], 1)
    assert [path.name for path, _ in looks.settled()[0]] == ["a.csv"]


def test_hidden_files_links_folders_and_other_names_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "inside.csv").mkdir()
    for name in ("b.csv", ".hidden.csv", "b.txt"):
        (tmp_path / name).write_text("1\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "b.txt")
    looks = Looks(tmp_path, "*.csv")
    looks.settled()
    assert [path.name for path, _ in looks.settled()[0]] == ["b.csv"]


def test_older_files_come_first(tmp_path: Path) -> None:
    for name, at in (("a.csv", 30), ("b.csv", 10), ("c.csv", 20)):
        (tmp_path / name).write_text("1\n")
        os.utime(tmp_path / name, (at, at))
    looks = Looks(tmp_path, "*")
    looks.settled()
    assert [path.name for path, _ in looks.settled()[0]] == ["b.csv", "c.csv", "a.csv"]


# ── rules ──


@pytest.mark.parametrize(
    ("rule", "flagged", "warns"),
    [("flagged>50", 50, False), ("flagged>50", 51, True), ("rate>0.05", 50, False), ("rate>0.05", 51, True), ("gate", 900, False)],
)
def test_a_rule_warns_above_its_limit(rule: str, flagged: int, warns: bool) -> None:
    assert (Rule.parse(rule).warning(Outcome("a.csv", rows=1000, flagged=flagged)) is not None) == warns


def test_the_gate_warns_of_what_was_refused_and_of_what_does_not_fit() -> None:
    gate = Rule.parse("gate")
    assert str(gate.warning(Outcome("a.csv", refused="A column is missing."))) == "a.csv was not scored. A column is missing."
    assert "2 values" in str(gate.warning(Outcome("a.csv", rows=9, findings=("2 values of `x` are no numbers.",), failed=True)))


def test_drift_warns_above_its_limit_and_findings_alone_do_not() -> None:
    outcome = Outcome("a.csv", rows=9, findings=("A column came along.",), drift=0.4, moved="count")
    assert Rule.parse("gate").warning(outcome) is None and Rule.parse("drift>0.4").warning(outcome) is None
    assert "`count` has moved by 0.4, more than 0.3" in str(Rule.parse("drift>0.3").warning(outcome))


def test_no_rows_are_no_rate() -> None:
    assert Rule.parse("rate>0").warning(Outcome("a.csv")) is None


@pytest.mark.parametrize("text", ["", "flagged", "flagged<5", "flagged>-1", "rate>1.5", "rate>nan", "flagged>1e999", "score>3", "gate>1"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="is no rule"):
        Rule.parse(text)


# ── journal ──


def test_a_file_is_known_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = key_of(tmp_path / "a", "a")
    assert key_of(tmp_path / "a", "b") != first
    (tmp_path / "a").write_text("2")
    assert key_of(tmp_path / "a", "a") != first


def test_what_was_begun_counts_its_tries_and_what_ended_is_done(kept: WatchFolder) -> None:
    journal = Journal(kept)
    assert [journal.begin("k", "a.csv", SEEN) for _ in range(3)] == [0, 1, 2]
    assert not journal.is_known("a.csv", SEEN)
    journal.end("k", Outcome("a.csv"), [], [])
    assert journal.begin("k", "a.csv", SEEN) is None and journal.is_known("a.csv", SEEN)


def test_refused_files_count_as_new_once_that_is_asked(kept: WatchFolder) -> None:
    journal = Journal(kept)
    for key, refused in (("good", None), ("bad", "No.")):
        journal.begin(key, key, SEEN)
        journal.end(key, Outcome(key, refused=refused), [], [])
    journal.forget_refused()
    assert journal.begin("good", "good", SEEN) is None and journal.begin("bad", "bad", SEEN) == 0


def test_one_watch_at_a_time_writes_to_a_folder(kept: WatchFolder) -> None:
    with kept.held(), pytest.raises(StorageError, match="Another watch"), kept.held():
        pass
    with kept.held():
        pass


def test_a_damaged_database_is_a_sentence(kept: WatchFolder) -> None:
    (kept.root / "watch.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match="cannot be used"):
        Outbox(kept).history()


# ── warnings and their delivery ──


def test_history_names_who_acknowledged_first(kept: WatchFolder) -> None:
    warning, outbox = warn(kept), Outbox(kept)
    assert outbox.history()[0]["acknowledged"] is None
    outbox.acknowledge(warning, "Ada")
    outbox.acknowledge(warning, "Bob")
    (told,) = outbox.history()
    assert told["acknowledged_by"] == "Ada" and told["text"] == "a.csv: 5 of 10 rows flagged, more than 3." and told["rate"] == 0.5
    with pytest.raises(ParameterError, match="no warning"):
        outbox.acknowledge("ffffffffffff", "Ada")


def test_what_is_acknowledged_is_sent_no_more(kept: WatchFolder) -> None:
    warning, outbox = warn(kept, "webhook"), Outbox(kept)
    assert outbox.waiting() == 1
    outbox.acknowledge(warning, "Ada")
    assert outbox.waiting() == 0 and outbox.due("webhook") is None


def test_a_webhook_is_sent_the_figures_and_an_id(kept: WatchFolder) -> None:
    warning = warn(kept, "webhook")
    with serving(WebServer()) as server:
        courier = Courier(Outbox(kept), Webhook(server.url))
        courier.start()
        courier.end()
        courier.wait(20)
    assert server.keys == [warning] and Outbox(kept).waiting() == 0
    (post,) = server.posts
    assert (post["id"], post["file"], post["flagged"], post["rule"]) == (warning, "a.csv", 5, "flagged>3")


@pytest.mark.usefixtures("no_pauses")
def test_a_dead_webhook_gets_all_warnings_once_when_it_lives(kept: WatchFolder) -> None:
    port, outbox = free_port(), Outbox(kept)
    sent = [warn(kept, "webhook", file=name) for name in ("a.csv", "b.csv")]
    courier = Courier(outbox, Webhook(f"http://127.0.0.1:{port}/warn"))
    courier.start()
    wait_until(lambda: max(each["deliveries"][0]["tries"] for each in outbox.history()) >= 2)
    courier.end()
    courier.wait(20)  # the watch ended; another one goes on
    assert outbox.waiting() == 2
    courier = Courier(outbox, Webhook(f"http://127.0.0.1:{port}/warn"))
    with serving(WebServer(port)) as server:
        courier.start()
        wait_until(lambda: outbox.waiting() == 0)
        courier.end()
        courier.wait(20)
    assert sorted(server.keys) == sorted(sent)


def test_pauses_grow_and_a_channel_that_nobody_answers_on_rests_as_a_whole(kept: WatchFolder) -> None:
    first, outbox = warn(kept, "webhook"), Outbox(kept)
    warn(kept, "webhook", file="b.csv")
    outbox.failed(first, "webhook", "400", reached=True)
    assert outbox.due("webhook") is not None  # the other one is not to blame
    outbox.failed(first, "webhook", "nobody", reached=False)
    assert outbox.due("webhook") is None
    with kept.changing() as database:
        due = [row[0] - time.time() for row in database.execute("SELECT due FROM deliveries")]
    assert all(3 < pause <= 4 for pause in due)
    outbox.retry("webhook")
    assert outbox.due("webhook") is not None


@pytest.mark.parametrize(("status", "said"), [(500, "answered 500"), (404, "answered 404"), (302, "a redirect"), (307, "a redirect")])
def test_an_answer_that_is_no_yes_is_no_delivery(kept: WatchFolder, status: int, said: str) -> None:
    warn(kept, "webhook")
    notice = Outbox(kept).due("webhook")
    assert notice is not None
    with serving(WebServer(headers={})) as elsewhere, serving(WebServer(status=status, headers={"Location": elsewhere.url})) as server:
        with pytest.raises(Undelivered, match=said) as refused:
            Webhook(server.url).send(notice)
        assert refused.value.reached and elsewhere.posts == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/x", "http://", "//host", "http://a:b@host/", "http://host/\nX: 1", "http://h:99999/"]
)
def test_only_addresses_of_the_web_are_webhooks(url: str) -> None:
    with pytest.raises(ParameterError, match="begins with http") as refused:
        Webhook(url)
    assert "host" not in str(refused.value)


def test_a_silent_webhook_is_given_up_in_time(kept: WatchFolder) -> None:
    warn(kept, "webhook")
    notice = Outbox(kept).due("webhook")
    assert notice is not None
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Undelivered, match="did not answer"):
        Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.2).send(notice)


def test_an_e_mail_carries_the_warning_and_its_id(kept: WatchFolder) -> None:
    warning = warn(kept, "email", file="a\nBcc: all@example.org\n.csv")
    notice = Outbox(kept).due("email")
    assert notice is not None
    with serving(MailServer(base64.b64encode(b"\0ada\0secret"))) as server:
        Mail("ada@example.org", server.place, Account("ada", "secret", "watch@example.org")).send(notice)
    head, _, body = server.letters[0].replace("\r\n", "\n").partition("\n\n")
    assert f"Message-ID: <{warning}@" in head and "From: watch@example.org" in head and "To: ada@example.org" in head
    assert "\nBcc:" not in head and "5 of 10 rows flagged" in body


def test_a_wrong_password_is_said_without_the_password(kept: WatchFolder) -> None:
    warn(kept, "email")
    notice = Outbox(kept).due("email")
    assert notice is not None
    with serving(MailServer(b"other")) as server, pytest.raises(Undelivered, match="535 wrong password") as refused:
        Mail("ada@example.org", server.place, Account("ada", "secret")).send(notice)
    assert refused.value.reached and "secret" not in str(refused.value)


def test_a_password_goes_unencrypted_to_this_machine_only(kept: WatchFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    warn(kept, "email")
    notice = Outbox(kept).due("email")
    assert notice is not None
    monkeypatch.setattr("detectors.watching.mail.is_this_machine", lambda host: False)
    with serving(MailServer(base64.b64encode(b"\0ada\0secret"))) as server, pytest.raises(Undelivered, match="no encryption"):
        Mail("ada@example.org", server.place, Account("ada", "secret")).send(notice)
    assert server.letters == []


@pytest.mark.parametrize(("address", "server"), [("ada", "h:25"), ("a@b\nBcc: c@d", "h:25"), ("a@b", "h"), ("a@b", "h:0"), ("a@b", ":25")])
def test_what_is_no_address_or_server_is_refused(address: str, server: str) -> None:
    with pytest.raises(ParameterError):
        Mail(address, server)


def test_a_message_survives_the_database(kept: WatchFolder) -> None:
    warn(kept, "webhook", file="ü{x}.csv")
    notice = Outbox(kept).due("webhook")
    assert notice is not None and isinstance(notice.message, Message)
    assert str(notice.message).startswith("ü{x}.csv: 5 of 10")
