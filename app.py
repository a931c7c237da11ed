"""The launcher: starts the server, keeps it safe and light, and ends what was started with it. No page logic."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pandas  # noqa: F401  imported before the freeze below, so that reruns never walk its objects
import plotly.graph_objects  # noqa: F401  likewise
import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from detectors.errors import AnomalystError
from detectors.settings import Settings
from detectors.storage.files import Workspace
from detectors.storage.lock import ServerLock
from detectors.storage.records import Records
from pages.shared.streamed_download import route as download_route
from pages.shared.streamed_upload import route as upload_route
from pages.shared.triage import route as marks_route

PROJECT = Path(__file__).resolve().parent

#: Seconds after which waiting runs go on even if nobody has opened a page; the first page starts them sooner.
START_S = 5.0

#: Sent with every page: no framing by other sites, no guessing of types, no address passed on.
SAFE_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
]


class SafeHeaders:
    """Adds `SAFE_HEADERS` to every answer over HTTP."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SAFE_HEADERS]
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, object]]:
    """Freezes what start-up imported out of the garbage collector's sight, and ends trainer and answerer at shut-down."""
    from pages.shared.engine import close_workbench, start_workbench

    gc.collect()
    gc.freeze()
    starting = threading.Timer(START_S, start_workbench)
    starting.daemon = True
    starting.start()
    yield {}
    starting.cancel()
    close_workbench()


def log_to_file(settings: Settings) -> None:
    """Sends the server's log to the workspace, five files of a megabyte."""
    workspace = Workspace.open(settings.workspace)
    handler = RotatingFileHandler(workspace.logs / "server.log", maxBytes=2**20, backupCount=4, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("anomalyst").addHandler(handler)
    logging.getLogger("anomalyst").setLevel(logging.INFO)


def has_display() -> bool:
    """Whether a browser window could open on this machine."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


app = st.App(
    PROJECT / "pages" / "frame.py",
    lifespan=lifespan,
    middleware=[Middleware(SafeHeaders)],
    routes=[upload_route.ROUTE, download_route.ROUTE, marks_route.ROUTE],
)


def main() -> None:
    try:
        settings = Settings.from_environment()
        log_to_file(settings)
        lock = ServerLock(settings.workspace)
    except (AnomalystError, OSError) as error:
        sys.exit(f"Anomalyst cannot start: {error}")
    os.chdir(PROJECT)  # where .streamlit/config.toml is read from, wherever this was started
    with lock:
        try:
            Records(settings.database_url).close()  # one of an earlier version is moved forward before anybody waits for a page
        except AnomalystError as error:
            sys.exit(f"Anomalyst cannot start: {error}")
        serve(settings)


def serve(settings: Settings) -> None:
    """Runs the server until it is told to end."""
    app.run(
        config={
            "server.port": settings.port,
            "server.maxUploadSize": settings.upload_mb,
            "server.headless": not has_display(),
        }
    )


if __name__ == "__main__":
    main()
