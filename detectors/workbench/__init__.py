"""One installation: its workspace, its records and the two processes beside the server. What pages talk to."""

from __future__ import annotations

from detectors.workbench.answers import Answers, Space
from detectors.workbench.following import Following
from detectors.workbench.shrinking import SmallerDetectors
from detectors.workbench.switching import Switching
from detectors.workbench.watching import Watches

__all__ = ["Space", "Workbench"]


class Workbench(Watches, Answers, Switching, Following, SmallerDetectors):
    """Imports data, starts and stops runs, keeps their thresholds, answers about them, saves them as detectors, watches folders. Safe to use from several threads."""
