"""What the gate says of new data: findings with what follows from them, and the drift of every column with its picture."""

from __future__ import annotations

import re

import pandas as pd
import streamlit as st

from detectors import charts
from detectors.drift import LARGE, SMALL, Drift
from detectors.gate import Gate, Noticed
from detectors.messages import N_, Message
from pages.shared.language import plain, say, say_message, translate
from pages.shared.look import palette, show_chart

#: Findings in view; more fold out.
SHOWN = 10

SIZES = {"none": N_("none"), "small": N_("small"), "large": N_("large")}


#: What is said where nothing is unlike the training rows.
ALIKE = {
    "images": N_("Pictures like those it learned from: in size and colour, brightness, contrast and sharpness."),
    "text": N_("Texts like those it learned from: in length, words, letters and signs."),
    "series": N_("Same columns and types, nothing out of range, no new gaps; the step and the order of the rows as in the training data."),
}

MOVED = {
    "images": N_("How far have the pictures moved?"),
    "text": N_("How far have the texts moved?"),
}


def gate_table(gate: Gate, kind: str) -> None:
    """Every finding with what follows from it, those that stop scoring first."""
    if not gate.noticed:
        nothing = ALIKE.get(kind, N_("Same columns and types, no new categories, nothing out of range, no new gaps."))
        st.markdown(":material/check_circle: " + say(nothing))
        return
    st.markdown(_lines(gate.noticed[:SHOWN]))
    if len(gate.noticed) > SHOWN:
        with st.expander(say(N_("{count} further findings"), count=len(gate.noticed) - SHOWN), key="more_findings"):
            st.markdown(_lines(gate.noticed[SHOWN:]))


def _lines(noticed: list[Noticed]) -> str:
    heads = [" ", say(N_("What is unlike the training rows")), say(N_("What follows"))]
    lines = [f"| {' | '.join(heads)} |", "| --- | --- | --- |"]
    for each in noticed:
        icon = ":red[:material/block:]" if each.stops else ":material/info:"
        lines.append(f"| {icon} | {_cell(each.what)} | {_cell(each.then)} |")
    return "\n".join(lines)


def _cell(message: Message) -> str:
    """A sentence inside a table of Markdown, where a bar would end the cell even between backticks."""
    return re.sub(r"(?<!\\)\|", "¦", say_message(message))


def drift_table(gate: Gate, kind: str) -> None:
    """How far each column or figure has moved, with its training bars beside its new ones; the chosen one is drawn large."""
    if not gate.drifts:
        return
    drifts = gate.drifts
    counts = {size: sum(drift.size == size for drift in drifts) for size in ("large", "small")}
    st.markdown(f"**{say(MOVED.get(kind, N_('How far has each column moved?')))}** " + _summed(counts, len(drifts)))
    left, right = st.columns([1.5, 1])
    with left:
        chosen = st.dataframe(
            _frame(drifts), hide_index=True, height="content" if len(drifts) <= SHOWN else 400, column_config=_config(drifts, kind),
            on_select="rerun", selection_mode="single-row", key="drift_chosen", alt=plain(N_("How far each column has moved")),
        )  # fmt: skip
    rows = list(chosen["selection"]["rows"])
    drift = drifts[rows[0]] if rows and rows[0] < len(drifts) else drifts[0]
    with right:
        then = N_("{column}: then and now") if drift.figure else N_("`{column}` then and now")
        title = Message(then, {"column": called(drift)})
        show_chart(charts.drift_bars(drift, palette(), title=title, translate=translate), key="drift")
    told = N_("Distance: the share of the rows that lie elsewhere, from 0 to 1. None up to {small}, or as far as {rows} unchanged rows would come by chance; large above {large}.")  # fmt: skip
    st.caption(say(told, small=SMALL, large=LARGE, rows=gate.rows))
    if gate.looked_at is not None:
        st.caption(say(N_("Of {rows}, {looked} were looked at, drawn evenly."), rows=gate.rows, looked=gate.looked_at))


def called(drift: Drift) -> str:
    """The column's name, or what is told of a picture, a text or a time."""
    return ": ".join(filter(None, [drift.column, translate(drift.figure)]))


def _summed(counts: dict[str, int], columns: int) -> str:
    if not any(counts.values()):
        return say(N_("None of {columns} has moved by more than chance or a little."), columns=columns)
    return say(N_("{large} of {columns} far, {small} a little."), columns=columns, **counts)


def _frame(drifts: list[Drift]) -> pd.DataFrame:
    return pd.DataFrame({
        "column": [called(drift) for drift in drifts], "drift": [plain(SIZES[drift.size]) for drift in drifts],
        "distance": [drift.distance for drift in drifts], "learned": [drift.learned.tolist() for drift in drifts],
        "found": [drift.found.tolist() for drift in drifts],
    })  # fmt: skip


def _config(drifts: list[Drift], kind: str) -> dict[str, object]:
    most = max(float(max(drift.learned.max(), drift.found.max())) for drift in drifts)
    config = st.column_config
    return {
        "column": config.TextColumn(
            plain(N_("Column") if kind not in MOVED else N_("Of each picture") if kind == "images" else N_("Of each text"))
        ),
        "drift": config.TextColumn(plain(N_("Drift")), width="small"),
        "distance": config.ProgressColumn(plain(N_("Distance")), width="small", min_value=0, max_value=1, format="%.2f"),
        "learned": config.BarChartColumn(plain(N_("Then")), width="small", y_min=0, y_max=most),
        "found": config.BarChartColumn(plain(N_("Now")), width="small", y_min=0, y_max=most),
    }
