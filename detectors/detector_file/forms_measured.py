"""What smaller forms of a detector file change, measured before one is chosen: bytes, speed, ranks, and rows on the other side of the cut-off."""

from __future__ import annotations

import statistics
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Quiet, Scores
from detectors.data_set import DataSet
from detectors.detector_file.batches import Source
from detectors.detector_file.canaries import Canaries
from detectors.detector_file.engine import ENGINE, REQUIREMENTS, SCRIPT
from detectors.detector_file.form import Form
from detectors.detector_file.frame_data import FrameData
from detectors.detector_file.loaded import LoadedDetector, load
from detectors.detector_file.manifest import Manifest, read_manifest
from detectors.detector_file.opening import open_detector_file
from detectors.detector_file.smaller import ALREADY, has_networks, write_smaller
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.network.weights import FILE as WEIGHTS
from detectors.network.weights import SCALES
from detectors.preparation import Items
from detectors.rank_changes import ranks_of
from detectors.ranks import rank_correlation
from detectors.runs.scoring import score_items

#: Rows of the data that forms are measured on, at most.
MOST_ROWS = 20_000

#: The cut-off follows the ranks only where at least so many rows say where it should be.
FEWEST_FOR_CUT_OFF = 1_000

#: The same items are scored so often, by turns; the median counts. They are so many at most, few ones so often repeated.
TIMES, TIMED_ITEMS, TIMED_AGAIN, TIMED_BYTES = 7, 16_384, 64, 64 << 20

NOTHING_TO_MEASURE = N_("`{file}` has neither canaries nor data to be measured on. Give data with `--data`.")


@dataclass(frozen=True)
class Measured:
    """One form beside the file as it is."""

    form: Form
    file_bytes: int
    weight_bytes: int
    """Of the weights of its networks, as they lie packed in the file."""
    rows_per_s: float
    """Items scored in a second, prepared already, all forms by turns."""
    rows: int
    """On how many rows what follows was measured."""
    agreement: float
    """Spearman's rank correlation with the scores of the file as it is."""
    largest: int
    """By how many places the rank of a row changed at most."""
    flagged: int
    cut_off: float
    entering: int
    """Rows that are flagged now and were not."""
    leaving: int

    @property
    def changed(self) -> int:
        """Rows on the other side of the cut-off."""
        return self.entering + self.leaving

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "changed": self.changed}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        values = {name: value for name, value in record.items() if name != "changed"}
        return cls(**{**values, "form": Form.from_json(record["form"])})


