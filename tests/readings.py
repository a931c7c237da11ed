"""Reads small files in this process, as the reading process would."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from detectors.errors import DataError
from detectors.frames import load_frame
from detectors.reading import Preview, ReadingOptions, Report
from detectors.reading.conversion import convert, preview
from detectors.reading.preview import load_preview


def read(folder: Path, content: str | bytes, name: str = "data.csv", **options: Any) -> tuple[Report, pd.DataFrame]:
    """The report and the rows of a file with `content`."""
    source, result = folder / "upload", folder / "result"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    result.mkdir()
    report = convert(source, result, name, options=ReadingOptions(**options))
    assert report is not None
    assert sorted(path.name for path in result.iterdir()) == ["data.parquet", "footer.sha256", "profile.json", "report.json"]
    return report, load_frame(result)


def refusal(folder: Path, content: str | bytes, name: str = "data.csv", **options: Any) -> str:
    with pytest.raises(DataError) as refused:
        read(folder, content, name, **options)
    return str(refused.value)


def doubts(folder: Path, content: str | bytes, name: str = "data.csv") -> str:
    """What is asked before the file is read; empty where it would be read at once."""
    source, result = folder / "upload", folder / "asked"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    result.mkdir()
    if convert(source, result, name, ask=True) is not None:
        return ""
    found = load_preview(result)
    assert found is not None
    assert not (result / "data.parquet").exists()
    return "\n".join(map(str, found.doubts))


def previewed(folder: Path, content: str | bytes, name: str = "data.csv", **options: Any) -> Preview:
    source, result = folder / "upload", folder / "previewed"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    result.mkdir()
    preview(source, result, name, options=ReadingOptions(**options))
    found = load_preview(result)
    assert found is not None
    return found


def notes(report: Report) -> str:
    return "\n".join(map(str, report.notes))


def workbook(sheets: Mapping[str, list[list[Any]]]) -> bytes:
    """An Excel workbook with these rows on its sheets."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
            for cell in sheet[sheet.max_row]:
                cell.data_type = "s" if cell.data_type == "f" else cell.data_type  # a text that begins with = is no formula here
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()
