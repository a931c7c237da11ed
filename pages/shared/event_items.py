"""Stretches of a series as events to judge: flagged steps that follow one another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_, shown
from detectors.series import Event, OrderedSeries, event_frame, find_events
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import state
from pages.shared.changes import ENTERING, LEAVING, changed_places
from pages.shared.engine import workbench
from pages.shared.flagged_list import flagged_list
from pages.shared.flags import flags_of
from pages.shared.language import plain, say
from pages.shared.moves import compared_with
from pages.shared.orders import Candidates
from pages.shared.row_items import LONGEST_WHY, explain_action, reasons_told, short
from pages.shared.stability_card import solidity
from pages.shared.triage.items import Action, Column, Item, Listed
from pages.shared.values import value_text
from pages.shared.views.base import RunOfItems

#: Steps shown on each side of an event that is looked at, as multiples of its length.
AROUND = 4


def events_list(data_set: DataSetRecord, by: RunOfItems, series: OrderedSeries, gap: int) -> None:
    """Events of flagged steps, with at most `gap` unflagged ones between them, to be gone through and judged."""
    run, threshold = by.run, by.threshold
    scores = np.asarray(workbench().run_folder(run.id).array("scores"))[series.rows]
    flagged = find_events(series, scores, flags_of(threshold).ordered(series.rows), gap)
    entering, left = _changed_events(series, scores, threshold, flagged, gap)
    found = [*flagged, *left]

    def candidates() -> Candidates:
        changed = {ENTERING: entering, LEAVING: np.arange(len(flagged), len(found))}
        peaks = series.rows[np.array([event.peak for event in found], dtype=np.intp)]

        def show(places: NDArray[np.intp]) -> Listed:
            return _listed_events(
                data_set, RunOfItems(run, threshold), series, [found[place] for place in places.tolist()], places < len(flagged)
            )

        return Candidates(
            data_set, run, threshold, peaks, len(flagged), show, spans=lambda place: spans_of(series, found[place]), changed=changed
        )

    flagged_list(candidates, say(N_("{count} events"), count=len(flagged)))


def _changed_events(
    series: OrderedSeries, scores: NDArray[np.float64], threshold: ThresholdRecord, found: list[Event], gap: int
) -> tuple[NDArray[np.intp], list[Event]]:
    """The places of the events that have a step that enters; and, as they were before, the events that have one that leaves."""
    before = compared_with(threshold)
    if before is None:
        return np.empty(0, dtype=np.intp), []
    changed, order = changed_places(threshold), flags_of(threshold).order
    enters, leaves = (np.zeros(len(order), dtype=bool) for _ in range(2))
    enters[order[changed[ENTERING]]] = leaves[order[changed[LEAVING]]] = True
    enters, leaves = enters[series.rows], leaves[series.rows]
    were = find_events(series, scores, flags_of(before).ordered(series.rows), gap)
    places = [place for place, event in enumerate(found) if enters[event.first : event.last + 1].any()]
    return np.array(places, dtype=np.intp), [event for event in were if leaves[event.first : event.last + 1].any()]


def spans_of(series: OrderedSeries, event: Event) -> list[tuple[int, int]]:
    """The rows of an event, in the order of the data, as stretches from a first to a last one."""
    rows = np.sort(series.rows[event.first : event.last + 1])
    return [(int(part[0]), int(part[-1])) for part in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)]


def _listed_events(
    data_set: DataSetRecord, by: RunOfItems, series: OrderedSeries, listed: list[Event], are_flagged: NDArray[np.bool_]
) -> Listed:  # fmt: skip
    peaks = np.array([series.rows[event.peak] for event in listed], dtype=np.intp)
    columns = _event_columns(by.run, series, listed)
    if (sure := solidity(by.run, by.threshold, peaks)) is not None:
        help_text = N_("The share of the refits in which its peak would be flagged.")
        columns[Column(plain(N_("solidity")), "share", plain(help_text))] = sure.tolist()
    why = reasons_told(by.run, data_set, tuple(int(row) for row in peaks))
    told = [short(" · ".join(filter(None, texts)), LONGEST_WHY) for texts in why]
    columns[Column(plain(N_("what weighs most at the peak")), "words")] = told
    columns[Column(plain(N_("peak row")), "number")] = [shown(int(row) + 1) for row in peaks]
    items = [
        Item(
            str(int(peak)) if is_flagged else f"{peak} left",
            spans_of(series, event),
            plain(N_("event of row {row}"), row=int(peak) + 1),
            bool(is_flagged),
            line,
        )
        for event, peak, is_flagged, line in zip(listed, peaks, are_flagged, zip(*columns.values(), strict=True), strict=True)
    ]
    return Listed("table", items, list(columns), [explain_action(peaks, by.run), _look_action(by.run, listed)])


def _event_columns(run: RunRecord, series: OrderedSeries, listed: list[Event]) -> dict[Column, list[Any]]:
    """Where each event lies, how long it is and how high its peak."""
    scores = np.asarray(workbench().run_folder(run.id).array("scores"))[series.rows]
    table = event_frame(series, listed, scores)
    columns: dict[Column, list[Any]] = {
        Column(plain(N_("start"))): [value_text(value) for value in table["start"]],
        Column(plain(N_("end"))): [value_text(value) for value in table["end"]],
        Column(plain(N_("steps")), "number"): [shown(count) for count in table["steps"].tolist()],
        Column(plain(N_("flagged")), "number"): [shown(count) for count in table["flagged"].tolist()],
        Column(plain(N_("score")), "number", plain(N_("The highest one."))): [value_text(value) for value in table["peak score"].tolist()],
    }
    several = {Column(plain(N_("series"))): [short(str(name)) for name in table["entity"]]} if len(series.entities) > 1 else {}
    return {**several, **columns}


def _look_action(run: RunRecord, listed: list[Event]) -> Action:
    def look(place: int) -> None:
        event = listed[place]
        room = max(50, AROUND * (event.last - event.first + 1))
        state.show_steps(run.id, (event.first - room, event.last + room))
        state.redraw()

    return Action("look", plain(N_("look")), look)
