"""The rows of a run in a plane: what lies together and what lies apart; what is encircled is listed."""

from __future__ import annotations

from typing import get_args

import numpy as np
import streamlit as st

from detectors import charts, registry
from detectors.kinds import KINDS
from detectors.maps import Map, Method
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.workbench import Space
from pages.shared import results
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart
from pages.shared.views import RunOfItems, view_of

#: Items listed at most.
LISTED = 50


@st.cache_data(show_spinner=False, max_entries=20)
def found_map(run_id: str, data_id: str, space: Space, method: Method) -> Map:
    return workbench().map(run_id, data_id, space, method)


def map_of_rows(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """The map, what may be chosen about it, and the list of what is encircled."""
    folder = workbench().run_folder(run.id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        space: Space = _choice(N_("What is drawn"), _spaces(run), key="map_space")
        method: Method = _choice(N_("How"), {"pca": N_("Principal components"), "tsne": N_("t-SNE")}, key="map_method")
        colours = {"flag": N_("Flag"), "score": N_("Score"), **({"label": N_("Label")} if folder.has("labels") else {})}
        by = _choice(N_("Coloured by"), colours, key="map_colour")
    assert method in get_args(Method)
    with st.spinner(say(N_("Drawing the map … t-SNE of thousands of rows takes up to a minute, once.")), show_time=True):
        found = found_map(run.id, data_set.id, space, method)
    scores = np.asarray(folder.array("scores")[found.rows])
    labels = np.asarray(folder.array("labels")[found.rows]) if folder.has("labels") else None
    chart = charts.map_of_rows(found, scores, labels, flags_of(threshold).ordered(found.rows), palette(), by=by, translate=translate)
    selected = show_chart(chart, key=f"map_{run.id}_{space}_{method}", selects=True)
    items = plain(KINDS[run.kind].items)
    drawn = (
        N_("{drawn} of {rows} {items}: the most unusual ones and others at random.")
        if len(found.rows) < data_set.rows
        else N_("All {drawn} {items}.")
    )
    meaning = N_("t-SNE keeps neighbours together; distances between groups, and their sizes, mean nothing.") if method == "tsne" else ""
    told = [say(drawn, drawn=len(found.rows), rows=data_set.rows, items=items), say(N_("Drag around points to list them.")), say(meaning)]
    st.caption(" ".join(filter(None, told)))
    if len(selected):
        _listed(selected - 1, data_set, RunOfItems(run, threshold))


def _listed(rows: np.ndarray, data_set: DataSetRecord, by: RunOfItems) -> None:
    places = results.rank_of(by.run.id)[rows]
    order = np.argsort(places)[:LISTED]
    if len(rows) > LISTED:
        st.caption(say(N_("The {shown} most unusual of {rows}"), shown=LISTED, rows=len(rows)))
    view_of(by.run.kind).listed(data_set, by, rows[order], {plain(N_("this run")): places[order]}, "map")


def _spaces(run: RunRecord) -> dict[str, str]:
    seen = {"seen": N_("What the detector sees")}
    knows = registry.get(run.representation, run.detector).knows_codes()
    return seen | ({"learned": N_("What it has learned")} if knows else {})


def _choice(label: str, options: dict[str, str], key: str) -> str:
    names = list(options)
    chosen: str = st.segmented_control(
        say(label),
        names,
        default=names[0],
        required=True,
        format_func=lambda name: plain(options[name]),
        key=f"{key}_{'_'.join(names)}",
        width="content",
    )
    return chosen
