"""How far new values lie from those that were learned from, column by column, as a size and as bars to be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.frames import value_key

#: Distances from here on are called small and large. A distance of 0.3: three rows in ten lie elsewhere.
SMALL, LARGE = 0.1, 0.3

#: Distances that so few in a hundred draws of unchanged rows exceed are chance. Kolmogorov's bound for numbers; for
#: categories McDiarmid's, above the mean that Berend & Kontorovich give (doi:10.1016/j.spl.2013.01.023).
KOLMOGOROV_99, MCDIARMID_99 = 1.63, 1.52

#: Bars of numbers, between quantiles so far out; categories that have a bar of their own.
BARS, ENDS, NAMED = 12, 0.01, 8

#: Dates are seconds in a schema.
MICROSECONDS = 1e6

#: The type of a schema's numbers that are seconds from one moment to another; and the units that these are told in.
DURATION = "duration"
UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))

Size = Literal["none", "small", "large"]


@dataclass(frozen=True)
class Drift:
    """What became of one column."""

    column: str
    distance: float
    """From 0, the same, to 1: the share of rows that lie elsewhere (numbers: Kolmogorov-Smirnov, categories: total variation)."""
    chance: float
    """Unchanged rows, as few as these, come this far in 1 of 100 cases."""
    labels: tuple[str, ...]
    """What each bar stands for: a category, or the middle of a stretch of numbers."""
    learned: NDArray[np.float64]
    """Share of the training rows with a value, (bars,)."""
    found: NDArray[np.float64]
    """The same of the new rows."""
    figure: str = ""
    """What of a picture, a text or a time it is (a title of `contents.FIGURES`); nothing where it is a column of the data."""

    @property
    def name(self) -> str:
        """The column or the figure, or both."""
        return ": ".join(filter(None, [self.column, self.figure]))

    @property
    def size(self) -> Size:
        if self.distance <= max(SMALL, self.chance):
            return "none"
        return "small" if self.distance <= LARGE else "large"


class Numbers:
    """Numbers or dates of a column that come block by block, held against the quantiles that were learned from."""

    def __init__(self, column: Mapping[str, Any]) -> None:
        self.column = column
        self.quantiles = np.asarray(column["quantiles"], dtype=np.float64)
        self.points = np.unique(self.quantiles)
        low, high = np.quantile(self.quantiles, [ENDS, 1 - ENDS])
        self.edges = np.linspace(low, high, BARS + 1) if high > low else np.array([low, low])
        self.count = self.missing = self.below = self.above = 0
        self.lowest, self.highest = np.inf, -np.inf
        self._below, self._up_to = np.zeros(len(self.points)), np.zeros(len(self.points))
        self._inner = np.zeros(max(1, len(self.edges) - 1))

    def add(self, values: pd.Series) -> None:
        numbers = _as_floats(values)
        self.missing += int(np.isnan(numbers).sum())
        numbers = np.sort(numbers[np.isfinite(numbers)])
        if not len(numbers):
            return
        self.count += len(numbers)
        low, high = float(self.quantiles[0]), float(self.quantiles[-1])
        inside = numbers[np.searchsorted(numbers, low, "left") : np.searchsorted(numbers, high, "right")]
        self.below += int(np.searchsorted(numbers, low, "left"))
        self.above += len(numbers) - int(np.searchsorted(numbers, high, "right"))
        self.lowest, self.highest = min(self.lowest, float(numbers[0])), max(self.highest, float(numbers[-1]))
        self._below += np.searchsorted(numbers, self.points, "left")
        self._up_to += np.searchsorted(numbers, self.points, "right")
        self._inner += _binned(np.searchsorted(inside, self.edges[1:-1], "right"), len(inside))

    @property
    def outside(self) -> int:
        """Values beyond the range that was learned from."""
        return self.below + self.above

    @property
    def furthest(self) -> float | None:
        """The value that lies furthest beyond the range; None where all lie inside."""
        if not self.outside:
            return None
        low, high = float(self.quantiles[0]), float(self.quantiles[-1])
        return self.lowest if low - self.lowest > self.highest - high else self.highest

    def drift(self, learned_rows: int) -> Drift | None:
        """None where there is no value."""
        if not self.count:
            return None
        levels = np.linspace(0, 1, len(self.quantiles))
        first = np.searchsorted(self.quantiles, self.points, "left")
        last = np.searchsorted(self.quantiles, self.points, "right") - 1
        step = levels[1] if len(levels) > 1 else 1.0
        # Between two quantiles the share that was learned from is known to a step alone: only what lies beyond it is distance.
        up_to = _beyond(self._up_to / self.count, levels[last], np.minimum(levels[last] + step, 1.0))
        below = _beyond(self._below / self.count, np.maximum(levels[first] - step, 0.0), levels[first])
        chance = KOLMOGOROV_99 * np.sqrt(1 / self.count + 1 / max(1, learned_rows))
        bars = self._bars()
        labels, learned, new = (tuple(label for label, _, _ in bars), *(np.array([bar[place] for bar in bars]) for place in (1, 2)))
        return Drift(self.column["name"], float(max(up_to.max(), below.max())), float(chance), labels, learned, new)

    def _bars(self) -> list[tuple[str, float, float]]:
        """Label, share of the training rows and of the new ones of each bar; values beyond the range have bars of their own."""
        middles = (self.edges[1:] + self.edges[:-1]) / 2
        bars = list(zip(map(self._label, middles.tolist()), self._learned().tolist(), (self._inner / self.count).tolist(), strict=True))
        if self.below:
            bars.insert(0, (f"< {self._label(float(self.quantiles[0]))}", 0.0, self.below / self.count))
        if self.above:
            bars.append((f"> {self._label(float(self.quantiles[-1]))}", 0.0, self.above / self.count))
        return bars

    def _learned(self) -> NDArray[np.float64]:
        """The share of the training rows in each bar, the outer ones with all as far as the range."""
        spread = np.sort(np.interp(np.linspace(0, 1, 2001), np.linspace(0, 1, len(self.quantiles)), self.quantiles))
        return _binned(np.searchsorted(spread, self.edges[1:-1], "right"), len(spread)) / len(spread)

    def _label(self, value: float) -> str:
        return shown_value(self.column, value)


class Categories:
    """Categories of a column that come block by block, held against those that were learned from."""

    def __init__(self, column: Mapping[str, Any]) -> None:
        self.column = column
        self.learned: dict[str, int] = dict(column["categories"])
        self.counts: Counter[str] = Counter()
        self.missing = 0

    def add(self, values: pd.Series) -> None:
        self.missing += int(values.isna().sum())
        for value, count in values.dropna().value_counts().items():
            self.counts[value_key(value)] += int(count)

    @property
    def unseen(self) -> list[tuple[str, int]]:
        """Categories that were not learned from with their rows, the most frequent first."""
        return [(name, count) for name, count in self.counts.most_common() if name not in self.learned]

    def drift(self, learned_rows: int) -> Drift | None:
        """None where there is no value, there or here."""
        count, before = sum(self.counts.values()), sum(self.learned.values())
        if not count or not before:
            return None
        names = list({**self.learned, **self.counts})
        found = np.array([self.counts.get(name, 0) for name in names]) / count
        learned = np.array([self.learned.get(name, 0) for name in names]) / before
        both = (found * count + learned * before) / (count + before)
        expected = 0.5 * np.sqrt(2 * both * (1 - both) / np.pi * (1 / count + 1 / before)).sum()
        chance = min(1.0, expected + MCDIARMID_99 * np.sqrt(1 / count + 1 / max(1, learned_rows)) / np.sqrt(2))
        shown = np.argsort(-(found + learned), kind="stable")[:NAMED]
        return Drift(
            self.column["name"], float(0.5 * np.abs(found - learned).sum()), float(chance), tuple(names[place] for place in shown),
            learned[shown], found[shown],
        )  # fmt: skip


def distance_of(sorted_values: NDArray[np.float64], quantiles: Sequence[float], learned_rows: int, name: str = "") -> Drift:
    """The same of numbers in memory, sorted: of scores."""
    numbers = Numbers({"name": name, "type": "number", "quantiles": list(quantiles)})
    numbers.add(pd.Series(np.asarray(sorted_values, dtype=np.float64)))
    found = numbers.drift(learned_rows)
    assert found is not None, "there are scores"
    return found


def shown_value(column: Mapping[str, Any], value: float) -> str:
    """A number of a schema as its column shows it."""
    if column["type"] == "date":
        return pd.Timestamp(round(value * MICROSECONDS), unit="us").strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    if column["type"] == DURATION:
        size, unit = next((each for each in UNITS if abs(value) >= each[0]), UNITS[-1])
        return f"{value / size:.4g} {unit}"
    return f"{value:.4g}" if abs(value) < 1e4 or not float(value).is_integer() else f"{value:.0f}"


def _as_floats(values: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_datetime64_any_dtype(values):
        seconds = values.astype("datetime64[us]").astype("int64").to_numpy() / MICROSECONDS
        return np.where(values.isna(), np.nan, seconds)
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _beyond(found: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far `found` lies outside from `low` to `high`."""
    return np.maximum(np.maximum(low - found, found - high), 0.0)


def _binned(inner: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    return np.diff(np.concatenate([[0], inner, [count]])).astype(np.float64)
