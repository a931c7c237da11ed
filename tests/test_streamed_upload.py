"""Taking data in with a real browser: a file too large for the server's memory is streamed, one on the server just read."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import PATIENCE_MS, wait_until_idle
from tests.server import AppServer
from tests.tables import machine_frame

pytestmark = pytest.mark.browser

#: Rows whose CSV has more than the megabyte up to which an upload goes through memory here.
ROWS = 60_000

#: Drops the file that an input holds in the uploader, as a hand would.
DROP = """
(uploader) => {
  const carried = new DataTransfer();
  carried.items.add(window.carried);
  for (const type of ["dragenter", "dragover", "drop"]) {
    uploader.dispatchEvent(new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }
}
"""


@pytest.fixture(scope="module")
def server(app_server: Callable[..., AppServer], tmp_path_factory: pytest.TempPathFactory) -> AppServer:
    """A dashboard that takes up to a megabyte through memory, streams up to nine, and offers a folder with one file."""
    folder = tmp_path_factory.mktemp("offered")
    machine_frame().to_csv(folder / "machine.csv", index=False)
    return app_server(ANOMALYST_UPLOAD_MB="1", ANOMALYST_LARGE_UPLOAD_MB="9", ANOMALYST_FOLDER=str(folder))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "readings $x$ _1_.csv"
    machine_frame(ROWS).to_csv(path, index=False)
    assert 10**6 < path.stat().st_size < 9 * 10**6
    return path


@pytest.fixture
def data_page(page: Page, server: AppServer) -> Page:
    page.goto(f"{server.url}/data")
    wait_until_idle(page.get_by_text("Upload data"))
    return page


def choose(page: Page, *paths: Path) -> None:
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(list(paths))


def incoming(server: AppServer) -> list[Path]:
    return list((server.workspace / "incoming").iterdir())


def test_a_large_file_is_chosen_as_any_other_streamed_and_opened(data_page: Page, server: AppServer, source: Path) -> None:
    with data_page.expect_request("**/incoming") as sent:
        choose(data_page, source)
    assert sent.value.method == "PUT"
    wait_until_idle(data_page.get_by_text(f"{ROWS:,} rows".replace(",", "\u202f")).first)
    expect(data_page.get_by_role("heading", name="readings $x$ _1_.csv")).to_be_visible()
    assert incoming(server) == []


def test_a_large_file_can_be_dropped_and_cancelled_and_one_that_breaks_off_is_told(
    data_page: Page, server: AppServer, source: Path
) -> None:
    data_page.route("**/incoming", lambda request: None)  # held up for ever
    data_page.evaluate("() => { window.carried = new File([new Uint8Array(2 << 20)], 'dropped.csv'); }")
    data_page.get_by_test_id("stFileUploaderDropzone").evaluate(DROP)
    bar = data_page.get_by_role("progressbar", name="Uploading dropped.csv")
    expect(bar).to_be_visible(timeout=PATIENCE_MS)
    data_page.get_by_role("button", name="Cancel").press("Enter")
    expect(data_page.get_by_text("Cancelled. Nothing of dropped.csv was kept.")).to_be_visible()
    data_page.unroute("**/incoming")
    data_page.route("**/incoming", lambda request: request.abort())
    choose(data_page, source)
    expect(data_page.get_by_text("The connection broke before")).to_be_visible(timeout=PATIENCE_MS)
    assert incoming(server) == []


def test_a_permit_that_was_overheard_is_of_no_use_to_another_browser(data_page: Page, server: AppServer, source: Path) -> None:
    """It says that it is the page, and knows everything but the cookie."""
    answers = []

    def overhear(request: Route) -> None:
        known = {name: request.request.headers[name] for name in ("origin", "x-upload-permit")}
        answers.append(put(server.port, "/incoming", source.stat().st_size, known))
        request.abort()

    data_page.route("**/incoming", overhear)
    choose(data_page, source)
    expect(data_page.get_by_text("not asked for, or too long ago")).to_be_visible(timeout=PATIENCE_MS)
    ((status, words),) = answers
    assert status == 403
    assert "does not come from the page that asked for it" in words
    assert incoming(server) == []


def test_a_file_that_the_server_offers_is_chosen_from_a_list_and_read_where_it_lies(data_page: Page, server: AppServer) -> None:
    data_page.get_by_role("button", name="A file on this server").click()
    data_page.get_by_role("combobox").click()
    data_page.get_by_role("option", name="machine.csv").click()
    data_page.get_by_role("button", name="Read it").click()
    wait_until_idle(data_page.get_by_role("heading", name="machine.csv"))
    assert incoming(server) == []


def put(port: int, path: str, size: int, headers: dict[str, str]) -> tuple[int, str]:
    """Status and words of the answer to a file that is announced without a browser; it is refused before its first byte is sent."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_MS / 1000)
    try:
        connection.putrequest("PUT", path)
        for name, value in {**headers, "content-length": str(size)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_file_beyond_every_limit_is_refused_in_words_and_not_sent(data_page: Page, tmp_path: Path) -> None:
    too_large = tmp_path / "too large.csv"
    with too_large.open("wb") as file:
        file.truncate(9 * 10**6 + 1)
    data_page.route("**/incoming", lambda request: pytest.fail("sent"))
    choose(data_page, too_large)
    expect(data_page.get_by_text("has 10 MB; at most 9 MB can be taken in")).to_be_visible(timeout=PATIENCE_MS)
