"""Starts the dashboard as a person does, `python app.py`, on a free port and in a workspace of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

ROOT = Path(__file__).parents[1]

#: Seconds until a start counts as failed; a busy machine with two cores needs about ten.
START_PATIENCE_S = 120
STOP_PATIENCE_S = 30


class AppServer:
    """One running dashboard: its address, its workspace, what it has printed."""

    def __init__(self, workspace: Path, settings: Mapping[str, str] | None = None) -> None:
        self.workspace = workspace
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = dict(settings or {})
        self._log = workspace.parent / f"{workspace.name}-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when the server answers; raises with what it printed when it ended or stayed silent."""
        own = {"ANOMALYST_WORKSPACE": str(self.workspace), "ANOMALYST_PORT": str(self.port)}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env={**os.environ, **own, **self._settings},
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        give_up = time.monotonic() + START_PATIENCE_S
        while not self._healthy():
            if self.process.poll() is not None or time.monotonic() > give_up:
                self.stop()
                raise RuntimeError(f"The dashboard did not start. It printed:\n{self.log()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ends the server, and whatever it should have ended itself."""
        if self.process is None or self.process.poll() is not None:
            return
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for child in psutil.wait_procs(children, timeout=STOP_PATIENCE_S)[1]:
            child.kill()

    def log(self) -> str:
        """Everything the server has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _healthy(self) -> bool:
        try:
            with urlopen(f"{self.url}/_stcore/health", timeout=5) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` in a thread of its own: in this one a browser's event loop may run, where tests share a process."""
    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, work).result()
