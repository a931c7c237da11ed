"""A series into windows: one item a step, the window that ends with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Scores
from detectors.data_set import DataSet
from detectors.errors import DataError
from detectors.explanations.reasons import Reason, reasons
from detectors.explanations.smallest_change import Move
from detectors.explanations.ways import Around, Ladder, straight, unit_ways
from detectors.geometry.periods import dominant_period
from detectors.messages import N_, Message
from detectors.params import choice, integer, number, switch
from detectors.preparation.changed_series import Surroundings, When, moved, stretches
from detectors.preparation.contract import CHANGED_PARTS, CHANGED_TOGETHER, Described, Items, Preparation
from detectors.preparation.described import described_windows
from detectors.preparation.steps import StepEncoding, Steps
from detectors.preparation.table import SCALINGS

#: A window is this part of a series, in steps within these limits: a longer one tells more, and there are to be many side by side.
PARTS_OF_SERIES, FEWEST_STEPS, MOST_STEPS = 32, 32, 128

#: What is learned from is to hold so many windows, unless they would become shorter than this.
PARTS_OF_STRETCH, SHORTEST_WINDOW = 4, 8

#: A forecaster foretells one part in so many of its window, unless another horizon is given.
HORIZONS = 8

#: Stretches of time whose windows are judged together, where labels are learned from.
STRETCHES = 50

#: This share of all changes from step to step is usual.
USUAL_CHANGES = 0.95

#: Numbers of windows that are made together, so that memory stays small.
NUMBERS_TOGETHER = 8_000_000

#: Parts of a window that explanations show or hide, in all columns together, and in one.
MOST_UNITS, MOST_SEGMENTS = 160, 24


def proposed_window(period: int | None, longest: int, stretch: int | None = None) -> int:
    """The window, in steps, for a series whose longest entity has `longest` steps: as many whole periods as there is room for.

    `stretch` is the longest one to learn from without a break, where it is not all of it.
    """
    room = int(np.clip(longest // PARTS_OF_SERIES, FEWEST_STEPS, MOST_STEPS))
    room = max(SHORTEST_WINDOW, min(room, (longest if stretch is None else stretch) // PARTS_OF_STRETCH))
    return room if period is None else min(period * max(1, room // period), MOST_STEPS)


class Windows(Items):
    """The windows of a series, made when they are asked for.

    What came before the first step of an entity nobody knows: its first period stands there, where it leads into that step
    without a jump; else its first steps, mirrored.
    """

    most_to_fit: int

    def __init__(self, steps: Steps, window: int, most_to_fit: int, preparation: SeriesPreparation) -> None:
        self.steps, self.window, self.most_to_fit, self.preparation = steps, window, most_to_fit, preparation
        self._first, self._last = steps.first, steps.last
        self._repeats = self._leads_in(preparation.period_, preparation.change_)

    def __len__(self) -> int:
        return len(self.steps)

    def windows(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """The windows that end at `positions`, (positions, window, columns)."""
        return self.steps.values[self.places(positions)]

    def at(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        return self.preparation.finish(self.windows(positions))

    def to_fit(self, fitted: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Whole windows of training steps; of very many, as many as are wanted, evenly spread."""
        marked = self.steps.marked(fitted)
        run = _run_lengths(marked, self.steps.bounds)
        whole = np.flatnonzero(run >= self.window)
        if len(whole) < 2:
            raise DataError(
                N_(
                    "A window has {window} time steps, and the longest stretch of rows to learn from has {longest}. "
                    "Choose a window of at most {most} steps, or learn from more rows."
                ),
                window=self.window, longest=int(run.max(initial=0)), most=max(0, int(run.max(initial=0)) - 1),
            )  # fmt: skip
        return whole if len(whole) <= self.most_to_fit else whole[np.linspace(0, len(whole) - 1, self.most_to_fit).astype(np.intp)]

    def rows_of(self, positions: NDArray[np.intp]) -> NDArray[np.bool_]:
        """The rows with whose steps the windows end."""
        return super().rows_of(positions)[self.steps.of_row]

    def labels(self, labels: NDArray[np.int8], positions: NDArray[np.intp]) -> NDArray[np.int8]:
        of_step = np.zeros(len(self.steps), dtype=np.int8)
        np.maximum.at(of_step, self.steps.of_row, labels)
        return of_step[positions]

    def groups(self, positions: NDArray[np.intp]) -> NDArray[np.intp]:
        """Stretches of time: a window shares most of its steps with the next."""
        return positions * STRETCHES // max(1, len(self))

    def row_kinds(self, kinds: NDArray[np.int8]) -> NDArray[np.int8]:
        return kinds[self.steps.of_row]

    def row_scores(self, detector: Detector, scores: Scores, progress: Progress) -> Scores:
        """For each row the mean over all windows that speak of it: of their score for that step, or of their score; smoothed."""
        return _smoothed(self._step_scores(detector, scores, progress), self.steps.bounds, self.preparation.reach)[self.steps.of_row]

    def _step_scores(self, detector: Detector, scores: Scores, progress: Progress) -> Scores:
        low, high = self.preparation.spoken_
        if high - low == 1 and high == self.window:
            return scores  # each window speaks of its last step alone
        mean, has_elements = _Mean(len(self), 1), True
        for positions in self._together():
            progress.check()
            found = detector.element_scores(self.at(positions)) if has_elements else None
            has_elements = found is not None  # one that has none of a few windows has none: making the others would be in vain
            elements = np.repeat(scores[positions, None], self.window, axis=1) if found is None else found
            self._add(mean, positions, elements[:, :, None], low, high)
        return mean.values()[:, 0]

    def row_expected(self, detector: Detector, progress: Progress) -> NDArray[np.float32] | None:
        if self.preparation.finishes or not detector.knows_expected():
            return None
        low, high = self.preparation.spoken_
        mean = _Mean(len(self), self.steps.values.shape[1])
        for positions in self._together():
            progress.check()
            found = detector.expected(self.at(positions))
            assert found is not None
            self._add(mean, positions, found, low, high)
        encoding = self.preparation.encoding
        return encoding.restore(self.steps, mean.values().astype(np.float32))[self.steps.of_row].astype(np.float32)

    def that_explain(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """For `rows` the position of the window in whose spoken part the row is nearest the middle, and the row's place in it."""
        low, high = self.preparation.spoken_
        steps = self.steps.of_row[rows]
        first, last = self._first[steps], self._last[steps]
        nearest = np.minimum(steps + self.window - 1 - (low + high - 1) // 2, last)
        whole = np.minimum(first + self.window - 1, last)
        positions = np.where(steps >= first + low, np.maximum(nearest, whole), nearest)
        return positions, self.window - 1 - (positions - steps)

    def places(self, positions: NDArray[np.intp]) -> NDArray[np.intp]:
        """Which step stands at each place of the windows that end at `positions`, (positions, window)."""
        first, last = self._first[positions, None], self._last[positions, None]
        places = positions[:, None] - self.window + 1 + np.arange(self.window)
        mirrored = np.minimum(first + np.abs(places - first), last)
        period = self.preparation.period_ or 1
        return np.where((places < first) & self._repeats[positions, None], first + (places - first) % period, mirrored)

    def _leads_in(self, period: int | None, usual: float) -> NDArray[np.bool_]:
        """For every step whether the first period of its entity leads into its beginning by no more than a `usual` change."""
        if period is None:
            return np.zeros(len(self), dtype=bool)
        ends = np.minimum(self._first + period - 1, self._last)
        jumps = np.linalg.norm(self.steps.values[self._first] - self.steps.values[ends], axis=1)
        return (ends == self._first + period - 1) & (jumps <= usual)

    def _together(self) -> list[NDArray[np.intp]]:
        size = max(256, NUMBERS_TOGETHER // (self.window * self.steps.values.shape[1]))
        return [np.arange(start, min(start + size, len(self))) for start in range(0, len(self), size)]

    def _add(self, mean: _Mean, positions: NDArray[np.intp], values: NDArray[Any], low: int, high: int) -> None:
        """Whole windows; those that begin before the series only for steps of which no whole one speaks."""
        first, starts = self._first[positions], positions - self.window + 1
        is_whole = (starts >= first) | (self._last[positions] - first + 1 < self.window)
        for place in range(low, high):
            steps = starts + place
            counts = (steps >= first) & (is_whole | (steps < first + low))
            mean.add(steps[counts], values[counts, place])


class _Mean:
    """Means over what windows say of the same step."""

    def __init__(self, steps: int, columns: int) -> None:
        self._sums, self._counts = np.zeros((steps, columns)), np.zeros(steps)

    def add(self, steps: NDArray[np.intp], values: NDArray[Any]) -> None:
        """`values`, (steps, columns), of different steps."""
        self._sums[steps] += values
        self._counts[steps] += 1

    def values(self) -> NDArray[np.float64]:
        return self._sums / self._counts[:, None]


class SeriesPreparation(Preparation):
    """What every preparation of a series has in common; this one gives windows as they are."""

    kind = "series"
    representation = "windows"
    native = True
    quickly_rescored = False

    window: int = integer(
        0, title=N_("Window"), low=0, high=4096,
        help=N_("Time steps that are looked at together. 0 takes a thirty-second of the series, from 32 to 128 steps, as whole periods where it repeats itself."),
    )  # fmt: skip
    scaling: str = choice(
        "standard", title=N_("Scaling"), choices=SCALINGS, advanced=True,
        help=N_("How columns are brought to one size before training."),
    )  # fmt: skip
    regular: bool = switch(
        False, title=N_("Regular step"), advanced=True,
        help=N_("Brings the series to its usual step: rows of one moment are averaged, missing moments filled."),
    )  # fmt: skip
    fill: str = choice(
        "interpolate", title=N_("Missing values"), advanced=True,
        choices={"interpolate": N_("Between neighbours"), "previous": N_("The value before"), "median": N_("The column's median")},
        help=N_("What takes the place of a missing value."),
    )  # fmt: skip
    difference: bool = switch(
        False, title=N_("Differences"), advanced=True,
        help=N_("Looks at the change from step to step in place of the value: for series that wander, such as prices."),
    )  # fmt: skip
    smoothing: float = number(
        0.25, title=N_("Smoothing"), low=0.0, high=4.0,
        help=N_("Each step's score is the mean over so much of a window around it, because what is unusual mostly lasts. 0 leaves every step its own score."),
    )  # fmt: skip
    most_windows: int = integer(
        5_000, title=N_("Windows to learn from"), low=2, high=1_000_000, advanced=True,
        help=N_("Of a long series so many windows are learned from, evenly spread. All of them are scored."),
    )  # fmt: skip

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.encoding = StepEncoding([], None, None)
        self.window_ = self.window
        self.period_: int | None = None
        """Steps after which the series repeats itself; None where it does not."""
        self.change_ = 0.0
        """How far one step usually leads, at most: over all columns, scaled."""
        self.spoken_ = (0, self.window)
        """The steps of a window that its score speaks of, from the first to before the second."""
        self._kept: tuple[DataSet, Steps] | None = None

    @property
    def columns(self) -> list[str]:
        """The columns of a step."""
        return self.encoding.columns

    @property
    def n_segments(self) -> int:
        """Parts into which explanations cut a window's steps."""
        return int(np.clip(MOST_UNITS // len(self.columns), 1, min(self.window_, MOST_SEGMENTS)))

    @property
    def segments(self) -> NDArray[np.intp]:
        """The part that each step of a window belongs to, (window,)."""
        return np.arange(self.window_) * self.n_segments // self.window_

    @property
    def n_units(self) -> int:
        """How many parts a window is taken apart into, in all columns together."""
        return len(self.columns) * self.n_segments

    @property
    def reach(self) -> int:
        """Steps on each side of one that have a part in its smoothed score."""
        return round(self.smoothing * self.window_) // 2

    @property
    def units(self) -> NDArray[np.intp]:
        return np.arange(len(self.columns)) * self.n_segments + self.segments[:, None]

    def fit(self, data: DataSet, fitted: NDArray[np.bool_], *, seed: int = 0, progress: Progress | None = None) -> Self:
        time, entity = (next(iter(data.columns(role)), None) for role in ("time", "entity"))
        self.encoding = StepEncoding(
            data.columns("feature"), time, entity, scaling=self.scaling, regular=self.regular, fill=self.fill, difference=self.difference
        )
        steps = self.encoding.fit(data, fitted)
        self._kept = data, steps
        stretch = longest_stretch(steps, fitted)
        self.period_ = dominant_period(steps.values[stretch])
        self.change_ = float(np.quantile(np.linalg.norm(np.diff(steps.values, axis=0), axis=1), USUAL_CHANGES)) if len(steps) > 1 else 0.0
        self.window_ = self.window or proposed_window(self.period_, int(np.diff(steps.bounds).max(initial=0)), stretch.stop - stretch.start)
        self.spoken_ = (0, self.window_)
        self._fit(Windows(steps, self.window_, self.most_windows, self), fitted)
        return self

    def serve(self, detector: Detector) -> None:
        if not self.finishes:
            self.spoken_ = detector.spoken_steps(self.window_)

    def items(self, data: DataSet) -> Windows:
        if self._kept is None or self._kept[0] is not data:
            self._kept = data, self.encoding.steps(data)
        return Windows(self._kept[1], self.window_, self.most_windows, self)

    def explained(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> NDArray[np.float32]:
        windows = self.items(data)
        return windows.windows(windows.that_explain(rows)[0])

    def place(self, data: DataSet, row: int, detector: Detector) -> int:
        return int(self.items(data).that_explain(np.array([row]))[1][0])

    def by_column(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """SHAP `values`, (rows, units), summed over the steps: (rows, columns)."""
        return values.reshape(len(values), len(self.columns), self.n_segments).sum(axis=2)

    def restored(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Windows, (rows, window, columns), unscaled; differences stay differences."""
        flat = self.encoding.encoding.restore(windows.reshape(-1, windows.shape[-1]))[self.columns]
        return flat.to_numpy(dtype=np.float64).reshape(windows.shape)

    def reasons(
        self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64], expected: NDArray[np.float32]
    ) -> Sequence[Sequence[Reason]]:
        actual = data.frame(self.columns, rows).apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
        places = self.items(data).that_explain(rows)[1]
        there = self.restored(expected)[np.arange(len(rows)), places]
        if self.difference:
            steps = self.items(data).steps
            assert steps.before is not None
            there = there + steps.before[steps.of_row[rows]]
        frames = [pd.DataFrame(numbers, columns=self.columns) for numbers in (actual, there)]
        return reasons(self.by_column(values), self.columns, *frames)

    def weigh(self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
        return self.columns, np.abs(self.by_column(values)).mean(axis=0)

    def parts_of(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> NDArray[np.intp]:
        columns = np.repeat(np.arange(len(names)), self.n_segments)
        return np.broadcast_to(columns, (len(rows), len(columns)))

    def held(self, data: DataSet, rows: NDArray[np.intp], names: Sequence[str]) -> pd.DataFrame:
        return data.frame(names, rows).reset_index(drop=True)

    def for_rules(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> Described:
        windows, places = self.items(data), np.arange(len(rows))
        positions, here = windows.that_explain(rows)
        restored = self.restored(windows.windows(positions)).astype(np.float32)
        return described_windows(restored, restored[places, here], self.columns)

    def ladders(self, data: DataSet, around: Around) -> Sequence[Ladder]:
        """Parts of the window in one column each; then parts of it in all columns, then whole columns, numbered one after the other."""
        actual, towards = around.actual.reshape(-1), around.towards.reshape(-1)
        columns, segments = (of.reshape(-1) for of in np.meshgrid(np.arange(len(self.columns)), self.segments))
        across = [straight(self.n_units + int(part), np.flatnonzero(segments == part), actual, towards) for part in range(self.n_segments)]
        first = self.n_units + self.n_segments
        whole = [straight(first + column, np.flatnonzero(columns == column), actual, towards) for column in range(len(self.columns))]
        order = np.argsort(-self.by_column(around.values[None])[0], kind="stable")[:CHANGED_PARTS]
        ladders = unit_ways(around, self.units, CHANGED_PARTS), across, [whole[column] for column in order]
        return [Ladder(ways, CHANGED_TOGETHER) for ways in ladders]

    def told(self, data: DataSet, around: Around, moves: Sequence[Move]) -> Sequence[Message]:
        """Parts of the window that touch are told as one."""
        named = When.of(data, self.encoding.time, self.items(data), around.row, regular=self.regular)
        windows = self.restored(np.stack([around.actual, moved(around.actual, moves)]))
        told = []
        for stretch in stretches(moves, len(self.columns), self.segments):
            actual, value = windows[:, stretch.first : stretch.last + 1, stretch.column].mean(axis=1).tolist()
            told.append(named.told(stretch, actual, value, self.columns[stretch.column]))
        return told

    def rescored(self, data: DataSet, row: int, detector: Detector, changed: NDArray[np.float32]) -> Scores:
        """By all windows that speak of the row and of the steps around it, as its score is made."""
        windows = self.items(data)
        step = int(windows.steps.of_row[row])
        around = Surroundings.of(windows.steps, step, self.window_, self.reach)
        places = windows.places(windows.that_explain(np.array([row]))[0])[0]
        together = max(1, NUMBERS_TOGETHER // (len(around.values) * self.window_ * len(self.columns)))
        scores = []
        for start in range(0, len(changed), together):
            steps = around.changed(places, changed[start : start + together])
            there = Windows(steps, self.window_, self.most_windows, self)
            ends = np.flatnonzero(np.arange(len(there)) % len(around.values) >= step - around.start - self.reach)
            of_windows = np.zeros(len(there))  # those that end before the steps in question speak of none of them
            of_windows[ends] = detector.score(there.at(ends))
            every = there.row_scores(detector, of_windows, Progress())
            scores.append(every.reshape(-1, len(around.values))[:, step - around.start])
        return np.concatenate(scores)

    def overlap(self, data: DataSet, row: int, others: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Those less than a window away in time."""
        steps = self.items(data).steps
        return np.abs(steps.of_row[others] - steps.of_row[row]) < self.window_

    def _fit(self, windows: Windows, fitted: NDArray[np.bool_]) -> None:
        """Learns what `finish` needs."""

    def _to_json(self) -> dict[str, Any]:
        return {
            "window": self.window_, "period": self.period_, "change": self.change_, "spoken": list(self.spoken_),
            "steps": self.encoding.to_json(),
        }  # fmt: skip

    def _from_json(self, record: Mapping[str, Any]) -> None:
        self.window_, self.spoken_ = record["window"], tuple(record["spoken"])
        self.period_, self.change_ = record.get("period"), record.get("change", 0.0)  # earlier versions mirrored every beginning
        self.encoding = StepEncoding.from_json(record["steps"])


def _smoothed(scores: Scores, bounds: NDArray[np.intp], reach: int) -> Scores:
    """Means over `reach` steps on each side of every one, of the same entity; fewer at its ends."""
    if not reach:
        return scores
    smoothed = np.empty_like(scores)
    for first, stop in pairwise(bounds):
        sums = np.concatenate([[0.0], np.cumsum(scores[first:stop])])
        steps = np.arange(stop - first)
        low, high = np.maximum(steps - reach, 0), np.minimum(steps + reach + 1, stop - first)
        smoothed[first:stop] = (sums[high] - sums[low]) / (high - low)
    return smoothed


def longest_stretch(steps: Steps, fitted: NDArray[np.bool_]) -> slice:
    """The steps of the longest stretch to learn from without a break."""
    run = _run_lengths(steps.marked(fitted), steps.bounds)
    last = int(run.argmax()) if len(run) else -1
    return slice(last - int(run.max(initial=0)) + 1, last + 1)


def _run_lengths(marked: NDArray[np.bool_], bounds: NDArray[np.intp]) -> NDArray[np.intp]:
    """For every step how many marked ones of its entity end with it without a break, (steps,)."""
    positions = np.arange(len(marked))
    breaks = np.where(marked, -1, positions)
    breaks[bounds[:-1]] = np.maximum(breaks[bounds[:-1]], bounds[:-1] - 1)
    return np.where(marked, positions - np.maximum.accumulate(breaks), 0)
