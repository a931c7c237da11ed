"""A series that would fill the memory: of each column an overview is kept, single steps are read where somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.data_set import DataSet
from detectors.frames import BATCH_ROWS
from detectors.overview import Grid, extremes, means, means_of_sums
from detectors.runs.folder import RunFolder
from detectors.timeline import Timeline

#: A series of more values than this is a long one; of others everything is at hand.
MOST_VALUES = 8_000_000

#: Neighbouring steps of an entity that the overview knows as one: of ten million steps it keeps 2.5 MB for a column, and a
#: range in which fewer than these fall to a bucket is read from disk within a moment.
UNIT = 128


class Source(Protocol):
    """Where the columns of a long series are read from, by the positions of its rows in the data."""

    def blocks(self, place: int) -> Iterator[tuple[slice, NDArray[Any]]]:
        """All values of one column with the rows they stand in, block by block."""
        ...

    def at(self, rows: NDArray[np.intp], places: Sequence[int]) -> NDArray[Any]:
        """(rows, places): values of some columns."""
        ...


@dataclass(frozen=True)
class OfData:
    """What was measured."""

    data: DataSet
    columns: Sequence[str]

    def blocks(self, place: int) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        for rows, frame in self.data.blocks([self.columns[place]]):
            yield rows, as_floats(frame)[:, 0]

    def at(self, rows: NDArray[np.intp], places: Sequence[int]) -> NDArray[np.float64]:
        return as_floats(self.data.frame([self.columns[place] for place in places], rows))


@dataclass(frozen=True)
class OfRun:
    """What the detector of a run expected. The array is opened each time, so that none of it stays in memory."""

    run: RunFolder

    def blocks(self, place: int) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        steps = len(self.run.array("expected"))
        for start in range(0, steps, BATCH_ROWS):
            rows = slice(start, min(start + BATCH_ROWS, steps))
            yield rows, np.array(self.run.array("expected")[rows, place])

    def at(self, rows: NDArray[np.intp], places: Sequence[int]) -> NDArray[np.float32]:
        return np.asarray(self.run.array("expected")[rows[:, None], list(places)])


@dataclass(frozen=True)
class Overview:
    """(units,) each: the lowest, the highest, the sum and the number of the known values of every `UNIT` steps of an entity."""

    low: NDArray[Any]
    high: NDArray[Any]
    sums: NDArray[np.float64]
    known: NDArray[np.int64]

    def part(self, units: slice) -> Overview:
        return Overview(self.low[units], self.high[units], self.sums[units], self.known[units])


@dataclass(frozen=True, eq=False)
class LongColumn:
    """One column of one entity, in the order of time."""

    source: Source
    place: int
    rows: NDArray[np.intp]
    """(steps,): where in the data each step stands."""
    overview: Overview

    def __len__(self) -> int:
        return len(self.rows)

    def extremes(self, buckets: Grid) -> tuple[NDArray[Any], NDArray[Any]]:
        """As `overview.extremes`."""
        if buckets.width % UNIT:
            return extremes(*self._read(buckets))
        units = _units(buckets)
        return extremes(self.overview.low, units)[0], extremes(self.overview.high, units)[1]

    def means(self, buckets: Grid) -> NDArray[np.float64]:
        """As `overview.means`."""
        if buckets.width % UNIT:
            return means(*self._read(buckets))
        return means_of_sums(self.overview.sums, self.overview.known, _units(buckets))

    def _read(self, buckets: Grid) -> tuple[NDArray[Any], Grid]:
        values = self.source.at(self.rows[buckets.start : buckets.stop], [self.place])[:, 0]
        return values, Grid(0, len(values), buckets.width)


@dataclass(frozen=True, eq=False)
class LongColumns:
    """The columns of a long series in the order of `timeline`; `columns[part, place]` is one of them for one entity."""

    source: Source
    timeline: Timeline
    _overviews: dict[int, Overview] = field(default_factory=dict)

    def __getitem__(self, where: tuple[slice, int]) -> LongColumn:
        part, place = where
        if place not in self._overviews:
            self._overviews[place] = self._overview(place)
        firsts = _first_units(self.timeline)
        entity = int(np.searchsorted(self.timeline.bounds, part.start, side="right")) - 1
        units = slice(int(firsts[entity]), int(firsts[entity + 1]))
        return LongColumn(self.source, place, self.timeline.order[part], self._overviews[place].part(units))

    def steps(self, part: slice, places: Sequence[int]) -> NDArray[Any]:
        """(steps, places): the values themselves, of a part that fits into memory."""
        return self.source.at(self.timeline.order[part], places)

    def _overview(self, place: int) -> Overview:
        found, firsts = self.timeline, _first_units(self.timeline)
        positions = None if found.is_in_order else np.argsort(found.order)
        units = int(firsts[-1])
        low, high = np.full(units, np.nan), np.full(units, np.nan)
        sums, counts = np.zeros(units), np.zeros(units, dtype=np.int64)
        for rows, values in self.source.blocks(place):
            ordered = np.arange(rows.start, rows.stop) if positions is None else positions[rows]
            entity = np.searchsorted(found.bounds, ordered, side="right") - 1
            unit = firsts[entity] + (ordered - found.bounds[entity]) // UNIT
            by_unit = slice(None) if positions is None else np.argsort(unit, kind="stable")
            unit, block = unit[by_unit], values[by_unit]
            starts = np.flatnonzero(np.diff(unit, prepend=-1))
            at, is_known = unit[starts], ~np.isnan(block)
            low[at] = np.fmin(low[at], np.fmin.reduceat(block, starts))
            high[at] = np.fmax(high[at], np.fmax.reduceat(block, starts))
            sums[at] += np.add.reduceat(np.where(is_known, block, 0), starts, dtype=np.float64)
            counts[at] += np.add.reduceat(is_known, starts, dtype=np.int64)
        return Overview(low, high, sums, counts)


def as_floats(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Its values as numbers, nan where one is none."""
    return frame.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)


def _units(buckets: Grid) -> Grid:
    """The same buckets, counted in units."""
    return Grid(buckets.start // UNIT, -(-buckets.stop // UNIT), buckets.width // UNIT)


def _first_units(found: Timeline) -> NDArray[np.intp]:
    """(entities + 1,): the first unit of each entity, and the end."""
    return np.concatenate([[0], np.cumsum(-(-np.diff(found.bounds) // UNIT))])
