"""Explain: why one row got its score, and what weighs most over all flagged rows."""

from __future__ import annotations

import numpy as np
import streamlit as st

from detectors.kinds import KINDS, Kind
from detectors.messages import N_
from pages.shared import engine, results, state
from pages.shared.all_flagged import all_flagged
from pages.shared.as_command import explanation_as_command
from pages.shared.empty import need_threshold
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.keeping import shown_refusal
from pages.shared.language import plain, say
from pages.shared.look import page_head
from pages.shared.map_of_rows import map_of_rows
from pages.shared.nearest_normal import nearest_normal
from pages.shared.similar import find_similar
from pages.shared.smallest_change import smallest_change
from pages.shared.suppressing import Looked, suppression_form
from pages.shared.tree_panel import tree_panel
from pages.shared.triage.component import judge_one
from pages.shared.triage.items import Item
from pages.shared.views import ExplainedItem, RunOfItems, view_of


def row_chooser(ranking: np.ndarray, flagged: int, scores: np.ndarray, kind: Kind) -> int:
    """The row looked at (position from 0), with the way to its neighbours by rank."""
    chosen = state.selection().row
    row = chosen if chosen is not None and chosen < len(ranking) else int(ranking[0])
    rank = int(np.flatnonzero(ranking == row)[0])
    place = N_("rank {rank} of {flagged} flagged") if rank < flagged else N_("rank {rank} of {rows} {items}, not flagged")
    item = plain(kind.item).capitalize()
    heading = say(N_("{item} {row} · score {score}"), item=item, row=row + 1, score=float(scores[row]))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(
            heading + " · " + say(place, rank=rank + 1, flagged=flagged, rows=len(ranking), items=plain(kind.items)),
            anchor=False,
            width="stretch",
        )
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


page_head(N_("Explain"), N_("See why a row was flagged: what added to its score, and what was expected instead."))
current_data, current_run, current_threshold = need_threshold()
shown_refusal()
view = view_of(current_run.kind)
shown_kind = KINDS[current_run.kind]
tab_names = [
    say(N_("One {item}"), item=plain(shown_kind.item)),
    say(N_("All flagged {items}"), items=plain(shown_kind.items)),
    say(N_("Map")),
]
one, every, mapped = st.tabs(tab_names, on_change="rerun", key=state.EXPLAIN_TABS)
if one.open:
    with one:
        scores = workbench().run_folder(current_run.id).array("scores")
        flags = flags_of(current_threshold)
        looked_at = row_chooser(flags.order, flags.count, scores, shown_kind)
        title = plain(N_("{item} {row}"), item=plain(shown_kind.item), row=looked_at + 1)
        is_flagged = bool(flags.mask[looked_at])
        judge_one(current_data, current_run, Item(str(looked_at), [(looked_at, looked_at)], title, is_flagged), "verdict")
        with st.spinner(say(N_("Explaining this row … The first one after a start takes longer.")), show_time=True):
            explanation = engine.row_explanation(current_run.id, current_data.id, looked_at)
        if likeliest := results.kind_names(current_run.id, np.array([looked_at])):
            st.caption(say(N_("If it is an anomaly, its kind is most likely: {kind}"), kind=likeliest[0]))
        prepared = engine.preparation(current_run.id)
        item = ExplainedItem(current_data, current_run, current_threshold, looked_at, explanation, prepared)
        smallest_change(item, view)
        view.explained(item)
        nearest_normal(item, view)
        find_similar(view, current_data, RunOfItems(current_run, current_threshold), looked_at)
        suppression_form(Looked(current_data, current_run, looked_at, flags.rows))
        explanation_as_command(current_data, current_run, looked_at)
        for show in item.afterwards:
            show()
if every.open:
    with every:
        tree_panel(current_run, "explain")
        if current_threshold.flagged:
            all_flagged(current_data, current_run, current_threshold)
        else:
            st.info(say(N_("Nothing is flagged at this threshold.")))
if mapped.open:
    with mapped:
        map_of_rows(current_data, current_run, current_threshold)
