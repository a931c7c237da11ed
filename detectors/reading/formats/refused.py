"""What is often uploaded and not read here, by its first bytes; and what to say of it."""

from __future__ import annotations

from detectors.errors import DataError
from detectors.messages import N_

#: First bytes, and what to call what begins with them.
SIGNATURES = {
    b"PK\x05\x06": "an empty zip archive", b"BZh": "a bzip2 archive", b"\xfd7zXZ": "an xz archive", b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive", b"(\xb5/\xfd": "a zstd archive", b"%PDF": "a PDF", b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture", b"SQLite format 3": "a SQLite database", b"\x89HDF": "an HDF5 file", b"\x93NUMPY": "a NumPy array",
    b"PARE": "an encrypted Parquet file", b"FEA1": "a Feather file of version 1", b"ORC": "an ORC file", b"Obj\x01": "an Avro file",
    b"<!DOCTYPE": "a web page", b"<!doctype": "a web page", b"<html": "a web page", b"<?xml": "an XML document", b"{\\rtf": "an RTF document",
    b"$FL2": "an SPSS file", b"<stata_dta>": "a Stata file",
}  # fmt: skip

OLD_OFFICE_SIGNATURE = b"\xd0\xcf\x11\xe0"

#: Where a tar archive says that it is one.
TAR_PLACE, TAR_SIGNATURE = 257, b"ustar"

_OTHER = N_(
    "`{name}` is {found}. Anomalyst reads text tables (CSV, TSV), Excel (.xlsx), Parquet, Feather, JSON and zips of these, of pictures "
    "or of texts: save it as one of these."
)
_OLD_EXCEL = N_(
    "`{name}` is an old Office document (.xls), or an Excel workbook with a password. Open it in Excel or LibreOffice, remove the password if "
    "there is one, save it as “Excel workbook (.xlsx)” and upload that."
)
_OPEN_DOCUMENT = N_(
    "`{name}` is an OpenDocument file (.ods). Open it in LibreOffice or Excel, save it as “Excel workbook (.xlsx)” or CSV, and upload that."
)
_BINARY_EXCEL = N_("`{name}` is a binary Excel workbook (.xlsb). Open it in Excel, save it as “Excel workbook (.xlsx)” and upload that.")
_OFFICE = N_(
    "`{name}` is an Office document without a sheet, such as a letter or slides. Save its table as Excel (.xlsx) or CSV, and upload that."
)
OFFICE_REFUSALS = {"ods": _OPEN_DOCUMENT, "xlsb": _BINARY_EXCEL, "office": _OFFICE}


def refuse_known(start: bytes, name: str) -> None:
    """Raises `DataError` where a file that begins with `start` is of a kind that is not read."""
    if start.startswith(OLD_OFFICE_SIGNATURE):
        raise DataError(_OLD_EXCEL, name=name)
    if start[TAR_PLACE:].startswith(TAR_SIGNATURE):
        raise DataError(_OTHER, name=name, found="a tar archive")
    for signature, found in SIGNATURES.items():
        if start.removeprefix(b"\xef\xbb\xbf").startswith(signature):
            raise DataError(_OTHER, name=name, found=found)
