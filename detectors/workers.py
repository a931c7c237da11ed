"""The server's side of the two processes beside it: starting, asking, ending and replacing them."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from detectors.errors import AnomalystError, WorkerError
from detectors.messages import N_, Message
from detectors.storage.files import Workspace

#: The folder that holds the package, so that the children find it wherever the server was started.
PROJECT = Path(__file__).parent.parent

#: Seconds a child has to end by itself once its input is closed.
ENDING_S = 2.0


def _start(module: str, *arguments: str, answers: bool) -> subprocess.Popen[bytes]:
    """Starts ``python -m module`` with its input open: when the server ends in any way, the input closes and so does it."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if answers else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"},
    )


def _end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    with suppress(BrokenPipeError):  # one that died has closed its end already
        if process.stdin:
            process.stdin.close()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class TrainerProcess:
    """The trainer, started when wanted and replaced when it ended."""

    def __init__(self, workspace: Workspace, memory_limit: int) -> None:
        self._workspace, self._memory_limit = workspace, memory_limit
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        if self._process is None:
            self._process = _start("detectors.trainer", str(self._workspace.root), str(self._memory_limit), answers=False)

    def ended(self) -> int | None:
        """The exit code of a trainer that ended since the last look (minus the signal that ended it); else None."""
        if self._process is None or self._process.poll() is None:
            return None
        code, self._process = self._process.returncode, None
        return code

    def replace(self) -> None:
        """Ends the trainer at once and starts a new one."""
        self.close(patience_s=0.0)
        self.start()

    def close(self, patience_s: float = ENDING_S) -> None:
        if self._process is not None:
            _end(self._process, patience_s)
            self._process = None


class AnswererProcess:
    """The answerer. One request at a time; a dead or silent one is replaced and the request fails with a reason."""

    def __init__(self, workspace: Workspace, memory_limit: int) -> None:
        self._workspace, self._memory_limit = workspace, memory_limit
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def ask(self, do: str, *, timeout_s: float = 120.0, **values: Any) -> Any:
        """The answer to one request.

        Raises:
            AnomalystError: what the answerer says went wrong.
            WorkerError: it ended or did not answer in time.
        """
        with self._lock:
            process = self._running()
            reply = self._exchange(process, json.dumps({"do": do, **values}), timeout_s)
            self._replace_if_large(process)
        if "error" in reply:
            message = Message.from_json(reply["error"])
            raise AnomalystError(message.template, **message.values)
        return reply["answer"]

    def close(self) -> None:
        if self._process is not None:
            _end(self._process, ENDING_S)
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = _start("detectors.answerer", str(self._workspace.root), answers=True)
            self._lines = queue.Queue()
            threading.Thread(target=_pump, args=(self._process.stdout, self._lines), daemon=True).start()
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], line: str, timeout_s: float) -> dict[str, Any]:
        assert process.stdin is not None
        try:
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            reply = self._lines.get(timeout=timeout_s)
        except (BrokenPipeError, ValueError):  # it has died, or was closed in the meantime
            reply = b""
        except queue.Empty as error:
            self._give_up(process)
            raise WorkerError(
                N_("The answer took longer than {seconds} seconds and was given up. Try again with fewer rows, or when less is going on."),
                seconds=timeout_s,
            ) from error
        if not reply:
            self._give_up(process)
            raise WorkerError(
                N_("The process that explains ended unexpectedly, most likely for lack of memory. A new one has started: try again.")
            )
        return dict(json.loads(reply))

    def _give_up(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        self._process = None

    def _replace_if_large(self, process: subprocess.Popen[bytes]) -> None:
        """One that has grown over its memory limit makes room for a new one now, while nobody waits for it."""
        try:
            large = psutil.Process(process.pid).memory_info().rss > self._memory_limit
        except psutil.NoSuchProcess:
            large = False
        if large:
            self.close()


def _pump(pipe: Any, lines: queue.Queue[bytes]) -> None:
    """Moves lines from a pipe into a queue; an empty one says that the pipe has ended."""
    for line in pipe:
        lines.put(line)
    lines.put(b"")
