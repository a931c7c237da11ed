"""Scoring a file larger than memory with a detector file, beside reading the same batches and running the bare network.

Run from the repository: ``python -m benchmarks.streaming_score``, with ``--rows`` for another size (100 000 000 of 30 columns is
what is promised for). An autoencoder learns from the first rows; a Parquet file of all of them is scored into another, and read
in batches of the same size whose numbers go, unscaled and uncounted, through the detector's network. Each runs in a process of
its own, whose peak memory is watched; the two alternate, and the median of their ratios counts. Exit code 1 above or below a bar.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
from pyarrow import parquet

ROWS, COLUMNS, BLOCK_ROWS = 5_000_000, 30, 500_000
LEARNED_ROWS = 20_000
REPEATS = 3

#: At least this share of the bare network's rows per second, in at most so many bytes.
SPEED_BAR, MEMORY_BAR = 0.75, 1_500 * 10**6

#: Seconds between two looks at memory.
LOOK_S = 0.05

SCORE = """
import json, sys, time
from pathlib import Path
from detectors.detector_file.loaded import load
from detectors.detector_file.streaming import score_file
loaded = load(sys.argv[1])
loaded.detector.score(__import__("numpy").zeros((70_000, len(loaded.preparation.names)), "float32"))  # compiled before the clock runs
began = time.perf_counter()
done = score_file(loaded, Path(sys.argv[2]), Path(sys.argv[3]))
print(json.dumps({"rows": done.rows, "seconds": time.perf_counter() - began}))
"""

BARE = """
import json, sys, time
import numpy as np
from pyarrow import parquet
from detectors.detector_file.batches import BATCH_ROWS
from detectors.detector_file.loaded import load
detector = load(sys.argv[1]).detector
network = detector._score
network(np.zeros((70_000, detector.row_shape_[0]), "float32"))
began, rows = time.perf_counter(), 0
for batch in parquet.ParquetFile(sys.argv[2], pre_buffer=False).iter_batches(batch_size=BATCH_ROWS):
    X = np.stack([column.to_numpy(zero_copy_only=False) for column in batch.columns], axis=1).astype(np.float32)
    rows += len(network(X))
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - began}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    asked = parser.parse_args()
    rows = asked.rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = write_rows(folder / "rows.parquet", rows)
        detector = trained(folder)
        ratios, peaks = [], []
        for _ in range(asked.repeats):
            bare, _ = measured(BARE, detector, data)
            ours, peak = measured(SCORE, detector, data, folder / "scores.parquet")
            ratios.append(ours / bare)
            peaks.append(peak)
            print(
                f"ours {ours:,.0f} rows/s in {peak / 1e6:,.0f} MB at most, bare network {bare:,.0f} rows/s: {ours / bare:.2f}", flush=True
            )
    speed, memory = statistics.median(ratios), max(peaks)
    met = speed >= SPEED_BAR and memory <= MEMORY_BAR
    print(f"{rows:,} × {COLUMNS}: {speed:.2f} of the bare network's speed, at least {SPEED_BAR} wanted; {memory / 1e6:,.0f} MB, at most "
          f"{MEMORY_BAR / 1e6:,.0f} wanted: {'met' if met else 'NOT MET'}")  # fmt: skip
    return 0 if met else 1


def write_rows(path: Path, rows: int) -> Path:
    """Numbers in a Parquet file, `COLUMNS` columns that follow from five hidden ones."""
    chance = np.random.default_rng(0)
    mixing = chance.normal(size=(5, COLUMNS)).astype(np.float32)
    names = [f"column {number}" for number in range(COLUMNS)]
    writer = None
    for start in range(0, rows, BLOCK_ROWS):
        count = min(BLOCK_ROWS, rows - start)
        values = chance.normal(size=(count, 5)).astype(np.float32) @ mixing + 0.1 * chance.normal(size=(count, COLUMNS)).astype(np.float32)
        table = pa.table([pa.array(50 + 10 * column) for column in values.T.astype(np.float32)], names=names)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return path


def trained(folder: Path) -> Path:
    """The detector file of an autoencoder with its usual layers."""
    head = parquet.ParquetFile(folder / "rows.parquet").read_row_group(0).slice(0, LEARNED_ROWS)
    parquet.write_table(head, folder / "head.parquet")
    command = [sys.executable, "-m", "detectors", "train", str(folder / "head.parquet"), "--detector", "autoencoder", "--kind", "table"]
    subprocess.run([*command, "--set", "epochs=3", "--out", str(folder / "out"), "--quiet"], check=True)
    return folder / "out" / "detector.zip"


def measured(script: str, *arguments: Path) -> tuple[float, int]:
    """Rows per second of a script, and the most memory that its process took, in bytes."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(LOOK_S)
    assert process.stdout is not None
    if process.wait():
        raise SystemExit(f"the script ended with code {process.returncode}")
    found = json.loads(process.stdout.read())
    return found["rows"] / found["seconds"], peak


if __name__ == "__main__":
    sys.exit(main())
