"""Explain: why one row got its score, and which columns weigh most over all flagged rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from detectors import charts, registry
from detectors.explanations.shapley import nearest_of_one
from detectors.messages import N_
from detectors.preparation import TablePreparation, load_preparation
from detectors.profile import ColumnProfile
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine, state
from pages.shared.empty import need_run
from pages.shared.engine import workbench
from pages.shared.language import escape, plain, say, translate
from pages.shared.look import page_head, palette, show_chart
from pages.shared.values import category_text, position, value_text, value_texts

#: Columns whose distribution is shown beside the waterfall.
PLACES = 3

#: Columns shown of those that were not learned from.
LEFT_OUT = 12


def row_chooser(ranking: np.ndarray, flagged: int, scores: np.ndarray) -> int:
    """The row looked at (position from 0), with the way to its neighbours by rank."""
    chosen = state.selection().row
    row = chosen if chosen is not None and chosen < len(ranking) else int(ranking[0])
    rank = int(np.flatnonzero(ranking == row)[0])
    place = N_("rank {rank} of {flagged} flagged") if rank < flagged else N_("rank {rank} of {rows} rows, not flagged")
    heading = say(N_("Row {row} · score {score}"), row=row + 1, score=float(scores[row]))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(heading + " · " + say(place, rank=rank + 1, flagged=flagged, rows=len(ranking)), anchor=False, width="stretch")
        _neighbour(ranking, rank - 1, key="previous", label=N_("More unusual"), icon=":material/chevron_left:", shortcut="k")
        _neighbour(ranking, rank + 1, key="next", label=N_("Less unusual"), icon=":material/chevron_right:", shortcut="j")
        _row_jump(len(ranking))
    return row


def _neighbour(ranking: np.ndarray, rank: int, *, key: str, label: str, icon: str, shortcut: str) -> None:
    there = 0 <= rank < len(ranking)
    row = int(ranking[rank]) if there else 0
    side = "left" if key == "previous" else "right"
    st.button(
        say(label),
        key=key,
        icon=icon,
        icon_position=side,
        shortcut=shortcut,
        disabled=not there,
        on_click=state.select,
        kwargs={"row": row},
    )


def _row_jump(rows: int) -> None:
    def jump() -> None:
        typed = state.typed("row_jump")
        if typed:
            state.select(row=int(typed) - 1)

    st.number_input(
        say(N_("Go to row")),
        1,
        rows,
        None,
        key="row_jump",
        placeholder=plain(N_("row")),
        label_visibility="collapsed",
        width=130,
        on_change=jump,
    )


def waterfall(found: dict[str, Any], preparation: TablePreparation) -> None:
    values = np.array(found["values"])
    chart = charts.waterfall(preparation.columns, values, base=found["base"], score=found["score"], palette=palette(), translate=translate)
    show_chart(chart, key="waterfall")
    reached = found["base"] + sum(found["values"])
    st.caption(
        say(
            N_(
                "Base {base} + columns {sum} = {reached}; the score is {score}, so {residual} is left unexplained. Compared with: {background}."
            ),
            base=found["base"],
            sum=float(sum(found["values"])),
            reached=float(reached),
            score=found["score"],
            residual=_rounded_zero(found["score"] - reached, found["score"]),
            background=_background_text(len(preparation.columns)),
        )
    )


def _background_text(n_columns: int) -> str:
    run = state.run()
    detector = registry.find("table", run.detector) if run else None
    own = detector is not None and detector.knows_expected()
    if own or run is None:
        return plain(N_("what the detector expected of this very row"))
    usual = len(workbench().run_folder(run.id).array("usual"))
    return plain(N_("the {count} most similar usual rows"), count=min(nearest_of_one(n_columns), usual))


def _rounded_zero(residual: float, score: float) -> float:
    """Rounding errors are shown as the zero they are."""
    return 0.0 if abs(residual) < 1e-6 * max(abs(score), 1e-12) else float(residual)


def _only_row(frame: pd.DataFrame) -> dict[str, Any]:
    """The values of a frame's only row, each of its column's type: taken as one row, pandas makes whole numbers floats."""
    return {str(name): values.iloc[0] for name, values in frame.items()}


def actual_and_expected(row: int, data_set: DataSetRecord, found: dict[str, Any], preparation: TablePreparation) -> None:
    """Every column: what the row holds, what was expected, what that added; the heaviest first."""
    actual = _only_row(engine.data_rows(data_set.id, (row,)))
    expected = _only_row(preparation.restore(np.array([found["expected"]])))
    order = np.argsort(-np.array(found["values"]))
    columns = [preparation.columns[place] for place in order]
    texts = [value_texts(actual[column], expected[column]) for column in columns]
    titles = {
        "column": N_("Column"),
        "actual": N_("This row"),
        "expected": N_("Expected"),
        "added": N_("Added to the score"),
    }
    table = pd.DataFrame(
        {
            "column": columns,
            "actual": [here for here, _ in texts],
            "expected": [there for _, there in texts],
            "added": [found["values"][place] for place in order],
        }
    )
    st.markdown(f"**{say(N_('What is there, and what was expected?'))}**")
    config: dict[str, Any] = {name: st.column_config.TextColumn(plain(title), pinned=name == "column") for name, title in titles.items()}
    config["added"] = st.column_config.NumberColumn(plain(titles["added"]), format="%.4g")
    alt = plain(N_("Actual and expected values of row {row}"), row=row + 1)
    st.dataframe(table, hide_index=True, height=_table_height(len(table)), column_config=config, alt=alt)
    _left_out({name: value for name, value in actual.items() if name not in preparation.columns}, data_set.roles)


def _left_out(values: dict[str, Any], roles: dict[str, str]) -> None:
    """What the row holds in columns that were not learned from: its id and its label before all others."""
    order = {"id": 0, "label": 1}
    names = sorted(values, key=lambda name: order.get(roles.get(name, ""), len(order)))
    texts = [f"{escape(name)}: {escape(value_text(values[name]))}" for name in names[:LEFT_OUT]]
    if len(names) > LEFT_OUT:
        texts.append(say(N_("and {count} more"), count=len(names) - LEFT_OUT))
    if texts:
        st.caption(" · ".join(texts))


def _table_height(rows: int) -> int:
    return min(36 * (rows + 1) + 4, 430)


def places(row: int, data_set: DataSetRecord, found: dict[str, Any], preparation: TablePreparation) -> None:
    """The heaviest columns' distributions with this row's value marked."""
    profiles = {profile.name: profile for profile in engine.profile(data_set.id)}
    actual = _only_row(engine.data_rows(data_set.id, (row,)))
    expected = _only_row(preparation.restore(np.array([found["expected"]])))
    heaviest = [preparation.columns[place] for place in np.argsort(-np.array(found["values"]))[:PLACES]]
    for number, (cell, column) in enumerate(zip(st.columns(PLACES), heaviest, strict=False)):
        with cell:  # keyed by place, so that the next row's charts are redrawn in the same frames
            show_chart(_place(profiles[column], actual[column], expected[column]), key=f"place_{number}")


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


def all_flagged(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord, preparation: TablePreparation) -> None:
    """Which columns weigh most over all flagged rows."""
    if not threshold.flagged:
        st.info(say(N_("No row is flagged at this threshold.")))
        return
    with st.spinner(say(N_("Explaining the flagged rows …"))):
        found = engine.column_weights(run.id, data_set.id, threshold.flagged)
    show_chart(charts.column_weights(preparation.columns, found.weights, found.rows, palette()), key="weights")
    basis = (
        N_("All {rows} flagged rows.")
        if found.rows == threshold.flagged
        else N_("A sample of {rows} of {flagged} flagged rows, spread over their ranks.")
    )
    st.caption(
        say(basis, rows=found.rows, flagged=threshold.flagged)
        + " "
        + say(
            N_(
                "By the method for many rows; its order of columns agrees with shap's explainer to {agreement} (rank correlation over {compared} rows)."
            ),
            agreement=round(found.agreement, 3),
            compared=found.compared,
        )
    )


page_head(N_("Explain"), N_("See why a row was flagged: which columns added to its score, and what was expected instead."))
current_data, current_run = need_run()
current_threshold = workbench().records.threshold(current_run.id)
assert current_threshold is not None
folder = workbench().run_folder(current_run.id)
table_preparation = load_preparation(folder.result / "preparation")
one, every = st.tabs([say(N_("One row")), say(N_("All flagged rows"))], on_change="rerun", key="explain_tabs")
if one.open:
    with one:
        looked_at = row_chooser(engine.ranking(current_run.id), current_threshold.flagged, folder.array("scores"))
        with st.spinner(say(N_("Explaining this row … The first one after a start takes longer.")), show_time=True):
            explanation = engine.row_explanation(current_run.id, current_data.id, looked_at)
        left, right = st.columns([1.15, 1])
        with left:
            waterfall(explanation, table_preparation)
        with right:
            actual_and_expected(looked_at, current_data, explanation, table_preparation)
        places(looked_at, current_data, explanation, table_preparation)
if every.open:
    with every:
        all_flagged(current_data, current_run, current_threshold, table_preparation)
