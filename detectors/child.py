"""What the two processes beside the server share: they end with it, give way to it, and log where it logs."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import uuid
from importlib import import_module
from pathlib import Path
from typing import IO

import psutil

#: How much the processes give way to the server.
NICENESS = 5


def settle(log: Path) -> None:
    """Lowers this process's priority and sends its log, warnings and anything printed to `log`."""
    with contextlib.suppress(OSError):
        psutil.Process().nice(NICENESS if os.name == "posix" else psutil.BELOW_NORMAL_PRIORITY_CLASS)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    file = log.open("a", encoding="utf-8", buffering=1)
    os.dup2(file.fileno(), 1)
    os.dup2(file.fileno(), 2)
    logging.basicConfig(stream=file, level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")


def end_with_parent(pipe: IO[bytes]) -> None:
    """Ends this process when `pipe` closes, which happens however the server ends."""

    def wait() -> None:
        while pipe.read(1):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def log_with_number(logger: logging.Logger, what: str) -> str:
    """Logs the exception in hand with its traceback; gives the number under which it stands in the log."""
    number = uuid.uuid4().hex[:6].upper()
    logger.exception("error %s: %s", number, what)
    return number


def memory_bytes() -> int:
    """Resident memory of this process."""
    return int(psutil.Process().memory_info().rss)


def load_tensorflow() -> None:
    """Imports TensorFlow, which takes seconds, after the settings it must find when it starts."""
    import_module("detectors.network")
    import_module("tensorflow")
