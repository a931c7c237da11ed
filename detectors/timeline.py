"""When the rows of a series were measured: their order, their step, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Whole numbers from here on count seconds, milliseconds, microseconds or nanoseconds since 1970; smaller ones count something else.
EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (3e8, 1.0))

#: A gap is a step longer than so many usual ones.
GAP = 1.5


@dataclass(frozen=True)
class Timeline:
    """The rows of a series in the order of time, one entity after the other."""

    order: NDArray[np.intp]
    """(rows,): positions in the data, in the order of entity and time."""
    bounds: NDArray[np.intp]
    """(entities + 1,): where in `order` each entity begins, and the end."""
    seconds: NDArray[np.float64] | None
    """(rows,): time in the order of `order`; seconds since 1970 where it is a date, else as counted. None: the rows' own order."""
    is_date: bool
    unread: NDArray[np.intp]
    """Positions of the rows whose time could not be read; they keep their place behind the row before."""

    @cached_property
    def is_in_order(self) -> bool:
        """Whether the rows of the data stand in this order already."""
        return not len(self.order) or bool(self.order[0] == 0 and (np.diff(self.order) == 1).all())

    @cached_property
    def usual_step(self) -> float:
        """The most usual distance between neighbours, in seconds or as counted; 1 for the rows' own order."""
        steps = self.steps
        steps = steps[steps > 0]
        return float(np.median(steps)) if len(steps) else 1.0

    @property
    def steps(self) -> NDArray[np.float64]:
        """Distances between neighbours of the same entity."""
        if self.seconds is None:
            return np.ones(max(0, len(self.order) - len(self.bounds) + 1))
        within = np.ones(max(0, len(self.seconds) - 1), dtype=bool)
        within[self.bounds[1:-1] - 1] = False
        return np.diff(self.seconds)[within]


@dataclass(frozen=True)
class Flaw:
    """Something about the times that an analyst should know: how often, and the first row (0-based) where."""

    name: str
    """``gap``, ``duplicate``, ``out_of_order`` or ``unread``."""
    count: int
    first: int


def timeline(frame: pd.DataFrame, time: str | None, entity: str | None) -> Timeline:
    """The order of the rows of `frame`: by its column `entity`, then by its column `time`, then as they stand."""
    rows = len(frame)
    groups = np.zeros(rows, dtype=np.intp) if entity is None else pd.factorize(frame[entity], use_na_sentinel=False)[0]
    seconds, is_date = (None, False) if time is None else read_times(frame[time])
    unread = np.zeros(0, dtype=np.intp)
    if seconds is not None:
        unread = np.flatnonzero(np.isnan(seconds))
        seconds = _filled(seconds, groups) if len(unread) else seconds
    if entity is None and (seconds is None or (seconds[1:] >= seconds[:-1]).all()):
        order = np.arange(rows)  # as most files are; sorting a long one takes as much memory again
    else:
        order = np.lexsort([np.arange(rows), groups] if seconds is None else [np.arange(rows), seconds, groups])
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(groups[order])) + 1, [rows]]).astype(np.intp)
    return Timeline(order, bounds, None if seconds is None else seconds[order], is_date, unread)


def flaws(found: Timeline) -> list[Flaw]:
    """What is wrong with the times, each with its count and the first row where it is so."""
    listed = []
    if len(found.unread):
        listed.append(Flaw("unread", len(found.unread), int(found.unread[0])))
    if found.seconds is None:
        return listed
    starts = np.zeros(len(found.order), dtype=bool)
    starts[found.bounds[:-1]] = True
    before = np.diff(found.seconds, prepend=found.seconds[:1])
    moved = np.diff(found.order, prepend=found.order[:1] - 1) < 0
    for name, where in (
        ("gap", before > GAP * found.usual_step),
        ("duplicate", before == 0),
        ("out_of_order", moved),
    ):
        rows = found.order[where & ~starts]
        if len(rows):
            listed.append(Flaw(name, len(rows), int(rows.min())))
    return listed


def read_times(values: pd.Series) -> tuple[NDArray[np.float64], bool]:
    """Times as numbers, (rows,), nan where one cannot be read; and whether they are dates, in seconds since 1970 (UTC).

    Dates with or without zones, text in common formats, and whole numbers since 1970 in seconds, milliseconds,
    microseconds or nanoseconds; other numbers count steps of their own.
    """
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        size = np.nanmedian(np.abs(numbers)) if np.isfinite(numbers).any() else 0.0
        unit = next((unit for least, unit in EPOCH_UNITS if size >= least), None)
        return (numbers, False) if unit is None else (numbers / unit, True)
    if not pd.api.types.is_datetime64_any_dtype(values):
        values = pd.to_datetime(values, errors="coerce", utc=True, format="mixed")
    naive = values.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(values.dt, "tz", None) else values
    seconds = naive.astype("datetime64[us]").astype("int64").to_numpy() / 1e6
    return np.where(values.isna(), np.nan, seconds), True


def events(flagged: NDArray[np.bool_], bounds: NDArray[np.intp], gap: int) -> list[tuple[int, int]]:
    """Flagged steps that follow one another, at most `gap` unflagged ones between them, as (first, last) positions in `flagged`.

    An event never reaches from one entity, between two `bounds`, into the next.
    """
    positions = np.flatnonzero(flagged)
    if not len(positions):
        return []
    entity = np.searchsorted(bounds, positions, side="right")
    breaks = np.flatnonzero((np.diff(positions) > gap + 1) | (np.diff(entity) > 0))
    firsts, lasts = positions[np.concatenate([[0], breaks + 1])], positions[np.concatenate([breaks, [len(positions) - 1]])]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _filled(seconds: NDArray[np.float64], groups: NDArray[np.intp]) -> NDArray[np.float64]:
    """Unread times take the time of the row before of the same entity, the first ones that of the next."""
    return pd.Series(seconds).groupby(groups).transform(lambda times: times.ffill().bfill()).fillna(0.0).to_numpy()
