"""What each detector on vectors takes for tables of 10 thousand, 100 thousand and 1 million rows × 30: seconds and peak memory.

Run from the repository: ``python -m benchmarks.detector_sizes``, with ``--rows`` and ``--detectors`` for some of them.
Every detector learns from all rows with its defaults, and so scores all of them, in a process of its own that ends after
``--minutes``; its memory is what that process held at most, with the table and all libraries. Those that learn from labels
get 1 % anomalies. A detector that learns from a sample of many rows says from how many.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np

from detectors import registry
from detectors.base import Detector

SIZES = (10_000, 100_000, 1_000_000)
COLUMNS = 30
ANOMALIES = 0.01

REPRESENTATION = "vectors"


def main() -> int:
    asked = _asked()
    if asked.one:
        print(_measured(asked.one, asked.rows[0]))
        return 0
    print("| detector | " + " | ".join(f"{rows:,} rows" for rows in asked.rows) + " |\n| --- |" + " --- |" * len(asked.rows))
    for name in asked.detectors or _names():
        cells = [_in_a_process(name, rows, asked.minutes) for rows in asked.rows]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    return 0


def _names() -> list[str]:
    """All that can learn from a bare array."""
    return [name for representation, name in sorted(registry.detectors()) if representation == REPRESENTATION and name != "rules"]


def _in_a_process(name: str, rows: int, minutes: float) -> str:
    command = [sys.executable, "-m", "benchmarks.detector_sizes", "--one", name, "--rows", str(rows)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60 * minutes)
    except subprocess.TimeoutExpired:
        return f"over {minutes:g} min"
    return ended.stdout.strip().rpartition("\n")[2] if ended.returncode == 0 else "failed: " + ended.stderr.strip().rpartition("\n")[2]


def _measured(name: str, rows: int) -> str:
    detector = registry.create(REPRESENTATION, name)
    X, y = table(rows)
    began = time.perf_counter()
    detector.fit(X, y=y if detector.supervised else None)
    seconds = time.perf_counter() - began
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return f"{seconds:.1f} s, {gigabytes:.1f} GB" + _sample_of(detector, rows)


def _sample_of(detector: Detector, rows: int) -> str:
    return f" (learns from {detector.most_rows:,})" if detector.most_rows and detector.most_rows < rows else ""


def table(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns that bend around a few hidden numbers, (rows, COLUMNS), and which rows break that rule, (rows,)."""
    chance = np.random.default_rng(0)
    X = np.tanh(chance.normal(size=(rows, 5)) @ chance.normal(size=(5, COLUMNS)) / 2) + 0.05 * chance.normal(size=(rows, COLUMNS))
    is_anomaly = chance.random(rows) < ANOMALIES
    X[is_anomaly] += chance.normal(size=(int(is_anomaly.sum()), COLUMNS))
    return X.astype(np.float32), is_anomaly.astype(np.int8)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=lambda text: tuple(int(rows) for rows in text.split(",")), default=SIZES)
    parser.add_argument("--detectors", type=lambda text: text.split(","), help="names, with commas between (default: all on vectors)")
    parser.add_argument("--minutes", type=float, default=15, help="how long one training may take")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
