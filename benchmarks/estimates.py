"""How right the estimates of trainings are: time and memory, estimated and measured, for tables of several sizes and other kinds.

Every case has a process of its own, which estimates the training first, as the dashboard does, and then does it: reads,
prepares, learns, scores, explains, saves. Both numbers must be right within a factor of 1.5. On a machine that others
use as well, `--computing` compares seconds of computing, on all cores, in place of those that went by.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.shared.workspaces import sensor_rows
from detectors import kinds, reading
from detectors.base import Progress
from detectors.profile import load_profile
from detectors.runs.request import RunRequest

FACTOR = 1.5
COLUMNS = 30

#: Below this a second more or less is the machine's, and nobody waits.
SHORTEST_S = 2.0


@dataclass(frozen=True)
class Case:
    """A training: of so many rows of sensors, or of a sample that comes with the dashboard."""

    detector: str
    rows: int = 0
    sample: str = ""
    kind: str = "table"
    representation: str = "vectors"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.sample or format(self.rows, ',')} {self.detector}"


FEW_EPOCHS = {"epochs": 5, "early_stopping": False}

#: What learns in one go: from all rows, from some, in time that grows with the square of the rows or hardly at all.
AT_ONCE = (
    "ecod", "gaussian_mixture", "k_means", "local_outlier_factor", "nearest_neighbours", "one_class_svm", "principal_components",
    "robust_covariance",
)  # fmt: skip

CASES = [
    *(Case("isolation_forest", rows) for rows in (10_000, 100_000, 1_000_000)),
    *(Case("autoencoder", rows, parameters={**FEW_EPOCHS, "batch_size": 256}) for rows in (10_000, 100_000, 1_000_000)),
    *(Case(detector, 100_000) for detector in AT_ONCE),
    Case("isolation_forest", sample="card_payments"),
    Case("autoencoder", sample="machine_sensors", kind="series", representation="windows", parameters=FEW_EPOCHS),
    Case("autoencoder", sample="product_photos", kind="images", representation="pixels", parameters=FEW_EPOCHS),
    Case("language_model", sample="course_reviews", kind="text", representation="tokens", parameters={"epochs": 3}),
]


def data_of(case: Case, folder: Path) -> Path:
    """The data set of a case, read in."""
    data = folder / "data"
    if case.sample:
        reading.make_sample(case.sample, data)
    else:
        source = folder / "sensors.parquet"
        sensor_rows(case.rows, COLUMNS).to_parquet(source)
        reading.read_file(source, data, name=source.name)
        source.unlink()
    return data


def request_of(case: Case, data: Path) -> RunRequest:
    proposed = kinds.KINDS[case.kind].propose(load_profile(data), reading.load_report(data).rows)
    roles = {role.column: role.role for role in proposed}
    return RunRequest("", case.detector, roles, kind=case.kind, representation=case.representation, parameters=case.parameters)


def measured(case: Case, data: Path, folder: Path, clock: Callable[[], float]) -> dict[str, float]:
    """Estimates and does the training of `case`, in this process."""
    import psutil

    from detectors.child import load_tensorflow, memory_bytes
    from detectors.runs.estimate import Memory, estimate
    from detectors.runs.execute import execute, save

    load_tensorflow()
    asked = request_of(case, data)
    began = time.perf_counter()
    with mock.patch("detectors.runs.estimate.perf_counter", clock):
        found = estimate(asked, data, Memory(memory_bytes(), psutil.virtual_memory().available))
    took_s = time.perf_counter() - began
    began = clock()
    save(execute(asked, data, Progress()), folder, Progress())
    return {
        "took_s": took_s, "estimated_s": found.seconds, "real_s": clock() - began,
        "estimated_mb": found.memory_bytes / 1e6, "real_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }  # fmt: skip


def in_a_process(number: int, computing: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        data_of(CASES[number], Path(folder))
        command = [
            sys.executable,
            "-m",
            "benchmarks.estimates",
            "--case",
            str(number),
            "--folder",
            folder,
            *(["--computing"] if computing else []),
        ]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TMPDIR": folder}
        ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if ended.returncode:
        raise SystemExit(f"{CASES[number].name} failed:\n{ended.stderr[-2000:]}")
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def main() -> None:
    """Prints a line a case; ends with 1 where an estimate is off by more than the factor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases with this in their name")
    parser.add_argument("--computing", action="store_true", help="compare computing time")
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case is not None:
        print(
            json.dumps(
                measured(
                    CASES[asked.case], asked.folder / "data", asked.folder, time.process_time if asked.computing else time.perf_counter
                )
            )
        )
        return
    print(f"{'case':38}{'estimated s':>12}{'real s':>9}{'ratio':>7}{'estimated MB':>14}{'real MB':>9}{'ratio':>7}{'took s':>8}")
    missed = [case.name for number, case in enumerate(CASES) if asked.only in case.name and not is_right(number, asked.computing)]
    if missed:
        raise SystemExit(f"off by more than a factor of {FACTOR}: {', '.join(missed)}")


def is_right(number: int, computing: bool) -> bool:
    """Prints the line of a case, and says whether time and memory are right within the factor."""
    found = in_a_process(number, computing)
    time_ratio, memory_ratio = found["estimated_s"] / found["real_s"], found["estimated_mb"] / found["real_mb"]
    print(
        f"{CASES[number].name:38}{found['estimated_s']:12.1f}{found['real_s']:9.1f}{time_ratio:7.2f}"
        f"{found['estimated_mb']:14.0f}{found['real_mb']:9.0f}{memory_ratio:7.2f}{found['took_s']:8.1f}",
        flush=True,
    )
    short = max(found["estimated_s"], found["real_s"]) < SHORTEST_S
    return (short or 1 / FACTOR <= time_ratio <= FACTOR) and 1 / FACTOR <= memory_ratio <= FACTOR


if __name__ == "__main__":
    main()
