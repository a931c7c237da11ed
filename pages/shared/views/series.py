"""How time series are shown: over time, flagged stretches as events, a window taken apart by column and step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors import charts
from detectors.data_set import DataSet
from detectors.flags import CutOff
from detectors.geometry.periods import LOOKED_AT, dominant_period
from detectors.long_series import LongColumns
from detectors.messages import N_, Message
from detectors.preparation.series import HORIZONS, SeriesPreparation, proposed_window
from detectors.runs.normal_rows import Neighbours
from detectors.runs.request import RunRequest
from detectors.series import OrderedSeries, expected_in_order, ordered_series
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.timeline import flaws
from pages.shared import engine, state
from pages.shared.engine import kept_by_id, workbench
from pages.shared.event_items import events_list
from pages.shared.flags import flags_of
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart
from pages.shared.series_plot import Lane, Series, series_plot
from pages.shared.values import value_text
from pages.shared.views.base import ExplainedItem, RunOfItems, View, waterfall

#: Columns drawn over time, and beside an explanation.
LANES, STRETCHES = 5, 4

#: Columns in which a window is drawn beside the most similar normal ones.
BESIDE = 3

FLAWS = {
    "gap": N_("{count} gaps, the first before row {row}"),
    "duplicate": N_("{count} times that repeat the one before, first in row {row}"),
    "out_of_order": N_("{count} rows out of order, the first is row {row}: they are put in order"),
    "unread": N_("{count} times could not be read, first in row {row}: such rows stay behind the one before"),
}


@kept_by_id(6)
def series_of(data_id: str, roles: tuple[tuple[str, str], ...]) -> OrderedSeries:
    """The series of a data set, in the order of time; kept by its roles."""
    return ordered_series(DataSet(workbench().data_folder(data_id), dict(roles)))


@kept_by_id(6)
def period_of(data_id: str, roles: tuple[tuple[str, str], ...]) -> int | None:
    """The dominant period of the longest entity."""
    series = series_of(data_id, roles)
    beginning = series.beginning(int(np.diff(series.timeline.bounds).argmax()), LOOKED_AT)
    values = pd.DataFrame(beginning).interpolate(limit_direction="both").fillna(0.0).to_numpy()
    spread = values.std(axis=0)
    return dominant_period(((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)).astype(np.float32))


@kept_by_id(6)
def expected_of(data_id: str, run_id: str) -> NDArray[np.float32] | LongColumns | None:
    """What the detector of a run expected of the data, in the order of time."""
    folder = workbench().run_folder(run_id)
    return expected_in_order(folder, series_of(data_id, _key(folder.request().used_roles)))


class SeriesView(View):
    heads_neighbours = True

    def data(self, record: DataSetRecord) -> None:
        roles = _key(record.roles)
        if "feature" not in record.roles.values():
            return
        series = series_of(record.id, roles)
        st.markdown(" · ".join([_step_text(series), *_flaw_texts(series)]))
        entity = _entity_choice(series, f"entity_data_{record.id}", 0)
        period = period_of(record.id, roles)
        part, window = series.part(entity), _window(series, period)
        start = (part.stop - part.start) // 2
        label = plain(N_("one window: {steps} steps"), steps=window)
        drawn = _drawn(series, part, LANES, labelled=None)
        series_plot(
            drawn, cut_off=None, score_name="", key=f"series_{record.id}", translate=translate,
            marks=[(start, min(start + window, part.stop - part.start) - 1, label)],
        )  # fmt: skip
        found = N_(
            "It repeats itself after {period} steps, so detectors look at {window} steps at a time; forecasters foretell the last {horizon}."
        )
        none = N_("Nothing repeats clearly, so detectors look at {window} steps at a time; forecasters foretell the last {horizon}.")
        proposed = say(found if period else none, period=period, window=window, horizon=max(1, window // HORIZONS))
        st.caption(proposed + " " + say(N_("Train lets you choose others.")))

    def prepared(self, record: DataSetRecord, request: RunRequest) -> None:
        if request.preparation.get("window") == 0 and "feature" in record.roles.values():
            period = period_of(record.id, _key(record.roles))
            window = _window(series_of(record.id, _key(record.roles)), period)
            why = N_("whole periods of the series") if period else N_("nothing repeats clearly")
            st.caption(say(N_("The window will be about {steps} steps: {why}."), steps=window, why=plain(why)))

    def scores(self, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
        series = _of_run(data_set, run)
        folder = workbench().run_folder(run.id)
        scores = np.asarray(folder.array("scores"))[series.rows]
        best = int(np.searchsorted(series.timeline.bounds, int(scores.argmax()), side="right")) - 1
        entity = _entity_choice(series, f"entity_{run.id}", best)
        part = series.part(entity)
        labelled = np.asarray(folder.array("labels"))[series.rows] == 1 if folder.has("labels") else None
        expected = expected_of(data_set.id, run.id)
        drawn = _drawn(series, part, LANES, labelled=labelled, expected=expected, scores=scores)
        steps, cut_offs = state.shown_steps(run.id), flags_of(threshold).ordered(series.rows[part])
        series_plot(
            replace(drawn, flagged=np.asarray(drawn.scores > cut_offs)), cut_off=_drawn_cut_off(cut_offs, threshold), score_name=engine.score_name(run), key=f"series_{run.id}_{entity}", translate=translate,
            shown=None if steps is None else (max(0, steps[0] - part.start), min(steps[1], part.stop - 1) - part.start),
        )  # fmt: skip

    def flagged(self, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
        as_events, as_rows = plain(N_("Events")), plain(N_("Time steps"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.segmented_control(
                say(N_("List")), [as_events, as_rows], default=as_events, required=True, key="list_as", width="content"
            )
            if chosen == as_events:
                gap = st.number_input(
                    say(N_("Gap")), 0, 10_000, 3, key="event_gap", width=150,
                    help=say(N_("Flagged steps with at most so many unflagged ones between them are one event.")),
                )  # fmt: skip
        if chosen == as_rows:
            super().flagged(data_set, run, threshold)
        else:
            events_list(data_set, RunOfItems(run, threshold), _of_run(data_set, run), int(gap))

    def explained(self, item: ExplainedItem) -> None:
        preparation = item.preparation
        assert isinstance(preparation, SeriesPreparation)
        window = _Window.of(item)
        by_column = preparation.by_column(item.found["values"][None])[0]
        heaviest = np.argsort(-by_column)[:STRETCHES]
        left, right = st.columns([1, 1.15])
        with left:
            show_chart(window.map(preparation, item.found["values"]), key="map_over_time")
            waterfall(item, lambda values: (preparation.columns, preparation.by_column(values[None])[0]))
        with right:
            columns = [preparation.columns[place] for place in heaviest]
            chart = charts.stretch(
                columns, window.times, window.actual[:, heaviest], window.expected[:, heaviest], palette(), here=window.here,
                axis=window.axis, translate=translate,
            )  # fmt: skip
            show_chart(chart, key="stretch")
            _own_score(item)

    def beside(self, item: ExplainedItem, found: Neighbours) -> None:
        preparation = item.preparation
        assert isinstance(preparation, SeriesPreparation)
        heaviest = np.argsort(-preparation.by_column(item.found["values"][None])[0])[:BESIDE]
        windows = preparation.restored(np.concatenate([item.found["actual"][None], found.items]))[:, :, heaviest]
        series = _of_run(item.data_set, item.run)
        names = [_moment_of(series, int(row)) for row in found.rows]
        columns = [preparation.columns[place] for place in heaviest]
        here = int(item.found["place"])
        chart = charts.beside(columns, windows[0], windows[1:], names, palette(), here=here, translate=translate)
        show_chart(chart, key="windows_beside")


def _drawn_cut_off(cut_offs: CutOff, threshold: ThresholdRecord) -> float:
    """The cut-off that is drawn: the one that all these steps share or, where they share none, the common one."""
    if isinstance(cut_offs, float):
        return cut_offs
    return float(cut_offs[0]) if (cut_offs == cut_offs[0]).all() else threshold.cut_off


def _key(roles: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(roles.items())


def _of_run(data_set: DataSetRecord, run: RunRecord) -> OrderedSeries:
    return series_of(data_set.id, _key(workbench().run_folder(run.id).request().used_roles))


def _drawn(
    series: OrderedSeries, part: slice, most: int, *, labelled: NDArray[np.bool_] | None, expected: NDArray[np.float32] | LongColumns | None = None,
    scores: NDArray[np.float64] | None = None,
) -> Series:  # fmt: skip
    found = series.timeline
    lanes = [
        Lane(column, series.actual[part, place], None if expected is None else expected[part, place])
        for place, column in enumerate(series.columns[:most])
    ]
    return Series(
        lanes=lanes, scores=None if scores is None else scores[part], times=None if found.seconds is None else found.seconds[part],
        is_date=found.is_date, labelled=None if labelled is None else labelled[part],
    )  # fmt: skip


def _entity_choice(series: OrderedSeries, key: str, first: int) -> int:
    """Which entity to look at, where there are several."""
    if len(series.entities) < 2:
        return 0
    chosen = st.selectbox(
        say(N_("Series of")), range(len(series.entities)), first, format_func=lambda number: series.entities[number], key=key, width=260
    )
    return int(chosen)


def _window(series: OrderedSeries, period: int | None) -> int:
    """The window that detectors will look at, where no other is chosen."""
    return proposed_window(period, int(np.diff(series.timeline.bounds).max()))


def _step_text(series: OrderedSeries) -> str:
    if series.timeline.seconds is None:
        return say(N_("No column has the role time: rows follow one another as they stand."))
    step = series.timeline.usual_step
    text = say(N_("Usual step: {step}"), step=_duration(step) if series.timeline.is_date else step)
    many = len(series.entities)
    return text if many < 2 else text + " · " + say(N_("{count} series"), count=many)


def _duration(seconds: float) -> str:
    """A step in its largest whole unit: "15 min", "1 day"."""
    units = ((604_800, N_("{count} weeks")), (86_400, N_("{count} days")), (3600, N_("{count} h")), (60, N_("{count} min")))
    for size, template in units:
        if seconds >= size and seconds % size == 0:
            return plain(template, count=int(seconds // size))
    return plain(N_("{count} s"), count=seconds)


def _flaw_texts(series: OrderedSeries) -> list[str]:
    return [say(FLAWS[flaw.name], count=flaw.count, row=flaw.first + 1) for flaw in flaws(series.timeline)]


class _Window:
    """The window that explains a row, in the data's units and times."""

    def __init__(self, actual: NDArray[np.float64], expected: NDArray[np.float64], times: list[Any], here: int, axis: Message) -> None:
        self.actual, self.expected, self.times, self.here, self.axis = actual, expected, times, here, axis

    @classmethod
    def of(cls, item: ExplainedItem) -> _Window:
        preparation = item.preparation
        assert isinstance(preparation, SeriesPreparation)
        actual, expected = (preparation.restored(item.found[name][None])[0] for name in ("actual", "expected"))
        here = int(item.found["place"])
        series = _of_run(item.data_set, item.run)
        ordered = int(np.flatnonzero(series.rows == item.row)[0])
        places = ordered - here + np.arange(len(actual))
        bounds = series.timeline.bounds
        entity = int(np.searchsorted(bounds, ordered, side="right")) - 1
        if preparation.regular or places[0] < bounds[entity] or places[-1] >= bounds[entity + 1]:
            # Made up before the beginning, or moments that are no rows: counted from the row itself.
            return cls(actual, expected, (np.arange(len(actual)) - here).tolist(), here, Message(N_("steps from this row")))
        times = series.times(places)
        moments = [str(time) for time in times] if series.timeline.is_date else times.tolist()
        counted = N_("row") if series.timeline.seconds is None else N_("time")
        return cls(actual, expected, moments, here, Message(counted))

    def map(self, preparation: SeriesPreparation, values: NDArray[np.float64]) -> charts.Chart:
        parts = preparation.segments
        starts = [self.times[int(np.flatnonzero(parts == part)[0])] for part in range(preparation.n_segments)]
        folded = values.reshape(len(preparation.columns), preparation.n_segments)
        return charts.map_over_time(preparation.columns, starts, folded, palette(), axis=self.axis)


def _moment_of(series: OrderedSeries, row: int) -> str:
    """What the window around a row is called in a legend: the time of the row, or its number."""
    ordered = np.flatnonzero(series.rows == row)
    if series.timeline.seconds is None:
        return plain(N_("row {row}"), row=row + 1)
    return plain(
        N_("around {time}"),
        time=value_text(pd.Timestamp(series.times(ordered)[0])) if series.timeline.is_date else series.times(ordered)[0].item(),
    )


def _own_score(item: ExplainedItem) -> None:
    """Says so where the row's score is a mean over windows, and not the one that is explained."""
    own = float(workbench().run_folder(item.run.id).array("scores")[item.row])
    if abs(own - float(item.found["score"])) > 1e-9 * max(1.0, abs(own)):
        st.caption(
            say(
                N_("Explained is the window around this row, whose score is {window}. The row's own score, {own}, is a mean over the windows and steps around it."),
                window=float(item.found["score"]), own=own,
            )
        )  # fmt: skip
