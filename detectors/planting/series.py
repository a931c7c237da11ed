"""Anomalies planted in a stretch of a series, in its own units; what comes before and after them is the series' own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.messages import N_, Message
from detectors.planting.contract import AnomalyKind, Copy, Ground, Plant, Planted, PlantedData
from detectors.timeline import timeline

KIND = "series"

#: Anomalies of each kind.
PLACES = 20

#: Stretches with nothing planted in them that are looked at beside.
UNPLANTED = 400

#: Windows before, and between, anomalies in one copy of the series: what one of them does to scores is over by the next one.
APART = 1.5

#: The anomalies of one copy at most; more come into another copy.
TOGETHER = 20

#: How many times as far as they need be anomalies of one copy may lie from one another.
FARTHEST = 4

#: Sizes of anomalies, in standard deviations of the column around the place.
SPIKE, SHIFT, DRIFT = 5.0, 2.0, 2.0

#: How many times as fast a series runs that has the wrong period.
FASTER = 2

_TOO_SHORT = N_("The series is too short: an anomaly of {length} steps needs {needed} steps in one piece.")
_NOTHING_VARIES = N_("No column of the series varies.")
_NO_PERIOD = N_("The series repeats itself at no clear period.")

#: Changes `values`, (steps, columns), in one column from the first step on, so many steps long; the last argument is the
#: column's standard deviation there.
Change = Callable[[NDArray[np.float64], "_Place", np.random.Generator], NDArray[np.float64]]


@dataclass(frozen=True)
class _Place:
    """Steps `first` to before `stop` of one `column`; `spread` is its standard deviation around there."""

    first: int
    stop: int
    column: int
    spread: float


@dataclass(frozen=True)
class _Series:
    """The series in the order of time; its values are read where they are needed."""

    ground: Ground
    order: NDArray[np.intp]
    bounds: NDArray[np.intp]

    @classmethod
    def of(cls, ground: Ground) -> _Series:
        time, entity = (next(iter(ground.data.columns(role)), None) for role in ("time", "entity"))
        named = [name for name in (time, entity) if name]
        found = timeline(ground.data.frame(named or ground.data.columns("feature")[:1]), time, entity)
        return cls(ground, found.order, found.bounds)

    @property
    def columns(self) -> list[str]:
        return self.ground.data.columns("feature")

    def frame(self, first: int, stop: int) -> pd.DataFrame:
        """Some ordered steps with everything that makes them steps."""
        columns = [column for column, role in self.ground.data.roles.items() if role in ("feature", "time", "entity")]
        return self.ground.data.frame(columns, self.order[first:stop]).reset_index(drop=True)

    def starts(self, length: int) -> NDArray[np.intp]:
        """Ordered steps at which an anomaly may begin: it meets only steps that may be changed, and has room on both sides."""
        room = round(APART * self.ground.window)
        allowed = np.concatenate([[0], np.cumsum(self.ground.allowed[self.order])])
        found = []
        for first, stop in pairwise(self.bounds):
            starts = np.arange(first + room, stop - length - room)
            found.append(starts[allowed[starts + length] - allowed[starts] == length])
        return np.concatenate(found) if found else np.zeros(0, dtype=np.intp)


def _planted(length_of: Callable[[Ground], int], change: Change, *, repeats: bool = False) -> Plant:
    def plant(ground: Ground, chance: np.random.Generator) -> Planted | Message:
        if repeats and not ground.period:
            return Message(_NO_PERIOD)
        series, length = _Series.of(ground), length_of(ground)
        starts = series.starts(length)
        if not len(starts):
            return Message(_TOO_SHORT, {"length": length, "needed": length + 2 * round(APART * ground.window)})
        copies = []
        for chosen in _groups(starts, length, ground, chance):
            copy = _copy(series, chosen, length, change, chance)
            if copy is None:
                return Message(_NOTHING_VARIES)
            copies.append(copy)
        firsts = starts[np.linspace(0, len(starts) - 1, min(UNPLANTED, len(starts))).astype(np.intp)]
        return Planted(copies, series.order[firsts[:, None] + np.arange(length)])

    return plant


def _groups(starts: NDArray[np.intp], length: int, ground: Ground, chance: np.random.Generator) -> list[NDArray[np.intp]]:
    """Where anomalies begin: as many as are wanted, those of one copy of the series far enough apart, and near one another."""
    apart = length + round(APART * ground.window)
    groups: list[NDArray[np.intp]] = []
    while sum(map(len, groups)) < ground.places:
        wanted = min(TOGETHER, ground.places - sum(map(len, groups)))
        chosen = [int(chance.choice(starts[starts <= max(starts[0], starts[-1] - wanted * apart)]))]
        while len(chosen) < wanted:
            later = starts[np.searchsorted(starts, chosen[-1] + apart) :]
            if not len(later) or later[0] > chosen[-1] + FARTHEST * apart:
                break
            chosen.append(int(later[min(len(later) - 1, int(chance.integers(max(1, apart // 4))))]))
        groups.append(np.array(chosen))
    return groups


def _copy(series: _Series, chosen: NDArray[np.intp], length: int, change: Change, chance: np.random.Generator) -> Copy | None:
    """The steps around the anomalies that begin at the ordered steps `chosen`, copied and changed; None where nothing varies."""
    room = round(APART * series.ground.window)
    first = int(chosen.min()) - room
    frame = series.frame(first, int(chosen.max()) + length + room)
    numbers = frame[series.columns].apply(pd.to_numeric, errors="coerce")
    values = numbers.interpolate(limit_direction="both").fillna(0.0).to_numpy(dtype=np.float64, copy=True)
    for start in (chosen - first).tolist():
        around = values[start - room : start + length + room]
        spreads = around.std(axis=0)
        varying = np.flatnonzero(spreads > 1e-9 * (1 + np.abs(around).max(axis=0)))
        if not len(varying):
            return None
        column = int(chance.choice(varying))
        place = _Place(start, start + length, column, float(spreads[column]))
        values[place.first : place.stop, column] = change(values, place, chance)
    for number, name in enumerate(series.columns):
        before = numbers[name].to_numpy(dtype=np.float64, na_value=np.nan)
        after = values[:, number].round() if pd.api.types.is_integer_dtype(frame[name]) else values[:, number]
        frame[name] = np.where(np.isnan(before), before, after)  # what was missing stays missing
    places = np.column_stack([chosen - first, chosen - first + length])
    return Copy(PlantedData(series.ground.data.folder, series.ground.data.roles, values=frame), places)


def _sign(chance: np.random.Generator) -> int:
    return 1 if chance.random() < 0.5 else -1


def _own(values: NDArray[np.float64], place: _Place) -> NDArray[np.float64]:
    return values[place.first : place.stop, place.column].copy()


def _spike(values: NDArray[np.float64], place: _Place, chance: np.random.Generator) -> NDArray[np.float64]:
    return _own(values, place) + _sign(chance) * SPIKE * place.spread


def _shift(values: NDArray[np.float64], place: _Place, chance: np.random.Generator) -> NDArray[np.float64]:
    return _own(values, place) + _sign(chance) * SHIFT * place.spread


def _flat(values: NDArray[np.float64], place: _Place, chance: np.random.Generator) -> NDArray[np.float64]:
    return np.full(place.stop - place.first, values[place.first, place.column])


def _fast(values: NDArray[np.float64], place: _Place, chance: np.random.Generator) -> NDArray[np.float64]:
    """The steps from here on, passed through twice as fast."""
    return values[place.first + FASTER * np.arange(place.stop - place.first), place.column]


def _drift(values: NDArray[np.float64], place: _Place, chance: np.random.Generator) -> NDArray[np.float64]:
    return _own(values, place) + _sign(chance) * DRIFT * place.spread * np.linspace(0, 1, place.stop - place.first)


def _window(ground: Ground) -> int:
    return max(4, ground.window)


def _one_period(ground: Ground) -> int:
    """No longer than the room behind it: what runs twice as fast is taken from there."""
    return max(2, min(ground.period or 1, round(APART * ground.window)))


ANOMALIES: dict[AnomalyKind, Plant] = {
    AnomalyKind(
        "spike", N_("Spike"), N_("One value jumped by 5 standard deviations, as the column varies around there."),
    ): _planted(lambda ground: 1, _spike),
    AnomalyKind(
        "shift", N_("Level shift"), N_("One column lay 2 standard deviations higher or lower for as long as one window."),
    ): _planted(_window, _shift),
    AnomalyKind("flat", N_("Flat line"), N_("One column stood still at its last value for as long as one window.")): _planted(_window, _flat),
    AnomalyKind(
        "period", N_("Wrong period"),
        N_("One column ran twice as fast for as long as one period, or as one and a half windows where that is shorter."),
    ): _planted(_one_period, _fast, repeats=True),
    AnomalyKind(
        "drift", N_("Drift"), N_("One column moved away slowly, to 2 standard deviations, over two windows, and came back."),
    ): _planted(lambda ground: 2 * _window(ground), _drift),
}  # fmt: skip
