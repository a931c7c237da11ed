"""The files that were uploaded, kept for a while as they came, so that they can be read in another way."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from detectors.storage.files import new_id

DAY_S = 86_400


@dataclass(frozen=True)
class Originals:
    """Uploaded files by the SHA-256 of their content: the same file twice takes room once.

    They go when they were not used for `most_days`, and the longest unused ones first when all have more than `most_bytes`;
    the one that was used last stays, however large.
    """

    folder: Path
    most_days: int
    most_bytes: int

    def keep(self, source: Path, content_hash: str) -> Path:
        """Keeps the file `source`, which may be removed from where it is afterwards; gives where it is kept."""
        place = self.folder / content_hash
        if not place.exists():
            beside = place.with_name(f".{content_hash}.{new_id()}")
            try:
                beside.hardlink_to(source)
            except OSError:  # another disk, or one that knows no links
                shutil.copyfile(source, beside)
            beside.replace(place)
        os.utime(place)
        self.sweep()
        return place

    def find(self, content_hash: str) -> Path | None:
        """Where the file with this content is kept; None where it is gone, or never was."""
        place = self.folder / content_hash
        return place if place.is_file() else None

    def forget(self, content_hash: str) -> None:
        """Removes a file at once, as when the last data set made of it is deleted for good."""
        (self.folder / content_hash).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes what is too old, and what is too much."""
        kept = 0
        for place, (path, status) in enumerate(sorted(self._statuses(), key=lambda pair: -pair[1].st_mtime)):
            if time.time() - status.st_mtime > self.most_days * DAY_S or (place and kept + status.st_size > self.most_bytes):
                path.unlink(missing_ok=True)
            else:
                kept += status.st_size

    def _statuses(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):  # another session sweeps too
                yield path, path.stat()
