"""Turns a data set of some kind into a representation that detectors take. Fitted on training rows only."""

from __future__ import annotations

from pathlib import Path

from detectors.preparation.table import TablePreparation

__all__ = ["TablePreparation", "load_preparation"]


def load_preparation(folder: Path) -> TablePreparation:
    """The preparation that was saved in `folder`."""
    return TablePreparation.load(folder)
