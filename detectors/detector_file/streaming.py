"""Scores a file of any size with a detector file, in memory that does not grow with it; goes on where a killed attempt was."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.detector_file.batches import Batch, Source, Wanted, ahead, open_source
from detectors.detector_file.conforming import UNREAD
from detectors.detector_file.frame_data import FrameData
from detectors.detector_file.loaded import LoadedDetector
from detectors.detector_file.parts import PART_ROWS, Parts, Writing
from detectors.messages import Message
from detectors.reading import ReadingOptions
from detectors.runs.scoring import score_items

#: The scores of no rows.
NOTHING = pd.DataFrame({"row": np.zeros(0, np.int64), "score": np.zeros(0), "flagged": np.zeros(0, bool)})


@dataclass(frozen=True)
class Scored:
    """What came of scoring a file."""

    rows: int
    flagged: int
    resumed_from: int
    """Rows that an earlier attempt had scored."""
    seconds: float
    notes: list[Message] = field(default_factory=list)


def score_file(
    loaded: LoadedDetector, source: Path, out: Path, *, keep: tuple[str, ...] = (), before: Path | None = None,
    options: ReadingOptions | None = None, progress: Progress | None = None, look: Callable[[Path], None] | None = None,
) -> Scored:  # fmt: skip
    """Scores every row of `source` into the file `out`, Parquet or CSV: ``row`` (from 0), ``score``, ``flagged``, and `keep`.

    A series is scored as a whole, since its rows are seen among those around them; everything else batch by batch.

    Args:
        keep: columns of the source that go along.
        before: for a series, a file of the rows that came before; they get no score.
        look: called before anything is scored, with the folder that the data were read into; of Parquet there is none.

    Raises:
        DataError: the source cannot be read, or does not have the columns.
    """
    progress, begun = progress or Progress(), time.monotonic()
    parts, wanted = Parts(out), wanted_of(loaded, keep)
    done = parts.begin(
        {"detector": loaded.identity, "source": _identity(source), "before": before and _identity(before), "keep": list(keep)}
    )
    work = _Work(loaded, open_source(source, parts.read, wanted, options), parts, progress)
    if look is not None:
        look(parts.read)
    with parts.writing() as writing:
        if loaded.manifest.kind != "series":
            work.score_batches(writing, done)
        elif not done:
            work.score_series(writing, before)
    return Scored(work.rows.rows, writing.flagged, done, time.monotonic() - begun, together(work.notes))


def wanted_of(loaded: LoadedDetector, keep: tuple[str, ...] = ()) -> Wanted:
    """What must be read of every row to score it, flag it, and `keep` some columns."""
    return Wanted(loaded.manifest, keep, tuple(loaded.deciding.columns))


def scored_batches(
    loaded: LoadedDetector, rows: Source, start: int, notes: list[Message], progress: Progress | None = None
) -> Iterator[tuple[int, pd.DataFrame]]:
    """The scores of `rows` from `start` on, batch by batch, each with the position of its first row."""
    progress = progress or Progress()
    prepared = ((batch, loaded.preparation.new_items(batch.data)) for batch in ahead(rows.batches(start, notes)))
    for batch, items in ahead(prepared):
        progress.check()
        yield batch.first, _table(loaded, batch, *score_items(loaded.detector, items, Progress()))
        progress.report("scoring", batch.first + batch.data.rows, rows.rows)


@dataclass(frozen=True)
class _Work:
    """Scoring one file."""

    loaded: LoadedDetector
    rows: Source
    parts: Parts
    progress: Progress
    notes: list[Message] = field(default_factory=list)

    def score_batches(self, writing: Writing, done: int) -> None:
        """All rows from the position `done` on."""
        waiting: list[pd.DataFrame] = []
        for first, frame in scored_batches(self.loaded, self.rows, done, self.notes, self.progress):
            waiting.append(frame)
            if first + len(frame) - done >= PART_ROWS:
                writing.add(done, pd.concat(waiting, ignore_index=True))
                done, waiting = first + len(frame), []
        if waiting or not self.rows.rows:
            writing.add(done, pd.concat(waiting or [NOTHING], ignore_index=True))

    def score_series(self, writing: Writing, before: Path | None) -> None:
        """All rows at once, after those of the file `before`."""
        if not self.rows.rows:
            writing.add(0, NOTHING)
            return
        whole = whole_of(self.rows, self.notes)
        seen, first = after(whole.data, before, self.parts.folder / "before", self.loaded)
        scores = self.loaded.scores_of(seen, self.progress)[first:]
        writing.add(0, _table(self.loaded, whole, scores, None))


def after(data: DataSet, before: Path | None, folder: Path, loaded: LoadedDetector) -> tuple[DataSet, int]:
    """`data` after the rows of the file `before`, and how many those are; what must be read comes into `folder`."""
    if before is None:
        return data, 0
    context = whole_of(open_source(before, folder, Wanted(loaded.manifest)), []).data
    columns = loaded.manifest.used
    both = pd.concat([context.frame(columns), data.frame(columns)], ignore_index=True)
    return FrameData(roles=data.roles, held=both), context.rows


def whole_of(rows: Source, notes: list[Message]) -> Batch:
    """All rows at once."""
    batches = list(rows.batches(0, notes))
    data = pd.concat([batch.data.frame(list(batch.data.roles)) for batch in batches], ignore_index=True)
    also = [pd.concat([getattr(batch, name) for batch in batches], ignore_index=True) for name in ("kept", "deciding")]
    return Batch(0, FrameData(roles=batches[0].data.roles, held=data), *also)


def _table(loaded: LoadedDetector, batch: Batch, scores: Any, kinds: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"row": np.arange(batch.first, batch.first + len(scores)), "score": scores, "flagged": loaded.flag(scores, batch.deciding)}
    )
    if loaded.deciding.suppressions:
        frame["silenced"] = loaded.deciding.above(scores, batch.deciding) & ~frame["flagged"]
    if kinds is not None:
        frame["kind"] = np.array(loaded.detector.kinds_, dtype=object)[kinds - 1]
    return pd.concat([frame, batch.kept], axis=1) if len(batch.kept.columns) else frame


def together(notes: list[Message]) -> list[Message]:
    """Notes of the same column as one, with all that they count."""
    counts: Counter[str] = Counter()
    first: dict[str, Message] = {}
    for note in notes:
        column = str(note.values["column"])
        counts[column] += int(note.values["count"])
        first.setdefault(column, note)
    return [Message(UNREAD, {**note.values, "count": counts[column]}) for column, note in first.items()]


def _identity(path: Path) -> Any:
    """What tells a file, or a folder of files, from one that was changed: names, sizes and times."""
    if not path.exists():
        return str(path)
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return [[str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns] for file in files]
