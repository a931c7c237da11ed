"""A single file inside a gzip, unpacked in bounded pieces and read as what it is."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

from detectors.errors import DataError
from detectors.messages import N_
from detectors.reading import formats
from detectors.reading.bounds import unpack
from detectors.reading.formats.contract import Format
from detectors.reading.misread import tried_with
from detectors.reading.source import SAMPLE_BYTES, Source
from detectors.reading.table import Table

SIGNATURE = b"\x1f\x8b"

#: What is kept unpacked for a preview: a little more than is read of it.
PREVIEWED_BYTES = 2 * SAMPLE_BYTES

_DAMAGED = N_("`{name}` is not a whole gzip ({reason}). Check that it opens elsewhere, pack it again and upload that.")
_TWICE = N_("`{name}` is a gzip inside a gzip. Unpack it once and upload that.")


class Gzipped(Format):
    name = "gzip"

    def recognises(self, start: bytes, source: Source) -> bool:
        return start.startswith(SIGNATURE)

    def open(self, source: Source) -> Table:
        target = source.scratch / f"{source.path.name}.unpacked"
        enough = PREVIEWED_BYTES if source.sample else None
        try:
            with gzip.open(source.path, "rb") as stream:
                unpack(stream, target, source.path.stat().st_size, source.limits.archive_bytes, source.name, enough=enough)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(_DAMAGED, name=source.name, reason=str(error)[:200]) from error
        inner = source.within(target, source.name)
        found = formats.find_format(inner)
        if isinstance(found, Gzipped):
            raise DataError(_TWICE, name=source.name)
        with tried_with(source.options, found.options):
            table = found.open(inner)
        return replace(table, format=f"{table.format or found.name}, gzip")
