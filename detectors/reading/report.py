"""What reading a file found: its size, its format, and what the analyst should know about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from detectors.errors import StorageError
from detectors.messages import N_, Message

DATA_FILE = "data.parquet"
REPORT_FILE = "report.json"


@dataclass(frozen=True)
class Report:
    """How a file was read. `name` and the values inside `notes` are text from strangers: escape them when shown."""

    name: str
    rows: int
    columns: int
    format: str
    """The name of a format, such as ``csv`` or ``xlsx``; with what it was packed in: ``csv, gzip``."""
    encoding: str | None
    delimiter: str | None
    """What separates values in a CSV; None for everything else and for a CSV of one column."""
    seconds: float
    bytes: int
    content_hash: str
    """SHA-256 of the uploaded file, in hexadecimal; of a folder, of its files and their names."""
    notes: tuple[Message, ...] = ()
    kind: str = "table"
    """What the rows are: ``table``, ``images`` or ``text``. Reports written when there were only tables do not say."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The reading options that were used, found ones among them; empty where there was nothing to choose, and in older reports."""
    said: Mapping[str, Any] | None = None
    """Those of them that were said and not found; None in older reports, which did not tell them apart."""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "notes": [note.to_json() for note in self.notes]}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Report:
        return cls(**{**record, "notes": tuple(Message.from_json(note) for note in record["notes"])})


def load_report(folder: Path) -> Report:
    """The report kept beside the data in `folder`.

    Raises:
        StorageError: it is missing or damaged.
    """
    return Report.from_json(load_record(folder / REPORT_FILE))


def load_record(path: Path) -> Any:
    """What the JSON file at `path` holds.

    Raises:
        StorageError: it is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(
            N_("`{file}` of this data set is missing or damaged ({reason}). Upload the file again."),
            file=path.name, reason=type(error).__name__,
        ) from error  # fmt: skip
