"""Files on their way in: bytes within limits, permits for one page and once, and nothing left of what does not arrive whole."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette

from detectors.errors import DataError, StorageError
from detectors.storage import arrivals
from detectors.storage.arrivals import Arrival, Room
from pages.shared.streamed_upload import permits, route
from pages.shared.streamed_upload.component import Wish
from pages.shared.streamed_upload.permits import Page, Permits
from tests.server import to_its_end

PAGE = Page("127.0.0.1:8501", "http://127.0.0.1:8501", None)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A folder that takes files of up to ten bytes."""
    return Room(tmp_path, most_bytes=10, keep_free_bytes=0)


# ── bytes ──


def test_a_file_arrives_piece_by_piece_under_a_name_of_ours(room: Room) -> None:
    with Arrival(room, "../../evil.csv", 5) as arrival:
        arrival.write(b"a,b")
        arrival.write(b"\n1")
        assert arrival.finish().read_bytes() == b"a,b\n1"
    assert arrival.path.parent.parent == room.folder
    assert arrival.path.exists()


def test_a_file_that_is_too_large_is_refused_before_its_first_byte(room: Room) -> None:
    with pytest.raises(DataError, match="at most 1 MB"):
        Arrival(Room(room.folder, 10**6, 0), "large.csv", 10**6 + 1)
    assert list(room.folder.iterdir()) == []


def test_a_file_for_which_the_disk_has_no_room_is_refused_with_the_room_there_is(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=7 * 10**6))
    with pytest.raises(StorageError, match="needs 6 MB, and 5 MB can be used"):
        Room(room.folder, 10**9, keep_free_bytes=2 * 10**6).check("large.csv", 6 * 10**6)


def test_a_disk_that_fills_up_meanwhile_is_noticed_and_nothing_is_left(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "CHECK_BYTES", 4)
    with pytest.raises(StorageError, match="no room"), Arrival(room, "a.csv", 10) as arrival:
        arrival.write(b"12345")
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
        arrival.write(b"6")
    assert list(room.folder.iterdir()) == []


@pytest.mark.parametrize(("content", "words"), [(b"123456", "more bytes than were announced"), (b"1234", "only in part: 4 of 5")])
def test_more_or_fewer_bytes_than_announced_are_refused_and_nothing_is_left(room: Room, content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words), Arrival(room, "a.csv", 5) as arrival:
        arrival.write(content)
        arrival.finish()
    assert list(room.folder.iterdir()) == []


# ── permits ──


def test_a_permit_is_good_for_one_file_once(room: Room) -> None:
    issued = Permits()
    token = issued.issue("session", PAGE, "a.csv", 5, room)
    assert issued.use(token, PAGE).name == "a.csv"
    with pytest.raises(DataError, match="not asked for"):
        issued.use(token, PAGE)


@pytest.mark.parametrize(
    "page",
    [
        Page("127.0.0.1:8501", "http://evil.example", None),
        Page("evil.example", "http://evil.example", None),
        Page("127.0.0.1:8501", None, None),
    ],
)
def test_another_page_cannot_use_a_permit_and_neither_can_its_own_after_that(room: Room, page: Page) -> None:
    issued = Permits()
    token = issued.issue("session", PAGE, "a.csv", 5, room)
    with pytest.raises(DataError, match="does not come from the page"):
        issued.use(token, page)
    with pytest.raises(DataError, match="not asked for"):
        issued.use(token, PAGE)


def test_another_browser_cannot_use_a_permit() -> None:
    """The cookie is masked anew each time: 00 under a mask of 00 and ff under one of ff are the same token."""
    page = Page("host", "http://host", "2|00000000|00000000|1")
    assert page.sent(Page("host", "http://host", "2|ffffffff|ffffffff|2"))
    assert not page.sent(Page("host", "http://host", "2|00000000|11111111|1"))
    assert not page.sent(Page("host", "http://host", None))


def test_a_page_without_an_address_gets_nothing_through() -> None:
    assert not Page(None, None, None).sent(Page(None, None, None))


def test_a_permit_that_nobody_uses_expires(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permits, "UNUSED_S", -1.0)
    issued = Permits()
    token = issued.issue("session", PAGE, "a.csv", 5, room)
    with pytest.raises(DataError, match="too long ago"):
        issued.use(token, PAGE)


def test_only_so_many_files_come_in_at_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permits, "AT_ONCE", 1)
    issued = Permits()
    coming = issued.use(issued.issue("one", PAGE, "a.csv", 5, room), PAGE)
    with pytest.raises(DataError, match="Other files are being uploaded"):
        issued.issue("two", PAGE, "b.csv", 5, room)
    issued.settle(coming, None)
    assert issued.issue("two", PAGE, "b.csv", 5, room)


def test_a_session_has_one_unused_permit_at_most(room: Room) -> None:
    issued = Permits()
    first = issued.issue("session", PAGE, "a.csv", 5, room)
    issued.issue("session", PAGE, "b.csv", 5, room)
    with pytest.raises(DataError, match="not asked for"):
        issued.use(first, PAGE)


