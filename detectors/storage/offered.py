"""Files that the owner of this server offers to be read without being uploaded."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from detectors.errors import DataError
from detectors.messages import N_

#: Files listed, and folders looked into, at most: a whole disk is not walked for a list.
MOST_FILES, MOST_FOLDERS = 1_000, 1_000

#: What is worth offering; everything else that can be opened is told by reading it.
ENDINGS = (
    ".csv", ".tsv", ".txt", ".gz", ".parquet", ".pq", ".feather", ".arrow", ".xlsx", ".json", ".jsonl", ".ndjson", ".zip",
)  # fmt: skip

_GONE = N_("`{name}` is no longer in the folder that this server offers. Choose another file.")


@dataclass(frozen=True)
class OfferedFile:
    """One file; `name` is its path inside the offered folder, with ``/`` between folders."""

    name: str
    size: int
    changed: datetime


def offered_files(folder: Path) -> list[OfferedFile]:
    """The files in `folder` and the folders in it that may be read, in the order of their names.

    Hidden files and links are left out: a link may lead anywhere.
    """
    found: list[OfferedFile] = []
    for looked_into, (place, inner, names) in enumerate(os.walk(folder)):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if name.startswith(".") or not name.lower().endswith(ENDINGS):
                continue
            status = _status(path)
            if status is not None and stat.S_ISREG(status.st_mode):
                moment = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
                found.append(OfferedFile(path.relative_to(folder).as_posix(), status.st_size, moment))
        if len(found) >= MOST_FILES or looked_into >= MOST_FOLDERS:
            break
    return sorted(found[:MOST_FILES], key=lambda file: file.name)


def offered_path(folder: Path, name: str) -> Path:
    """Where the offered file `name` lies.

    Raises:
        DataError: `folder` offers no such file, or no longer.
    """
    path = folder.resolve() / name
    status = _status(path)
    # Resolving follows links and `..`: a path that stays the same leads nowhere else.
    if status is None or not stat.S_ISREG(status.st_mode) or path.resolve() != path or not name.lower().endswith(ENDINGS):
        raise DataError(_GONE, name=name)
    if not path.is_relative_to(folder.resolve()) or any(part.startswith(".") for part in Path(name).parts):
        raise DataError(_GONE, name=name)
    return path


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (OSError, ValueError):
        return None
