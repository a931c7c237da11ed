"""Looks into a folder for files that are there as a whole: those that did not change between two looks."""

from __future__ import annotations

import fnmatch
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """What tells a file from the same one written again."""

    size: int
    modified_ns: int
    number: int
    """The file system's own number of it: another one was put in its place."""

    @classmethod
    def of(cls, path: Path) -> Seen:
        found = path.stat()
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)

    @property
    def text(self) -> str:
        return json.dumps(list(asdict(self).values()))


class Looks:
    """One look after the other at the files of a folder whose names match a pattern; hidden ones, links and folders are left out."""

    def __init__(self, folder: Path, pattern: str) -> None:
        self.folder, self.pattern = folder, pattern
        self._before: dict[Path, Seen] = {}

    def settled(self) -> tuple[list[tuple[Path, Seen]], int]:
        """The files that are as they were at the look before, oldest first, and how many still change or are new.

        Raises:
            OSError: the folder cannot be looked into.
        """
        now = self._look()
        settled = [(path, seen) for path, seen in now.items() if self._before.get(path) == seen]
        self._before = now
        return sorted(settled, key=lambda each: (each[1].modified_ns, each[0].name)), len(now) - len(settled)

    def _look(self) -> dict[Path, Seen]:
        found = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not fnmatch.fnmatchcase(entry.name, self.pattern):
                    continue
                try:
                    if entry.is_file(follow_symlinks=False):
                        found[Path(entry.path)] = Seen.of(Path(entry.path))
                except FileNotFoundError:
                    continue  # taken away meanwhile
        return found


def shown_name(path: Path) -> str:
    """The name of a file as text that can be printed, also where its bytes are none, or would move the cursor."""
    text = os.fsencode(path.name).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
