"""The formats that are read, each in a file of its own, and which of them a file is: decided by its bytes, not by its name."""

from __future__ import annotations

from detectors.errors import DataError
from detectors.messages import N_
from detectors.reading.formats.archives import Archives
from detectors.reading.formats.arrow_files import ArrowFile, ArrowStream
from detectors.reading.formats.contract import START_BYTES, Format
from detectors.reading.formats.delimited import Delimited
from detectors.reading.formats.excel import Excel
from detectors.reading.formats.gzipped import Gzipped
from detectors.reading.formats.parquet_files import Parquet
from detectors.reading.formats.records import Records
from detectors.reading.formats.refused import refuse_known
from detectors.reading.source import Source

#: In the order in which they are asked: a workbook is a zip too, and everything that is left may be text.
FORMATS: tuple[Format, ...] = (Parquet(), ArrowFile(), ArrowStream(), Excel(), Archives(), Gzipped(), Records(), Delimited())

_EMPTY = N_("`{name}` is empty: it has no bytes. Check that it was saved completely, and upload it again.")


def find_format(source: Source) -> Format:
    """What the file or folder is.

    Raises:
        DataError: it is empty, or something that is not read here.
    """
    start = b""
    if not source.path.is_dir():
        with source.path.open("rb") as stream:
            start = stream.read(START_BYTES)
        if not start:
            raise DataError(_EMPTY, name=source.name)
        refuse_known(start, source.name)
    return next(known for known in FORMATS if known.recognises(start, source))