@dataclass(frozen=True)
class Sample:
    """Rows that forms are measured on: prepared once, for the preparation is the same in all."""

    items: Items
    follows: bool
    """Whether they are enough, and like what is scored later, for the cut-off to follow the ranks."""

    @classmethod
    def of_data(cls, loaded: LoadedDetector, data: DataSet) -> Self:
        follows = data.rows >= FEWEST_FOR_CUT_OFF and not loaded.threshold.segments  # the cut-offs of segments stay as they are, so all do
        return cls(loaded.preparation.new_items(data), follows)

    @classmethod
    def carried(cls, loaded: LoadedDetector, canaries: Canaries | None, file: str) -> Self:
        """What the file itself holds: its canaries and its usual rows."""
        found = [each for each in (canaries.items if canaries is not None else None, loaded.usual) if each is not None and len(each)]
        if not found:
            raise StorageError(NOTHING_TO_MEASURE, file=file)
        return cls(Items(loaded.preparation.finish(np.concatenate(found))), follows=False)

    def timed(self) -> NDArray[np.float32]:
        """Items of which the scoring is timed."""
        one = max(1, self.items.at(np.arange(1)).nbytes)
        count = max(1, min(TIMED_ITEMS, TIMED_AGAIN * len(self.items), TIMED_BYTES // one))
        return self.items.at(np.arange(count) % len(self.items))


def data_to_measure(data: DataSet, seed: int, *, ordered: bool) -> DataSet:
    """At most `MOST_ROWS` rows of `data`: of a series, which is seen in its order, the first ones, else drawn at random."""
    if data.rows <= MOST_ROWS:
        return data
    drawn = np.arange(MOST_ROWS) if ordered else np.sort(np.random.default_rng(seed).choice(data.rows, MOST_ROWS, replace=False))
    return DataSet(data.folder, data.roles, only=drawn)


def first_rows(source: Source) -> DataSet:
    """The first `MOST_ROWS` rows of a file, as preparations see them."""
    held: list[DataSet] = []
    for batch in source.batches(0, []):
        held.append(batch.data)
        if sum(each.rows for each in held) >= MOST_ROWS:
            break
    if all(isinstance(each, FrameData) for each in held):
        frames = [each.frame(list(each.roles)) for each in held]
        roles = held[0].roles if held else {}
        return FrameData(roles=roles, held=pd.concat(frames, ignore_index=True)[:MOST_ROWS] if frames else pd.DataFrame())
    rows = np.concatenate([each.only for each in held if each.only is not None])[:MOST_ROWS]
    return DataSet(held[0].folder, held[0].roles, only=rows)


def measure_forms(file: Path, forms: Sequence[Form], data: DataSet | None = None, progress: Progress | None = None) -> list[Measured]:
    """The detector file as it is, and each of `forms` of it that are possible, measured on the rows of `data` or on what the file holds.

    Raises:
        StorageError: it is damaged, was made smaller before, or there is nothing to measure it on.
    """
    progress = progress or Progress()
    if read_manifest(file).form:
        raise StorageError(ALREADY, file=file.name)
    with tempfile.TemporaryDirectory(prefix="anomalyst-") as name:
        paths = {form: Path(name) / f"{number}.zip" for number, form in enumerate(possible(forms, read_manifest(file)))}
        for form, path in paths.items():
            write_smaller(file, form, path)
        loaded, canaries = _opened(file)
        sample = Sample.of_data(loaded, data) if data is not None and data.rows else Sample.carried(loaded, canaries, file.name)
        detectors = [loaded.detector, *(load(path).detector for path in paths.values())]
        scores = []
        for number, each in enumerate(detectors):
            scores.append(score_items(each, sample.items, Quiet(progress))[0])
            progress.report("measuring", number + 1, len(detectors))
        speeds, before = rows_per_second(detectors, sample.timed()), _Scored(file, scores[0], loaded.threshold.cut_off, sample.follows)
        pairs = zip([Form(), *paths], [file, *paths.values()], scores, speeds, strict=True)
        return [before.beside(form, path, own, speed) for form, path, own, speed in pairs]


def possible(forms: Sequence[Form], manifest: Manifest) -> list[Form]:
    """Those of `forms` that a file with this `manifest` can have: weights of networks need networks."""
    return [form for form in forms if has_networks(manifest) or not form.of_weights]


def _opened(file: Path) -> tuple[LoadedDetector, Canaries | None]:
    with tempfile.TemporaryDirectory(prefix="anomalyst-") as name:
        open_detector_file(file, Path(name))
        return load(file), Canaries.load(Path(name), file.name)


def rows_per_second(detectors: Sequence[Detector], X: NDArray[np.float32]) -> list[float]:
    """How many of the items `X` each of `detectors` scores in a second: the median of several times, all taking turns."""
    for each in detectors:
        each.score(X)  # compiled before the clock runs
    seconds: list[list[float]] = [[] for _ in detectors]
    for _ in range(TIMES):
        for each, taken in zip(detectors, seconds, strict=True):
            began = time.perf_counter()
            each.score(X)
            taken.append(time.perf_counter() - began)
    return [len(X) / max(statistics.median(taken), 1e-9) for taken in seconds]


@dataclass(frozen=True)
class _Scored:
    """The file as it is, scored."""

    file: Path
    scores: Scores
    cut_off: float
    follows: bool

    def beside(self, form: Form, path: Path, scores: Scores, rows_per_s: float) -> Measured:
        """A `form` of it, in the file `path`, with its `scores` of the same rows."""
        flagged = self.scores > self.cut_off
        cut_off = cut_off_like(self.scores, scores, self.cut_off) if self.follows else self.cut_off
        now = scores > cut_off
        moved = np.abs(ranks_of(self.scores) - ranks_of(scores)).max(initial=0)
        return Measured(
            form, path.stat().st_size, packed_bytes(path, (WEIGHTS, SCALES)), rows_per_s, len(scores),
            rank_correlation(self.scores, scores) if path != self.file else 1.0, int(moved), int(now.sum()), cut_off,
            int((now & ~flagged).sum()), int((flagged & ~now).sum()),
        )  # fmt: skip


def cut_off_like(before: Scores, after: Scores, cut_off: float) -> float:
    """A cut-off for the scores `after` under which as few rows as possible change sides: the one that was, or one with as many rows above.

    Smaller weights may move all scores a little to one side; then as many rows as before should be flagged, and not those that
    happen to be above the old number. Where that changes more rows, or as many, the cut-off stays.
    """
    flagged = before > cut_off
    count = int(flagged.sum())
    if not 0 < count < len(after):
        return cut_off
    below, above = len(after) - count - 1, len(after) - count
    ordered = np.partition(after, [below, above])
    other = float((ordered[below] + ordered[above]) / 2)
    changed = [int(((after > each) != flagged).sum()) for each in (cut_off, other)]
    return other if changed[1] < changed[0] else cut_off


def packed_bytes(path: Path, names: Sequence[str]) -> int:
    """The bytes that members with one of `names` take in the zip `path`."""
    with zipfile.ZipFile(path) as archive:
        return sum(each.compress_size for each in archive.infolist() if each.filename.rpartition("/")[2] in names)


def engine_bytes(path: Path) -> int:
    """The bytes that the engine's source, which only `score.py` runs, takes in a detector file."""
    return packed_bytes(path, (ENGINE, SCRIPT, REQUIREMENTS))
