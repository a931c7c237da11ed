"""Writes data sets one behind the other as one. Runs in a process of its own (`reading.worker`), a block of rows in memory at a time."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from detectors.frames import schema_of, seal
from detectors.joining.parts import Columns, Part, columns_of, rows_as
from detectors.joining.times import of_time
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.pictures import load_pictures
from detectors.profile import profile_file, save_profiles
from detectors.reading import progress
from detectors.reading.pictures import ArrayFile
from detectors.reading.report import DATA_FILE, REPORT_FILE, Report, load_report

TOGETHER = N_("Put together from {names}.")
NOT_AGAIN = N_("{count} rows of `{name}` were there already, and stand here once.")
LEFT_OUT = N_("`{name}` also has {columns}: what the first part lacks is left out.")
WITHOUT = N_("`{name}` has no {columns}: its rows have gaps there.")

#: Columns that a sentence names.
NAMED = 8

#: Pictures copied between two reports.
PICTURES_TOGETHER = 256


@dataclass(frozen=True)
class Asked:
    """What is to be put together, small enough for a line; which rows of each part are kept lies in the file `kept`."""

    parts: tuple[Part, ...]
    roles: Mapping[str, str]
    kind: str
    kept: Path

    def to_json(self) -> str:
        parts = [[str(part.folder), part.name] for part in self.parts]
        return json.dumps({"parts": parts, "roles": dict(self.roles), "kind": self.kind, "kept": str(self.kept)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        record = json.loads(text)
        return cls(
            tuple(Part(Path(folder), name) for folder, name in record["parts"]), record["roles"], record["kind"], Path(record["kept"])
        )

    def save_kept(self, kept: Sequence[NDArray[np.bool_]]) -> None:
        np.savez(self.kept, allow_pickle=False, **{f"part{number}": np.packbits(rows) for number, rows in enumerate(kept)})

    def load_kept(self, number: int, rows: int) -> NDArray[np.bool_]:
        with np.load(self.kept, allow_pickle=False) as packed:
            return np.unpackbits(packed[f"part{number}"], count=rows).astype(bool)


def parts_of(report: Report) -> str | None:
    """What was put together as the data set with this report; None of one that came as a file."""
    first = report.notes[0] if report.notes else None
    return str(first.values["names"]) if first is not None and first.template == TOGETHER else None


def join(asked: Asked, folder: Path, name: str) -> Report:
    """Leaves data, report and profile of all parts together, called `name`, in the existing `folder`.

    Raises:
        DataError: a column of a part cannot be read in its type.
        StorageError: a part is damaged, or gone.
    """
    began, columns = time.perf_counter(), columns_of(asked.parts, asked.roles)
    reports = [load_report(part.folder) for part in asked.parts]
    kept = [asked.load_kept(number, report.rows) for number, report in enumerate(reports)]
    notes = [Message(TOGETHER, {"names": ", ".join(part.name for part in asked.parts)})]
    rows = _write(asked, columns, kept, folder / DATA_FILE, notes)
    seal(folder)
    if asked.kind == "images":
        _write_pictures(asked, kept, folder)
    progress.begin("profiling", len(columns.schema))
    save_profiles(profile_file(folder / DATA_FILE, progress.reached), folder)
    if KINDS[asked.kind].ordered:
        notes += of_time(folder, columns, [part.name for part in asked.parts], [int(each.sum()) for each in kept])
    first = reports[0]
    report = Report(
        name, rows, len(columns.schema), first.format, first.encoding, first.delimiter, round(time.perf_counter() - began, 3),
        sum(each.bytes for each in reports), _hash(reports, kept), tuple(notes), first.kind, dict(first.options),
    )  # fmt: skip
    (folder / REPORT_FILE).write_text(json.dumps(report.to_json(), ensure_ascii=False), encoding="utf-8")
    return report


def _write(asked: Asked, columns: Columns, kept: Sequence[NDArray[np.bool_]], path: Path, notes: list[Message]) -> int:
    """Writes the rows, and gives how many they are."""
    total, written = sum(len(rows) for rows in kept), 0
    progress.begin("writing", total)
    with parquet.ParquetWriter(path, columns.schema, compression="zstd", write_page_checksum=True) as writer:
        for number, part in enumerate(asked.parts):
            start, found = 0, list[Message]()
            for table in rows_as(part, columns, columns.schema.names, found):
                chosen = table.filter(pa.array(kept[number][start : start + len(table)]))
                start += len(table)
                if len(chosen):
                    writer.write_table(chosen, row_group_size=len(chosen))
                written += len(chosen)
                progress.reached(min(total, written), total)
            notes += [*_differences(part, columns), *_once_each(found)]
            if (out := int((~kept[number]).sum())) > 0:
                notes.append(Message(NOT_AGAIN, {"count": out, "name": part.name}))
    return written


def _differences(part: Part, columns: Columns) -> list[Message]:
    """Columns that the part has more, and fewer, than are kept."""
    there, wanted = schema_of(part.folder).names, columns.schema.names
    more, fewer = [name for name in there if name not in wanted], [name for name in wanted if name not in there]
    pairs: tuple[tuple[str, list[str]], ...] = ((LEFT_OUT, more), (WITHOUT, fewer))
    return [Message(template, {"name": part.name, "columns": ", ".join(names[:NAMED])}) for template, names in pairs if names]


def _once_each(found: Sequence[Message]) -> list[Message]:
    """What is noticed block by block, once for each column."""
    first: dict[Any, Message] = {}
    for message in found:
        first.setdefault((message.template, message.values.get("column")), message)
    return list(first.values())


def _write_pictures(asked: Asked, kept: Sequence[NDArray[np.bool_]], folder: Path) -> None:
    with ArrayFile(folder) as array:
        for number, part in enumerate(asked.parts):
            rows = np.flatnonzero(kept[number])
            for start in range(0, len(rows), PICTURES_TOGETHER):
                for picture in load_pictures(part.folder, rows[start : start + PICTURES_TOGETHER]):
                    array.add(picture)


def _hash(reports: Sequence[Report], kept: Sequence[NDArray[np.bool_]]) -> str:
    """Of the content of all parts, and which rows of them are kept."""
    found = hashlib.sha256()
    for report, rows in zip(reports, kept, strict=True):
        found.update(report.content_hash.encode())
        found.update(np.packbits(rows).tobytes())
    return found.hexdigest()
