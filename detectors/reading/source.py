"""A stranger's file on its way in: where it is, what it is called, and how it is to be read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from detectors.reading.options import ReadingOptions
from detectors.reading.process import USUAL_LIMITS, Limits

#: Of a preview so much of a text is read, and so many rows of a workbook or of records.
SAMPLE_BYTES, SAMPLE_ROWS = 2 << 20, 5_000


@dataclass(frozen=True)
class Source:
    """One file or folder. `name` is what the analyst calls it: text, never opened."""

    path: Path
    name: str
    folder: Path
    """Where arrays of pictures go."""
    scratch: Path
    """For what is needed only while reading; removed at the end."""
    options: ReadingOptions = field(default_factory=ReadingOptions)
    limits: Limits = USUAL_LIMITS
    sample: bool = False
    """Only the beginning is wanted, for a preview."""

    def within(self, path: Path, name: str) -> Source:
        """The same wishes for a file that was unpacked from this one."""
        return replace(self, path=path, name=name)
