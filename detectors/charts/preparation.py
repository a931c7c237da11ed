"""What preparation does to a column: its values before, and the numbers that a detector sees after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.charts.basics import HEIGHT, Chart, Palette, blank_figure, hover_names, ticks
from detectors.messages import N_, Message

#: Bars of a distribution, and categories or numbers that stand beside each other.
BINS, MOST_BARS = 30, 24

#: Parts of a distribution that a line of a small box stands for.
QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


def values_before(column: str, values: pd.Series, palette: Palette) -> Chart:
    """The values of a column as they are in the data; missing ones are counted in the title."""
    known = values.dropna()
    title = Message(
        N_("Before: {column}, {missing} of {rows} missing"), {"column": column, "missing": len(values) - len(known), "rows": len(values)}
    )
    axes = (Message(N_("{column}"), {"column": column}), Message(N_("rows")))
    if pd.api.types.is_datetime64_any_dtype(known):
        return _distribution(known.astype("datetime64[us]").astype("int64").to_numpy() / 1e6, title, axes, palette, dates=True)
    if pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known):
        return _distribution(known.to_numpy(dtype=np.float64), title, axes, palette)
    counts = known.astype(str).value_counts().iloc[:MOST_BARS]
    return _bars([str(value) for value in counts.index], counts.to_numpy(), title, axes, palette)


def numbers_after(column: str, names: Sequence[str], numbers: NDArray[np.float32], palette: Palette) -> Chart:
    """The numbers, (rows, numbers), that a column becomes: a distribution for one, a bar for each of several that are 0 or 1, else a box."""
    title = Message(N_("After: {count} numbers"), {"count": numbers.shape[1]}) if numbers.shape[1] > 1 else Message(N_("After: 1 number"))
    if numbers.shape[1] == 1:
        return _distribution(numbers[:, 0].astype(np.float64), title, (Message(N_("what the detector sees")), Message(N_("rows"))), palette)
    shown, few = [_within(column, name) for name in names[:MOST_BARS]], numbers[:, :MOST_BARS]
    if np.isin(few, (0, 1)).all():
        return _bars(shown, few.sum(axis=0), title, (Message(""), Message(N_("rows with a 1"))), palette)
    ends = np.quantile(few, QUARTILES, axis=0)
    figure = blank_figure(palette, height=HEIGHT)
    figure.add_box(
        x=list(range(len(shown))), lowerfence=ends[0], q1=ends[1], median=ends[2], q3=ends[3], upperfence=ends[4],
        line_color=palette.normal, customdata=hover_names(shown),
    )  # fmt: skip
    figure.update_xaxes(tickfont_size=11, **ticks(shown, 16))
    table = pd.DataFrame({"number": shown, "smallest": ends[0], "median": ends[2], "largest": ends[4]})
    return Chart(figure, title, table, (Message(""), Message(N_("what the detector sees"))))


def _within(column: str, name: str) -> str:
    """The name of a number beside others of the same column."""
    return name.removeprefix(column).lstrip(" =:") or column


def _distribution(
    numbers: NDArray[np.float64], title: Message, axes: tuple[Message, Message], palette: Palette, *, dates: bool = False
) -> Chart:
    """How `numbers` are spread; `dates` come in seconds since 1970."""
    finite = numbers[np.isfinite(numbers)]
    counts, edges = np.histogram(finite, BINS) if len(finite) else (np.zeros(1, dtype=np.intp), np.array([0.0, 1.0]))
    middles = (edges[:-1] + edges[1:]) / 2
    at = middles.astype("datetime64[s]") if dates else middles
    figure = blank_figure(palette, height=HEIGHT)
    figure.add_bar(
        x=at, y=counts, width=np.diff(edges) * (1000 if dates else 1),  # plotly counts dates in milliseconds
        marker_color=palette.normal, hovertemplate="%{x}: %{y:,}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(bargap=0)
    return Chart(figure, title, pd.DataFrame({"middle": at, "rows": counts}), axes)


def _bars(names: list[str], counts: NDArray[Any], title: Message, axes: tuple[Message, Message], palette: Palette) -> Chart:
    figure = blank_figure(palette, height=HEIGHT)
    figure.add_bar(
        x=list(range(len(names))), y=counts, marker_color=palette.normal, customdata=hover_names(names), hovertemplate="%{customdata}: %{y:,}<extra></extra>"
    )  # fmt: skip
    figure.update_xaxes(tickfont_size=11, **ticks(names, 16))
    return Chart(figure, title, pd.DataFrame({"value": names, "rows": counts}), axes)
