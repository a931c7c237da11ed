"""What the path of a file inside an archive says about it: its name, its folder, and its class."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

import pyarrow as pa

PATH_FIELDS = (("name", pa.string()), ("folder", pa.string()), ("class", pa.string()))


def path_columns(names: Sequence[str]) -> list[pa.Array]:
    """The columns `PATH_FIELDS`: the whole path, the folders before the last ``/``, and the innermost of them (null: none)."""
    folders = [posixpath.dirname(name) for name in names]
    columns = (names, folders, [posixpath.basename(folder) for folder in folders])
    return [pa.array([text or None for text in column], pa.string()) for column in columns]
