"""How time and memory grow with the rows of a table: reading, preparing, learning, scoring, thresholds, export.

Every step runs in a process of its own, which says how long the step took (imports left out) and how much memory the
process and its children held at most. Growth is the exponent between two sizes, log(time) ÷ log(rows); what grows with
n·log n has one slightly above 1. A fixed cost makes it smaller among the small sizes. Ten million rows take a quarter of
an hour and 10 GB of disk: choose sizes with `--rows`. On a machine that others use as well, `--computing` takes seconds of
computing, on all cores, in place of those that went by.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from detectors import distribution, export, flagged, reading, thresholds
from detectors.arrays import room_for
from detectors.data_set import DataSet
from detectors.preparation.table import TablePreparation

SIZES = (10_000, 100_000, 1_000_000)
COLUMNS = 30
EPOCHS, BATCH = 2, 1024
FLAGGED_SHARE = 0.05

#: Made, and written, together.
ROWS_TOGETHER = 100_000

MEMORY_LIMIT_MB = 8192

#: A measured exponent may be off by so much: the machine's caches, and other people on it.
EXPONENT_ERROR = 0.15

#: Times shorter than this say nothing about growth.
SHORTEST_S = 0.2

#: Scoring after preparation reaches at least this share of what the bare compiled network does.
SHARE_OF_BARE = 0.8


def computing() -> float:
    """Seconds that this process and those it waited for have computed, on all cores."""
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system


@dataclass(frozen=True)
class Place:
    """A folder with everything about a table of so many rows."""

    folder: Path
    rows: int
    clock: Callable[[], float] = time.perf_counter

    def timed(self, work: Callable[[], object]) -> float:
        """Seconds that `work` takes."""
        began = self.clock()
        work()
        return self.clock() - began

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def source(self) -> DataSet:
        return DataSet(self.data, {f"sensor {column + 1}": "feature" for column in range(COLUMNS)})

    def vectors(self) -> np.ndarray:
        """The prepared rows; a memory map, or an array where the dashboard would have one."""
        mapped = np.load(self.folder / "vectors.npy", mmap_mode="r")
        X = room_for(mapped.shape)
        for start in range(0, len(X), ROWS_TOGETHER):
            X[start : start + ROWS_TOGETHER] = mapped[start : start + ROWS_TOGETHER]
        return X


def write_table(place: Place) -> None:
    """A CSV file of sensors that bend around a few hidden numbers."""
    chance = np.random.default_rng(0)
    mixing = chance.normal(size=(5, COLUMNS))
    names = [f"sensor {column + 1}" for column in range(COLUMNS)]
    with csv.CSVWriter(place.folder / "table.csv", pa.schema([(name, pa.float64()) for name in names])) as writer:
        for start in range(0, place.rows, ROWS_TOGETHER):
            rows = min(ROWS_TOGETHER, place.rows - start)
            values = np.tanh(chance.normal(size=(rows, 5)) @ mixing / 2) + 0.05 * chance.normal(size=(rows, COLUMNS))
            writer.write_table(pa.table(list(values.round(4).T.copy()), names))


def read(place: Place) -> float:
    limits = reading.Limits(memory_bytes=MEMORY_LIMIT_MB << 20, cpu_s=3600, wall_s=3600)
    return place.timed(lambda: reading.read_file(place.folder / "table.csv", place.data, name="table.csv", limits=limits))


def prepare(place: Place) -> float:
    began = place.clock()
    preparation = TablePreparation().fit(place.source(), np.ones(place.rows, dtype=bool))
    X = preparation.items(place.source()).X
    seconds = place.clock() - began
    kept = np.lib.format.open_memmap(place.folder / "vectors.npy", mode="w+", dtype=np.float32, shape=X.shape)
    for start in range(0, len(X), ROWS_TOGETHER):
        kept[start : start + ROWS_TOGETHER] = X[start : start + ROWS_TOGETHER]
    return seconds


def learn(place: Place) -> float:
    """The autoencoder's training alone; what it is like to score the rows is measured by itself."""
    from detectors.base import Progress
    from detectors.child import load_tensorflow
    from detectors.vectors.autoencoder import Autoencoder

    load_tensorflow()
    X = place.vectors()
    detector = Autoencoder(epochs=EPOCHS, batch_size=BATCH, early_stopping=False)
    detector.row_shape_ = X.shape[1:]
    seconds = place.timed(lambda: detector._fit(X, Progress()))
    detector.save(place.folder / "detector")
    return seconds


def score(place: Place) -> float:
    from detectors import registry

    detector = registry.load(place.folder / "detector")
    X = place.vectors()
    detector.score(X[:100])  # the first call compiles
    began = place.clock()
    scores = detector.score(X)
    seconds = place.clock() - began
    np.save(place.folder / "scores.npy", scores)
    return seconds


def threshold(place: Place) -> float:
    """From unsorted scores to everything that the threshold page draws."""
    scores = np.load(place.folder / "scores.npy", mmap_mode="r")
    began = place.clock()
    ranking = np.argsort(scores, kind="stable")[::-1]
    np.save(place.folder / "sorted.npy", scores[ranking[::-1]])
    np.save(place.folder / "ranking.npy", ranking)
    ordered = np.load(place.folder / "sorted.npy", mmap_mode="r")
    distribution.distribution(ordered)
    distribution.ticks(thresholds.applicable(ordered, {"percentile": 95, "mad": 3, "iqr": 1.5, "rows": 50}), ordered)
    return place.clock() - began


