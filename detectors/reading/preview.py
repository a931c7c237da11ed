"""The first rows of a file as they would be read, for a person to look at before the file is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from detectors.messages import Message
from detectors.reading.table import Table

PREVIEW_FILE, ROWS_FILE = "preview.json", "preview.parquet"

#: Rows that are shown.
SHOWN_ROWS = 20


@dataclass(frozen=True)
class Preview:
    """How a file would be read. Names, notes and rows are text from strangers: escape them when shown."""

    format: str
    options: Mapping[str, Any]
    """The reading options that mean something for it, with what it was read with here, found values among them."""
    doubts: tuple[Message, ...]
    notes: tuple[Message, ...]
    sheets: tuple[str, ...]
    content_hash: str
    """SHA-256 of the file, as its report will have it."""
    rows: pd.DataFrame


def save_preview(table: Table, content_hash: str, folder: Path) -> None:
    """Leaves the first rows of `table` and what is to be known about them in `folder`."""
    blocks, rows = [], 0
    for block in table.blocks:
        blocks.append(block.slice(0, SHOWN_ROWS - rows))
        rows += len(blocks[-1])
        if rows >= SHOWN_ROWS:
            break
    first = pa.Table.from_batches(blocks, table.schema)
    parquet.write_table(first, folder / ROWS_FILE, write_page_checksum=True)
    record = {
        "format": table.format, "options": table.options, "sheets": table.sheets, "content_hash": content_hash,
        "doubts": [asdict(doubt) for doubt in table.doubts], "notes": [asdict(note) for note in table.notes],
    }  # fmt: skip
    (folder / PREVIEW_FILE).write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")


def load_preview(folder: Path) -> Preview | None:
    """The preview that the reading process left in `folder`; None where it left none."""
    path = folder / PREVIEW_FILE
    if not path.exists():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    rows = parquet.read_table(folder / ROWS_FILE, page_checksum_verification=True).to_pandas()
    messages = {name: tuple(Message.from_json(message) for message in record[name]) for name in ("doubts", "notes")}
    return Preview(
        record["format"], record["options"], messages["doubts"], messages["notes"], tuple(record["sheets"]),
        record["content_hash"], rows,
    )  # fmt: skip
