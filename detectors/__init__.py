"""The engine: detectors and the steps of the work around them. Usable from a script, a notebook or a cron job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.detector_file.loaded import LoadedDetector

__all__ = ["load"]


def load(path: Path | str) -> LoadedDetector:
    """The detector in the detector file `path`, ready to score and explain: see `LoadedDetector`.

    Raises:
        StorageError: it is no detector file, is damaged, or was made to harm; the error names the member.
    """
    from detectors.detector_file.loaded import load as loaded

    return loaded(path)