def test_what_arrived_is_handed_to_its_own_session_once_and_removed_where_nobody_comes_for_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = Permits()
    token, arrived = issued.issue("session", PAGE, "a.csv", 5, room), Arrival(room, "a.csv", 5)
    issued.settle(issued.use(token, PAGE), arrived)
    with pytest.raises(DataError):
        issued.collect(token, "another session")
    assert issued.collect(token, "session") is arrived
    with pytest.raises(DataError):
        issued.collect(token, "session")
    monkeypatch.setattr(permits, "UNCOLLECTED_S", -1.0)
    token, forgotten = issued.issue("session", PAGE, "b.csv", 5, room), Arrival(room, "b.csv", 5)
    issued.settle(issued.use(token, PAGE), forgotten)
    issued.drop_expired()
    assert arrived.folder.exists()
    assert not forgotten.folder.exists()


@pytest.mark.parametrize("told", [None, 7, {"number": 1}, {"number": 1, "name": "a", "size": 0}, {"number": 1, "name": 2, "size": 3}])
def test_a_wish_that_makes_no_sense_is_none(told: Any) -> None:
    assert Wish.read(told) is None


# ── the route ──


class Client:
    """Sends a file to the route as a browser would, message by message."""

    def __init__(self, issued: Permits, room: Room) -> None:
        self.issued, self.room, self.is_silent = issued, room, False
        self._app = Starlette(routes=[route.ROUTE])

    def permit(self, size: int = 5) -> str:
        return self.issued.issue("session", PAGE, "a.csv", size, self.room)

    def put(self, token: str, pieces: list[bytes | None], method: str = "PUT", **headers: str | None) -> tuple[int, str]:
        """Status and words of the answer. A piece of None is a connection that breaks."""
        usual = {"host": PAGE.host, "origin": PAGE.origin, "content-length": "5", "x-upload-permit": token}
        sent = {**usual, **{name.replace("_", "-"): value for name, value in headers.items()}}
        coming: Iterator[dict[str, Any]] = iter(
            [
                {"type": "http.disconnect"} if piece is None else {"type": "http.request", "body": piece, "more_body": True}
                for piece in pieces
            ]
        )
        answer: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if self.is_silent:
                await asyncio.Event().wait()
            return next(coming, {"type": "http.request", "body": b"", "more_body": False})

        async def send(message: Any) -> None:
            answer.append(message)

        scope = {
            "type": "http", "method": method, "path": "/incoming", "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items() if value is not None],
        }  # fmt: skip
        to_its_end(self._app(scope, receive, send))
        return answer[0]["status"], b"".join(message.get("body", b"") for message in answer).decode()

    def left(self) -> list[Path]:
        return list(self.room.folder.iterdir())


@pytest.fixture
def client(room: Room, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of the route in a server on which the session `session` is open, and no other."""
    issued = Permits()
    monkeypatch.setattr(route, "PERMITS", issued)
    monkeypatch.setattr(route, "get_instance", lambda: SimpleNamespace(is_active_session=lambda session: session == "session"))
    return Client(issued, room)


def test_a_file_that_comes_with_its_permit_is_handed_over_whole(client: Client) -> None:
    token = client.permit()
    assert client.put(token, [b"a,", b"b\n", b"1"])[0] == 204
    assert client.issued.collect(token, "session").path.read_bytes() == b"a,b\n1"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"x_upload_permit": "guessed"}, "not asked for"),
        ({"x_upload_permit": None}, "not asked for"),
        ({"origin": "http://evil.example"}, "does not come from the page"),
        ({"origin": None}, "does not come from the page"),
        ({"host": "evil.example"}, "does not come from the page"),
        ({"content_length": "6"}, "another size than was announced"),
        ({"content_length": None}, "another size than was announced"),
        ({"transfer_encoding": "chunked"}, "another size than was announced"),
        ({"content_encoding": "gzip"}, "another size than was announced"),
    ],
)
def test_a_request_that_is_not_what_was_permitted_is_refused_in_words_before_anything_is_written(
    client: Client, headers: dict[str, str], words: str
) -> None:
    status, answer = client.put(client.permit(), [b"a,b\n1"], **headers)
    assert status in (403, 413)
    assert words in answer
    assert client.left() == []


def test_other_sites_are_not_even_told_what_they_may_ask(client: Client) -> None:
    assert client.put(client.permit(), [], method="OPTIONS")[0] == 405


@pytest.mark.parametrize(
    ("pieces", "words"), [([b"a,b", None], "connection broke"), ([b"a,b"], "only in part"), ([b"a,b\n12"], "more bytes")]
)
def test_of_a_file_that_does_not_arrive_whole_nothing_is_left_and_the_page_says_why(
    client: Client, pieces: list[bytes | None], words: str
) -> None:
    token = client.permit()
    client.put(token, pieces)
    assert client.left() == []
    with pytest.raises(DataError, match=words):
        client.issued.collect(token, "session")


def test_a_file_for_a_page_that_was_closed_is_refused(client: Client) -> None:
    token = client.issued.issue("closed", PAGE, "a.csv", 5, client.room)
    status, answer = client.put(token, [b"a,b\n1"])
    assert (status, client.left()) == (413, [])
    assert "no longer open" in answer


def test_a_client_that_falls_silent_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "SILENCE_S", 0.01)
    client.is_silent = True
    assert "too slowly" in client.put(client.permit(), [])[1]
    assert client.left() == []
