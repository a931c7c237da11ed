"""A shallow tree that imitates the detector's flags, as rules, and how well it does."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors import charts
from detectors.errors import AnomalystError
from detectors.explanations.imitation import BAD, GOOD, Imitation
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.preparation.series import SeriesPreparation
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.trees import Rule
from pages.shared import engine
from pages.shared.engine import workbench
from pages.shared.flags import flags_key, flags_of
from pages.shared.language import escape, percent, plain, say, say_message, translate
from pages.shared.look import palette, show_chart


@st.cache_data(show_spinner=False, max_entries=50)
def found_imitation(run_id: str, data_id: str, key: str, _flagged: NDArray[np.intp]) -> Imitation:
    return workbench().imitation(run_id, data_id, _flagged)


def imitation_panel(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """The rules, what they are worth, and the tree they come from; or why there are none."""
    with st.spinner(say(N_("Looking for rules that imitate the detector …")), show_time=True):
        try:
            found = found_imitation(run.id, data_set.id, flags_key(threshold), flags_of(threshold).above)
        except AnomalystError as error:
            st.info(say_message(error.message))
            return
    _worth(found, plain(KINDS[run.kind].items))
    _rules(found, plain(KINDS[run.kind].item), plain(KINDS[run.kind].items))
    if found.tree.nodes[0].cut is not None:
        counted = N_("{anomalies} of {rows} flagged")
        show_chart(charts.tree(found.tree, palette(), counted=counted, translate=translate), key=f"imitation_{run.id}")
        st.caption(_basis(run))


def _worth(found: Imitation, items: str) -> None:
    """Whether the rules may be read as what the detector does."""
    fidelity = found.fidelity
    with st.container(horizontal=True, key="fidelity"):
        st.metric(say(N_("Flags reproduced")), percent(fidelity.reproduced), help=_reproduced_help(found))
        st.metric(say(N_("Right when the rules flag")), percent(fidelity.right), help=say(N_("Of what the rules flag so much is flagged by the detector.")))  # fmt: skip
        told = N_("Mean of the shares of flagged and of other {items} of which the rules say the same as the detector; 50 % by chance.")
        st.metric(say(N_("Balanced accuracy")), percent(fidelity.balanced_accuracy), help=say(told, items=items))
    judged = say(
        N_("Judged on {rows} {items} that the rules were not made from, {flagged} of them flagged."),
        rows=fidelity.rows, flagged=fidelity.flagged, items=items,
    )  # fmt: skip
    if fidelity.f1 >= GOOD:
        st.success(say(N_("A few rules say nearly the same as the detector.")) + " " + judged)
    elif fidelity.f1 >= BAD:
        st.info(say(N_("The rules say roughly what the detector does, and miss part of it.")) + " " + judged)
    else:
        warning = N_(
            "A few rules imitate this detector badly: it flags for reasons that they do not hold. Do not read them as what it does."
        )
        st.warning(say(warning) + " " + judged)


def _basis(run: RunRecord) -> str:
    """What the numbers in the rules are, and over what they are counted."""
    told = say(N_("Counted over the {items} that the rules were made from."), items=plain(KINDS[run.kind].items))
    preparation = engine.preparation(run.id)
    if isinstance(preparation, SeriesPreparation):
        window = N_("Mean, spread, lowest and so on are those of the {steps} steps of the window that explains a time step.")
        return say(window, steps=preparation.window_) + " " + told
    return told


def _reproduced_help(found: Imitation) -> str:
    low, high = found.fidelity.interval.low, found.fidelity.interval.high
    return say(
        N_("Of what the detector flags so much is flagged by the rules: {low} to {high}, 95 times in 100."),
        low=percent(low),
        high=percent(high),
    )


def _rules(found: Imitation, item: str, items: str) -> None:
    """Each way to a flag as a sentence."""
    flagging = [rule for rule in found.tree.rules() if found.flags[_place(found, rule)]]
    if not flagging or found.tree.nodes[0].cut is None:
        st.markdown(say(N_("No rule was found that tells flagged {items} from others."), items=items))
        return
    st.markdown(f"**{say(N_('A {item} is flagged if one of these holds'), item=item)}**")
    st.markdown("\n".join(f"- {_sentence(rule)} — {_counted(rule, items)}" for rule in flagging))


def _sentence(rule: Rule) -> str:
    conditions = [f"**{escape(condition.text(translate))}**" for condition in rule.conditions]
    return say(N_(" and ")).join(conditions)


def _counted(rule: Rule, items: str) -> str:
    return say(
        N_("{anomalies} of the {rows} {items} for which this holds are flagged"),
        anomalies=rule.end.anomalies,
        rows=rule.end.total,
        items=items,
    )


def _place(found: Imitation, rule: Rule) -> int:
    return next(place for place, node in enumerate(found.tree.nodes) if node is rule.end)
