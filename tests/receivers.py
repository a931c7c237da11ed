"""Real servers on this machine that take webhooks and e-mails, for tests."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WebServer(ThreadingHTTPServer):
    """Keeps what was POSTed; answers with `status`."""

    def __init__(self, port: int = 0, status: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Posts)
        self.status, self.headers, self.posts, self.keys = status, headers or {}, list[dict[str, Any]](), list[str]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/warn"


class _Posts(BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append(json.loads(body))
        self.server.keys.append(self.headers["Idempotency-Key"])
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *values: Any) -> None:
        pass


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps letters; asks for a name and password where `account` is given."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, account: bytes = b"") -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.account, self.letters = account, list[str]()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Smtp(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 here")
        trusted = not self.server.account
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                self._say("250-here\r\n250 AUTH PLAIN")
            elif word == b"AUTH":
                trusted = line.split()[-1] == self.server.account
                self._say("235 welcome" if trusted else "535 wrong password")
            elif word == b"MAIL" and not trusted:
                self._say("530 log in first")
            elif word == b"DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.letters.append(b"".join(lines).decode())
                self._say("250 taken")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 well")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