def take_away(place: Place) -> float:
    """The flagged rows as CSV and as Parquet."""
    rows = np.load(place.folder / "ranking.npy", mmap_mode="r")[: int(FLAGGED_SHARE * place.rows)]
    scores = np.load(place.folder / "scores.npy", mmap_mode="r")[rows]
    began = place.clock()
    for name in ("csv", "parquet"):
        with (place.folder / f"flagged.{name}").open("wb") as file:
            export.FORMATS[name].write(flagged.flagged_frames(place.data, rows, scores, {}), file)
    return place.clock() - began


STEPS: dict[str, Callable[[Place], float]] = {
    "read": read, "prepare": prepare, "learn": learn, "score": score, "threshold": threshold, "export": take_away,
}  # fmt: skip


def rows_per_s_beside_bare(place: Place) -> float:
    """Rows a second of our scoring, as a share of one compiled function of the same network and the same error, in the same process."""
    import tensorflow as tf

    from detectors import registry
    from detectors.base import SCORE_ROWS

    detector = registry.load(place.folder / "detector")
    X, network = place.vectors(), detector._network  # type: ignore[attr-defined]

    @tf.function(input_signature=[tf.TensorSpec((None, COLUMNS), tf.float32)])
    def bare(rows: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.square(tf.cast(network(rows, training=False), tf.float64) - tf.cast(rows, tf.float64)), axis=1)

    def all_bare() -> None:
        for start in range(0, len(X), SCORE_ROWS):
            bare(tf.constant(X[start : start + SCORE_ROWS])).numpy()

    detector.score(X[:100])
    bare(tf.constant(X[:100]))
    ours_s, bare_s = [], []
    for _ in range(5):
        ours_s.append(place.timed(lambda: detector.score(X)))
        bare_s.append(place.timed(all_bare))
    return min(bare_s) / min(ours_s)


def in_a_process(name: str, place: Place) -> dict[str, float]:
    """Seconds of a step, and the most megabytes that its process and the children of it held."""
    command = [sys.executable, "-m", "benchmarks.growth", "--step", name, "--folder", str(place.folder), "--rows", str(place.rows)]
    command += ["--computing"] if place.clock is computing else []
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TMPDIR": str(place.folder)}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if ended.returncode:
        raise SystemExit(f"{name} at {place.rows} rows failed:\n{ended.stderr[-2000:]}")
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def do_step(name: str, place: Place) -> None:
    """What a process of ours does: one step, and a line about it."""
    if name == "table":
        write_table(place)
        measured = {"seconds": 0.0}
    elif name == "bare":
        measured = {"share": rows_per_s_beside_bare(place)}
    else:
        measured = {"seconds": STEPS[name](place)}
    peak = max(resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({**measured, "megabytes": peak / 1024}))


def measure(place: Place) -> Iterator[tuple[str, dict[str, float]]]:
    """All steps on a table, one after the other."""
    in_a_process("table", place)
    for name in STEPS:
        yield name, in_a_process(name, place)
        if name == "read":
            (place.folder / "table.csv").unlink()
    yield "bare", in_a_process("bare", place)


def limit_of(fewer: int, more: int) -> float:
    """The exponent of n·log n between two sizes."""
    return 1 + math.log(math.log(more) / math.log(fewer)) / math.log(more / fewer)


def main() -> None:
    """Prints a line a step and size; ends with 1 where growth, memory or speed miss their limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), help="sizes, ascending")
    parser.add_argument("--folder", type=Path, help="where the tables lie while they are measured; default: the system's place for such")
    parser.add_argument("--computing", action="store_true", help="measure computing time")
    parser.add_argument("--step", choices=["table", "bare", *STEPS], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    clock = computing if asked.computing else time.perf_counter
    if asked.step:
        do_step(asked.step, Place(asked.folder, asked.rows[0], clock))
        return
    print(f"{'step':12}{'rows':>12}{'seconds':>10}{'exponent':>10}{'limit':>8}{'peak MB':>10}{'limit':>8}")
    missed: list[str] = []
    before: dict[str, tuple[int, float]] = {}
    for rows in asked.rows:
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            for name, measured in measure(Place(Path(folder), rows, clock)):
                missed += shown_share(rows, measured["share"]) if name == "bare" else shown(name, rows, measured, before)
    if missed:
        raise SystemExit("missed: " + "; ".join(missed))


def shown(name: str, rows: int, measured: dict[str, float], before: dict[str, tuple[int, float]]) -> list[str]:
    """Prints the line of a step and gives what it missed; `before` holds the size before."""
    seconds, megabytes = measured["seconds"], measured["megabytes"]
    exponent, limit, missed = "", "", []
    if name in before:
        fewer, shorter = before[name]
        grown, allowed = math.log(seconds / shorter) / math.log(rows / fewer), limit_of(fewer, rows)
        exponent, limit = f"{grown:.2f}", f"{allowed:.2f}"
        if seconds > SHORTEST_S and grown > allowed + EXPONENT_ERROR:
            missed.append(f"{name} from {fewer} to {rows} rows grows with exponent {exponent}")
    before[name] = rows, seconds
    print(f"{name:12}{rows:>12,}{seconds:>10.2f}{exponent:>10}{limit:>8}{megabytes:>10.0f}{MEMORY_LIMIT_MB:>8}", flush=True)
    return missed + ([f"{name} at {rows} rows held {megabytes:.0f} MB"] if megabytes > MEMORY_LIMIT_MB else [])


def shown_share(rows: int, share: float) -> list[str]:
    print(f"scoring {rows:,} prepared rows reaches {share:.0%} of the bare compiled network (at least {SHARE_OF_BARE:.0%})", flush=True)
    return [f"scoring {rows} rows"] if share < SHARE_OF_BARE else []


if __name__ == "__main__":
    main()
