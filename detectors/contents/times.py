"""Figures of the times of a series: the step from each row to the next of its entity, and whether that leads forward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.data_set import DataSet
from detectors.frames import value_key
from detectors.timeline import read_times

LATER, SAME, EARLIER = "later", "same time", "earlier"


@dataclass
class Times:
    """What is known of the times of a series, block after block, in the order of the file."""

    is_date: bool = True
    back: int = 0
    """Rows that are earlier than the row before of the same entity, """
    first_back: int | None = None
    """and the first of them, 0-based."""
    same: int = 0
    unread: int = 0
    entities: dict[str, int] = field(default_factory=dict)
    """Rows of each entity; of all rows where there is no column of entities."""
    longest: tuple[float, int] = (0.0, 0)
    """The longest step, and the row that it leads to."""
    parts: list[pd.DataFrame] = field(default_factory=list)
    _last: dict[str, float] = field(default_factory=dict)

    @property
    def figures(self) -> pd.DataFrame:
        """``step`` and ``order`` of rows that follow another one of their entity; every so-many-th of them."""
        return pd.concat(self.parts, ignore_index=True) if self.parts else pd.DataFrame({"step": [], "order": []})

    def add(self, first: int, names: NDArray[np.object_], seconds: NDArray[np.float64], every: int) -> None:
        """Rows from the position `first` on: whose they are, and when they were measured."""
        codes, found = pd.factorize(names)
        for name, count in zip(found, np.bincount(codes, minlength=len(found)).tolist(), strict=True):
            self.entities[name] = self.entities.get(name, 0) + count
        known = np.flatnonzero(~np.isnan(seconds))
        self.unread += len(seconds) - len(known)
        before = np.array([self._last.get(name, np.nan) for name in found])
        in_file = _steps(codes[known], seconds[known], before)
        self._count_order(in_file, first + known)
        by_time = np.lexsort([seconds[known], codes[known]])  # a row that comes too late makes no gap
        steps = _steps(codes[known][by_time], seconds[known][by_time], before)
        self._count_steps(steps, (first + known)[by_time])
        order = np.where(in_file > 0, LATER, np.where(in_file == 0, SAME, EARLIER))
        figures = pd.DataFrame({"step": np.where(steps > 0, steps, np.nan), "order": order})
        self.parts.append(figures[~np.isnan(in_file)][::every])
        latest = pd.Series(seconds[known]).groupby(codes[known]).max()
        self._last.update(zip(found[latest.index.to_numpy()], np.fmax(latest.to_numpy(), before[latest.index.to_numpy()]), strict=True))

    def _count_order(self, steps: NDArray[np.float64], rows: NDArray[np.intp]) -> None:
        back = rows[steps < 0]
        if len(back):
            self.first_back = int(back[0]) if self.first_back is None else self.first_back
            self.back += len(back)
        self.same += int((steps == 0).sum())

    def _count_steps(self, steps: NDArray[np.float64], rows: NDArray[np.intp]) -> None:
        longest = np.nanmax(steps, initial=0.0)
        if longest > self.longest[0]:
            self.longest = float(longest), int(rows[np.nanargmax(steps)])


def _steps(codes: NDArray[np.intp], seconds: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """From each row's time to that of the row before of the same entity, the first ones from `before`, (entities,); nan without one."""
    by_entity = pd.Series(seconds).groupby(codes)
    shifted = by_entity.shift(1).to_numpy()
    return seconds - np.where(by_entity.cumcount() == 0, before[codes], shifted)


def times_of(data: DataSet, fitted: NDArray[np.bool_] | None, every: int) -> Times:
    """The times of the rows of `data`, or of those where `fitted`, (rows,), is true; the steps of every `every`-th of them."""
    found = Times()
    time, entity = (next(iter(data.columns(role)), None) for role in ("time", "entity"))
    for first, frame in _blocks(data, [name for name in (time, entity) if name], fitted):
        seconds = np.full(len(frame), np.nan)
        if time is not None:
            seconds, found.is_date = read_times(frame[time])
        names: Any = np.full(len(frame), "", dtype=object)
        if entity is not None:
            names = frame[entity].astype(object).map(value_key, na_action="ignore").fillna("").to_numpy(dtype=object)
        found.add(first, names, seconds, every)
    return found


def _blocks(data: DataSet, columns: list[str], fitted: NDArray[np.bool_] | None) -> Iterator[tuple[int, pd.DataFrame]]:
    if not columns:
        yield 0, pd.DataFrame(index=range(data.rows if fitted is None else int(fitted.sum())))
        return
    for place, frame in data.blocks(columns):
        yield place.start, frame if fitted is None else frame.loc[fitted[place]]
