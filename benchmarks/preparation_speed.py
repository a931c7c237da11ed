"""How long preparing 1 M × 30 numbers takes, beside numpy doing the same arithmetic, in the same run.

Run from the repository: ``python -m benchmarks.preparation_speed``. The same arithmetic: the median of each column fills
its gaps, mean and standard deviation scale it, the result is float32. What is judged is learning and preparing together;
the repeats alternate, so that a machine that becomes busy slows both, and the median of their ratios counts.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from detectors.preparation.columns import ColumnEncoding

ROWS, COLUMNS = 1_000_000, 30
GAPS = 0.02
REPEATS = 5

#: Ours may take so many times as long as numpy.
BAR = 2.0


def gappy_numbers(seed: int = 0) -> np.ndarray:
    """(ROWS, COLUMNS) numbers, a few of them missing."""
    chance = np.random.default_rng(seed)
    numbers = chance.normal(50, 10, (ROWS, COLUMNS))
    numbers[chance.random(numbers.shape) < GAPS] = np.nan
    return numbers


def with_numpy(frame: pd.DataFrame) -> np.ndarray:
    numbers = frame.to_numpy(dtype=np.float64)
    fill = np.nanmedian(numbers, axis=0)
    filled = np.where(np.isfinite(numbers), numbers, fill)
    scaled: np.ndarray = ((filled - filled.mean(axis=0)) / filled.std(axis=0)).astype(np.float32)
    return scaled


def with_ours(frame: pd.DataFrame) -> np.ndarray:
    return ColumnEncoding().fit(frame).transform(frame)


def seconds(prepare: Callable[[pd.DataFrame], np.ndarray], frame: pd.DataFrame) -> tuple[float, np.ndarray]:
    began = time.perf_counter()
    prepared = prepare(frame)
    return time.perf_counter() - began, prepared


def main() -> int:
    frame = pd.DataFrame(gappy_numbers(), columns=[f"column {number}" for number in range(COLUMNS)])
    ratios = []
    for repeat in range(REPEATS + 1):
        theirs, numpys = seconds(with_numpy, frame)
        ours, prepared = seconds(with_ours, frame)
        np.testing.assert_allclose(prepared, numpys, rtol=1e-5, atol=1e-5)
        if repeat:  # the first one warms memory and caches up
            ratios.append(ours / theirs)
            print(f"ours {ours:.2f} s, numpy {theirs:.2f} s: {ours / theirs:.2f} times as long")
    found = statistics.median(ratios)
    print(f"{ROWS} × {COLUMNS}: {found:.2f} times as long as numpy, at most {BAR} wanted: {'met' if found <= BAR else 'NOT MET'}")
    return 0 if found <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
