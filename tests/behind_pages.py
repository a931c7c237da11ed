"""The workbench behind the pages, for tests that run pages without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

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
