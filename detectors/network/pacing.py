"""Cuts a long computation into pieces short enough to look at progress and the stop button in between."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

#: A person who presses Stop waits for the piece at work; longer pieces gain next to nothing in speed.
PIECE_S = 0.5

#: One piece that was short by chance must not make the next one many times too long.
LARGEST_GROWTH = 4


class Pacer:
    """Spans of steps that each take about `PIECE_S` seconds, learned from how long the spans before took."""

    def __init__(self) -> None:
        self.steps = 1

    def spans(self, total: int) -> Iterator[tuple[int, int]]:
        """Steps 0 to `total` as (start, stop) pairs. The time until the next pair is asked for is the pair's duration."""
        start = 0
        while start < total:
            stop = min(start + self.steps, total)
            began = perf_counter()
            yield start, stop
            self.learn(stop - start, perf_counter() - began)
            start = stop

    def learn(self, steps: int, seconds: float) -> None:
        """Takes note that `steps` steps took `seconds`."""
        # Half a piece is aimed at, so that a machine that becomes busy still stays below a whole one.
        fitting = int(steps * PIECE_S / 2 / max(seconds, 1e-6))
        self.steps = max(1, min(fitting, self.steps * LARGEST_GROWTH))
