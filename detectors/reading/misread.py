"""Files that cannot be read as they were tried, and might be in another way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from detectors.errors import DataError
from detectors.reading.options import ReadingOptions


class Misread(DataError):
    """A refused file of a format that can be read in several ways, with how it was tried."""

    options: Mapping[str, Any] = {}
    """The reading options that mean something for it, as they were said, or to be found by itself."""
    content_hash = ""
    """SHA-256 of the file."""
    source: Path | None = None
    """Where the file is kept, so that it can be read again; None where it is not."""


@contextmanager
def tried_with(options: ReadingOptions, names: Sequence[str], content_hash: str = "") -> Iterator[None]:
    """Turns a refusal into one that says how else the file may be read, where a format has options: their `names`."""
    try:
        yield
    except DataError as error:
        if not names and not isinstance(error, Misread):
            raise
        misread = error if isinstance(error, Misread) else Misread(error.message.template, **error.message.values)
        misread.options = misread.options or {name: options.parameters[name] for name in names}
        misread.content_hash = content_hash
        raise misread from error.__cause__
