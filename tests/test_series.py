"""Scores in the order of time, and flagged steps as events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from detectors import reading
from detectors.data_set import DataSet
from detectors.series import event_frame, find_events, ordered_series

FRAME = pd.DataFrame(
    {
        "machine": ["b", "a", "a", "b", "a", "a"],
        "at": pd.to_datetime(
            ["2026-01-01 00:00", "2026-01-01 02:00", "2026-01-01 01:00", "2026-01-01 01:00", "2026-01-01 03:00", "2026-01-01 04:00"]
        ),
        "load": [1.0, 12, 11, 2, 13, 14],
    }
)


def ordered(folder: Path):
    FRAME.to_csv(folder / "machines.csv", index=False)
    reading.read_file(folder / "machines.csv", folder / "data", name="machines.csv")
    return ordered_series(DataSet(folder / "data", {"machine": "entity", "at": "time", "load": "feature"}))


def test_rows_are_drawn_entity_by_entity_in_the_order_of_time(tmp_path: Path) -> None:
    series = ordered(tmp_path)
    assert series.rows.tolist() == [0, 3, 2, 1, 4, 5]
    assert series.entities == ["b", "a"]
    assert series.actual[series.part(1), 0].tolist() == [11, 12, 13, 14]


def test_an_event_has_its_beginning_end_peak_and_row(tmp_path: Path) -> None:
    series = ordered(tmp_path)
    scores = np.array([5.0, 0, 0, 7, 9, 6])
    found = find_events(series, scores, 4.0, gap=0)
    assert [(event.first, event.last, event.peak, event.flagged) for event in found] == [(3, 5, 4, 3), (0, 0, 0, 1)]
    table = event_frame(series, found, scores)
    assert table["entity"].tolist() == ["a", "b"]
    assert table["start"].tolist() == [pd.Timestamp("2026-01-01 02:00"), pd.Timestamp("2026-01-01 00:00")]
    assert table["end"].tolist() == [pd.Timestamp("2026-01-01 04:00"), pd.Timestamp("2026-01-01 00:00")]
    assert (table["steps"].tolist(), table["row"].tolist(), table["peak score"].tolist()) == ([3, 1], [5, 1], [9.0, 5.0])


def test_a_gap_that_is_allowed_does_not_part_an_event(tmp_path: Path) -> None:
    series = ordered(tmp_path)
    scores = np.array([0.0, 0, 9, 0, 8, 0])
    assert len(find_events(series, scores, 4.0, gap=0)) == 2
    assert [(event.first, event.last, event.flagged) for event in find_events(series, scores, 4.0, gap=1)] == [(2, 4, 2)]
