"""How what a row holds in one column moves its score."""

from __future__ import annotations

import numpy as np
import streamlit as st

from detectors import charts
from detectors.explanations.held import numbers_of
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.preparation.values import number_type
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared.all_flagged.explained_rows import ExplainedRows, both_explained, part_names, weights_of
from pages.shared.all_flagged.opening import selected_rows
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart

#: Whole numbers of so few different values, and yes and no, are drawn in strips.
FEW_VALUES = 3


def dependence_panel(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """SHAP values of one part over what rows hold in it, flagged rows and others."""
    kind = KINDS[run.kind]
    with st.spinner(say(N_("Explaining flagged {items} and others …"), items=plain(kind.items)), show_time=True):
        weights = weights_of(run, threshold)
        found, is_flagged = both_explained(run, threshold)
    order = np.argsort(-weights.weights, kind="stable")
    names = part_names(found.names)
    label = N_("Place") if run.kind == "images" else N_("Column")
    part = st.selectbox(
        say(label), [int(place) for place in order], format_func=lambda place: names[place], key=f"dependence_{run.id}", width=320
    )
    selected = show_chart(_chart(found, int(part), is_flagged, run.kind), key=f"dependence_{run.id}_{part}", selects=True)
    told = N_("{flagged} flagged {items} and {others} others. Above the line the value made its {item} more unusual, below it less. Click a point to open its {item}, with Shift several.")  # fmt: skip
    counts = {"flagged": int(is_flagged.sum()), "others": int((~is_flagged).sum())}
    st.caption(say(told, **counts, items=plain(kind.items), item=plain(kind.item)) + _missing(found, int(part)))
    selected_rows(selected, data_set, run, threshold, key="dependence")


def _chart(found: ExplainedRows, part: int, is_flagged: np.ndarray, kind: str) -> charts.Chart:
    held = found.held.iloc[:, part]
    name = part_names([found.names[part]])[0]
    texts = found.texts(np.array([part]))[:, 0]
    points = charts.Points(found.rows, found.values[:, part], is_flagged, texts)
    numbers, of_type = numbers_of(held), number_type(held)
    if numbers is None or of_type == "boolean" or held.nunique() <= FEW_VALUES:
        return charts.dependence_on_category(name, points, palette(), translate=translate)
    unit = Message(N_("brightness of the place, percent")) if kind == "images" else None
    return charts.dependence_on_number(name, numbers, points, palette(), dates=of_type == "date", unit=unit, translate=translate)


def _missing(found: ExplainedRows, part: int) -> str:
    """How many rows have no place in the chart, because they hold nothing there."""
    missing = int(found.held.iloc[:, part].isna().sum())
    return " " + say(N_("{missing} hold nothing here and have no place."), missing=missing) if missing else ""
