"""Whether few rows are learned from better by starting from a detector file of many: tables in two parts, and series of the same machine.

Run from the repository: ``python -m benchmarks.transfer DATA_DIR`` (the folder that `benchmarks.quality` takes). A detector learns from the
normal rows of one part. Of the other part 200 normal rows are learned from, anew and from that file (`train --start-from`), with patience 50
in both; all its other rows are judged, also by the first detector as it is. Parts are halves drawn at random, or the rows below and above the median of the first
principal component: another site, so to speak. Of series, one run of a test rig is learned from, and the first 200 rows of another one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from detectors import metrics
from detectors.command_line import Training, train
from detectors.detector_file.loaded import load

FEW = 200
SEEDS = (0, 1)

#: With the usual patience a network that starts from another one stops before few rows have moved it: 20 of them validate.
PATIENT = ("patience=50",)
DETECTORS = ("autoencoder",)
TABLES = ("mnist", "optdigits", "fault", "annthyroid", "campaign", "magic_gamma", "shuttle", "bank_churn_mixed")
SERIES = (
    ("skab_valve1_0", "skab_valve1_1"),
    ("skab_valve1_5", "skab_valve1_9"),
    ("skab_valve1_9", "skab_valve1_0"),
    ("skab_valve1_1", "skab_valve1_5"),
)
SERIES_DETECTORS = ("autoencoder", "forecaster")

#: Ways to come by a detector for the second part.
WAYS = ("the first as it is", "anew", "from the first")


@dataclass(frozen=True)
class Parts:
    """What is learned from first, the few rows that come later, and the rows that judge."""

    many: pd.DataFrame
    few: pd.DataFrame
    judging: pd.DataFrame
    kind: str = "table"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with the labelled sets")
    parser.add_argument("--only", default="", help="sets, with commas between")
    asked = parser.parse_args()
    chosen = set(filter(None, asked.only.split(",")))
    print(
        "| data | second part | detector | "
        + " | ".join(f"AUROC, {way}" for way in WAYS)
        + " | "
        + " | ".join(f"AP, {way}" for way in WAYS)
        + " |"
    )
    print("|" + "---|" * 9, flush=True)
    found: dict[str, list[np.ndarray]] = {}
    for name, part, detector, trials in _wanted(asked.data, chosen):
        figures = np.mean([judged(parts, detector, seed) for seed, parts in trials], axis=0)
        found.setdefault(part, []).append(figures)
        print(f"| {name} | {part} | {detector} | " + " | ".join(f"{value:.3f}" for value in figures.T.ravel()) + " |", flush=True)
    for part, rows in found.items():
        every = np.array(rows)
        better = int((every[:, 2, 1] > every[:, 1, 1]).sum())
        print(
            f"| **mean of {len(rows)}** | {part} | better by AP: {better} | "
            + " | ".join(f"{value:.3f}" for value in every.mean(axis=0).T.ravel())
            + " |"
        )
    return 0


def _wanted(data: Path, chosen: set[str]) -> Iterator[tuple[str, str, str, list[tuple[int, Parts]]]]:
    for name in TABLES:
        if not chosen or name in chosen:
            path = next((data / "tables").glob(f"{name}.*"))
            frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
            for part in ("another half", "another site"):
                trials = [(seed, in_parts(frame, seed, is_site=part == "another site")) for seed in SEEDS]
                for detector in DETECTORS:
                    yield name, part, detector, trials
    for first, second in SERIES:
        if not chosen or first in chosen:
            many, other = (pd.read_csv(data / "series" / f"{name}.csv") for name in (first, second))
            parts = Parts(
                _usual(many[many["split"] == "train"]), _usual(other.iloc[:FEW]), other.iloc[FEW:].reset_index(drop=True), "series"
            )
            for detector in SERIES_DETECTORS:
                yield f"{first} → {second}", "another run", detector, [(seed, parts) for seed in SEEDS]


def in_parts(frame: pd.DataFrame, seed: int, *, is_site: bool) -> Parts:
    """A table in two parts; of the second, few normal rows to learn from, and all others."""
    chance = np.random.default_rng(seed)
    second = chance.random(len(frame)) < 0.5
    if is_site:
        numbers = frame.drop(columns="label").select_dtypes("number").to_numpy(float)
        centred = np.nan_to_num((numbers - np.nanmean(numbers, axis=0)) / np.maximum(np.nanstd(numbers, axis=0), 1e-9))
        along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
        second = along > np.median(along)
    is_anomaly = frame["label"].astype(float).to_numpy() == 1
    normal = chance.permutation(np.flatnonzero(second & ~is_anomaly))
    judging = np.sort(np.concatenate([normal[FEW:], np.flatnonzero(second & is_anomaly)]))
    return Parts(_usual(frame[~second]), _usual(frame.iloc[np.sort(normal[:FEW])]), frame.iloc[judging].reset_index(drop=True))


def _usual(frame: pd.DataFrame) -> pd.DataFrame:
    """The normal rows, without what judges."""
    kept = frame[frame["label"].astype(float) != 1]
    return kept.drop(columns=["label", "split"], errors="ignore")


def judged(parts: Parts, detector: str, seed: int) -> np.ndarray:
    """AUROC and average precision on the rows that judge, for each way, (ways, 2)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {part: folder / f"{part}.parquet" for part in ("many", "few")}
        for part, path in files.items():
            getattr(parts, part).to_parquet(path, index=False)
        first = _trained(files["many"], detector, folder / "first", seed, parts.kind)
        ways = (first, _trained(files["few"], detector, folder / "anew", seed, parts.kind),
                _trained(files["few"], detector, folder / "from", seed, parts.kind, first))  # fmt: skip
        is_anomaly = parts.judging["label"].astype(float).to_numpy() == 1
        before = parts.few if parts.kind == "series" else None
        scores = [load(way).score(parts.judging, before=before).to_numpy() for way in ways]
        return np.array([[metrics.auroc(is_anomaly, each), metrics.average_precision(is_anomaly, each)] for each in scores])


def _trained(data: Path, detector: str, out: Path, seed: int, kind: str, start: Path | None = None) -> Path:  # noqa: PLR0917
    time = "timestamp" if kind == "series" else None
    parameters = PATIENT if data.stem == "few" else ()
    train(Training(data, detector, out, kind=kind, time=time, parameters=parameters, seed=seed, start_from=start, quiet=True))
    return out / "detector.zip"


if __name__ == "__main__":
    sys.exit(main())
