"""Writes what was read as our own Parquet, with its report and profile. Runs inside the worker."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from detectors.frames import seal
from detectors.profile import profile_file, save_profiles
from detectors.reading import progress
from detectors.reading.archive import fingerprint
from detectors.reading.formats import find_format
from detectors.reading.misread import tried_with
from detectors.reading.options import ReadingOptions
from detectors.reading.preview import save_preview
from detectors.reading.process import USUAL_LIMITS, Limits
from detectors.reading.report import DATA_FILE, REPORT_FILE, Report
from detectors.reading.source import Source
from detectors.reading.table import Table

#: Of the folder for what is needed only while reading.
SCRATCH_PREFIX = "scratch-"

#: Rows of a row group, the least that can be read at once; fewer where there are many columns.
GROUP_ROWS = 65_536
GROUP_VALUES = 16_000_000

#: A row group ends early when its values fill so much: long texts.
GROUP_BYTES = 128 << 20


def convert(
    path: Path, folder: Path, name: str, limits: Limits = USUAL_LIMITS, options: ReadingOptions | None = None, *, ask: bool = False
) -> Report | None:
    """Leaves data, report and profile of the file or folder at `path` in `folder`; with `ask`, where something about it is
    doubted, a preview instead, and gives None.

    Raises:
        DataError: the file cannot be read, with the reason and what to do.
    """
    started = time.perf_counter()
    with _source(path, folder, name, limits, options) as source:
        file_format = find_format(source)
        size, content_hash = fingerprint(path, name, limits.archive_bytes)
        with tried_with(source.options, file_format.options, content_hash):
            table = file_format.open(source)
            if ask and table.doubts:
                save_preview(table, content_hash, folder)
                return None
            rows = _write(table, folder / DATA_FILE)
    seal(folder)
    progress.begin("profiling", len(table.schema))
    save_profiles(profile_file(folder / DATA_FILE, progress.reached), folder)
    report = Report(
        name=name, rows=rows, columns=len(table.schema), format=table.format or file_format.name, encoding=table.encoding,
        delimiter=table.delimiter, seconds=round(time.perf_counter() - started, 3), bytes=size, content_hash=content_hash,
        notes=(*table.doubts, *table.notes), kind=table.kind, options=table.options,
        said=(options or ReadingOptions()).changed_parameters,
    )  # fmt: skip
    (folder / REPORT_FILE).write_text(json.dumps(report.to_json(), ensure_ascii=False), encoding="utf-8")
    return report


def preview(path: Path, folder: Path, name: str, limits: Limits = USUAL_LIMITS, options: ReadingOptions | None = None) -> None:
    """Leaves the first rows of the file at `path` in `folder`, as they would be read with `options`.

    Raises:
        DataError: it cannot be read in this way, with the reason and what to do.
    """
    with _source(path, folder, name, limits, options, sample=True) as source:
        found = find_format(source)
        save_preview(found.open(source), fingerprint(path, name, limits.archive_bytes)[1], folder)


@contextmanager
def _source(
    path: Path, folder: Path, name: str, limits: Limits, options: ReadingOptions | None, *, sample: bool = False
) -> Iterator[Source]:
    """The file with a folder for what is needed only while it is read."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=SCRATCH_PREFIX) as scratch:
        yield Source(path, name, folder, Path(scratch), options or ReadingOptions(), limits, sample)


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
