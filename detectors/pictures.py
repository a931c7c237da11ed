"""Reads our own array file of pictures: all of them one after the other, and an index that says where each begins."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.errors import DataError, StorageError
from detectors.messages import N_

#: The bytes of all pictures, uint8.
PICTURES_FILE = "pictures.npy"

#: One row a picture, int64: offset in bytes, height, width, channels, CRC-32 of its bytes.
INDEX_FILE = "pictures_index.npy"
INDEX_COLUMNS = 5

_DAMAGED = N_("The pictures of this data set are missing or damaged ({reason}). Upload the archive again.")
_CHANGED = N_("Picture {row} of this data set is damaged: its checksum does not fit. Upload the archive again.")


def load_pictures(folder: Path, rows: ArrayLike | None = None) -> list[NDArray[np.uint8]]:
    """The pictures at the 0-based positions `rows` (None: all), in that order, each (height, width, 1 or 3 channels).

    They are read-only views of a memory map, so a picture takes memory only while it is used; each was checked
    against its checksum.

    Raises:
        StorageError: the pictures are missing or damaged.
        DataError: a row does not exist.
    """
    try:
        index = np.load(folder / INDEX_FILE, allow_pickle=False)
        mapped = np.load(folder / PICTURES_FILE, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StorageError(_DAMAGED, reason=str(error).partition("\n")[0][:200]) from error
    if index.ndim != 2 or index.shape[1] != INDEX_COLUMNS or index.dtype != np.int64 or mapped.ndim != 1 or mapped.dtype != np.uint8:
        raise StorageError(_DAMAGED, reason="index")
    wanted = np.arange(len(index)) if rows is None else np.asarray(rows, dtype=np.int64).reshape(-1)
    outside = wanted[(wanted < 0) | (wanted >= len(index))]
    if len(outside):
        raise DataError(N_("There is no picture {row}. The pictures are 1 to {rows}."), row=int(outside[0]) + 1, rows=len(index))
    pixels = np.asarray(mapped)
    return [_picture(pixels, index[row].tolist(), row) for row in wanted.tolist()]


def picture_keys(folder: Path) -> NDArray[np.uint64]:
    """A number for each picture, (pictures,), that is equal for equal ones and hardly ever for others."""
    index = np.load(folder / INDEX_FILE, allow_pickle=False).astype(np.uint64)
    keys = np.zeros(len(index), dtype=np.uint64)
    for column in (1, 2, 3, 4):
        keys = keys * np.uint64(1_000_003) ^ index[:, column]
    return keys


def _picture(pixels: NDArray[np.uint8], entry: list[int], row: int) -> NDArray[np.uint8]:
    offset, height, width, channels, checksum = entry
    size = height * width * channels
    sound = min(offset, height - 1, width - 1, channels - 1) >= 0 and offset + size <= len(pixels)
    if not sound or zlib.crc32(pixels[offset : offset + size].data) != checksum:
        raise StorageError(_CHANGED, row=row + 1)
    return pixels[offset : offset + size].reshape(height, width, channels)
