"""Judging by keys: each mark is in the database before the next key, whoever else is marking, and none is lost."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from starlette.applications import Starlette

from detectors.base import Progress
from detectors.runs.execute import execute, save
from detectors.runs.request import RunRequest
from detectors.settings import Settings
from detectors.storage.files import new_id
from detectors.storage.marks import Said
from detectors.storage.tables import DataSetRecord
from detectors.verdicts import ANOMALY, NORMAL, UNSURE
from detectors.workbench import Workbench
from pages.shared.streamed_upload.permits import Page as BrowserPage
from pages.shared.triage import route
from pages.shared.triage.desks import Desk, Desks
from tests.behind_pages import resting_workbench
from tests.browser import PATIENCE_MS, wait_until_idle
from tests.server import AppServer, to_its_end
from tests.tables import machine_frame

#: The same cookie, masked twice, and another one.
MINE, MINE_AGAIN, ANOTHER = "2|00000000|00000000|1", "2|ffffffff|ffffffff|2", "2|00000000|11111111|1"
HERE = BrowserPage("127.0.0.1:8501", "http://127.0.0.1:8501", MINE)


# ── the wire ──


class Client:
    """Says things as a browser would."""

    def __init__(self, bench: Workbench, data_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench, self.data_id, self.active = bench, data_id, {"session"}
        self.desks = Desks(lambda session: session in self.active)
        self.token = self.desks.open(Desk("session", HERE, bench.owner, data_id, "run", "Ann"))
        monkeypatch.setattr(route, "DESKS", self.desks)
        self._app = Starlette(routes=[route.ROUTE])

    def say(self, message: Mapping[str, Any] | bytes, **headers: str) -> tuple[int, Any]:
        body = message if isinstance(message, bytes) else json.dumps({"id": "1", "items": {}, **message}).encode()
        known = {
            "host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8501", "cookie": f"_streamlit_xsrf={MINE_AGAIN}",
            "content-length": str(len(body)), route.DESK_HEADER: self.token, **headers,
        }  # fmt: skip
        scope = {
            "type": "http", "method": "POST", "path": route.PATH, "query_string": b"", "http_version": "1.1",
            "headers": [(name.encode(), value.encode()) for name, value in known.items()],
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(part: Any) -> None:
            sent.append(part)

        to_its_end(self._app(scope, receive, send))
        text = b"".join(part.get("body", b"") for part in sent[1:]).decode()
        return sent[0]["status"], json.loads(text) if sent[0]["status"] == 200 else text


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("triage") / "workspace") as opened:
        yield opened


@pytest.fixture
def client(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Client:
    data_id = new_id()
    bench.records.add(DataSetRecord(data_id, "machine.csv", "table", 100, 3, data_id, {}))
    return Client(bench, data_id, monkeypatch)


def mark(row: int, verdict: str, message: str = "1") -> dict[str, Any]:
    return {"id": message, "do": "mark", "verdict": verdict, "items": {str(row): [[row, row]]}}


def test_a_mark_is_kept_with_its_author_and_run_when_it_is_answered(client: Client) -> None:
    status, answer = client.say(mark(7, ANOMALY))
    assert status == 200
    assert [(one["author"], one["verdict"]) for one in answer["items"]["7"]] == [("Ann", ANOMALY)]
    (kept,) = client.bench.marks_on(client.data_id, 7)
    assert (kept.verdict, kept.author, kept.run_id) == (ANOMALY, "Ann", "run")


def test_a_message_that_is_sent_again_because_its_answer_was_lost_is_kept_once(client: Client) -> None:
    client.say(mark(7, ANOMALY))
    status, answer = client.say(mark(7, ANOMALY))
    assert (status, answer["items"]["7"][0]["verdict"]) == (200, ANOMALY)
    assert len(client.bench.marks_on(client.data_id, 7)) == 1


def test_undo_answers_with_what_was_taken_back_and_what_holds_now(client: Client) -> None:
    client.say(mark(7, NORMAL, "1"))
    client.say(mark(7, ANOMALY, "2"))
    _, answer = client.say({"id": "3", "do": "undo", "items": {"7": [[7, 7]]}})
    assert answer["undone"] == [[7, 7]]
    assert answer["items"]["7"][0]["verdict"] == NORMAL
    assert answer["counts"] == {ANOMALY: 0, NORMAL: 1, UNSURE: 0}


def test_a_look_tells_what_others_have_said_meanwhile_and_changes_nothing(client: Client) -> None:
    client.bench.mark(client.data_id, [Said(7, 7, UNSURE)], "Ben")
    _, answer = client.say({"do": "look", "items": {"7": [[7, 7]], "8": [[8, 8]]}})
    assert ([one["author"] for one in answer["items"]["7"]], answer["items"]["8"]) == (["Ben"], [])
    assert len(client.bench.marks_on(client.data_id, 7)) == 1


@pytest.mark.parametrize(
    "headers", [{"cookie": f"_streamlit_xsrf={ANOTHER}"}, {"origin": "http://elsewhere"}, {route.DESK_HEADER: "made up"}]
)
def test_another_browser_or_site_marks_nothing(client: Client, headers: Mapping[str, str]) -> None:
    assert client.say(mark(7, ANOMALY), **headers)[0] == 403
    assert client.bench.marks_on(client.data_id, 7) == []


def test_a_desk_ends_with_its_session_and_a_page_that_is_drawn_again_keeps_it(client: Client) -> None:
    again = Desk("session", HERE, client.bench.owner, client.data_id, "run", "Ben")
    assert client.desks.open(again) == client.token
    client.say(mark(7, ANOMALY))
    assert client.bench.marks_on(client.data_id, 7)[0].author == "Ben"
    client.active.clear()
    assert client.say(mark(8, ANOMALY, "2"))[0] == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"[]", b'{"id": 1, "do": "mark", "items": {"7": [[7]]}}', b'{"id": 1, "do": "shout", "items": {}}',
     b'{"id": "1", "do": "mark", "items": {"7": []}, "verdict": "anomaly"}', b'{"id": "1", "do": "mark", "items": {"7": [[7, 7]]}, "verdict": 3}'],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(client: Client, body: bytes) -> None:
    status, text = client.say(body)
    assert (status, text) == (409, "The browser sent something that is no verdict.")


def test_what_cannot_be_done_may_be_said_again(client: Client) -> None:
    assert client.say(mark(5000, ANOMALY)) == (409, "There is no row 5\u202f001 in these data.")
    assert client.desks.is_new("1")


# ── the keys ──


@pytest.fixture(scope="module")
def judged(app_server: Callable[..., AppServer], tmp_path_factory: pytest.TempPathFactory) -> tuple[AppServer, str, str]:
    """A running dashboard with a data set and a finished run on it, of which 20 of 400 rows are flagged."""
    workspace = tmp_path_factory.mktemp("keys") / "workspace"
    file = workspace.parent / "machine.csv"
    machine_frame().to_csv(file, index=False)
    bench = Workbench(Settings(workspace=workspace, database_url=f"sqlite:///{workspace / 'anomalyst.db'}"))
    record = bench.import_file(file, file.name)
    run_id = bench.start_run(RunRequest(record.id, "zscore", record.roles, kind=record.kind, seed=1))
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    save(execute(folder.request(), bench.data_folder(record.id), Progress()), folder.result, Progress())
    bench.records.set_state(run_id, "done", summary=folder.summary())
    bench.keep_threshold(run_id, "percentile", 95.0)
    for waiting in (workspace / "queue").iterdir():  # it is done already
        waiting.unlink()
    bench.close()
    return app_server(workspace), record.id, run_id


class Kept:
    """What stands in the database, read from outside."""

    def __init__(self, workspace: Path) -> None:
        self._file = workspace / "anomalyst.db"
        self.start = self.count

    @property
    def count(self) -> int:
        return len(self._rows())

    def new(self) -> list[tuple[int, str, str]]:
        """Row, verdict and author of every mark since the start."""
        return self._rows()[self.start :]

    def wait(self, count: int) -> list[tuple[int, str, str]]:
        give_up = time.monotonic() + PATIENCE_MS / 1000
        while len(self.new()) < count and time.monotonic() < give_up:
            time.sleep(0.005)
        return self.new()

    def _rows(self) -> list[tuple[int, str, str]]:
        with sqlite3.connect(self._file) as connection:
            found = connection.execute("select first, verdict, author from marks order by id").fetchall()
        connection.close()
        return found


def open_list(page: Page, judged: tuple[AppServer, str, str]) -> list[int]:
    """Opens Threshold with the first row chosen; gives the rows in their order."""
    server, data_id, run_id = judged
    page.goto(f"{server.url}/threshold?data={data_id}&run={run_id}")
    wait_until_idle(page.locator(".triage-item").first)
    page.locator(".triage-item .triage-value").first.click()
    return [int(name) for name in page.locator(".triage-item").evaluate_all("shown => shown.map((one) => one.dataset.name)")]


def chosen(page: Page) -> int:
    return int(page.locator(".triage-item[aria-selected=true]").get_attribute("data-name"))


@pytest.mark.browser
def test_after_every_key_the_database_is_as_it_should_be(page: Page, judged: tuple[AppServer, str, str]) -> None:
    rows, kept = open_list(page, judged), Kept(judged[0].workspace)
    expected: list[tuple[int, str]] = []
    for key, row, verdict in [
        ("j", rows[1], None), ("a", rows[1], ANOMALY), ("j", rows[2], None), ("n", rows[2], NORMAL), ("u", rows[2], UNSURE), ("z", rows[2], ""),
    ]:  # fmt: skip
        page.keyboard.press(key)
        expected += [] if verdict is None else [(row, verdict)]
        assert [(first, said) for first, said, _ in kept.wait(len(expected))] == expected, key
        assert chosen(page) == row
    expect(page.locator(f".triage-item[data-name='{rows[2]}']")).to_have_attribute("data-said", NORMAL, timeout=PATIENCE_MS)
    expect(page.locator(".triage-counts")).to_have_text("2 judged: 1 anomaly, 1 normal, 0 unsure", timeout=PATIENCE_MS)
    page.keyboard.press("k")
    assert chosen(page) == rows[1]


@pytest.mark.browser
def test_keys_pressed_faster_than_they_are_kept_are_kept_in_their_order(page: Page, judged: tuple[AppServer, str, str]) -> None:
    rows, kept = open_list(page, judged), Kept(judged[0].workspace)
    for verdict in "anuanuanua":
        page.keyboard.press(verdict)
        page.keyboard.press("j")
    found = kept.wait(10)
    names = {"a": ANOMALY, "n": NORMAL, "u": UNSURE}
    assert [(row, said) for row, said, _ in found] == [(row, names[key]) for row, key in zip(rows, "anuanuanua", strict=False)]


@pytest.mark.browser
def test_a_mark_that_cannot_be_written_is_shown_and_offered_again(page: Page, judged: tuple[AppServer, str, str]) -> None:
    rows, kept = open_list(page, judged), Kept(judged[0].workspace)
    page.route("**/marks", lambda asked: asked.abort())
    page.keyboard.press("a")
    page.keyboard.press("n")
    expect(page.locator(".triage-state")).to_contain_text("2 not saved yet.", timeout=PATIENCE_MS)
    expect(page.locator(f".triage-item[data-name='{rows[0]}']")).to_contain_text("not saved", timeout=PATIENCE_MS)
    assert kept.new() == []
    expect(page.get_by_role("button", name="Try again")).to_be_visible(timeout=PATIENCE_MS)
    page.unroute("**/marks")  # it tries again by itself, too
    assert [(row, said) for row, said, _ in kept.wait(2)] == [(rows[0], ANOMALY), (rows[0], NORMAL)]
    expect(page.locator(".triage-state")).to_have_text("", timeout=PATIENCE_MS)


@pytest.mark.browser
def test_an_answer_that_was_lost_does_not_mark_twice(page: Page, judged: tuple[AppServer, str, str]) -> None:
    _, kept = open_list(page, judged), Kept(judged[0].workspace)
    lost: list[str] = []

    def lose_first(asked: Route) -> None:
        answer = asked.fetch()
        if lost:
            asked.fulfill(response=answer)
        else:
            lost.append(asked.request.url)
            asked.abort()

    page.route("**/marks", lose_first)
    page.keyboard.press("u")
    expect(page.locator(".triage-state")).to_contain_text("1 not saved yet.", timeout=PATIENCE_MS)
    expect(page.locator(".triage-state")).to_have_text("", timeout=PATIENCE_MS)
    assert len(kept.new()) == 1
    page.unroute("**/marks")


@pytest.mark.browser
def test_two_people_at_once_lose_nothing_and_see_each_other(browser: Browser, judged: tuple[AppServer, str, str]) -> None:
    kept, pages = Kept(judged[0].workspace), []
    for name in ("Ann", "Ben"):
        page = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
        page.set_default_timeout(PATIENCE_MS)
        rows = open_list(page, judged)
        page.locator(".st-key-author button").first.click()
        page.get_by_role("textbox", name="Your name").fill(name)
        page.keyboard.press("Enter")
        wait_until_idle(page.get_by_role("button", name=f"You are {name}"))
        page.keyboard.press("Escape")
        page.locator(".triage-item .triage-value").first.click()
        pages.append(page)
    for _ in range(5):
        for page, key in zip(pages, "an", strict=True):
            page.keyboard.press(key)
            page.keyboard.press("j")
    found = kept.wait(10)
    assert len(found) == 10
    for author, verdict in (("Ann", ANOMALY), ("Ben", NORMAL)):
        assert [(row, said) for row, said, by in found if by == author] == [(row, verdict) for row in rows[:5]]
    first = pages[0].locator(f".triage-item[data-name='{rows[0]}']")
    expect(first).to_contain_text("Ben ✘", timeout=PATIENCE_MS)
    expect(first).to_contain_text("Ann ✔", timeout=PATIENCE_MS)
    for page in pages:
        page.context.close()


@pytest.mark.browser
def test_explain_takes_the_same_keys_and_a_note(page: Page, judged: tuple[AppServer, str, str]) -> None:
    server, data_id, run_id = judged
    kept = Kept(server.workspace)
    page.goto(f"{server.url}/explain?data={data_id}&run={run_id}&row=17")
    expect(page.locator(".triage-verdict").first).to_be_visible(timeout=PATIENCE_MS)  # a key waits for no explanation
    page.keyboard.press("n")
    assert [(row, said) for row, said, _ in kept.wait(1)] == [(17, NORMAL)]
    page.keyboard.press("e")
    page.keyboard.type("an uneasy note")
    page.keyboard.press("Enter")
    expect(page.locator(".triage-said")).to_contain_text("an uneasy note", timeout=PATIENCE_MS)
    assert [(row, said) for row, said, _ in kept.wait(2)] == [(17, NORMAL)] * 2
