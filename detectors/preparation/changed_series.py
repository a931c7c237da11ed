"""A series with a changed window, scored as if it had always been like that: only what can reach the row is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.data_set import DataSet
from detectors.explanations.smallest_change import Move
from detectors.messages import N_, Message, shown
from detectors.preparation.steps import Steps

AT, FROM = N_("{column} at {first} were {value} (it is {actual})"), N_("{column} from {first} to {last} averaged {value} (it is {actual})")
AT_STEP = N_("{column} {first} steps from this one were {value} (it is {actual})")
FROM_STEP = N_("{column} from {first} to {last} steps from this one averaged {value} (it is {actual})")


class Windowed(Protocol):
    """The windows of a series."""

    steps: Steps

    def places(self, positions: NDArray[np.intp]) -> NDArray[np.intp]: ...

    def that_explain(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]: ...


@dataclass(frozen=True)
class Surroundings:
    """The steps around one that its score can depend on."""

    start: int
    """The first of them."""
    values: NDArray[np.float32]
    """(steps, columns)"""

    @classmethod
    def of(cls, steps: Steps, step: int, window: int, reach: int) -> Surroundings:
        """Around `step`: `reach` steps on each side have a part in its score, each by all windows that it is in.

        Two windows come before these, so that what begins here is not taken for the beginning of the series.
        """
        entity = int(np.searchsorted(steps.bounds, step, side="right")) - 1
        first, stop = int(steps.bounds[entity]), int(steps.bounds[entity + 1])
        start = max(first, step - reach - 2 * window)
        return cls(start, steps.values[start : min(stop, step + reach + window + 1)])

    def changed(self, places: NDArray[np.intp], windows: NDArray[np.float32]) -> Steps:
        """One series for each of `windows`, (windows, window, columns), whose steps stand at `places`, (window,), of all steps."""
        values = np.repeat(self.values[None], len(windows), axis=0)
        values[:, places - self.start] = windows
        count, size = values.shape[:2]
        return Steps(values.reshape(count * size, -1), np.arange(count + 1) * size, np.arange(count * size))


@dataclass(frozen=True)
class Stretch:
    """Steps of a window, from the `first` to the `last`, in one column."""

    column: int
    first: int
    last: int


def moved(window: NDArray[np.float32], moves: Sequence[Move]) -> NDArray[np.float32]:
    """The `window`, (window, columns), with all changes made."""
    changed = window.reshape(-1).copy()
    for move in moves:
        changed[move.way.places] = move.way.write(np.array([move.value]))[0]
    return changed.reshape(window.shape)


def stretches(moves: Sequence[Move], n_columns: int, segments: NDArray[np.intp]) -> list[Stretch]:
    """What `moves` change, parts that touch in one; `segments`, (window,), are the parts of a window.

    A part is counted by column and segment; after columns × segments come the segments in all columns, then whole columns.
    """
    count = int(segments.max()) + 1
    changed = np.zeros((n_columns, count + 2), dtype=bool)  # with a segment on each side that never changes
    for move in moves:
        column, segment = divmod(move.way.part, count)
        if column < n_columns:
            changed[column, segment + 1] = True
        elif column == n_columns:
            changed[:, segment + 1] = True
        else:
            changed[move.way.part - (n_columns + 1) * count, 1:-1] = True
    found = []
    for column, marks in enumerate(changed):
        edges = np.flatnonzero(np.diff(marks.astype(np.int8)))
        for first, stop in zip(edges[::2], edges[1::2], strict=True):
            steps = np.flatnonzero((segments >= first) & (segments < stop))
            found.append(Stretch(column, int(steps[0]), int(steps[-1])))
    return found


@dataclass(frozen=True)
class When:
    """What the steps of the window around a row are called: by their time or, where there is none for them, counted from the row."""

    here: int
    """The place of the row itself in its window."""
    times: Sequence[str] | None
    """(window,)"""

    @classmethod
    def of(cls, data: DataSet, time: str | None, windows: Windowed, row: int, *, regular: bool) -> Self:
        """Of the window that explains `row`; `regular` steps are no rows of the data."""
        positions, places = windows.that_explain(np.array([row]))
        steps = windows.places(positions)[0]
        of_row = windows.steps.of_row
        rows = np.full(len(windows.steps), -1)
        rows[of_row] = np.arange(len(of_row))
        if time is None or regular or (np.diff(steps) != 1).any() or (rows[steps] < 0).any():  # a step before these rows is none of theirs
            return cls(int(places[0]), None)
        return cls(int(places[0]), [_moment(value) for value in data.frame([time], rows[steps])[time]])

    def told(self, stretch: Stretch, actual: float, value: float, column: str) -> Message:
        """That the `column` were `value`, on average over a stretch, in place of `actual`."""
        first, last = (self._name(step) for step in (stretch.first, stretch.last))
        values = {"column": column, "first": first, "last": last, "actual": actual, "value": value}
        template = (AT_STEP, FROM_STEP) if self.times is None else (AT, FROM)
        return Message(template[stretch.first < stretch.last], values)

    def _name(self, step: int) -> str | int:
        return step - self.here if self.times is None else self.times[step]


def _moment(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return str(value.date()) if value == value.normalize() else str(value)
    return shown(value)
