"""A series and its scores in the order of time, as pages draw them; flagged steps that belong together as events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.data_set import DataSet
from detectors.flags import CutOff
from detectors.long_series import MOST_VALUES, LongColumns, OfData, OfRun, as_floats
from detectors.runs.folder import RunFolder
from detectors.timeline import Timeline, events, timeline


@dataclass(frozen=True)
class OrderedSeries:
    """Rows in the order of entity and time."""

    timeline: Timeline
    entities: list[str]
    """The name of each entity; one without a name where there is no such column."""
    columns: list[str]
    actual: NDArray[np.float64] | LongColumns
    """(rows, columns), nan where missing; of a long series, `actual[part, place]` can be looked at and nothing else."""

    @property
    def rows(self) -> NDArray[np.intp]:
        """The position in the data of every ordered row."""
        return self.timeline.order

    def part(self, entity: int) -> slice:
        """The ordered rows of one entity."""
        return slice(int(self.timeline.bounds[entity]), int(self.timeline.bounds[entity + 1]))

    def beginning(self, entity: int, most: int) -> NDArray[np.float64]:
        """(steps, columns): the first steps of an entity, `most` of them at most."""
        part = self.part(entity)
        first = slice(part.start, min(part.stop, part.start + most))
        return self.actual.steps(first, range(len(self.columns))) if isinstance(self.actual, LongColumns) else self.actual[first]

    def times(self, positions: NDArray[np.intp]) -> NDArray:
        """When the ordered rows at `positions` were measured: moments, numbers, or numbers of rows from 1."""
        if self.timeline.seconds is None:
            return self.rows[positions] + 1
        seconds = self.timeline.seconds[positions]
        return (seconds * 1e3).round().astype("datetime64[ms]") if self.timeline.is_date else seconds


@dataclass(frozen=True)
class Event:
    """Flagged steps that follow one another: ordered rows `first` to `last`, `flagged` of them above the cut-off."""

    first: int
    last: int
    peak: int
    """The ordered row with the highest score."""
    flagged: int


def ordered_series(data: DataSet) -> OrderedSeries:
    """The series of `data` by its roles: values are the features, ordered by entity and time."""
    time, entity = (next(iter(data.columns(role)), None) for role in ("time", "entity"))
    columns = data.columns("feature")
    order_by = [name for name in (time, entity) if name]
    is_long = data.rows * len(columns) > MOST_VALUES
    frame = pd.DataFrame(index=range(data.rows)) if is_long and not order_by else data.frame(order_by if is_long else [*columns, *order_by])
    found = timeline(frame, time, entity)
    actual = LongColumns(OfData(data, columns), found) if is_long else as_floats(frame[columns])[found.order]
    firsts = found.order[found.bounds[:-1]]
    names = [str(name) for name in frame[entity].iloc[firsts]] if entity else [""] * len(firsts)
    return OrderedSeries(found, names, columns, actual)


def expected_in_order(run: RunFolder, series: OrderedSeries) -> NDArray[np.float32] | LongColumns | None:
    """What the detector of `run` expected of each ordered row, in the data's units and as `series.actual` is kept, where it knows."""
    if not run.has("expected"):
        return None
    return (
        LongColumns(OfRun(run), series.timeline)
        if isinstance(series.actual, LongColumns)
        else np.asarray(run.array("expected"))[series.rows]
    )


def find_events(series: OrderedSeries, scores: NDArray[np.float64], cut_off: CutOff, gap: int) -> list[Event]:
    """The events of all entities, the highest peak first. `scores`, (rows,), and cut-offs are in the order of time; so many
    unflagged steps as `gap` do not part an event."""
    flagged = scores > cut_off
    found = [
        Event(first, last, first + int(scores[first : last + 1].argmax()), int(flagged[first : last + 1].sum()))
        for first, last in events(flagged, series.timeline.bounds, gap)
    ]
    return sorted(found, key=lambda event: -scores[event.peak])


def event_frame(series: OrderedSeries, found: Sequence[Event], scores: NDArray[np.float64]) -> pd.DataFrame:
    """Events as a table: entity, start, end, steps, flagged steps, peak score, when the peak was, and its row from 1."""
    firsts, lasts, peaks = (np.array([getattr(event, name) for event in found], dtype=np.intp) for name in ("first", "last", "peak"))
    entity = np.searchsorted(series.timeline.bounds, firsts, side="right") - 1
    return pd.DataFrame(
        {
            "entity": [series.entities[number] for number in entity], "start": series.times(firsts), "end": series.times(lasts),
            "steps": lasts - firsts + 1, "flagged": [event.flagged for event in found], "peak score": scores[peaks],
            "peak": series.times(peaks), "row": series.rows[peaks] + 1,
        }
    )  # fmt: skip
