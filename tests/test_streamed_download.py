"""Large files on their way out: made when they are asked for, for one session and browser, and nothing left of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import pytest
from starlette.applications import Starlette

from detectors.errors import DataError
from pages.shared.streamed_download import route
from pages.shared.streamed_download.offers import File, Offer, Offers
from pages.shared.streamed_upload.permits import Page
from tests.server import to_its_end

#: The same cookie, masked twice, and another one.
MINE, MINE_AGAIN, ANOTHER = "2|00000000|00000000|1", "2|ffffffff|ffffffff|2", "2|00000000|11111111|1"
PAGE = Page("127.0.0.1:8501", "http://127.0.0.1:8501", MINE)


def two_pieces(stream: BinaryIO) -> None:
    stream.write(b"a" * route.PIECE)
    stream.write(b"end")


def refused(stream: BinaryIO) -> None:
    raise DataError("An Excel sheet holds at most {most} rows.", most=3)


class Client:
    """Follows links as a browser would."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.active = folder, {"session", "other"}
        self.offers = Offers(lambda session: session in self.active)
        monkeypatch.setattr(route, "OFFERS", self.offers)
        self._app = Starlette(routes=[route.ROUTE])

    def offer(self, write=two_pieces, session: str = "session", name: str = "Füße flagged.csv") -> str:
        return self.offers.make(Offer(session, PAGE, File(name, "text/csv", write, self.folder)))

    def get(self, token: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        sent = []
        known = {"host": "127.0.0.1:8501", "cookie": f"_streamlit_xsrf={MINE_AGAIN}", "sec-fetch-site": "same-origin", **headers}
        scope = {
            "type": "http", "method": "GET", "path": "/outgoing", "query_string": f"offer={token}".encode(), "http_version": "1.1",
            "headers": [(name.encode(), value.encode()) for name, value in known.items()],
        }  # fmt: skip

        async def receive():
            await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        to_its_end(self._app(scope, receive, send))
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    return Client(tmp_path, monkeypatch)


def test_a_file_is_sent_whole_under_its_name_and_leaves_nothing_behind(client: Client) -> None:
    status, headers, body = client.get(client.offer())
    assert (status, len(body), body[-4:]) == (200, route.PIECE + 3, b"aend")
    assert headers["content-length"] == str(route.PIECE + 3)
    assert headers["content-disposition"] == "attachment; filename*=utf-8''F%C3%BC%C3%9Fe%20flagged.csv"
    assert list(client.folder.iterdir()) == []


def test_a_page_that_is_drawn_again_keeps_its_link_and_offers_its_latest_file(client: Client) -> None:
    token = client.offer()
    assert client.offer(lambda stream: stream.write(b"later")) == token
    assert client.get(token)[2] == b"later"
    assert client.offer(session="other") != token


@pytest.mark.parametrize(
    "headers", [{"cookie": f"_streamlit_xsrf={ANOTHER}"}, {"cookie": "a=b"}, {"host": "elsewhere"}, {"sec-fetch-site": "cross-site"}]
)
def test_another_browser_or_site_gets_nothing(client: Client, headers: Mapping[str, str]) -> None:
    status, _, body = client.get(client.offer(), **headers)
    assert status == 403
    assert b"end" not in body


def test_an_offer_ends_with_its_session(client: Client) -> None:
    token = client.offer()
    assert client.get("made up")[0] == 403
    client.active.clear()
    status, _, body = client.get(token)
    assert status == 403
    assert b"no longer offered" in body


def test_a_file_that_cannot_be_made_is_told_in_words(client: Client) -> None:
    status, _, body = client.get(client.offer(refused))
    assert (status, body) == (409, b"An Excel sheet holds at most 3 rows.")
    assert list(client.folder.iterdir()) == []
