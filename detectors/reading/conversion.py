"""Writes what was read as our own Parquet, with its report and profile. Runs inside the worker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from detectors.frames import seal
from detectors.profile import profile_file, save_profiles
from detectors.reading import progress
from detectors.reading.archive import fingerprint
from detectors.reading.contents import open_contents
from detectors.reading.delimited import open_delimited
from detectors.reading.formats import decide_format
from detectors.reading.process import USUAL_LIMITS, Limits
from detectors.reading.report import DATA_FILE, REPORT_FILE, Report
from detectors.reading.table import Table
from detectors.reading.typed_columns import open_parquet

#: Rows of a row group, the least that can be read at once; fewer where there are many columns.
GROUP_ROWS = 65_536
GROUP_VALUES = 16_000_000

#: A row group ends early when its values fill so much: long texts.
GROUP_BYTES = 128 << 20


def convert(source: Path, folder: Path, name: str, limits: Limits = USUAL_LIMITS) -> Report:
    """Leaves data, report and profile of the file or folder `source` in `folder`.

    Raises:
        DataError: the file cannot be read, with the reason and what to do.
    """
    started = time.perf_counter()
    file_format = decide_format(source, name)
    size, content_hash = fingerprint(source, name, limits.archive_bytes)
    table = _open(source, folder, name, file_format, limits)
    rows = _write(table, folder / DATA_FILE)
    seal(folder)
    progress.begin("profiling", len(table.schema))
    save_profiles(profile_file(folder / DATA_FILE, progress.reached), folder)
    report = Report(
        name=name, rows=rows, columns=len(table.schema), format=file_format, encoding=table.encoding, delimiter=table.delimiter,
        seconds=round(time.perf_counter() - started, 3), bytes=size, content_hash=content_hash, notes=tuple(table.notes),
        kind=table.kind,
    )  # fmt: skip
    (folder / REPORT_FILE).write_text(json.dumps(report.to_json(), ensure_ascii=False), encoding="utf-8")
    return report


def _open(source: Path, folder: Path, name: str, file_format: str, limits: Limits) -> Table:
    if file_format in ("zip", "folder"):
        return open_contents(source, folder, name, limits.archive_bytes)
    return open_parquet(source, name) if file_format == "parquet" else open_delimited(source, name)


def _write(table: Table, path: Path) -> int:
    rows = 0
    with parquet.ParquetWriter(path, table.schema, compression="zstd", write_page_checksum=True) as writer:
        for group in _groups(table):
            writer.write_table(group, row_group_size=len(group))
            rows += len(group)
    return rows


def _groups(table: Table) -> Iterator[pa.Table]:
    """The rows in groups of equal length, the last one shorter, and those that would fill too much."""
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
        if sum(part.nbytes for part in waiting) >= GROUP_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if rows:
        yield pa.Table.from_batches(waiting)
