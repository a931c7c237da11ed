"""Decides what a file is: by its first bytes, then by the ending of its name."""

from __future__ import annotations

import zipfile
from pathlib import Path

from detectors.errors import DataError
from detectors.messages import N_
from detectors.reading.archive import DAMAGE as ARCHIVE_DAMAGE

#: First bytes of what is often uploaded and not read here, and what to call it.
SIGNATURES = {
    b"PK\x05\x06": "an empty zip archive", b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive", b"\xfd7zXZ": "an xz archive", b"7z\xbc\xaf": "a 7z archive", b"(\xb5/\xfd": "a zstd archive",
    b"\xd0\xcf\x11\xe0": "an old Office document", b"%PDF": "a PDF", b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture", b"SQLite format 3": "a SQLite database", b"ARROW1": "an Arrow or Feather file",
    b"\x89HDF": "an HDF5 file", b"\x93NUMPY": "a NumPy array", b"PARE": "an encrypted Parquet file",
    b"<!DOCTYPE": "a web page", b"<!doctype": "a web page", b"<html": "a web page", b"<?xml": "an XML document",
}  # fmt: skip

PARQUET_SIGNATURE = b"PAR1"
ZIP_SIGNATURE = b"PK\x03\x04"
CSV_ENDINGS = (".csv", ".tsv", ".txt")
PARQUET_ENDINGS = (".parquet", ".pq")

#: Office documents are zips too: known by their ending, or by the list of parts that each of them holds.
OFFICE_ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xltx", ".docx", ".pptx", ".ods", ".odt", ".odp")
OFFICE_PARTS = ("[Content_Types].xml", "META-INF/manifest.xml")
OFFICE = "an Excel workbook or another Office document"

_OTHER = N_(
    "`{name}` is {found}. Anomalyst reads CSV (.csv, .tsv, .txt), Parquet (.parquet) and zips of pictures or texts: save it as one of these."
)
_UNKNOWN = N_(
    "The ending of `{name}` does not say CSV (.csv, .tsv, .txt) or Parquet (.parquet), the tables that Anomalyst reads. Save it as one of these."
)


def decide_format(source: Path, name: str) -> str:
    """``csv``, ``parquet``, ``zip`` or ``folder``.

    Raises:
        DataError: the file is empty, or something else.
    """
    if source.is_dir():
        return "folder"
    with source.open("rb") as stream:
        start = stream.read(64)
    if not start:
        raise DataError(N_("`{name}` is empty: it has no bytes. Check that it was saved completely, and upload it again."), name=name)
    if start.startswith(PARQUET_SIGNATURE):
        return "parquet"
    if start.startswith(ZIP_SIGNATURE):
        if _is_office(source, name):
            raise DataError(_OTHER, name=name, found=OFFICE)
        return "zip"
    for signature, found in SIGNATURES.items():
        if start.removeprefix(b"\xef\xbb\xbf").startswith(signature):
            raise DataError(_OTHER, name=name, found=found)
    ending = Path(name).suffix.lower()
    if ending in PARQUET_ENDINGS:
        raise DataError(_OTHER, name=name, found="named as Parquet but does not begin as one")
    if ending not in CSV_ENDINGS:
        raise DataError(_UNKNOWN, name=name)
    return "csv"


def _is_office(source: Path, name: str) -> bool:
    if name.lower().endswith(OFFICE_ENDINGS):
        return True
    try:
        with zipfile.ZipFile(source) as archive:
            return any(part in archive.NameToInfo for part in OFFICE_PARTS)
    except ARCHIVE_DAMAGE:
        return False  # told when the zip is read
