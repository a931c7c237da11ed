"""The workbench behind the pages, for tests that run pages without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from detectors import reading
from detectors.reading.conversion import convert
from detectors.storage.files import published
from detectors.workbench import Workbench
from pages.shared import engine


@contextmanager
def resting_workbench(workspace: Path) -> Iterator[Workbench]:
    """The workbench on `workspace`, its two processes not started: what waits is done by the tests themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANOMALYST_WORKSPACE", str(workspace))
        patch.setattr(Workbench, "start", lambda _bench: None)
        engine.close_workbench()
        engine.workbench.clear()
        yield engine.workbench()
        engine.close_workbench()
        engine.workbench.clear()


@contextmanager
def reading_here() -> Iterator[None]:
    """Files are read in this process, not in a limited one of its own: for tests that read many, and not about that."""

    def read_file(
        source: Path, folder: Path, *, name: str, options: reading.ReadingOptions | None = None, **_more: object
    ) -> reading.Report:
        with published(folder) as unfinished:
            report = convert(source, unfinished, name, options=options)
        assert report is not None
        return report

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "read_file", read_file)
        yield
