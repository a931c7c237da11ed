"""A private copy of a file: whatever happens to the file meanwhile, what is read is what was hashed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

#: Bytes copied at once.
CHUNK = 2**20


def copy_of(path: Path, into: Path) -> str:
    """Copies the file `path` to the new file `into`; gives the SHA-256 of its content. A link is not followed.

    Raises:
        OSError: it is gone, is a link, cannot be read, or there is no room.
    """
    hashed = hashlib.sha256()
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(opened, "rb") as source, into.open("xb") as copy:
        while block := source.read(CHUNK):
            hashed.update(block)
            copy.write(block)
    return hashed.hexdigest()
