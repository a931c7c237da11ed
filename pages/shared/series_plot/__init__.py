"""A time series as the eye can take it in: columns and scores on one axis of time, from the whole series down to single steps.

Of a million steps the browser gets about a thousand buckets for what it shows and a little to either side. It zooms and
pans at once with what it has, and asks for finer buckets when the hand rests: only this fragment of the page runs again.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors.charts import DARK, LIGHT
from detectors.long_series import UNIT, LongColumn
from detectors.messages import N_, Translate
from detectors.overview import Grid, any_in, extremes, first_flagged, grid, grid_around, highest, means, score_axis
from pages.shared.series_plot.message import Message

_FOLDER = Path(__file__).parent

#: Buckets in a message: for what is shown with its margins, and for the whole series (the strip below, and what a fast hand
#: reaches before the answer).
FINE, COARSE = 1200, 320
#: … of which there are fewer where many lanes would make the message larger than this many bytes.
FINE_BYTES = 75_000
#: Steps told beside what is shown, on each side, as a share of it: at least.
MARGIN = 0.1

#: Values that tell one series from another, evenly taken of every column.
FINGERPRINT = 256

COLOURS = {
    name: {"light": getattr(LIGHT, name), "dark": getattr(DARK, name)} for name in ("normal", "flagged", "accent")
}  # fmt: skip

#: Every sentence and word in the plot. Names in braces are filled in by the plot.
TEXTS: Mapping[str, str] = {
    "actual": N_("actual"),
    "expected": N_("expected"),
    "expected_value": N_("expected {value}"),
    "flagged": N_("flagged"),
    "labelled": N_("labelled"),
    "cut_off": N_("cut-off {cut_off}"),
    "log": N_("{score} (log)"),
    "whole": N_("Whole series"),
    "range": N_("{from} – {to}"),
    "rows": N_("rows {from} – {to}"),
    "row": N_("row {row}"),
    "steps": N_("{count} steps"),
    "hint": N_("Zoom: wheel, drag or + −  ·  move: Shift-drag or ← →  ·  all: Home or double click"),
    "select": N_("Click a flagged stretch to open it"),
    "alt": N_("{columns} over {steps} steps."),
    "alt_scores": N_("{columns} and {score} over {steps} steps; stretches above the cut-off {cut_off} are flagged."),
}


@dataclass(frozen=True, eq=False)
class Lane:
    """One column of the series: what it was, (steps,), NaN where missing, and what was expected, in the same unit."""

    name: str
    actual: NDArray[Any] | LongColumn
    expected: NDArray[Any] | LongColumn | None = None


@dataclass(frozen=True, eq=False)
class Series:
    """One entity in the order of time; every array is (steps,).

    `times` are seconds since 1970 where `is_date`, else numbers that grow; None shows row numbers.
    """

    lanes: Sequence[Lane]
    scores: NDArray[Any] | None = None
    times: NDArray[Any] | None = None
    is_date: bool = False
    labelled: NDArray[np.bool_] | None = None
    flagged: NDArray[np.bool_] | None = None
    """Which steps are flagged; None: those with a score above the one cut-off."""

    @property
    def steps(self) -> int:
        return len(self.lanes[0].actual) if self.lanes else len(self.scores) if self.scores is not None else 0

    @property
    def unit(self) -> int:
        """Buckets wider than this are multiples of it: where columns are known by an overview, single steps are read."""
        return UNIT if any(isinstance(lane.actual, LongColumn) for lane in self.lanes) else 1


@dataclass(frozen=True)
class _Shown:
    """What the page asks the plot to show, beside the series."""

    cut_off: float | None
    score_name: str
    shown: tuple[int, int] | None
    marks: Sequence[tuple[int, int, str]]
    selectable: bool


def _read(*paths: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


_SCRIPTS = [_FOLDER.parent / "threshold_plot" / "scales.js", *(_FOLDER / f"{name}.js" for name in ("message", "times", "drawing", "plot"))]

_COMPONENT = st.components.v2.component(
    "series_plot", html=_read(_FOLDER / "plot.html"), css=_read(_FOLDER / "plot.css"), js=_read(*_SCRIPTS)
)


def series_plot(
    series: Series,
    *,
    cut_off: float | None = None,
    score_name: str = "",
    key: str,
    translate: Translate = str,
    shown: tuple[int, int] | None = None,
    marks: Sequence[tuple[int, int, str]] = (),
    on_select: Callable[[int], None] | None = None,
) -> None:
    """Shows the series, with what is flagged by `cut_off` shaded; not to be called inside another fragment.

    Args:
        series: up to six lanes are readable. Names in it are shown as plain text, whatever they hold.
        cut_off: it is drawn, and steps with a score above it are flagged where the series says nothing else; None without a threshold.
        score_name: what the score is, translated.
        key: of the element, also its ``.st-key-`` class.
        translate: from a template to its sentence in the reader's language.
        shown: the steps to open with, the second excluded; another range than before moves the view, None to the whole series.
        marks: ranges of steps, the second excluded, each drawn with a label.
        on_select: told the first step of the flagged stretch that was clicked, before the whole script runs again.
    """
    wish = _Shown(cut_off, score_name, shown, tuple(marks), on_select is not None)
    _plot(series, wish, key, translate, on_select)


@st.fragment
def _plot(series: Series, wish: _Shown, key: str, translate: Translate, on_select: Callable[[int], None] | None) -> None:
    flagged = series.flagged if series.flagged is not None else _above(series.scores, wish.cut_off)

    def selected() -> None:
        step = _selected_step((st.session_state.get(key) or {}).get("selected"), flagged)
        if step is not None and on_select is not None:
            on_select(step)

    result = _COMPONENT(
        key=key,
        data=_message(series, wish, flagged, _asked(key), translate),
        on_view_change=lambda: None,
        on_selected_change=selected,
    )
    if result.selected is not None and on_select is not None:
        st.rerun()


def _above(scores: NDArray[np.float64] | None, cut_off: float | None) -> NDArray[np.bool_] | None:
    return None if scores is None or cut_off is None else np.asarray(scores > cut_off)


def _asked(key: str) -> Mapping[str, Any]:
    """What the browser last asked to see: `start`, `stop`, and the series and range it knew of."""
    view = (st.session_state.get(key) or {}).get("view")
    return view if isinstance(view, Mapping) else {}


def _selected_step(clicked: Any, flagged: NDArray[np.bool_] | None) -> int | None:
    if clicked is None or flagged is None:
        return None
    start, stop = (max(0, int(step)) for step in clicked)
    return first_flagged(flagged, start, stop)


def _message(series: Series, wish: _Shown, flagged: NDArray[np.bool_] | None, asked: Mapping[str, Any], translate: Translate) -> bytes:
    message, steps = Message(), series.steps
    identity = _fingerprint(series)
    shown = None if wish.shown is None else [int(step) for step in wish.shown]
    is_current = asked.get("series") == identity and asked.get("shown") == shown
    visible = (int(asked["start"]), int(asked["stop"])) if is_current else tuple(shown or (0, steps))
    is_scored = series.scores is not None
    most = min(FINE, FINE_BYTES // _bytes_a_bucket(series))
    return message.packed({
        "series": identity, "steps": steps, "shown": shown, "visible": visible, "asked": asked.get("count", 0) if is_current else 0,
        "is_date": series.is_date, "last_time": float(series.times[-1]) if _has_times(series) else None,
        "names": [lane.name for lane in series.lanes], "score_name": wish.score_name,
        "score_axis": score_axis(series.scores, wish.cut_off).to_json() if is_scored else None,
        "cut_off": wish.cut_off if is_scored else None, "selectable": wish.selectable,
        "has_labels": series.labelled is not None, "has_expected": any(lane.expected is not None for lane in series.lanes),
        "marks": [[int(start), int(stop), label] for start, stop, label in wish.marks],
        "fine": _piece(series, flagged, grid_around(*visible, most, steps, margin=MARGIN, unit=series.unit), message),
        "coarse": _piece(series, flagged, grid(0, steps, COARSE, steps, series.unit), message),
        "budget": {"buckets": most, "margin": MARGIN, "unit": series.unit},
        "colours": COLOURS, "texts": {name: translate(template) for name, template in TEXTS.items()},
    })  # fmt: skip


def _piece(series: Series, flagged: NDArray[np.bool_] | None, buckets: Grid, message: Message) -> dict[str, Any]:
    scores, labelled = series.scores, series.labelled
    return {
        "start": buckets.start, "stop": buckets.stop, "width": buckets.width,
        "times": message.add(series.times[buckets.starts].astype("<f8")) if _has_times(series) else None,
        "lanes": [_lane(lane, buckets, message) for lane in series.lanes],
        "scores": None if scores is None else message.add(highest(scores, buckets).astype("<f4")),
        "flagged": None if flagged is None else message.add(any_in(flagged, buckets).astype("u1")),
        "labelled": None if labelled is None else message.add(any_in(labelled, buckets).astype("u1")),
    }  # fmt: skip


def _lane(lane: Lane, buckets: Grid, message: Message) -> dict[str, Any]:
    """Values as differences from the lowest one, so that four bytes tell values apart that are large and close together."""
    low, high = lane.actual.extremes(buckets) if isinstance(lane.actual, LongColumn) else extremes(lane.actual, buckets)
    lowest = float(np.fmin.reduce(low, initial=np.inf))
    offset = lowest if np.isfinite(lowest) else 0.0
    expected = None if lane.expected is None else message.add((_means(lane.expected, buckets) - offset).astype("<f4"))
    first = message.add((low - offset).astype("<f4"))
    second = first if buckets.width == 1 else message.add((high - offset).astype("<f4"))
    return {"offset": offset, "low": first, "high": second, "expected": expected}


def _means(values: NDArray[Any] | LongColumn, buckets: Grid) -> NDArray[np.float64]:
    return values.means(buckets) if isinstance(values, LongColumn) else means(values, buckets)


def _bytes_a_bucket(series: Series) -> int:
    """Four for each number, eight for a time, one for each flag."""
    numbers = sum(2 if lane.expected is None else 3 for lane in series.lanes) + 1
    return 4 * numbers + 8 + 2


def _has_times(series: Series) -> bool:
    return series.times is not None and bool(np.isfinite(series.times).all())


def _fingerprint(series: Series) -> int:
    """Tells the plot when it has another series before it, so that it shows the whole of it."""
    found = zlib.crc32(repr((series.steps, [lane.name for lane in series.lanes])).encode())
    for lane in series.lanes:
        found = _mixed(lane.actual.overview.low if isinstance(lane.actual, LongColumn) else lane.actual, found)
    return found if series.times is None else _mixed(series.times, found)


def _mixed(values: NDArray[Any], found: int) -> int:
    return zlib.crc32(np.ascontiguousarray(values[:: max(1, len(values) // FINGERPRINT)]).tobytes(), found)
