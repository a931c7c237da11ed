"""Reads one upload, or a folder of files, into a folder that appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.reading.process import USUAL_LIMITS, Limits, Task, run_worker
from detectors.reading.report import Report, load_report
from detectors.storage.files import published


def read_file(source: Path, folder: Path, *, name: str, limits: Limits = USUAL_LIMITS) -> Report:
    """Reads the file or folder `source`, called `name` by the analyst, into the new `folder`: data, report and profile.

    Raises:
        DataError: the file cannot be read, with the reason and what to do; `folder` then does not exist.
        StorageError: `folder` exists already.
    """
    if folder.exists():
        raise StorageError(N_("The folder `{folder}` exists already. Choose a new one."), folder=str(folder))
    with published(folder.resolve()) as part:
        run_worker(Task("read", str(source.resolve()), str(part), name), limits)
    return load_report(folder)
