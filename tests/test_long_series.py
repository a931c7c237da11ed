"""A long series is drawn from an overview and from ranges that are read, in the same numbers as one that is in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import reading
from detectors import series as series_module
from detectors.data_set import DataSet
from detectors.long_series import UNIT, LongColumn, LongColumns, Overview
from detectors.overview import Grid, extremes, grid, means
from detectors.runs.folder import RunFolder
from detectors.series import OrderedSeries, expected_in_order, ordered_series
from detectors.timeline import timeline

STEPS = 70_000
"""More than a block."""


class InMemory:
    """A source of columns that says how many rows were read at once."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.most = values, 0

    def blocks(self, place):
        for start in range(0, len(self.values), 1000):
            yield slice(start, min(start + 1000, len(self.values))), self.values[start : start + 1000, place]

    def at(self, rows, places):
        self.most = max(self.most, len(rows))
        return self.values[np.ix_(rows, list(places))]


def frame(steps: int) -> pd.DataFrame:
    chance = np.random.default_rng(0)
    level = np.round(chance.normal(size=steps), 3)
    level[::7] = np.nan
    level[1000:1700] = np.nan
    return pd.DataFrame({"at": chance.permutation(steps), "machine": np.where(chance.random(steps) < 0.3, "b", "a"), "level": level})


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[OrderedSeries, OrderedSeries]:
    """The same series of two machines in disorder, once as a small one and once as a long one."""
    folder = tmp_path_factory.mktemp("long")
    frame(STEPS).to_csv(folder / "machines.csv", index=False)
    reading.read_file(folder / "machines.csv", folder / "data", name="machines.csv")
    data = DataSet(folder / "data", {"at": "time", "machine": "entity", "level": "feature"})
    with pytest.MonkeyPatch.context() as patch:
        small = ordered_series(data)
        patch.setattr(series_module, "MOST_VALUES", 1000)
        return small, ordered_series(data)


@pytest.mark.parametrize("entity", [0, 1])
@pytest.mark.parametrize(
    ("start", "stop", "most"), [(0, STEPS, 100), (0, STEPS, 320), (3000, 9000, 320), (500, 700, 1200), (5000, 21_000, 11)]
)
def test_what_is_drawn_of_a_long_series_is_what_is_drawn_of_a_small_one(both, entity: int, start: int, stop: int, most: int) -> None:
    small, long = both
    assert isinstance(long.actual, LongColumns)
    part = small.part(entity)
    values, column = small.actual[part, 0], long.actual[part, 0]
    assert isinstance(column, LongColumn)
    assert len(column) == len(values)
    buckets = grid(start, stop, most, len(values), UNIT)
    np.testing.assert_array_equal(column.extremes(buckets), extremes(values, buckets))
    np.testing.assert_allclose(column.means(buckets), means(values, buckets))


def test_entities_times_and_beginnings_are_the_same(both) -> None:
    small, long = both
    assert long.entities == small.entities
    np.testing.assert_array_equal(long.rows, small.rows)
    np.testing.assert_array_equal(long.beginning(1, 500), small.beginning(1, 500))
    assert long.beginning(0, 500).shape == (500, 1)


def test_no_more_is_read_than_what_is_shown_step_by_step() -> None:
    values = np.arange(100_000.0)[:, None]
    source = InMemory(values)
    column = LongColumns(source, timeline(pd.DataFrame(index=range(100_000)), None, None))[slice(0, 100_000), 0]
    low, high = column.extremes(grid(0, 100_000, 320, 100_000, UNIT))
    assert (low[0], high[-1]) == (0, 99_999)
    assert source.most == 0
    low, _ = column.extremes(grid(50_000, 50_300, 320, 100_000, UNIT))
    assert low[0] == 50_000
    assert source.most == 300


def test_buckets_wider_than_a_unit_are_multiples_of_it() -> None:
    assert grid(0, 100_000, 320, 1_000_000, UNIT).width == 3 * UNIT
    assert grid(0, 10_000, 321, 1_000_000, UNIT) == Grid(0, 10_016, 32)
    found = grid(300_000, 700_000, 1000, 1_000_000, UNIT)
    assert found.start % UNIT == 0
    assert len(found.starts) <= 1000


def test_an_overview_is_small() -> None:
    steps = 1_000_000
    columns = LongColumns(InMemory(np.zeros((steps, 1))), timeline(pd.DataFrame(index=range(steps)), None, None))
    overview: Overview = columns[slice(0, steps), 0].overview
    assert sum(part.nbytes for part in (overview.low, overview.high, overview.sums, overview.known)) < 0.04 * 8 * steps


def test_what_was_expected_of_a_long_series_is_drawn_as_of_a_small_one(both, tmp_path: Path) -> None:
    small, long = both
    run = RunFolder(tmp_path)
    assert expected_in_order(run, long) is None
    run.result.mkdir()
    np.save(run.result / "expected.npy", np.random.default_rng(1).normal(size=(STEPS, 1)).astype(np.float32))
    part = small.part(1)
    values, column = expected_in_order(run, small)[part, 0], expected_in_order(run, long)[part, 0]
    for buckets in (grid(0, len(values), 100, len(values), UNIT), grid(300, 700, 320, len(values), UNIT)):
        np.testing.assert_allclose(column.means(buckets), means(values, buckets), rtol=1e-4, atol=1e-6)
