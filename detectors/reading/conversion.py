"""Writes what was read as our own Parquet, with its report and profile. Runs inside the worker."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from detectors.frames import seal
from detectors.profile import profile_file, save_profiles
from detectors.reading.delimited import open_delimited
from detectors.reading.formats import decide_format
from detectors.reading.report import DATA_FILE, REPORT_FILE, Report
from detectors.reading.table import Table
from detectors.reading.typed_columns import open_parquet

#: Rows of a row group, the least that can be read at once; fewer where there are many columns.
GROUP_ROWS = 65_536
GROUP_VALUES = 16_000_000


def convert(source: Path, folder: Path, name: str) -> Report:
    """Leaves data, report and profile of `source` in `folder`.

    Raises:
        DataError: the file cannot be read, with the reason and what to do.
    """
    started = time.perf_counter()
    file_format = decide_format(source, name)
    table = open_parquet(source, name) if file_format == "parquet" else open_delimited(source, name)
    rows = _write(table, folder / DATA_FILE)
    seal(folder)
    save_profiles(profile_file(folder / DATA_FILE), folder)
    report = Report(
        name=name, rows=rows, columns=len(table.schema), format=file_format, encoding=table.encoding, delimiter=table.delimiter,
        seconds=round(time.perf_counter() - started, 3), bytes=source.stat().st_size, content_hash=_content_hash(source),
        notes=tuple(table.notes),
    )  # fmt: skip
    (folder / REPORT_FILE).write_text(json.dumps(report.to_json(), ensure_ascii=False), encoding="utf-8")
    return report


def _write(table: Table, path: Path) -> int:
    rows = 0
    with parquet.ParquetWriter(path, table.schema, compression="zstd", write_page_checksum=True) as writer:
        for group in _groups(table):
            writer.write_table(group, row_group_size=len(group))
            rows += len(group)
    return rows


def _groups(table: Table) -> Iterator[pa.Table]:
    """The rows in groups of equal length, the last one shorter."""
    group_rows = max(1, min(GROUP_ROWS, GROUP_VALUES // len(table.schema)))
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for block in table.blocks:
        waiting.append(block)
        rows += len(block)
        while rows >= group_rows:
            together = pa.Table.from_batches(waiting)
            yield together.slice(0, group_rows)
            waiting = together.slice(group_rows).to_batches()
            rows -= group_rows
    if rows:
        yield pa.Table.from_batches(waiting)


def _content_hash(source: Path) -> str:
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
