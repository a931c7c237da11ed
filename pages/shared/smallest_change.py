"""The smallest change that would un-flag a row, as a sentence above its explanation."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors.errors import AnomalystError
from detectors.explanations.reasons import side_by_side
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.runs.row_answers import ChangeFound
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.language import plain, say, say_message
from pages.shared.views import ExplainedItem, View

ONE = N_("Would no longer be flagged if {change}.")
ALL_OF_THESE = N_("Would no longer be flagged if all of these were so:")
NONE = N_("No change of up to {most} {parts} was found that would un-flag it.")
SCORED = N_("The changed {item} was scored: {after}, which is not above the cut-off of {cut_off}. As it is, it gets {before}.")
AROUND = N_(
    "Even if the whole window around it were like the most similar normal one, it would be flagged: the windows before and after "
    "it, which have a part in its score, are unusual as well."
)
BELOW = N_(
    "Scored as a new {item} it would get {before}, which is not above the cut-off of {cut_off}: "
    "it is flagged for the score that it got from a detector that had not learned from it."
)
NOTHING = N_("It is not flagged, so nothing has to change.")
OTHERS = N_("Each of these would be enough, too:")
NORMAL = N_("“As expected” is here what the most similar normal {item} has.")


@st.cache_data(show_spinner=False, max_entries=500)
def _smallest_change(run_id: str, data_id: str, row: int, cut_off: float) -> tuple[ChangeFound, NDArray[np.float32] | None]:
    return workbench().smallest_change(run_id, data_id, row, cut_off)


def smallest_change(item: ExplainedItem, view: View) -> None:
    """Keeps a place for the smallest change of a row that is looked at, and fills it once everything else is there."""
    if not flags_of(item.threshold).mask[item.row]:
        st.caption(say(NOTHING))
        return
    place = st.container(border=True, key="smallest_change", gap="xsmall")
    item.afterwards.append(lambda: _fill(place, item, view))


def cut_off_of(item: ExplainedItem) -> float:
    """The cut-off that the row is held against: that of its segment, where segments have their own."""
    return float(flags_of(item.threshold).cut_off_at(np.array([item.row]))[0])


def _fill(place: st.delta_generator.DeltaGenerator, item: ExplainedItem, view: View) -> None:
    with place:
        try:
            with st.spinner(say(N_("Looking for the smallest change that would un-flag it …"))):
                found, changed = _smallest_change(item.run.id, item.data_set.id, item.row, cut_off_of(item))
        except AnomalystError as error:
            st.caption(say_message(error.message))
            return
        {"found": _told, "none": _none, "below": _below, "around": _around}[found.ending](item, found)
        if changed is not None:
            view.changed(item, changed)


def _told(item: ExplainedItem, found: ChangeFound) -> None:
    changes = [plain(change.template, **change.values) for change in found.changes]
    if len(changes) == 1:
        st.markdown(f":material/undo: **{say(ONE, change=changes[0])}**")
    else:
        st.markdown(f":material/undo: **{say(ALL_OF_THESE)}**\n" + _listed(found.changes))
    after, cut_off = side_by_side(found.after, cut_off_of(item))
    scored = say(SCORED, item=plain(KINDS[item.run.kind].item), after=after, before=found.before, cut_off=cut_off)
    by_example = found.towards == "normal" and item.run.kind == "images"
    st.caption(scored + (" " + say(NORMAL, item=plain(KINDS[item.run.kind].item)) if by_example else ""))
    if found.others and item.run.kind != "images":  # there, what is meant is marked in the picture of one change
        st.caption(say(OTHERS) + "\n" + _listed(found.others))


def _listed(changes: object) -> str:
    assert isinstance(changes, list)
    return "\n".join("- " + say_message(change) for change in changes)


def _none(item: ExplainedItem, found: ChangeFound) -> None:
    st.markdown(f":material/undo: {say(NONE, most=found.most, parts=plain(KINDS[item.run.kind].parts))}")


def _around(_item: ExplainedItem, _found: ChangeFound) -> None:
    st.markdown(f":material/undo: {say(AROUND)}")


def _below(item: ExplainedItem, found: ChangeFound) -> None:
    told = say(BELOW, item=plain(KINDS[item.run.kind].item), before=found.before, cut_off=cut_off_of(item))
    st.markdown(f":material/undo: {told}")
