"""Parquet."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyarrow import parquet

from detectors.reading import progress
from detectors.reading.formats.contract import Format
from detectors.reading.source import Source
from detectors.reading.table import Table
from detectors.reading.typed_columns import BLOCK_ROWS, BLOCK_VALUES, check_rows, damage_told, flat_table

SIGNATURE = b"PAR1"


class Parquet(Format):
    name = "parquet"

    def recognises(self, start: bytes, source: Source) -> bool:
        return start.startswith(SIGNATURE)

    def open(self, source: Source) -> Table:
        with damage_told(source.name):
            texts = [leaf.path for leaf in parquet.ParquetFile(source.path).schema if leaf.physical_type == "BYTE_ARRAY"]
            file = parquet.ParquetFile(source.path, read_dictionary=texts, page_checksum_verification=True, pre_buffer=False)
            found = file.schema_arrow
        rows = file.metadata.num_rows
        check_rows(rows, source.path.stat().st_size, source.name)
        return flat_table(found, _batches(file, len(found), source.path.stat().st_size), rows, source.name, self.name)


def _batches(file: parquet.ParquetFile, columns: int, size: int) -> Iterator[pa.RecordBatch]:
    """The rows; their share of all is told as that of the file's `size`."""
    progress.begin("writing")
    done, total = 0, file.metadata.num_rows
    for batch in file.iter_batches(batch_size=max(1, min(BLOCK_ROWS, BLOCK_VALUES // max(1, columns))), use_threads=False):
        done += len(batch)
        progress.reached(done * size // total, size)
        yield batch
