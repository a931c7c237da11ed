"""``score`` and ``explain`` of the command line: new data through a detector file."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from detectors.base import Progress
from detectors.command_line import PrintedProgress, written_to
from detectors.detector_file.explained_files import Opened, write_explanations
from detectors.detector_file.loaded import LoadedDetector, load
from detectors.detector_file.parts import check_format, write_csv
from detectors.detector_file.signature import installed_key
from detectors.detector_file.streaming import score_file, together
from detectors.errors import DataError, ParameterError
from detectors.messages import N_, Message, shown
from detectors.reading import ReadingOptions

#: What stands for standard input and standard output.
STANDARD = "-"

BOTH_STANDARD = N_("`--json` writes its summary to standard output, where the result goes too. Name a file with --out.")
ONLY_SERIES = N_("`--before` is for series; `{file}` is a detector for {kind} data.")
NOT_ROWS = N_("`--rows` takes positions from 0 with commas between them, such as 3,17. It is `{text}`.")


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line."""

    detector: Path
    data: str
    out: str
    rows: str | None = None
    """For explaining: positions, from 0; None: the flagged ones."""
    keep: tuple[str, ...] = ()
    before: Path | None = None
    reading: tuple[str, ...] = ()
    as_json: bool = False
    quiet: bool = False

    @classmethod
    def of(cls, asked: argparse.Namespace) -> Asked:
        keep = tuple(filter(None, getattr(asked, "keep", "").split(",")))
        return cls(
            asked.detector_file, asked.data, asked.out, getattr(asked, "rows", None), keep, asked.before, tuple(asked.read), asked.json, asked.quiet
        )  # fmt: skip

    @property
    def progress(self) -> Progress:
        return Progress() if self.quiet else PrintedProgress()

    def options(self, loaded: LoadedDetector) -> ReadingOptions:
        """What was said of reading; of how values read, what held for the training file."""
        return ReadingOptions.as_learned(loaded.manifest.reading, self.reading)


def score(asked: Asked) -> dict[str, Any]:
    """Scores every row of the data and writes row, score and flag; gives the summary.

    Raises:
        AnomalystError: something the user can mend.
    """
    with _opened(asked) as (loaded, source):
        if asked.out == STANDARD:
            with tempfile.TemporaryDirectory() as folder:
                done = score_file(loaded, source, Path(folder) / "scores.parquet", **_how(asked, loaded))
                written = parquet.ParquetFile(Path(folder) / "scores.parquet")
                write_csv((batch.to_pandas() for batch in written.iter_batches()), sys.stdout.buffer)
        else:
            with written_to(Path(asked.out).parent):
                done = score_file(loaded, source, Path(asked.out), **_how(asked, loaded))
        return _told(asked, loaded, asdict(done), done.notes)


def explain(asked: Asked) -> dict[str, Any]:
    """Explains some rows of the data, or the flagged ones, and writes a line for every part of each; gives the summary.

    Raises:
        AnomalystError: something the user can mend.
    """
    with _opened(asked) as (loaded, source), tempfile.TemporaryDirectory() as folder:
        opened = Opened.of(loaded, source, Path(folder), before=asked.before, options=asked.options(loaded))
        wanted = opened.flagged() if asked.rows is None else _positions(asked.rows)
        found, notes = opened.explained(wanted, asked.progress), opened.notes
        if asked.out == STANDARD:
            write_csv(iter([found]), sys.stdout.buffer)
        else:
            with written_to(Path(asked.out).parent):
                write_explanations(found, Path(asked.out))
        return _told(asked, loaded, {"rows": len(wanted), "lines": len(found)}, notes)


@contextmanager
def _opened(asked: Asked) -> Iterator[tuple[LoadedDetector, Path]]:
    """The detector, loaded, and where the data are: standard input is kept in a file meanwhile."""
    if asked.out == STANDARD and asked.as_json:
        raise ParameterError(BOTH_STANDARD)
    if asked.out != STANDARD:
        check_format(Path(asked.out))
    if not asked.detector.exists():
        raise DataError(N_("There is no file `{path}`."), path=str(asked.detector))
    if asked.data != STANDARD and not Path(asked.data).exists():
        raise DataError(N_("There is no file `{path}`."), path=asked.data)  # better to know now than after loading
    loaded = load(asked.detector, key=installed_key())
    if asked.before is not None and loaded.manifest.kind != "series":
        raise ParameterError(ONLY_SERIES, file=asked.detector.name, kind=loaded.manifest.kind)
    if loaded.warning is not None and not asked.quiet:
        print(loaded.warning, file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(asked.data)
        if asked.data == STANDARD:
            source = Path(folder) / "standard_input"
            with source.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        yield loaded, source


def _how(asked: Asked, loaded: LoadedDetector) -> dict[str, Any]:
    return {"keep": asked.keep, "before": asked.before, "options": asked.options(loaded), "progress": asked.progress}


def _positions(text: str) -> Any:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise ParameterError(NOT_ROWS, text=text)
    return np.array([int(part) for part in parts], dtype=np.intp)


def _told(asked: Asked, loaded: LoadedDetector, figures: dict[str, Any], notes: list[Message]) -> dict[str, Any]:
    """The summary; notes go to standard error."""
    found = together(notes)
    if not asked.quiet:
        for note in found:
            print(note, file=sys.stderr)
    return {
        **figures, "notes": [str(note) for note in found], "warning": None if loaded.warning is None else str(loaded.warning),
        "detector": loaded.manifest.detector, "kind": loaded.manifest.kind, "signed": loaded.signed,
        "threshold": {"rule": loaded.threshold.rule, "value": loaded.threshold.value, "cut_off": loaded.threshold.cut_off},
        "out": asked.out,
    }  # fmt: skip


def say(asked: Asked, summary: dict[str, Any], done: str) -> None:
    """The summary on standard output as JSON, or as a sentence on standard error."""
    if asked.as_json:
        print(json.dumps(summary, ensure_ascii=False))
    elif not asked.quiet:
        values = {**summary, "cut_off": summary["threshold"]["cut_off"]}
        print(Message(done, values).text(show=shown), file=sys.stderr)
