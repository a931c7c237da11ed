"""One threshold for all rows or one for each segment, and how much of each segment is flagged."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from detectors import charts
from detectors.errors import AnomalystError
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.position import Position
from detectors.profile import ColumnProfile
from detectors.segments import FEWEST_ROWS, MOST_SEGMENTS, SegmentRate, rates
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine, state
from pages.shared.as_saved import as_saved
from pages.shared.flags import flags_of, segment_scores
from pages.shared.language import percent, plain, say, say_message, translate
from pages.shared.look import palette, show_chart
from pages.shared.moves import move

#: A column of numbers is offered up to so many different values: more of them are measured, not named.
MOST_NUMBERS = 30

#: Segments named in the sentence above the table, and segments up to which the table shows all of them at once.
NAMED, FEW = 3, 12


def segments_card(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """Lets a column be chosen whose values have cut-offs of their own; shows how much of each is flagged."""
    columns = segment_columns(data_set, run)
    position = Position.of(threshold)
    if not columns:
        return
    folded = st.expander(
        _title(threshold), icon=":material/splitscreen:", key="segments", on_change="rerun", expanded=position.column is not None
    )
    if not folded.open:
        return
    with folded:
        column = _choices(run, position, columns)
        try:
            segments = segment_scores(run.id, column).segments
        except AnomalystError as error:
            st.caption(say_message(error.message))
            return
        found = rates(segments, flags_of(threshold))
        left, right = st.columns([1.4, 1])
        with left:
            _told(found, threshold, column)
            _table(run, position, threshold, found)
        with right:
            title = Message(N_("How much of each {column} is flagged?"), {"column": column})
            overall = threshold.flagged / len(segments.codes)
            show_chart(charts.flag_rates(found, overall, palette(), title=title, translate=translate), key="flag_rates")
            if len(found) > charts.MOST_DRAWN:
                st.caption(say(N_("The {most} largest of {count} are drawn."), most=charts.MOST_DRAWN, count=len(found)))


def segment_columns(data_set: DataSetRecord, run: RunRecord) -> list[str]:
    """The columns whose values can be segments: the entity first, then categories in their order."""
    roles: Mapping[str, str] = run.request.get("roles", {})
    offered = [profile.name for profile in engine.profile(data_set.id) if _makes_segments(profile, roles.get(profile.name, "feature"))]
    return sorted(offered, key=lambda name: roles.get(name) != "entity")


def _makes_segments(profile: ColumnProfile, role: str) -> bool:
    if role in ("label", "id", "time") or not 1 < profile.distinct + bool(profile.missing) <= MOST_SEGMENTS:
        return False
    if role == "entity" or profile.type == "boolean":
        return True
    return profile.type == "text" or (profile.type == "number" and profile.integer and profile.distinct <= MOST_NUMBERS)


def _title(threshold: ThresholdRecord) -> str:
    if not threshold.segments:
        return say(N_("Segments: one cut-off for all"))
    return say(N_("Segments: a cut-off for each {column}"), column=threshold.segments["column"])


def _choices(run: RunRecord, position: Position, columns: list[str]) -> str:
    chosen = columns.index(position.column) if position.column in columns else 0
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"segment_column_{run.id}_{position.column}"
        column: str = st.selectbox(
            say(N_("Segments by")), columns, chosen, key=key, width=260, format_func=str,
            on_change=lambda: position.column and move(run.id, position.with_segments(state.typed(key))),
        )  # fmt: skip
        each = f"segments_own_{run.id}_{position.column}_{state.refusals()}"
        st.toggle(
            say(N_("A cut-off for each")), position.column is not None, key=each,
            on_change=lambda: move(run.id, position.with_segments(state.typed(key) if state.typed(each) else None)),
            help=say(N_("The same rule, applied to the scores within each segment. Below {fewest} rows to learn from a segment has the common cut-off."),
                     fewest=FEWEST_ROWS),
        )  # fmt: skip
    return column


def _told(found: list[SegmentRate], threshold: ThresholdRecord, column: str) -> None:
    """Which segments are flagged more often than all rows together, as far as their intervals can say."""
    rows = sum(rate.rows for rate in found)
    overall = threshold.flagged / rows
    above = sorted((rate for rate in found if rate.interval.low > overall), key=lambda rate: -rate.rate)
    names = ", ".join(f"{rate.name or plain(N_('(no value)'))} ({percent(rate.rate)})" for rate in above[:NAMED])
    if not above:
        st.markdown(
            say(N_("No {column} is flagged clearly more often than all rows together ({share})."), column=column, share=percent(overall))
        )
    elif len(above) <= NAMED:
        st.markdown(say(N_("Flagged more often than all rows together ({share}): {names}."), share=percent(overall), names=names))
    else:
        told = N_("Flagged more often than all rows together ({share}): {names} and {count} more.")
        st.markdown(say(told, share=percent(overall), names=names, count=len(above) - NAMED))


def _table(run: RunRecord, position: Position, threshold: ThresholdRecord, found: list[SegmentRate]) -> None:
    names = [rate.name for rate in found]
    table = pd.DataFrame({
        "segment": [name or plain(N_("(no value)")) for name in names], "rows": [rate.rows for rate in found],
        "flagged": [rate.flagged for rate in found], "cut-off": [_cut_off(threshold, name) for name in names],
        "share": [rate.rate for rate in found], "interval": [f"{rate.interval.low:.1%} – {rate.interval.high:.1%}" for rate in found],
        "basis": [_basis(run, threshold, name) for name in names],
    })  # fmt: skip
    config = st.column_config
    shown: dict[str, Any] = {
        "segment": config.TextColumn(position.column or plain(N_("segment")), pinned=True),
        "rows": config.NumberColumn(plain(N_("{items}"), items=plain(KINDS[run.kind].items)), format="localized", width="small"),
        "flagged": config.NumberColumn(plain(N_("flagged")), format="localized", width="small"),
        "share": config.NumberColumn(plain(N_("share")), format="percent", width="small"),
        "interval": config.TextColumn(
            plain(N_("95 times in 100")), help=say(N_("Where the share lies, judged by as many rows as there are."))
        ),
        "cut-off": config.NumberColumn(plain(N_("cut-off")), format="%.4g", width="small"),
        "basis": config.TextColumn(plain(N_("by")), width=150),
    }
    height: Any = "content" if len(table) <= FEW else 400
    alt = plain(N_("Segments, their cut-offs and how much of them is flagged"))
    if position.column is None:
        plainly = table.drop(columns=["cut-off", "basis"])
        st.dataframe(plainly, hide_index=True, height=height, column_config=shown, key="segment_table", alt=alt)
        return
    key = f"segment_editor_{run.id}_{zlib.crc32(repr(position).encode()):x}_{state.refusals()}"
    st.data_editor(
        table, hide_index=True, height=height, column_config=shown, key=key, disabled=[name for name in table if name != "cut-off"],
        on_change=lambda: _set_by_hand(run.id, position, names, state.typed(key)), alt=alt,
    )  # fmt: skip
    st.caption(say(N_("Type another cut-off to set it by hand; empty the cell to go back to the rule.")))


def _set_by_hand(run_id: str, position: Position, names: list[str], edited: Any) -> None:
    for row, changes in (edited or {}).get("edited_rows", {}).items():
        if "cut-off" in changes:
            position = position.with_own(names[int(row)], changes["cut-off"])
    move(run_id, position)


def _cut_off(threshold: ThresholdRecord, name: str) -> float:
    return float((threshold.segments or {}).get("cut_offs", {}).get(name, threshold.cut_off))


def _basis(run: RunRecord, threshold: ThresholdRecord, name: str) -> str:
    segments = threshold.segments or {}
    if not segments or name in segments["cut_offs"]:
        if name not in segments.get("by_hand", {}):
            return plain(N_("the rule"))
        return plain(N_("the saved detector") if as_saved(threshold) else N_("by hand"))
    by_segment = segment_scores(run.id, segments["column"])
    few = len(by_segment.training[by_segment.segments.names.index(name)]) < FEWEST_ROWS
    return plain(N_("common: too few rows") if few else N_("common: rule not possible"))
