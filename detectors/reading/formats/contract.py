"""What a format is: how its files are recognised, and how one becomes a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from detectors.reading.source import Source
from detectors.reading.table import Table

#: So many bytes are looked at to recognise a file.
START_BYTES = 4096


class Format(ABC):
    """One format. Adding one is one file here, and a place in the list of ``formats/__init__.py``."""

    name: ClassVar[str]
    """Kept in reports."""
    options: ClassVar[tuple[str, ...]] = ()
    """The reading options that mean something for it, in the order of the form; its tables say what they were read with."""

    @abstractmethod
    def recognises(self, start: bytes, source: Source) -> bool:
        """Whether the file is one of these, by its first bytes, `start`; names decide nothing."""

    @abstractmethod
    def open(self, source: Source) -> Table:
        """The table in the file.

        Raises:
            DataError: it cannot be read; says where, what was expected and what to do.
        """
