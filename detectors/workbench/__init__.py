"""One installation: its workspace, its records and the two processes beside the server. What pages talk to."""

from __future__ import annotations

from detectors.workbench.answers import Answers, Space
from detectors.workbench.learning import Learning
from detectors.workbench.watching import Watches

__all__ = ["Space", "Workbench"]


class Workbench(Watches, Answers, Learning):
    """Imports data, starts and stops runs, keeps their thresholds, answers about them, saves them as detectors, watches folders. Safe to use from several threads."""
