"""How tables are shown: columns beside each other, what is there beside what was expected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from detectors import charts
from detectors.explanations.reasons import SMALLEST_SHARE
from detectors.messages import N_
from detectors.preparation.table import TablePreparation
from detectors.profile import ColumnProfile
from detectors.runs.normal_rows import Neighbours
from detectors.runs.request import RunRequest
from detectors.storage.records import DataSetRecord
from pages.shared import engine
from pages.shared.language import escape, plain, say, translate
from pages.shared.look import palette, show_chart
from pages.shared.rows_beside import rows_beside
from pages.shared.small_distribution import small_distribution
from pages.shared.values import category_text, position, value_text, value_texts
from pages.shared.views.base import ExplainedItem, View, waterfall

#: Columns whose distribution is shown beside the waterfall.
PLACES = 3

#: Columns shown of those that were not learned from.
LEFT_OUT = 12


PLACE_HELP = N_("All values of the column; the red triangle is this row, the dotted line what was expected.")

#: Rows whose preparation is shown on Train, and those of them that are shown number by number.
PREVIEWED, EXAMPLES = 2000, 5

#: Numbers of a column that fit beside each other.
MOST_NUMBERS = 12


class TableView(View):
    def prepared(self, record: DataSetRecord, request: RunRequest) -> None:
        label = say(N_("What preparation does to a column"))
        shown = st.expander(label, icon=":material/compare_arrows:", key="preparation_preview", on_change="rerun")
        if not shown.open:
            return
        with shown:
            columns = [column for column, role in request.used_roles.items() if role in ("feature", "text")]
            column = st.selectbox(say(N_("Column")), columns, key=f"previewed_{record.id}", format_func=str, width=320)
            if column is not None:
                rows = np.unique(np.linspace(0, record.rows - 1, min(PREVIEWED, record.rows)).astype(np.intp))
                before_and_after(record, request, column, tuple(int(row) for row in rows))

    def explained(self, item: ExplainedItem) -> None:
        assert isinstance(item.preparation, TablePreparation)
        expected = _only_row(item.preparation.encoding.restore(item.found["expected"][None]))
        actual = _only_row(engine.data_rows(item.data_set.id, (item.row,)))
        left, right = st.columns([1.15, 1])
        with left:
            columns = item.preparation.columns
            waterfall(item, lambda values: (columns, values))
        with right:
            actual_and_expected(item, item.preparation.columns, actual, expected)
            left_out(item)
        _places(item, item.preparation.columns, actual, expected)

    def beside(self, item: ExplainedItem, found: Neighbours) -> None:
        assert isinstance(item.preparation, TablePreparation)
        rows_beside(item.data_set.id, item.row, (item.preparation.columns, item.found["values"]), found)


def before_and_after(record: DataSetRecord, request: RunRequest, column: str, rows: tuple[int, ...]) -> None:
    """A column as it is and as the detector sees it: distributions beside each other, and some rows number by number."""
    with st.spinner(say(N_("Preparing some rows …"))):
        found = engine.preview(request, rows)
    values = engine.column_of(record.id, column, rows)
    numbers, names = found["X"][:, found["column"] == column], [str(name) for name in found["names"][found["column"] == column]]
    left, right = st.columns(2)
    with left:
        show_chart(charts.values_before(column, values, palette()), key="before")
    with right:
        show_chart(charts.numbers_after(column, names, numbers, palette()), key="after")
    examples = np.unique(np.linspace(0, len(rows) - 1, EXAMPLES).astype(np.intp))
    table = pd.DataFrame(numbers[examples, :MOST_NUMBERS], columns=names[:MOST_NUMBERS])
    table.insert(0, plain(N_("In the data")), [value_text(values.iloc[place]) for place in examples], allow_duplicates=True)
    config = {name: st.column_config.NumberColumn(format="%.3g") for name in names[:MOST_NUMBERS]}
    st.dataframe(table, hide_index=True, column_config=config, alt=plain(N_("Some rows of {column} before and after"), column=column))
    if len(rows) < record.rows:
        st.caption(
            say(
                N_("Learned from {count} of {rows} rows, spread over the file; a training learns from all."),
                count=len(rows),
                rows=record.rows,
            )
        )


def _only_row(frame: pd.DataFrame) -> dict[str, Any]:
    """The values of a frame's only row, each of its column's type: taken as one row, pandas makes whole numbers floats."""
    return {str(name): values.iloc[0] for name, values in frame.items()}


def actual_and_expected(item: ExplainedItem, names: list[str], actual: dict[str, Any], expected: dict[str, Any]) -> None:
    """Every column: what the row holds, what was expected, what that added; the heaviest first."""
    order = np.argsort(-item.found["values"])
    columns = [names[place] for place in order]
    texts = [value_texts(actual[column], expected[column]) for column in columns]
    profiles = {profile.name: profile for profile in engine.profile(item.data_set.id)}
    titles = {
        "column": N_("Column"),
        "actual": N_("This row"),
        "expected": N_("Expected"),
        "added": N_("Added"),
    }
    table = pd.DataFrame(
        {
            "column": columns,
            "actual": [here for here, _ in texts],
            "expected": [there for _, there in texts],
            "place": [_small_place(profiles[column], actual[column], expected[column]) for column in columns],
            "added": item.found["values"][order],
        }
    )
    st.markdown(f"**{say(N_('What is there, and what was expected?'))}**")
    config: dict[str, Any] = {name: st.column_config.TextColumn(plain(title), pinned=name == "column") for name, title in titles.items()}
    config["place"] = st.column_config.ImageColumn(plain(N_("Where it lies")), width=120, help=say(PLACE_HELP))
    help_text = say(N_("How much the column added to the score (SHAP)."))
    config["added"] = st.column_config.NumberColumn(plain(titles["added"]), format="%.4g", width=70, help=help_text)
    alt = plain(N_("Actual and expected values of row {row}"), row=item.row + 1)
    st.dataframe(table, hide_index=True, height=_table_height(len(table)), column_config=config, alt=alt)


def left_out(item: ExplainedItem) -> None:
    """What the row holds in columns that were not learned from: its id and its label before all others."""
    roles = item.run.request["roles"]
    learned = item.preparation.columns if isinstance(item.preparation, TablePreparation) else []
    values = {name: value for name, value in _only_row(engine.data_rows(item.data_set.id, (item.row,))).items() if name not in learned}
    order = {"id": 0, "label": 1}
    names = sorted(values, key=lambda name: order.get(roles.get(name, ""), len(order)))
    texts = [f"{escape(name)}: {escape(value_text(values[name]))}" for name in names[:LEFT_OUT]]
    if len(names) > LEFT_OUT:
        texts.append(say(N_("and {count} more"), count=len(names) - LEFT_OUT))
    if texts:
        st.caption(" · ".join(texts))


def _table_height(rows: int) -> int:
    return min(36 * (rows + 1) + 4, 430)


def _places(item: ExplainedItem, names: list[str], actual: dict[str, Any], expected: dict[str, Any]) -> None:
    """The heaviest columns' distributions with this row's value marked."""
    profiles = {profile.name: profile for profile in engine.profile(item.data_set.id)}
    values = item.found["values"]
    heaviest = [names[place] for place in np.argsort(-values)[:PLACES] if values[place] > SMALLEST_SHARE * max(values.max(), 0)]
    for number, (cell, column) in enumerate(zip(st.columns(PLACES), heaviest, strict=False)):
        with cell:  # keyed by place, so that the next row's charts are redrawn in the same frames
            show_chart(_place(profiles[column], actual[column], expected[column]), key=f"place_{number}")


def _small_place(profile: ColumnProfile, actual: Any, expected: Any) -> str:
    """The same as a picture in a cell."""
    bars = profile.bars
    if profile.type in ("text", "boolean"):
        names = [category_text(value, profile.type) for value in bars.values]
        here, there = (category_text(value, profile.type) for value in (actual, expected))
        at = [(names.index(name) + 0.5) / max(1, len(names)) if name in names else None for name in (here, there)]
        return small_distribution(bars.counts, at[0], at[1], palette())
    low, high = position(bars.low), position(bars.high)
    shares = [(position(value) - low) / ((high - low) or 1.0) for value in (actual, expected)]
    return small_distribution(bars.counts, shares[0], shares[1], palette())


def _place(profile: ColumnProfile, actual: Any, expected: Any) -> charts.Chart:
    if profile.type in ("text", "boolean"):
        return _place_of_category(profile, actual, expected)
    bars = profile.bars
    edges = np.linspace(position(bars.low), position(bars.high), len(bars.counts) + 1)
    return charts.place_of_number(
        profile.name,
        edges,
        bars.counts,
        actual=position(actual),
        expected=position(expected),
        palette=palette(),
        dates=profile.type == "date",
        translate=translate,
    )


def _place_of_category(profile: ColumnProfile, actual: Any, expected: Any) -> charts.Chart:
    bars = profile.bars
    values = [category_text(value, profile.type) for value in bars.values] + [plain(N_("others"))] * bool(bars.rest)
    return charts.place_of_category(
        profile.name,
        values,
        [*bars.counts, *[bars.rest] * bool(bars.rest)],
        actual=category_text(actual, profile.type),
        expected=category_text(expected, profile.type),
        palette=palette(),
        translate=translate,
    )
