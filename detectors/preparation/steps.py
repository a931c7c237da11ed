"""A series as numbers in the order of time: steps × columns, filled, made regular where that is wanted, scaled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.data_set import DataSet
from detectors.errors import DataError
from detectors.messages import N_
from detectors.preparation.columns import ColumnEncoding
from detectors.timeline import Timeline, timeline

#: A regular series may have at most so many times the steps of the file's rows; more, and nearly all of it would be made up.
MOST_MADE_UP = 10


@dataclass(frozen=True)
class Steps:
    """The series as detectors see it; a step is a row of the file or, where it was made regular, a moment."""

    values: NDArray[np.float32]
    """(steps, columns)"""
    bounds: NDArray[np.intp]
    """(entities + 1,): the first step of each entity, and the end."""
    of_row: NDArray[np.intp]
    """(rows,): the step of every row of the file; those that it follows on from have steps, and are no rows of it."""
    before: NDArray[np.float64] | None = None
    """(steps, columns): where differences were taken, the value that each one starts from, in the data's units."""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def first(self) -> NDArray[np.intp]:
        """(steps,): the first step of each step's entity."""
        return np.repeat(self.bounds[:-1], np.diff(self.bounds))

    @property
    def last(self) -> NDArray[np.intp]:
        """(steps,): the last step of each step's entity."""
        return np.repeat(self.bounds[1:] - 1, np.diff(self.bounds))

    def marked(self, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which steps belong to `rows`, (rows,); a moment without a row goes with the one before."""
        has_row = np.zeros(len(self), dtype=bool)
        has_row[self.of_row] = True
        marked = np.zeros(len(self), dtype=bool)
        marked[self.of_row[rows]] = True
        latest = np.maximum.accumulate(np.where(has_row, np.arange(len(self)), 0))
        return marked[latest]


@dataclass
class StepEncoding:
    """How a series becomes steps: the columns, what is done to them, and how they are scaled."""

    columns: list[str]
    time: str | None
    entity: str | None
    scaling: str = "standard"
    regular: bool = False
    fill: str = "interpolate"
    difference: bool = False
    encoding: ColumnEncoding = field(default_factory=ColumnEncoding)

    def fit(self, data: DataSet, fitted: NDArray[np.bool_]) -> Steps:
        """Learns the scaling from the rows where `fitted`, (rows,), is true; gives all steps."""
        unscaled = self._unscaled(data)
        chosen = unscaled.values[unscaled.marked(fitted)]
        self.encoding = ColumnEncoding(scaling=self.scaling).fit(pd.DataFrame(chosen, columns=self.columns))
        return self._scaled(unscaled)

    def steps(self, data: DataSet) -> Steps:
        """All steps of `data`."""
        return self._scaled(self._unscaled(data))

    def restore(self, steps: Steps, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """`values`, (steps, columns), as the steps were scaled, in the data's units."""
        restored = self.encoding.restore(values)[self.columns].to_numpy(dtype=np.float64)
        return restored if steps.before is None else restored + steps.before

    def timeline(self, data: DataSet) -> Timeline:
        """The order of the rows of `data`."""
        return timeline(data.frame([name for name in (self.time, self.entity) if name] or self.columns[:1]), self.time, self.entity)

    def _unscaled(self, data: DataSet) -> Steps:
        frame, first = data.seen(list(dict.fromkeys([*self.columns, *(name for name in (self.time, self.entity) if name)])))
        found = timeline(frame, self.time, self.entity)
        values = frame[self.columns].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)[found.order]
        values[~np.isfinite(values)] = np.nan
        of_row = np.empty(len(values), dtype=np.intp)
        of_row[found.order] = np.arange(len(values))
        bounds = found.bounds
        if self.regular and found.seconds is not None:
            values, bounds, cells = _regular(values, found)
            of_row[found.order] = cells
        values = _filled(values, bounds, self.fill)
        before = None
        if self.difference:
            before = _shifted(values, bounds)
            values = values - before
        return Steps(values, bounds, of_row[first:], before)  # type: ignore[arg-type]

    def _scaled(self, steps: Steps) -> Steps:
        scaled = self.encoding.transform(pd.DataFrame(steps.values, columns=self.columns))
        places = [self.encoding.columns.index(column) for column in self.columns]
        return Steps(np.ascontiguousarray(scaled[:, places]), steps.bounds, steps.of_row, steps.before)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "encoding": self.encoding.to_json()}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        return cls(**{**record, "encoding": ColumnEncoding.from_json(record["encoding"])})


def _regular(values: NDArray[np.float64], found: Timeline) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """The means of all rows of a moment at every moment: values (moments, columns), bounds, and the moment of each ordered row."""
    assert found.seconds is not None
    step = found.usual_step
    cells, starts = np.empty(len(values), dtype=np.intp), [0]
    for first, stop in pairwise(found.bounds):
        moments = np.round((found.seconds[first:stop] - found.seconds[first]) / step)
        if moments[-1] > MOST_MADE_UP * len(values):
            raise DataError(
                N_("A regular series with a step of {step} s would have over {most} times the rows of the file. Do without the regular step."),
                step=step, most=MOST_MADE_UP,
            )  # fmt: skip
        cells[first:stop] = starts[-1] + moments.astype(np.intp)
        starts.append(int(starts[-1] + moments[-1] + 1))
    means = np.full((starts[-1], values.shape[1]), np.nan)
    for column, numbers in enumerate(values.T):
        known = ~np.isnan(numbers)
        counts = np.bincount(cells[known], minlength=starts[-1])
        sums = np.bincount(cells[known], weights=numbers[known], minlength=starts[-1])
        np.divide(sums, counts, out=means[:, column], where=counts > 0)
    return means, np.array(starts, dtype=np.intp), cells


def _filled(values: NDArray[np.float64], bounds: NDArray[np.intp], fill: str) -> NDArray[np.float64]:
    """Gaps filled within each entity; what is missing altogether stays missing, and becomes the column's median."""
    if not np.isnan(values).any():
        return values
    parts = []
    for first, stop in pairwise(bounds):
        part = pd.DataFrame(values[first:stop])
        if fill == "interpolate":
            part = part.interpolate(limit_direction="both")
        elif fill == "previous":
            part = part.ffill().bfill()
        parts.append(part.to_numpy())
    return np.concatenate(parts)


def _shifted(values: NDArray[np.float64], bounds: NDArray[np.intp]) -> NDArray[np.float64]:
    before = np.concatenate([values[:1], values[:-1]])
    before[bounds[:-1]] = values[bounds[:-1]]  # the first step of an entity differs from nothing
    return before
