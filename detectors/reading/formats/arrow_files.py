"""Arrow's own format, of which Feather is another name: as a file, and as a stream."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyarrow import ipc

from detectors.reading import progress
from detectors.reading.formats.contract import Format
from detectors.reading.source import Source
from detectors.reading.table import Table
from detectors.reading.typed_columns import BLOCK_ROWS, BLOCK_VALUES, check_rows, damage_told, flat_table

FILE_SIGNATURE = b"ARROW1"

#: A stream begins with its schema: a mark, and the length of a short description.
STREAM_SIGNATURE, LONGEST_SCHEMA = b"\xff\xff\xff\xff", 1 << 20


class ArrowFile(Format):
    name = "feather"

    def recognises(self, start: bytes, source: Source) -> bool:
        return start.startswith(FILE_SIGNATURE)

    def open(self, source: Source) -> Table:
        with damage_told(source.name):
            file = ipc.open_file(pa.memory_map(str(source.path)))
            found = file.schema
        return flat_table(found, _blocks(_of_file(file), len(found), source), None, source.name, self.name)


class ArrowStream(Format):
    name = "arrow"

    def recognises(self, start: bytes, source: Source) -> bool:
        return start.startswith(STREAM_SIGNATURE) and 0 < int.from_bytes(start[4:8], "little") < LONGEST_SCHEMA

    def open(self, source: Source) -> Table:
        with damage_told(source.name):
            stream = ipc.open_stream(pa.memory_map(str(source.path)))
        return flat_table(stream.schema, _blocks(iter(stream), len(stream.schema), source), None, source.name, self.name)


def _of_file(file: ipc.RecordBatchFileReader) -> Iterator[pa.RecordBatch]:
    for place in range(file.num_record_batches):
        yield file.get_batch(place)


def _blocks(batches: Iterator[pa.RecordBatch], columns: int, source: Source) -> Iterator[pa.RecordBatch]:
    """Batches are checked before anything is read of them: a false offset would read what is not the file's."""
    most, size, total = max(1, min(BLOCK_ROWS, BLOCK_VALUES // max(1, columns))), source.path.stat().st_size, 0
    progress.begin("writing")
    for batch in batches:
        total += len(batch)
        check_rows(total, size, source.name)
        batch.validate(full=True)
        for start in range(0, len(batch), most):
            yield batch.slice(start, most)
