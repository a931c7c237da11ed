"""Opens a detector file from elsewhere in a process of its own, which may use so much memory and time and knows no credentials.

Started by `try_opening` as ``python -m detectors.detector_file.trial FILE FOLDER CPU_SECONDS``.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from detectors.child import NICENESS, end_with_parent
from detectors.errors import AnomalystError, DataError, StorageError
from detectors.messages import N_, Message
from detectors.reading.process import Limits, run_limited
from detectors.storage.files import read_json, write_json

#: Exit code of a file that was refused; the sentence is in the answer.
REFUSED = 3

ANSWER = "answer.json"

#: Bytes that the process may write into one file: a member of a detector file may be as large.
LARGEST_WRITTEN = 8 << 30

NOT_TRIED = N_(
    "`{file}` was not opened: trying it ended without an answer (code {code}). It is damaged, or needs more memory than there is."
)


def try_opening(path: Path, name: str, limits: Limits) -> dict[str, Any]:
    """Opens and loads `path`, which people call `name`: ``identity`` and, where something moved under other libraries, a ``warning``.

    Raises:
        StorageError: it was refused, in the words of whoever refused it.
        DataError: it went beyond the limits.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, tempfile.TemporaryFile() as errors:
        command = [sys.executable, "-P", "-m", "detectors.detector_file.trial", str(path), folder, str(limits.cpu_s)]
        code = run_limited(command, limits, name, errors)
        answer = Path(folder) / ANSWER
        if code not in (0, REFUSED) or not answer.exists():
            raise StorageError(NOT_TRIED, file=name, code=code)
        found = dict(read_json(answer))
    if code == REFUSED:
        message = Message.from_json(found)
        raise StorageError(message.template, **{**message.values, **({"file": name} if "file" in message.values else {})})
    return found


def main(arguments: list[str]) -> int:
    """The exit code: 0 or `REFUSED`, with the answer in the folder; else it ended otherwise."""
    path, folder, cpu_s = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    end_with_parent(os.fdopen(0, "rb", buffering=0, closefd=False))
    _limit(cpu_s)
    tempfile.tempdir = str(folder)
    from detectors.detector_file.card import card
    from detectors.detector_file.loaded import load
    from detectors.gate import check_described

    try:
        found = load(path)
        check_described(found.manifest, path.name)
        card(found.manifest)
    except (StorageError, DataError, AnomalystError) as error:
        write_json(folder / ANSWER, error.message.to_json())
        return REFUSED
    write_json(folder / ANSWER, {"identity": found.identity, "warning": found.warning.to_json() if found.warning else None})
    return 0


def _limit(cpu_s: int) -> None:
    """What the kernel can hold it to; memory and the clock are watched from outside, as libraries reserve more than they use."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if os.name == "nt":
        return
    import resource

    os.nice(NICENESS)
    for kind, wanted in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_CPU, cpu_s), (resource.RLIMIT_FSIZE, LARGEST_WRITTEN)):
        hard = resource.getrlimit(kind)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then writing more is an error, and is told as one


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
