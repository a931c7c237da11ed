"""Threshold: decide where unusual begins, see which rows that flags, and take them away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from detectors.errors import AnomalystError
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.records import RunRecord, ThresholdRecord
from detectors.thresholds import Considered
from pages.shared import engine, results, state
from pages.shared.changed_ranks import changed_ranks
from pages.shared.cost_card import cost_card
from pages.shared.download import download_panel
from pages.shared.empty import need_threshold
from pages.shared.engine import workbench
from pages.shared.judgement import judgement
from pages.shared.language import plain, say, say_message, translate
from pages.shared.look import page_head
from pages.shared.members import made_of
from pages.shared.power_card import power_card
from pages.shared.problems import shown_problems
from pages.shared.reason_groups import reason_panel
from pages.shared.rule_form import rule_form
from pages.shared.stability_card import stability_card
from pages.shared.suppressing import suppression_list
from pages.shared.threshold_plot import threshold_plot
from pages.shared.views import RunOfItems, view_of


def put_in_force(run_id: str, rule: str, value: float, more: Mapping[str, float] | None = None) -> None:
    """Moves the threshold; a rule that cannot be applied says why and leaves it where it was."""
    try:
        workbench().keep_threshold(run_id, rule, value, more)
    except AnomalystError as error:
        state.refuse(error.message)


def plot(run: RunRecord, threshold: ThresholdRecord, considered: Sequence[Considered]) -> None:
    threshold_plot(
        results.scores_distribution(run.id),
        current=results.current_mark(run.id, threshold.cut_off),
        ticks=results.rule_ticks(run.id, considered),
        without=[one for one in considered if one.threshold is None],
        score_name=engine.score_name(run),
        key="threshold_plot",
        translate=translate,
        on_cut_off=lambda cut_off: put_in_force(run.id, "manual", cut_off),
        on_rule=lambda rule: take_rule(run.id, threshold, rule),
    )


def take_rule(run_id: str, threshold: ThresholdRecord, rule: str) -> None:
    """Takes the rule of a tick: with the parameters it has where it is in force already, else with those it starts from."""
    if rule == threshold.rule:
        put_in_force(run_id, rule, threshold.value, threshold.more)
    else:
        put_in_force(run_id, rule, results.TICK_VALUES[rule])


def rule_controls(run: RunRecord, threshold: ThresholdRecord, considered: Sequence[Considered]) -> None:
    rule_form(run, threshold, considered, lambda rule, value, more: put_in_force(run.id, rule, value, more))


page_head(
    N_("Threshold"), N_("Decide where unusual begins: drag the line, take a rule, or type a value. Rows with a higher score are flagged.")
)
data_set, current_run, current_threshold = need_threshold()
rules_considered = results.considered(current_run, current_threshold)
plot(current_run, current_threshold, rules_considered)
if refused := state.take_refusal():
    st.warning(say_message(refused), icon=":material/info:")
rule_controls(current_run, current_threshold, rules_considered)
with shown_problems():
    cost_card(current_run, current_threshold)
if results.known_labels(current_run.id) is not None:
    judgement(current_run, current_threshold)
judging = st.columns([1.5, 1])
made_of(current_run)
view = view_of(current_run.kind)
flagged_rows = engine.ranking(current_run.id)[: current_threshold.flagged]
with shown_problems():
    view.scores(data_set, current_run, current_threshold)
    suppression_list(data_set, current_run, flagged_rows)
items = plain(KINDS[current_run.kind].items)
one_by_one, by_reason = st.tabs(
    [say(N_("Flagged {items}"), items=items), say(N_("By their reasons"))], on_change="rerun", key="flagged_tabs"
)
if one_by_one.open:
    with one_by_one, shown_problems():
        view.flagged(data_set, current_run, current_threshold)
if by_reason.open:
    with by_reason, shown_problems():
        reason_panel(view, data_set, RunOfItems(current_run, current_threshold), flagged_rows)
changed_ranks(data_set, current_run)
download_panel(data_set, current_run, current_threshold)
with judging[0], shown_problems():  # last: explanations of what is listed go before what is planted
    power_card(current_run, current_threshold)
with judging[1], shown_problems():
    stability_card(current_run, current_threshold)
