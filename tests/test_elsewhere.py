"""Data that need not be uploaded: a folder's files without any way out of it, an object store's without any other place."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from detectors.errors import DataError
from detectors.reading import Limits, check_url, fetch_file
from detectors.storage import offered
from detectors.storage.offered import offered_files, offered_path

# ── a folder ──


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tables, and beside them all that must not be offered."""
    inside = tmp_path / "offered"
    (inside / "2024").mkdir(parents=True)
    for name in ("b.csv", "2024/a.parquet", "notes.docx", ".hidden.csv"):
        (inside / name).write_text("x")
    (tmp_path / "secret.csv").write_text("x")
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    (inside / "way-out").symlink_to(tmp_path)
    return inside


def test_tables_are_offered_and_neither_links_nor_hidden_or_other_files(folder: Path) -> None:
    assert [(file.name, file.size) for file in offered_files(folder)] == [("2024/a.parquet", 1), ("b.csv", 1)]


def test_a_list_has_an_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offered, "MOST_FILES", 1)
    assert len(offered_files(folder)) == 1


def test_an_offered_file_is_found(folder: Path) -> None:
    assert offered_path(folder, "2024/a.parquet") == folder / "2024" / "a.parquet"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.csv",
        "link.csv",
        "way-out/secret.csv",
        "/etc/passwd",
        ".hidden.csv",
        "2024",
        "notes.docx",
        "none.csv",
        "2024/../b.csv",
        "\0.csv",
    ],
)
def test_nothing_else_is_found_by_any_name(folder: Path, name: str) -> None:
    with pytest.raises(DataError, match="no longer in the folder"):
        offered_path(folder, name)


# ── an object store ──

ALLOWED = ("s3://plant/exports", "gs://archive/")


@pytest.mark.parametrize("url", ["s3://plant/exports/a.csv", "s3://plant/exports/2024/b.parquet", "gs://archive/c.csv"])
def test_a_file_under_an_allowed_beginning_may_be_fetched(url: str) -> None:
    assert check_url(url, ALLOWED) == url.rpartition("/")[2]


@pytest.mark.parametrize(
    "url",
    [
        "s3://plant/exports-of-others/a.csv",
        "s3://plant/a.csv",
        "gs://archives/a.csv",
        "file:///etc/passwd",
        "http://plant/exports/a.csv",
        "",
        "s3://plant/exports/../a.csv",
        "s3://plant/exports//a.csv",
        "s3://plant/exports/",
        "s3://plant/exports/a.csv?endpoint_override=evil.example",
        "s3://plant/exports/a\n.csv",
    ],
)
def test_nothing_else_is_fetched(url: str) -> None:
    with pytest.raises(DataError):
        check_url(url, ALLOWED)
    with pytest.raises(DataError):
        check_url(url, ())


CONTENT = b"a,b\n" + b"1,2\n" * 1000

#: What a store says of a bucket without such a file.
NOTHING = (
    b'<?xml version="1.0"?><ListBucketResult><Name>plant</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>'
)


#: Where Google's store tells of a file, and gives it.
GOOGLE = "/storage/v1/b/archive/o/a.csv"


class Store(BaseHTTPRequestHandler):
    """Speaks as much of S3 and of Google Cloud Storage as reading a file needs; holds `plant/exports/a.csv` and `archive/a.csv`."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        if self.path == "/plant/exports/forbidden.csv":
            self._answer(403, b"")
        else:
            self._answer(*((200, CONTENT) if self.path == "/plant/exports/a.csv" else (404, b"")))

    def do_GET(self) -> None:
        if self.path.startswith(GOOGLE):
            about = {"name": "a.csv", "bucket": "archive", "size": str(len(CONTENT)), "generation": "1"}
            return self._answer(200, CONTENT if "alt=media" in self.path else json.dumps(about).encode())
        if self.path != "/plant/exports/a.csv":
            return self._answer(200, NOTHING)
        first, last = (int(place) for place in self.headers["Range"].removeprefix("bytes=").split("-"))
        return self._answer(206, CONTENT[first : last + 1], f"bytes {first}-{min(last, len(CONTENT) - 1)}/{len(CONTENT)}")

    def _answer(self, status: int, content: bytes, part: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", "Fri, 27 Nov 2026 10:00:00 GMT")
        if part:
            self.send_header("Content-Range", part)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An object store on this machine, with its address and credentials where a server's owner would put them."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for variable in ("AWS_ENDPOINT_URL", "STORAGE_EMULATOR_HOST"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize("url", ["s3://plant/exports/a.csv", "gs://archive/a.csv"])
def test_a_file_in_an_object_store_comes_to_disk_whole(store: None, tmp_path: Path, url: str) -> None:
    fetched = fetch_file(url, tmp_path, name="a.csv", limits=Limits())
    assert fetched.read_bytes() == CONTENT


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "limits", "words"),
    [
        ("none.csv", Limits(), "no file at"),
        ("forbidden.csv", Limits(), "could not be fetched"),
        ("a.csv", Limits(fetched_bytes=100), "at most 1 MB can be taken in"),
    ],
)
def test_what_cannot_be_fetched_is_told_without_credentials_and_leaves_nothing(
    store: None, tmp_path: Path, name: str, limits: Limits, words: str
) -> None:
    with pytest.raises(DataError, match=words) as told:
        fetch_file(f"s3://plant/exports/{name}", tmp_path, name=name, limits=limits)
    assert "AKIAEXAMPLE" not in str(told.value)
    assert "sesame" not in str(told.value)
    assert [path for path in tmp_path.iterdir() if path.is_dir() or path.name == "fetched"] == []
