"""How far a file fits what the detector learned from: the gate's findings, for a file that nobody looks at first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyarrow import parquet

from detectors import reading
from detectors.detector_file.manifest import Manifest
from detectors.errors import DataError
from detectors.gate import Gate, gate_of, score_drift
from detectors.reading.report import REPORT_FILE

#: More scores than these are looked at in part, evenly drawn: a shift shows in fewer.
MOST_SCORES = 4_000_000


@dataclass(frozen=True)
class Fit:
    """What the gate says of one file."""

    findings: tuple[str, ...] = ()
    failed: bool = False
    """Whether one of them would stop scoring on the page. Here what can be scored is, and somebody is warned."""
    drift: float = 0.0
    """The largest distance of a column from what was learned, 0 to 1; what chance alone brings counts as 0."""
    moved: str | None = None
    """That column."""


def fit_of(manifest: Manifest, source: Path, read: Path, options: reading.ReadingOptions | None) -> Fit:
    """The fit of the file `source`, which was read into the folder `read`, or is read now: Parquet is scored as it is."""
    try:
        with _as_data_set(source, read, options) as folder:
            gate = gate_of(manifest, folder, reading.load_report(folder).kind)
    except DataError as error:
        return Fit((str(error),), failed=True)
    return fit_in(gate)


def fit_in(gate: Gate) -> Fit:
    """The fit that a gate tells of."""
    first = next((drift for drift in gate.drifts if drift.size != "none"), None)
    drift, moved = (0.0, None) if first is None else (first.distance, first.name)
    return Fit(tuple(str(each.what) for each in gate.noticed), bool(gate.stops), drift, moved)


def shift_of(manifest: Manifest, scores: Path) -> str | None:
    """The shift in the file `scores`."""
    file = parquet.ParquetFile(scores)
    step = max(1, file.metadata.num_rows // MOST_SCORES)
    found = [batch.column(0).to_numpy()[::step] for batch in file.iter_batches(columns=["score"])]
    return shift_in(manifest, np.sort(np.concatenate([np.empty(0), *found])))


def shift_in(manifest: Manifest, sorted_scores: NDArray[np.float64]) -> str | None:
    """What the flags among new scores say where they say more than their number, such as that all scores have moved."""
    drift = score_drift(manifest, sorted_scores, manifest.threshold.cut_off)
    return None if drift is None or drift.verdict in ("as expected", "more") else str(drift.message)


@contextmanager
def _as_data_set(source: Path, read: Path, options: reading.ReadingOptions | None) -> Iterator[Path]:
    if (read / REPORT_FILE).exists():
        yield read
        return
    with tempfile.TemporaryDirectory(prefix="anomalyst-") as name:
        folder = Path(name) / "data"
        reading.read_file(source, folder, name=source.name, limits=reading.limits_for(source.stat().st_size), options=options)
        yield folder
