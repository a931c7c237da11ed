"""What was measured beside what is asked of it, as a small table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal


@dataclass(frozen=True)
class Series:
    """Times of one thing done again and again, in milliseconds, and the bar for their median or their 95th percentile."""

    what: str
    times_ms: Sequence[float]
    bar_ms: float | None = None
    judged_by: Literal["median", "p95"] = "median"

    @property
    def median(self) -> float:
        return median(self.times_ms)

    @property
    def p95(self) -> float:
        return quantiles(self.times_ms, n=20, method="inclusive")[-1]

    @property
    def share_of_bar(self) -> float | None:
        """Up to 1 the bar is met; None where there is none."""
        judged = self.median if self.judged_by == "median" else self.p95
        return None if self.bar_ms is None else judged / self.bar_ms

    @property
    def is_met(self) -> bool:
        return self.share_of_bar is None or self.share_of_bar <= 1


def report(*all_series: Series) -> bool:
    """Prints a line for each series and how busy the machine is; gives whether every bar is met."""
    width = max(len(series.what) for series in all_series)
    print(f"{'':{width}} {'times':>6} {'median ms':>10} {'p95 ms':>8}   bar")
    for series in all_series:
        print(f"{series.what:{width}} {len(series.times_ms):6} {series.median:10.0f} {series.p95:8.0f}   {_judgement(series)}")
    if hasattr(os, "getloadavg"):
        print(f"load of the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    return all(series.is_met for series in all_series)


def _judgement(series: Series) -> str:
    if series.share_of_bar is None:
        return "–"
    word = "met" if series.is_met else "NOT MET"
    return f"{series.judged_by} up to {series.bar_ms:.0f} ms: {word} ({series.share_of_bar:.2f} of it)"
